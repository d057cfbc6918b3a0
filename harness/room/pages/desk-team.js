// One team's panel: everything that a facilitator does for one team. New states neither close it nor overwrite typed text.

import { attempt, byId, confirmed, el, get, keep, onPress, onSubmit, percent, send, setHidden, setOptions, setText, toast, usd } from "./lib.js";
import { stateOf, view } from "./desk-words.js";
import { showSeats } from "./desk-people.js";
import { messages } from "./desk-tools.js";
import { answerPlace, privately } from "./desk-private.js";

const dialog = byId("team-dialog");
const answer = answerPlace(() => number);
byId("team-answer").append(answer);
const ladder = byId("team-ladder-shown");

let number = null;

const teamNow = () => view?.teams.find((team) => team.number === number);
const showMessages = messages("team", () => number, () => teamNow()?.name ?? "");

export function openTeam(which) {
  number = which;
  const team = teamNow();
  if (!team) return;
  byId("team-text").value = "";
  byId("team-name").value = team.name;
  byId("team-forward").value = team.forward ?? "";
  show(team);
  dialog.showModal();
  dialog.scrollTop = 0;
}

byId("team-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => { answer.open = ladder.open = false; });
dialog.addEventListener("click", (event) => { if (event.target === dialog && isOutside(event)) dialog.close(); });

function isOutside({ clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

export function update() {
  const team = dialog.open && teamNow();
  if (team) show(team);
}

function show(team) {
  setText(byId("team-title"), team.name);
  showSeats(team);
  keep(byId("team-figures"), figuresOf(team), ([name]) => name, ([name, value, isPrivate]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, isPrivate ? privately(value) : value)));
  setHidden(byId("team-question"), !team.question);
  setText(byId("team-question-text"), team.question?.text ?? "");
  setText(byId("team-question-answer"), team.question?.answer ?? "No answer yet.");
  showMessages();
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

onPress(byId("team-hint"), async () => {
  await send("POST", "/api/desk/hint", { team: number });
  toast("The hint is on the team’s page.");
  await showLadder();
});

ladder.addEventListener("toggle", () => attempt(null, showLadder));

async function showLadder() {
  byId("team-ladder").replaceChildren();
  if (!ladder.open) return;
  const { given, ladder: hints } = await get(`/api/desk/hints/${number}`);
  byId("team-ladder").replaceChildren(...hints.map((text, index) => el("li", { class: index < given ? "is-given" : "" },
    text, index < given && el("span", { class: "badge" }, "given"), index === given && el("span", { class: "badge chosen" }, "next"))));
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

onPress(byId("team-token"), async () => {
  const text = "Its programs stop until they are given the new token, which the team’s page shows under “Real tools”.";
  if (!(await confirmed(`Make a new token for ${teamNow().name}?`, "New token", text))) return;
  await send("POST", `/api/desk/teams/${number}/token`);
  toast("The team has a new token.");
});

onSubmit(byId("team-forward-form"), async () => {
  const endpoint = byId("team-forward").value.trim();
  await send("POST", `/api/desk/teams/${number}/forward`, { endpoint: endpoint || null });
  toast(endpoint ? `Its telemetry goes to ${endpoint}.` : "Forwarding has stopped.");
});

onPress(byId("team-forward-stop"), async () => {
  await send("POST", `/api/desk/teams/${number}/forward`, { endpoint: null });
  byId("team-forward").value = "";
  byId("team-forward").focus();
  toast("Forwarding has stopped.");
});
