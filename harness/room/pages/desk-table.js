// All teams at a glance. A cell is rebuilt only when its content has changed, so that focus and selection stay.

import { button, byId, el, keep, percent, setText, sparkline, usd } from "./lib.js";
import { levelBadge, stateOf } from "./desk-words.js";
import { privately } from "./desk-private.js";
import { openTeam } from "./desk-team.js";

const SHORT_MAX = 160; // characters of a team's text; the team's panel shows all of it

export function update(/** @type {NamedDesk} */ { teams, clock }) {
  keep(byId("team-rows"), teams, ({ number }) => number, () => el("tr", { role: "row" }), (row, team) => {
    const { number, name } = team;
    const cells = CELLS.map(([cell, , shows]) => ({ cell, shows: shows(team) }));
    keep(row, [{ cell: "head", shows: headOf(team) }, ...cells, { cell: "actions", number, name }], ({ cell }) => cell, cellOf);
  });
  byId("team-region").classList.toggle("is-long", teams.length > 8);
  setText(byId("teams-updated"), clock ? `As of ${clock.story} on the story clock.` : "Figures appear when a round begins.");
}

/**
 * For each cell its name, its column head, and its content for a team. `NODES` builds content that is more than a word.
 * @type {[string, string, (team: Api.TeamRow) => any][]}
 */
const CELLS = [
  ["served", "Customers served", (team) => [percent(team.availability), stateOf(team), team.history]],
  ["loss", "Lost", ({ loss_usd: loss }) => usd(loss ?? 0)],
  ["level", "Level", ({ level }) => level],
  ["guess", "Guess", ({ guess }) => [short(guess ? guess.words ?? "no idea yet" : "–"), guess && guess.confidence !== null ? `${guess.confidence} % sure` : ""]],
  ["hypothesis", "Hypothesis", ({ hypothesis }) => [short(hypothesis ?? "–"), ""]],
  ["remedies", "Remedies", ({ remedies }) => [remedies.at(-1) ?? "–", remedies.length > 1 ? `and ${remedies.length - 1} before` : ""]],
  ["looks", "Looks", ({ looks }) => looks],
  ["explained", "Explained", ({ explained }) => (explained ? "yes" : "no")],
  ["score", "Score", ({ score }) => percent(score)],
  ["hints", "Hints", ({ hints_given: hints }) => hints],
];
const isFigure = (name) => ["loss", "looks", "score", "hints"].includes(name);
const words = ([text, more]) => [el("span", { class: "clamp" }, text), el("span", { class: "hint" }, more)];
const NODES = {
  served: ([share, [word, mark], history]) => el("div", { class: "served-cell" },
    el("div", {}, el("strong", { class: "share" }, share), el("span", { class: `mark state ${mark}` }, word)),
    sparkline(history, `customers served over time, now ${share}`)),
  level: (level) => (level ? levelBadge(level) : "–"),
  guess: words, hypothesis: words, remedies: words, score: privately,
};

byId("team-head").append(...[["", "Team"], ...CELLS, ["", el("span", { class: "unseen" }, "Actions")]].map(([name, label]) =>
  el("th", { role: "columnheader", scope: "col", class: isFigure(name) ? "number" : "" }, label)));

const headOf = (/** @type {Api.TeamRow} */ { name, members, ticket, roles, question }) => [name,
  [members.join(", ") || "nobody yet", ticket && `ticket: ${ticket.split(";")[0]}`, roles?.split(",")[0]].filter(Boolean).join("; "),
  question ? (question.answer === null ? "asked what else" : "answered") : ""];

function cellOf({ cell, shows, number, name }) {
  if (cell === "actions") return el("td", { class: "of-team-actions", role: "cell" }, button("Actions", () => openTeam(number), { "aria-label": `Actions for ${name}` }));
  if (cell === "head") {
    return el("th", { role: "rowheader", scope: "row" },
      ["team-name", "hint members", "badge asked"].map((kind, index) => el("span", { class: kind }, shows[index])));
  }
  const label = CELLS.find(([each]) => each === cell)[1];
  return el("td", { class: `of-team-${cell}${isFigure(cell) ? " number" : ""}`, role: "cell", dataset: { label } }, NODES[cell]?.(shows) ?? shows);
}

const short = (text) => (text.length > SHORT_MAX ? `${text.slice(0, SHORT_MAX)} …` : text);
