// The facilitator's page: signs in, then shows each state that the room sends, a part of the page each.

import { attempt, byId, live, minutes, send, setHidden, setText, tabs } from "./lib.js";
import { PHASES, withNames } from "./desk-words.js";
import * as controls from "./desk-controls.js";
import * as lobby from "./desk-lobby.js";
import * as projector from "./desk-projector.js";
import * as rounds from "./desk-rounds.js";
import * as table from "./desk-table.js";
import * as team from "./desk-team.js";
import * as tools from "./desk-tools.js";

const SIGNED_IN_KEY = "facilitator"; // that this browser has signed in; the session itself is in a cookie that no script can read
const PARTS = projector.isProjector ? [projector] : [controls, lobby, rounds, team, table, tools];

// ---- Signing in -------------------------------------------------------------------------------------------------

byId("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(event.submitter, () => signIn(byId("token").value.trim()));
});

async function signIn(token) {
  setText(byId("sign-in-error"), "");
  try {
    await send("POST", "/api/desk/sign-in", { token });
    localStorage.setItem(SIGNED_IN_KEY, "yes");
    byId("token").value = "";
    if (hasEntered) location.reload();
    else enter();
  } catch (error) {
    const said = { 403: "This token is not right. Copy all of it, and nothing else.", 429: "Too many attempts. Wait a moment, then try again." };
    askForToken(said[error.status] ?? error.message);
  }
}

function askForToken(reason = "") {
  for (const id of ["desk", "projector"]) setHidden(byId(id), true);
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close()); // under one, nothing can be typed
  setHidden(byId("sign-in"), false);
  setText(byId("sign-in-error"), reason);
  byId("token").focus();
}

let hasEntered = false;

function enter() {
  hasEntered = true;
  setHidden(byId("sign-in"), true);
  live("/api/desk/events", show, { refused: signedOut });
}

function signedOut() {
  localStorage.removeItem(SIGNED_IN_KEY);
  askForToken("You are signed out, here or because the room was started anew. Sign in again.");
}

byId("sign-out").addEventListener("click", () => attempt(byId("sign-out"), async () => {
  await send("POST", "/api/leave");
  localStorage.removeItem(SIGNED_IN_KEY);
  location.assign("/desk");
}));

// ---- Showing the state ------------------------------------------------------------------------------------------

const choose = tabs(byId("desk-tabs"), (chosen) => history.replaceState(null, "", `#${chosen.getAttribute("aria-controls")}`));
let phase = null;

function show(newest) {
  const view = withNames(newest);
  setHidden(byId(projector.isProjector ? "projector" : "desk"), false);
  if (!projector.isProjector) {
    showTop(view);
    chooseTab(view.phase);
  }
  for (const part of PARTS) part.update(view);
}

function showTop({ phase: now, round, clock, teams, revealed, not_kept: notKept }) {
  setText(byId("not-kept"), notKept ?? "");
  setHidden(byId("not-kept"), !notKept);
  setText(byId("phase"), PHASES[now] ?? now);
  setHidden(byId("figures"), !round);
  setText(byId("clock"), clock?.story ?? "–");
  setText(byId("ends"), minutes(now === "running" || now === "paused" ? round?.ends_in_s ?? 0 : 0));
  setText(byId("round"), round ? (round.practice ? round.name : `${round.name.replace("Round ", "")} of ${round.of}`) : "–");
  const served = teams.filter(({ state }) => state === "healthy" || state === "restored").length;
  setText(byId("served"), round ? `${served} of ${teams.length}` : "–");
  setHidden(byId("debrief"), !revealed);
}

/** The first state opens what the address names, or what the phase is about; later only a round that begins changes it. */
function chooseTab(now) {
  const named = phase === null ? byId(`tab-${location.hash.slice(1)}`) : null;
  const hasBegun = phase === "lobby" && now === "running" && byId("tab-lobby").getAttribute("aria-selected") === "true";
  if (phase === null) choose(named ?? byId(now === "lobby" ? "tab-lobby" : "tab-teams"));
  else if (hasBegun) choose(byId("tab-teams"));
  phase = now;
}

// A link may bring the token behind a `#`, which no server and no log ever sees; it leaves the address at once.
const brought = new URLSearchParams(location.hash.slice(1)).get("token");
if (brought) {
  history.replaceState(null, "", location.pathname + location.search);
  signIn(brought);
} else if (localStorage.getItem(SIGNED_IN_KEY)) enter();
else askForToken();
