// Where people join a team. The list of teams and their people updates while somebody is still typing.

import { byId, el, get, keep, onPress, onSubmit, send, setHidden, setText } from "./lib.js";

const LOOK_MS = 4_000;
const WAIT_MS = 2_000;
const SEAT_KEY = "seat"; // notes that this browser has joined; the seat itself is in a cookie that no script can read

const form = byId("join");

byId("code").value = new URLSearchParams(location.search).get("code")?.trim().toUpperCase() ?? "";
byId(byId("code").value ? "alias" : "code").focus();

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

/** Offers a browser that has joined before to go on. Others do not ask: the room answers them with an error. */
async function offerSeat() {
  if (localStorage.getItem(SEAT_KEY) === null) return;
  try {
    const { you, name, waiting } = await get("/api/seat");
    if (waiting) return wait();
    setText(byId("already-text"), `You are in ${name} as ${you}.`);
    setHidden(byId("already"), false);
  } catch (error) {
    if (error.status === 401) localStorage.removeItem(SEAT_KEY);
  }
}

/** Polls until this browser's seat is let in, then opens the team's page. Goes back to the form if the seat was turned away. */
async function wait() {
  showWaiting(true);
  byId("waiting").focus();
  while (!byId("waiting").hidden) {
    try {
      const { name, you, waiting } = await get("/api/seat");
      if (!waiting) return location.assign("/team");
      setText(byId("waiting-text"), `${name} is in the middle of a round. You want to join as ${you}.`);
    } catch (error) {
      if (error.status !== 401) setText(byId("waiting-text"), error.message);
      else if (!byId("waiting").hidden) {
        localStorage.removeItem(SEAT_KEY);
        showWaiting(false);
        complain("join", "You were not let in. Choose your team, or ask the facilitator.");
      }
    }
    await new Promise((go) => setTimeout(go, WAIT_MS));
  }
}

function showWaiting(isWaiting) {
  setHidden(byId("waiting"), !isWaiting);
  setHidden(form, isWaiting);
}

onPress(byId("waiting-stop"), async () => {
  await send("POST", "/api/leave");
  localStorage.removeItem(SEAT_KEY);
  showWaiting(false);
});

async function look() {
  if (document.hidden) return;
  let open;
  try {
    open = await get("/api/open");
  } catch (error) {
    return showReached(false, error.message);
  }
  setHidden(byId("code").closest(".field"), !open.needs_code);
  setHidden(byId("closed"), open.joining_open);
  keep(byId("teams"), open.teams, ({ number }) => number, teamChoice, showTeam);
}

function teamChoice({ number }) {
  const choice = el("input", { type: "radio", name: "team", value: String(number) });
  return el("label", { class: "choice team" }, choice, el("span", { class: "name" }), el("span", { class: "hint" }));
}

function showTeam(choice, { name, members }) {
  setText(choice.querySelector(".name"), name);
  setText(choice.querySelector(".hint"), { 0: "nobody yet", 1: "1 person" }[members] ?? `${members} people`);
}

onSubmit(form, join);

for (const kind of ["input", "change"]) {
  form.addEventListener(kind, ({ target }) => complain(target.name === "team" ? "team" : target.id, ""));
}

function join() {
  const code = byId("code").value.trim().toUpperCase();
  const alias = byId("alias").value.trim();
  const team = Number(new FormData(form).get("team"));
  for (const name of ["code", "alias", "team", "join"]) complain(name, "");
  if (!code && !byId("code").closest(".field").hidden) complain("code", "Type the code that the facilitator shows you.");
  if (!alias) complain("alias", "Type what the others may call you.");
  if (!team) complain("team", "Choose a team.");
  if (byId("join").querySelector(".error:not(:empty)")) return byId("join").querySelector('[aria-invalid="true"]')?.focus();
  return takeSeat({ code, team, alias });
}

async function takeSeat(seat) {
  try {
    const { waiting } = await send("POST", "/api/join", seat);
    localStorage.setItem(SEAT_KEY, String(seat.team));
    if (waiting) wait();
    else location.assign("/team");
  } catch ({ status, message, parameter }) {
    const about = { 403: "code", 422: "alias" }[status] ?? "join";
    complain(["code", "alias", "team"].includes(parameter) ? parameter : about, message);
    form.querySelector('[aria-invalid="true"]')?.focus();
  }
}

function complain(name, text) {
  const error = byId(`${name}-error`);
  if (!error) return;
  setText(error, text);
  if (name === "join") return;
  const fields = name === "team" ? form.querySelectorAll('[name="team"]') : [byId(name)];
  fields.forEach((field) => (text ? field.setAttribute("aria-invalid", "true") : field.removeAttribute("aria-invalid")));
}

// A link may carry code, team and name behind a `#`, which no server and no log ever sees: opening it joins at once.
const brought = new URLSearchParams(location.hash.slice(1));
if (brought.has("as")) {
  history.replaceState(null, "", location.pathname);
  takeSeat({ code: brought.get("code") ?? "", team: Number(brought.get("team")), alias: brought.get("as") });
} else offerSeat();

sayThatWeAreHere();
look();
setInterval(look, LOOK_MS);
document.addEventListener("visibilitychange", look);
