// All teams at a glance. Only what has changed is written, so that focus and selection stay where they are.

import { button, byId, el, keep, percent, setText, sparkline, usd } from "./lib.js";
import { stateOf } from "./desk-words.js";
import { privately, setPrivate } from "./desk-private.js";
import { openTeam } from "./desk-team.js";

const SHORT_MAX = 160; // characters of what a team wrote; all of it stands in the team's panel

/** @param {NamedDesk} view */
export function update({ teams, clock }) {
  keep(byId("team-rows"), teams, ({ number }) => number, teamRow, showTeam);
  byId("team-region").classList.toggle("is-long", teams.length > 8);
  setText(byId("teams-updated"), clock ? `As of ${clock.story} on the story clock.` : "Figures appear when a round begins.");
}

/** @type {[string, string, () => any[]][]} */
const CELLS = [
  ["served", "Customers served", () => [el("div", { class: "served-cell" },
    el("div", {}, el("strong", { class: "share" }), el("span", { class: "mark state" })),
    sparkline([], ""))]],
  ["loss", "Lost", () => []],
  ["level", "Level", () => [el("span", { class: "badge level" })]],
  ["guess", "Guess", () => [el("span", { class: "clamp" }), el("span", { class: "hint" })]],
  ["hypothesis", "Hypothesis", () => [el("span", { class: "clamp" })]],
  ["remedies", "Remedies", () => [el("span", { class: "clamp" }), el("span", { class: "hint" })]],
  ["looks", "Looks", () => []],
  ["explained", "Explained", () => []],
  ["score", "Score", () => [privately("")]],
  ["hints", "Hints", () => []],
];
const FIGURES = ["loss", "looks", "score", "hints"];

function teamRow({ number }) {
  const cells = CELLS.map(([name, label, content]) => el("td", {
    class: `of-team-${name}${FIGURES.includes(name) ? " number" : ""}`, role: "cell", dataset: { label },
  }, content()));
  return el("tr", { role: "row" },
    el("th", { role: "rowheader", scope: "row" },
      el("span", { class: "team-name" }), el("span", { class: "hint members" }), el("span", { class: "badge asked" })),
    cells,
    el("td", { class: "of-team-actions", role: "cell" }, button("Actions", () => openTeam(number))));
}

function showTeam(row, team) {
  const cell = (name) => row.querySelector(`.of-team-${name}`);
  const [word, mark] = stateOf(team);
  setText(row.querySelector(".team-name"), team.name);
  setText(row.querySelector(".members"), [team.members.join(", ") || "nobody yet", team.ticket && `ticket: ${team.ticket.split(";")[0]}`, team.roles?.split(",")[0]].filter(Boolean).join("; "));
  setText(row.querySelector(".asked"), team.question ? (team.question.answer === null ? "asked what else" : "answered") : "");
  row.querySelector("button").setAttribute("aria-label", `Actions for ${team.name}`);

  setText(row.querySelector(".share"), percent(team.availability));
  setText(row.querySelector(".state"), word);
  row.querySelector(".state").className = `mark state ${mark}`;
  row.querySelector(".sparkline").update(team.history);
  row.querySelector(".sparkline").setAttribute("aria-label", `customers served over time, now ${percent(team.availability)}`);
  setText(cell("loss"), usd(team.loss_usd ?? 0));
  cell("level").firstChild.className = team.level ? `badge level of-${team.level}` : "";
  setText(cell("level").firstChild, team.level ?? "–");
  showGuess(cell("guess"), team.guess);
  setText(cell("hypothesis").firstChild, short(team.hypothesis ?? "–"));
  setText(cell("remedies").firstChild, team.remedies.at(-1) ?? "–");
  setText(cell("remedies").lastChild, team.remedies.length > 1 ? `and ${team.remedies.length - 1} before` : "");
  setText(cell("looks"), team.looks);
  setText(cell("explained"), team.explained ? "yes" : "no");
  setPrivate(cell("score"), percent(team.score));
  setText(cell("hints"), team.hints_given);
}

function showGuess(cell, guess) {
  setText(cell.firstChild, guess ? short(guess.words ?? "no idea yet") : "–");
  setText(cell.lastChild, guess && guess.confidence !== null ? `${guess.confidence} % sure` : "");
}

const short = (text) => (text.length > SHORT_MAX ? `${text.slice(0, SHORT_MAX)} …` : text);
