// The plan of rounds as a table: a column a round, a row a team, so that a crossover is seen at a glance.

import { attempt, button, byId, changes, confirmed, el, keep, send, setText, toast } from "./lib.js";
import { MODELS, levelBadge, scenarioName } from "./desk-words.js";
import { notesOn, proposal, shortPlan } from "./desk-plan.js";
import { privately, setPrivate } from "./desk-private.js";
import { openRound } from "./desk-round-form.js";

const STATES = { done: "played", running: "running", next: "next", later: "later" };

const isOther = changes();
/** @type {NamedDesk | null} */
let view = null;

/** @param {NamedDesk} newest */
export function update(newest) {
  view = newest;
  const { plan, teams, levels } = view;
  if (!isOther([plan, teams.map(({ name }) => name), levels])) return;
  keep(byId("plan-notes"), notesOn(plan, levels), ({ text }) => text, ({ text, isWarning }) =>
    el("li", { class: isWarning ? "is-warning" : "" }, isWarning && el("span", { class: "badge warn" }, "look"), text));
  keep(byId("plan-head"), [{ number: "team" }, ...plan], ({ number }) => number, roundHead, showRoundHead);
  keep(byId("plan-rows"), teams, ({ number }) => number, () => el("tr"), (row, team) => {
    keep(row, [{ number: "team" }, ...plan], ({ number }) => number, roundCell, (cell, round) => showRoundCell(cell, round, team));
  });
}

// ---- A round's head: what it is, and its buttons ----------------------------------------------------------------

function roundHead({ number }) {
  if (number === "team") return el("th", { scope: "col" }, "Team");
  const edit = button("Edit", () => openRound(view, roundOf(number)));
  const remove = button("Remove", () => removeRound(number), { kind: "small plain" });
  return el("th", { scope: "col" },
    el("div", { class: "round-head" },
      el("span", { class: "round-name" }), el("span", { class: "badge" }), el("span", { class: "hint" }), el("div", { class: "row tight", dataset: { needs: "facilitator" } }, edit, remove)));
}

function showRoundHead(head, round) {
  if (round.number === "team") return;
  setText(head.querySelector(".round-name"), round.name);
  setText(head.querySelector(".badge"), STATES[round.state]);
  head.querySelector(".badge").className = `badge${round.state === "running" ? " strong" : round.state === "next" ? " chosen" : ""}`;
  setText(head.querySelector(".hint"), `${MODELS[round.operating_model]}. ${Math.round(round.minutes * 10) / 10} min, story ${round.speed} times as fast${round.updates ? "; the director asks for updates" : ""}`);
  const isToCome = round.state === "next" || round.state === "later";
  for (const each of head.querySelectorAll("button")) {
    each.hidden = !isToCome;
    each.setAttribute("aria-label", `${each.textContent} ${round.name}`);
  }
}

// ---- A team's part in a round -----------------------------------------------------------------------------------

function roundCell({ number }) {
  if (number === "team") return el("th", { scope: "row" });
  return el("td", {}, el("div", { class: "plan-cell" }, levelBadge(""), privately("")));
}

function showRoundCell(cell, round, team) {
  if (round.number === "team") return setText(cell, team.name);
  const part = round.teams.find((each) => each.team === team.number);
  const badge = cell.querySelector(".level");
  badge.className = `badge level of-${part?.level ?? "none"}`;
  setText(badge, part?.level ?? "not in it");
  setPrivate(cell, part ? scenarioName(part) : "");
}

// ---- Changing the plan ------------------------------------------------------------------------------------------

const roundOf = (number) => view.plan.find((round) => round.number === number);

byId("add-round").addEventListener("click", () => view && openRound(view, { number: null, ...proposal(view) }));

async function removeRound(number) {
  if (await confirmed(`Remove ${roundOf(number).name} from the plan?`, "Remove")) await send("DELETE", `/api/desk/plan/${number}`);
}

for (const choice of document.querySelectorAll("[data-plan]")) {
  const total = Number(choice.dataset.plan) === 20 ? 20 : 45;
  choice.addEventListener("click", () => attempt(choice, async () => {
    const { changed, removed, text } = shortPlan(view.plan, total);
    if (!(await confirmed(`Make it the ${total}-minute plan?`, "Make it so", text))) return;
    for (const { number, practice, operating_model, speed, minutes, updates, teams } of changed) {
      const parts = teams.map(({ team, scenario, level }) => ({ team, scenario, level }));
      await send("PUT", `/api/desk/plan/${number}`, { practice, operating_model, speed, minutes, updates, teams: parts });
    }
    for (const number of removed) await send("DELETE", `/api/desk/plan/${number}`);
    toast(`The plan fits ${total} minutes.`);
  }));
}
