// The plan of rounds as a table: a column for each round, a row for each team, so that a crossover shows at a glance.

import { attempt, button, byId, changes, confirmed, el, keep, rowHead, send, toast } from "./lib.js";
import { MODELS, levelBadge, scenarioName, view } from "./desk-words.js";
import { notesOn, proposal, shortPlan } from "./desk-plan.js";
import { privately } from "./desk-private.js";
import { openRound } from "./desk-round-form.js";

const STATES = { done: "played", running: "running", next: "next", later: "later" };

const isOther = changes();
export function update() {
  const { plan, teams, levels } = view;
  if (!isOther([plan, teams.map(({ name }) => name), levels])) return;
  keep(byId("plan-notes"), notesOn(plan, levels), ({ text }) => text, ({ text, isWarning }) =>
    el("li", { class: isWarning ? "is-warning" : "" }, isWarning && el("span", { class: "badge warn" }, "look"), text));
  keep(byId("plan-head"), [{ number: "team" }, ...plan], ({ number }) => number, roundHead);
  keep(byId("plan-rows"), teams, ({ number }) => number, () => el("tr"), (row, team) => {
    const parts = plan.map(({ number, teams: all }) => ({ number, part: all.find((each) => each.team === team.number) }));
    keep(row, [{ number: "team", team: team.name }, ...parts], ({ number }) => number, roundCell);
  });
}

function roundHead({ number, name, state, operating_model: model, minutes, speed, updates }) {
  if (number === "team") return el("th", { scope: "col" }, "Team");
  const says = `${MODELS[model]}. ${Math.round(minutes * 10) / 10} min, story ${speed} times as fast${updates ? "; the director asks for updates" : ""}`;
  const buttons = state === "next" || state === "later" ? [
    button("Edit", () => openRound(view, roundOf(number)), { "aria-label": `Edit ${name}` }),
    button("Remove", () => removeRound(number), { kind: "small plain", "aria-label": `Remove ${name}` })] : [];
  return el("th", { scope: "col" },
    el("div", { class: "round-head" },
      el("span", { class: "round-name" }, name),
      el("span", { class: `badge${state === "running" ? " strong" : state === "next" ? " chosen" : ""}` }, STATES[state]),
      el("span", { class: "hint" }, says),
      el("div", { class: "row tight", dataset: { needs: "facilitator" } }, ...buttons)));
}

function roundCell({ number, team, part }) {
  if (number === "team") return rowHead(team);
  return el("td", {}, el("div", { class: "plan-cell" }, levelBadge(part?.level), privately(part ? scenarioName(part) : "")));
}

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
