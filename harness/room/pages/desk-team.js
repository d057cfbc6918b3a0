// One team's panel: all that a facilitator does for one team. It stays open while states arrive; what is typed in it stays.

import { attempt, byId, confirmed, el, get, keep, onSubmit, percent, send, setHidden, setOptions, setText, toast, usd } from "./lib.js";
import { stateOf } from "./desk-words.js";
import { messages } from "./desk-messages.js";
import { showSeats } from "./desk-seats.js";
import { answerPlace, privately, setPrivate } from "./desk-private.js";

const dialog = byId("team-dialog");
const answer = answerPlace(() => number);
byId("team-answer").append(answer);

/** @type {NamedDesk | null} */
let view = null;
let number = null;

const teamNow = () => view?.teams.find((team) => team.number === number);
const showMessages = messages("team", () => number, () => teamNow()?.name ?? "");

export function openTeam(which) {
  number = which;
  const team = teamNow();
  if (!team) return;
  answer.hide();
  hideLadder();
  byId("team-text").value = "";
  byId("team-name").value = team.name;
  byId("team-forward").value = team.forward ?? "";
  show(team);
  dialog.showModal();
  dialog.scrollTop = 0;
}

byId("team-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => { answer.hide(); hideLadder(); });
dialog.addEventListener("click", (event) => { if (event.target === dialog && isOutside(event)) dialog.close(); });

function isOutside({ clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

// ---- What is seen -----------------------------------------------------------------------------------------------

/** @param {NamedDesk} newest */
export function update(newest) {
  view = newest;
  const team = dialog.open && teamNow();
  if (team) show(team);
}

function show(team) {
  setText(byId("team-title"), team.name);
  showSeats(team);
  keep(byId("team-figures"), figuresOf(team), ([name]) => name,
    ([name, , isPrivate]) => el("div", {}, el("dt", {}, name), el("dd", {}, isPrivate && privately(""))),
    (pair, [, value, isPrivate]) => (isPrivate ? setPrivate(pair, value) : setText(pair.lastChild, value)));
  setHidden(byId("team-question"), !team.question);
  if (team.question) {
    setText(byId("team-question-text"), team.question.text);
    setText(byId("team-question-answer"), team.question.answer ?? "No answer yet.");
  }
  showMessages(view);
  setText(byId("team-hints"), team.hints_given === 0 ? "None given yet." : `${team.hints_given} given.`);
  const higher = view.levels.slice(view.levels.indexOf(team.level) + 1);
  setOptions(byId("team-level"), higher.map((level) => [level, level]));
  setHidden(byId("team-level-form"), higher.length === 0);
  setHidden(byId("team-level-top"), higher.length > 0);
  const endpoint = team.forward;
  setText(byId("team-forward-help"), endpoint ? `Goes to ${endpoint} now.` : "What this team’s level grants goes to a backend of its own, over OTLP and HTTP.");
  setHidden(byId("team-forward-stop"), !endpoint);
}

function figuresOf(team) {
  const { guess } = team;
  return [
    ["Customers served", team.availability === null ? "no visits yet" : `${percent(team.availability)}, ${stateOf(team)[0]}`],
    ["Lost", usd(team.loss_usd ?? 0)],
    ["Level", team.level ?? "–"],
    ["Looks", team.looks],
    ["Explained", team.explained ? "yes" : "not yet"],
    ["Score", percent(team.score), true],
    ["Guess", guess ? (guess.confidence === null ? guess.words : `${guess.words} (${guess.confidence} % sure)`) : "none yet"],
    ["Hypothesis", team.hypothesis ?? "none yet"],
    ...(team.ticket ? [["Ticket", team.ticket]] : []),
    ...(team.roles ? [["Roles", team.roles]] : []),
    ["Remedies", team.remedies.join("\n") || "none yet"],
  ];
}

// ---- What is done -----------------------------------------------------------------------------------------------

byId("team-hint").addEventListener("click", () => attempt(byId("team-hint"), async () => {
  await send("POST", "/api/desk/hint", { team: number });
  toast("The hint is on the team’s page.");
  if (!byId("team-ladder").hidden) await showLadder();
}));

byId("team-ladder-show").addEventListener("click", () => {
  if (!byId("team-ladder").hidden) return hideLadder();
  return attempt(byId("team-ladder-show"), showLadder);
});

async function showLadder() {
  const { given, ladder } = await get(`/api/desk/hints/${number}`);
  const items = ladder.map((text, index) => el("li", { class: index < given ? "is-given" : "" },
    text, index < given && el("span", { class: "badge" }, "given"), index === given && el("span", { class: "badge chosen" }, "next")));
  byId("team-ladder").replaceChildren(...items);
  setLadder(true);
}

function hideLadder() {
  byId("team-ladder").replaceChildren();
  setLadder(false);
}

function setLadder(isShown) {
  byId("team-ladder").hidden = !isShown;
  byId("team-ladder-show").setAttribute("aria-expanded", String(isShown));
  setText(byId("team-ladder-show"), isShown ? "Hide the ladder" : "Show the ladder");
}

onSubmit(byId("team-level-form"), async () => {
  const level = byId("team-level").value;
  await send("POST", "/api/desk/level", { team: number, level });
  toast(`${teamNow().name} now has the level ${level}.`);
});

onSubmit(byId("team-name-form"), async () => {
  await send("PUT", `/api/desk/teams/${number}`, { name: byId("team-name").value.trim() });
  toast("Renamed.");
});

byId("team-token").addEventListener("click", () => attempt(byId("team-token"), async () => {
  const text = "Its programs stop until they are given the new one, which stands on the team’s page under “Real tools”.";
  if (!(await confirmed(`Make a new token for ${teamNow().name}?`, "New token", text))) return;
  await send("POST", `/api/desk/teams/${number}/token`);
  toast("The team has a new token.");
}));

onSubmit(byId("team-forward-form"), async () => {
  const endpoint = byId("team-forward").value.trim();
  await send("POST", `/api/desk/teams/${number}/forward`, { endpoint: endpoint || null });
  toast(endpoint ? `Its telemetry goes to ${endpoint}.` : "Forwarding has stopped.");
});

byId("team-forward-stop").addEventListener("click", () => attempt(byId("team-forward-stop"), async () => {
  await send("POST", `/api/desk/teams/${number}/forward`, { endpoint: null });
  byId("team-forward").value = "";
  byId("team-forward").focus();
  toast("Forwarding has stopped.");
}));
