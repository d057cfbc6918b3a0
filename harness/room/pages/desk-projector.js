// A large view for everybody in the room: how to join, the clock, and how each team's customers fare. Nothing else of
// the state is on this page.

import { byId, el, minutes, percent, setText, sparkline } from "./lib.js";
import { PHASES, showAddress, stateOf } from "./desk-words.js";

export const isProjector = new URLSearchParams(location.search).has("projector");

const FEW_TEAMS = 8; // up to so many, the lines are large
const MANY_TEAMS = 15; // with more, there is no room for lines

export function update(/** @type {NamedDesk} */ view) {
  const { phase, round, clock, code, teams } = view;
  const startsIn = view.starts_in_s;
  const left = typeof startsIn === "number" ? `begins in ${Math.ceil(startsIn)} s` : null;
  byId("projector").classList.toggle("is-playing", phase !== "lobby" || left !== null);
  setText(byId("projector-phase"), round ? `${round.name}: ${PHASES[phase].toLowerCase()}` : PHASES[phase]);
  setText(byId("projector-code"), code);
  showAddress("projector", view.addresses);
  setText(byId("projector-clock"), left ? "" : clock?.story ?? "");
  setText(byId("projector-ends"), left ?? (round && phase !== "over" && phase !== "debrief" ? `${minutes(round.ends_in_s)} to go` : ""));
  byId("projector-teams").classList.toggle("is-few", teams.length <= FEW_TEAMS);
  byId("projector-teams").classList.toggle("is-many", teams.length > MANY_TEAMS);
  byId("projector-teams").replaceChildren(...teams.map((team) => teamTile(team, phase === "lobby")));
}

function teamTile(team, isLobby) {
  const [word, mark] = stateOf(team);
  if (isLobby) return el("li", {}, el("strong", {}, team.name), el("span", { class: "hint" }, team.members.join(", ") || "nobody yet"));
  return el("li", {}, el("strong", {}, team.name), el("span", { class: "projector-share" }, percent(team.availability)),
    el("span", { class: `mark state ${mark}` }, word), sparkline(team.history, `customers of ${team.name} served over time`));
}
