// What everybody in the room may see, large: how to join, the clock, and how each team's customers fare. Nothing else of
// the state is put on this page.

import { byId, changes, el, keep, minutes, percent, setHidden, setText, sparkline } from "./lib.js";
import { PHASES, codeImage, ranked, shortUrl, stateOf } from "./desk-words.js";

export const isProjector = new URLSearchParams(location.search).has("projector");

const FEW_TEAMS = 8; // so many share one screen with large lines
const MANY_TEAMS = 15; // more have no room for lines

const isOtherAddress = changes();

/** @param {NamedDesk} view */
export function update(view) {
  const { phase, round, clock, code, teams } = view;
  const startsIn = view.starts_in_s;
  const left = typeof startsIn === "number" ? `begins in ${Math.ceil(startsIn)} s` : null;
  byId("projector").classList.toggle("is-playing", phase !== "lobby" || left !== null);
  setText(byId("projector-phase"), round ? `${round.name}: ${PHASES[phase].toLowerCase()}` : PHASES[phase]);
  setText(byId("projector-code"), code);
  showAddress(ranked(view.addresses)[0]);
  setText(byId("projector-clock"), left ? "" : clock?.story ?? "");
  setText(byId("projector-ends"), left ?? (round && phase !== "over" && phase !== "debrief" ? `${minutes(round.ends_in_s)} to go` : ""));
  byId("projector-teams").classList.toggle("is-few", teams.length <= FEW_TEAMS);
  byId("projector-teams").classList.toggle("is-many", teams.length > MANY_TEAMS);
  keep(byId("projector-teams"), teams, ({ number }) => number, teamTile, (tile, team) => showTeam(tile, team, phase));
}

function showAddress(address) {
  if (!isOtherAddress(address)) return;
  setHidden(byId("projector-qr"), !address || address.is_loopback);
  if (!address) return;
  byId("projector-qr").src = codeImage(address);
  byId("projector-qr").alt = `QR code of ${address.url}`;
  setText(byId("projector-address"), shortUrl(address));
}

const teamTile = () => el("li", {},
  el("strong"), el("span", { class: "projector-share" }), el("span", { class: "mark state" }), sparkline([], ""), el("span", { class: "hint" }));

function showTeam(tile, team, phase) {
  const [name, share, state, line, members] = tile.children;
  const [word, mark] = stateOf(team);
  const isLobby = phase === "lobby";
  setText(name, team.name);
  setText(share, isLobby ? "" : percent(team.availability));
  setText(state, isLobby ? "" : word);
  state.className = `mark state ${mark}`;
  for (const node of [share, state]) setHidden(node, isLobby);
  line.style.display = isLobby ? "none" : "";
  line.update(team.history);
  line.setAttribute("aria-label", `customers of ${team.name} served over time`);
  setText(members, isLobby ? team.members.join(", ") || "nobody yet" : "");
}
