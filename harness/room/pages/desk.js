// The facilitator's page: shows each state that the room sends, a part of the page each. Who is not signed in is given
// another page in its place.

import { attempt, byId, live, minutes, send, setExample, setHidden, setText, tabs } from "./lib.js";
import { PHASES, withNames } from "./desk-words.js";
import * as controls from "./desk-controls.js";
import * as helpers from "./desk-helpers.js";
import * as lobby from "./desk-lobby.js";
import * as projector from "./desk-projector.js";
import * as rounds from "./desk-rounds.js";
import * as seats from "./desk-seats.js";
import * as table from "./desk-table.js";
import * as team from "./desk-team.js";
import * as tools from "./desk-tools.js";

const SIGNED_IN_KEY = "facilitator"; // that this browser has signed in; the session itself is in a cookie that no script can read
const PARTS = projector.isProjector ? [projector] : [controls, helpers, lobby, rounds, seats, team, table, tools];

function signedOut() {
  sessionStorage.setItem("signed-out", "yes");
  localStorage.removeItem(SIGNED_IN_KEY);
  location.reload();
}

byId("sign-out").addEventListener("click", () => attempt(byId("sign-out"), async () => {
  await send("POST", "/api/leave");
  localStorage.removeItem(SIGNED_IN_KEY);
  location.assign("/desk");
}));

// ---- Showing the state ------------------------------------------------------------------------------------------

const choose = tabs(byId("desk-tabs"), (chosen) => history.replaceState(null, "", `#${chosen.getAttribute("aria-controls")}`));
let phase = null;

/** @param {Api.DeskView} newest */
function show(newest) {
  const view = withNames(newest);
  setExample(view.purpose === "example");
  setHidden(byId("example"), view.purpose !== "example");
  setHidden(byId(projector.isProjector ? "projector" : "desk"), false);
  if (!projector.isProjector) {
    showTop(view);
    chooseTab(view.phase);
  }
  for (const part of PARTS) part.update(view);
}

/** @param {NamedDesk} view */
function showTop({ phase: now, round, clock, teams, plan, not_kept: notKept }) {
  setText(byId("not-kept"), notKept ?? "");
  setHidden(byId("not-kept"), !notKept);
  setText(byId("phase"), PHASES[now] ?? now);
  setHidden(byId("figures"), !round);
  setText(byId("clock"), clock?.story ?? "–");
  setText(byId("ends"), now === "running" || now === "paused" ? minutes(round?.ends_in_s ?? 0) : "–");
  setText(byId("round"), round ? (round.practice ? round.name : `${round.name.replace("Round ", "")} of ${round.of}`) : "–");
  const served = teams.filter(({ state }) => state === "healthy" || state === "restored").length;
  setText(byId("served"), round ? `${served} of ${teams.length}` : "–");
  // Before the answers are open to the teams, too: the facilitator looks into it first.
  setHidden(byId("debrief"), !plan.some(({ state }) => state === "done"));
}

/** The first state opens what the address names, or what the phase is about; later only a round that begins changes it. */
function chooseTab(now) {
  const named = phase === null ? byId(`tab-${location.hash.slice(1)}`) : null;
  const hasBegun = phase === "lobby" && now === "running" && byId("tab-lobby").getAttribute("aria-selected") === "true";
  if (phase === null) choose(named ?? byId(now === "lobby" ? "tab-lobby" : "tab-teams"));
  else if (hasBegun) choose(byId("tab-teams"));
  phase = now;
}

live("/api/desk/events", show, { refused: signedOut });
