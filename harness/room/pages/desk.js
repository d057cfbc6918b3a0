// The facilitator's page: each of its parts shows its piece of every state that the room sends. Browsers that are not
// signed in get another page in its place.

import { byId, live, minutes, onPress, send, setExample, setHidden, setText, tabs } from "./lib.js";
import { PHASES, take, view } from "./desk-words.js";
import * as controls from "./desk-controls.js";
import * as lobby from "./desk-lobby.js";
import * as people from "./desk-people.js";
import * as projector from "./desk-projector.js";
import * as rounds from "./desk-rounds.js";
import * as table from "./desk-table.js";
import * as team from "./desk-team.js";
import * as tools from "./desk-tools.js";

const SIGNED_IN_KEY = "facilitator"; // notes that this browser has signed in; the session itself is in a cookie that no script can read
const PARTS = projector.isProjector ? [projector] : [controls, lobby, people, rounds, team, table, tools];

function signedOut() {
  sessionStorage.setItem("signed-out", "yes");
  localStorage.removeItem(SIGNED_IN_KEY);
  location.reload();
}

onPress(byId("sign-out"), async () => {
  await send("POST", "/api/leave");
  localStorage.removeItem(SIGNED_IN_KEY);
  location.assign("/desk");
});

const choose = tabs(byId("desk-tabs"), (chosen) => history.replaceState(null, "", `#${chosen.getAttribute("aria-controls")}`));
let phase = null;

function show(/** @type {Api.DeskView} */ newest) {
  take(newest);
  setExample(view.purpose === "example");
  setHidden(byId("example"), view.purpose !== "example");
  setHidden(byId(projector.isProjector ? "projector" : "desk"), false);
  if (!projector.isProjector) {
    showTop(view);
    chooseTab(view.phase);
  }
  for (const part of PARTS) part.update(view);
}

function showTop(/** @type {NamedDesk} */ { phase: now, round, clock, teams, plan, not_kept: notKept }) {
  setText(byId("not-kept"), notKept ?? "");
  setHidden(byId("not-kept"), !notKept);
  setText(byId("phase"), PHASES[now] ?? now);
  setHidden(byId("figures"), !round);
  setText(byId("clock"), clock?.story ?? "–");
  setText(byId("ends"), now === "running" || now === "paused" ? minutes(round?.ends_in_s ?? 0) : "–");
  setText(byId("round"), round ? (round.practice ? round.name : `${round.name.replace("Round ", "")} of ${round.of}`) : "–");
  const served = teams.filter(({ state }) => state === "healthy" || state === "restored").length;
  setText(byId("served"), round ? `${served} of ${teams.length}` : "–");
  // The facilitator may read the debrief before the answers are open to the teams.
  setHidden(byId("debrief"), !plan.some(({ state }) => state === "done"));
}

/** The first state opens the tab that the address names, or the one for the phase. Later only the beginning of a round switches tabs. */
function chooseTab(now) {
  const named = phase === null ? byId(`tab-${location.hash.slice(1)}`) : null;
  const hasBegun = phase === "lobby" && now === "running" && byId("tab-lobby").getAttribute("aria-selected") === "true";
  if (phase === null) choose(named ?? byId(now === "lobby" ? "tab-lobby" : "tab-teams"));
  else if (hasBegun) choose(byId("tab-teams"));
  phase = now;
}

live("/api/desk/events", show, signedOut);
