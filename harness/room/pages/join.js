// Where people join a team. Teams and who is in them stay up to date while somebody is still typing.

import { attempt, byId, el, get, keep, send, setHidden, setText } from "./lib.js";

const LOOK_MS = 4_000;
const SEAT_KEY = "seat"; // that this browser has joined; the seat itself is in a cookie that no script can read

const form = byId("join");

byId("code").value = new URLSearchParams(location.search).get("code")?.trim().toUpperCase() ?? "";
byId(byId("code").value ? "alias" : "code").focus();

// ---- Does this device reach the room? ---------------------------------------------------------------------------

async function sayThatWeAreHere() {
  try {
    await send("POST", "/api/join-test");
    showReached(true, "This device has reached the room.");
  } catch (error) {
    showReached(false, error.status === 429 ? "This device has reached the room, which is busy." : error.message);
  }
}

function showReached(isReached, text) {
  byId("reached").classList.toggle("served", isReached);
  setText(byId("reached"), text);
}

/** Whoever has joined before may go on; asked only then, as a room that does not know us answers with an error. */
async function offerSeat() {
  if (localStorage.getItem(SEAT_KEY) === null) return;
  try {
    const { you, team } = await get("/api/team");
    setText(byId("already-text"), `You are in ${team.name} as ${you}.`);
    setHidden(byId("already"), false);
  } catch (error) {
    if (error.status === 401) localStorage.removeItem(SEAT_KEY);
  }
}

// ---- The teams --------------------------------------------------------------------------------------------------

async function look() {
  if (document.hidden) return;
  let open;
  try {
    open = await get("/api/open");
  } catch (error) {
    return showReached(false, error.message);
  }
  setHidden(byId("code").closest(".field"), !open.needs_code);
  setHidden(byId("teams-empty"), open.teams.length > 0);
  keep(byId("teams"), open.teams, ({ number }) => number, teamChoice, showTeam);
}

function teamChoice({ number }) {
  const choice = el("input", { type: "radio", name: "team", value: String(number) });
  return el("label", { class: "team" }, choice, el("span", { class: "name" }), el("span", { class: "hint" }));
}

function showTeam(choice, { name, members }) {
  setText(choice.querySelector(".name"), name);
  setText(choice.querySelector(".hint"), { 0: "nobody yet", 1: "1 person" }[members] ?? `${members} people`);
}

// ---- Joining ----------------------------------------------------------------------------------------------------

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(byId("submit"), join);
});

for (const kind of ["input", "change"]) {
  form.addEventListener(kind, ({ target }) => complain(target.name === "team" ? "team" : target.id, ""));
}

async function join() {
  const code = byId("code").value.trim().toUpperCase();
  const alias = byId("alias").value.trim();
  const team = Number(new FormData(form).get("team"));
  for (const name of ["code", "alias", "team", "join"]) complain(name, "");
  if (!code && !byId("code").closest(".field").hidden) complain("code", "Type the code that the facilitator shows you.");
  if (!alias) complain("alias", "Type what the others may call you.");
  if (!team) complain("team", "Choose a team.");
  if (byId("join").querySelector(".error:not(:empty)")) return byId("join").querySelector('[aria-invalid="true"]')?.focus();
  try {
    await send("POST", "/api/join", { code, team, alias });
    localStorage.setItem(SEAT_KEY, String(team));
    location.assign("/team");
  } catch (error) {
    refused(error);
  }
}

function refused({ status, message, parameter }) {
  const about = { 403: "code", 422: "alias" }[status];
  const said = { 429: "Too many attempts. Wait a moment, then try again." }[status] ?? message;
  const field = ["code", "alias", "team"].includes(parameter) ? parameter : about ?? "join";
  complain(field, said);
  form.querySelector('[aria-invalid="true"]')?.focus();
}

function complain(name, text) {
  const error = byId(`${name}-error`);
  if (!error) return;
  setText(error, text);
  if (name === "join") return;
  const fields = name === "team" ? form.querySelectorAll('[name="team"]') : [byId(name)];
  fields.forEach((field) => (text ? field.setAttribute("aria-invalid", "true") : field.removeAttribute("aria-invalid")));
}

sayThatWeAreHere();
offerSeat();
look();
setInterval(look, LOOK_MS);
document.addEventListener("visibilitychange", look);
