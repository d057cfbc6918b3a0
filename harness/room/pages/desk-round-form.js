// A dialog to edit one round of the plan. It is filled once, when it opens: later states do not overwrite it.

import { attempt, byId, choices, el, send, setOptions, setText, storyTime } from "./lib.js";
import { scenarioName } from "./desk-words.js";
import { UPDATES } from "./desk-plan.js";
import { showPrivate } from "./desk-private.js";

const dialog = byId("round-dialog");

const STORY_STARTS_S = -15 * 60; // seconds of the story, counted from 08:00
const STORY_ENDS_S = 5 * 3600;

/** @type {Api.ScenarioView[]} */
let known = [];
let number = null; // null: a new round

/** Opens the dialog for `round`. A round without a number is added at the end of the plan. */
export function openRound({ scenarios, levels, teams }, round) {
  [number, known] = [round.number, scenarios];
  setText(byId("round-title"), number === null ? "A further round" : round.name);
  byId("round-model").value = round.operating_model;
  byId("round-minutes").value = round.minutes;
  byId("round-speed").value = round.speed;
  byId("round-practice").checked = round.practice;
  byId("round-updates").checked = Boolean(round.updates);
  byId("round-first").value = (round.updates ?? UPDATES).first_minutes;
  byId("round-every").value = (round.updates ?? UPDATES).every_minutes;
  setText(byId("round-error"), "");
  const named = scenarios.map((each) => [each.name, `${scenarioName(each)} (${each.rating})`]);
  const shown = levels.map((level) => [level, level]);
  for (const [id, options] of [["all-scenario", named], ["first-level", shown], ["second-level", shown]]) {
    setOptions(byId(id), [["", "as below"], ...options]);
    byId(id).value = "";
  }
  byId("round-rows").replaceChildren(...teams.map((team) => {
    const part = round.teams.find((each) => each.team === team.number);
    return el("tr", { dataset: { team: team.number } },
      el("th", { scope: "row" }, team.name),
      el("td", { class: "of-incident" }, choice("scenario", `Incident of ${team.name}`, named, part?.scenario)),
      el("td", {}, choice("level", `Level of ${team.name}`, shown, part?.level)));
  }));
  sayStory();
  setText(byId("round-teaches"), "");
  dialog.showModal();
}

function choice(name, label, options, value) {
  const select = choices(null, options, { class: "plain-field small", name, "aria-label": label });
  if (value) select.value = value;
  return select;
}

const rows = () => [...byId("round-rows").children];

/** Lets the list `id` set one value for all teams to which `isMeant` applies. */
function setAll(id, name, isMeant) {
  byId(id).addEventListener("change", () => {
    const value = byId(id).value;
    if (!value) return;
    rows().filter((_, index) => isMeant(index)).forEach((row) => { row.querySelector(`[name="${name}"]`).value = value; });
  });
}

setAll("all-scenario", "scenario", () => true);
setAll("first-level", "level", (index) => index % 2 === 0);
setAll("second-level", "level", (index) => index % 2 === 1);

byId("round-private").addEventListener("click", () => showPrivate(true));

/** Shows what the last chosen incident teaches, and how hard it is. */
dialog.addEventListener("change", ({ target }) => {
  const chosen = known.find(({ name }) => name === target.value && (target.name === "scenario" || target.id === "all-scenario"));
  if (chosen) setText(byId("round-teaches"), `${chosen.name}. Teaches: ${chosen.teaches ?? "nothing of the syllabus"}. ${chosen.difficulty}`);
});

for (const id of ["round-minutes", "round-speed"]) byId(id).addEventListener("input", sayStory);

/** Shows the round's length in story time. */
function sayStory() {
  const [minutes, speed] = [byId("round-minutes").valueAsNumber, byId("round-speed").valueAsNumber];
  const isKnown = minutes > 0 && speed > 0;
  setText(byId("round-story"), isKnown ? `${minutes} minutes are ${spoken(minutes * speed)} of the story: ${storyTime(STORY_STARTS_S)} to ${storyTime(Math.min(STORY_STARTS_S + minutes * speed * 60, STORY_ENDS_S))}.` : "");
}

function spoken(minutes) {
  const [hours, rest] = [Math.floor(minutes / 60), Math.round(minutes % 60)];
  return [hours && `${hours} h`, rest && `${rest} min`].filter(Boolean).join(" ") || "less than a minute";
}

byId("round-cancel").addEventListener("click", () => dialog.close());

byId("round-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const invalid = byId("round-form").querySelector(":invalid:not(fieldset)");
  if (invalid) {
    const label = invalid.labels?.[0]?.textContent ?? invalid.getAttribute("aria-label");
    setText(byId("round-error"), `${label}: ${invalid.validationMessage}`);
    return invalid.focus();
  }
  attempt(event.submitter, save);
});

async function save() {
  const body = {
    practice: byId("round-practice").checked,
    operating_model: byId("round-model").value,
    speed: byId("round-speed").valueAsNumber,
    minutes: byId("round-minutes").valueAsNumber,
    updates: byId("round-updates").checked ? { first_minutes: byId("round-first").valueAsNumber, every_minutes: byId("round-every").valueAsNumber } : null,
    teams: rows().map((row) => ({
      team: Number(row.dataset.team),
      scenario: row.querySelector('[name="scenario"]').value,
      level: row.querySelector('[name="level"]').value,
    })),
  };
  try {
    await (number === null ? send("POST", "/api/desk/plan", body) : send("PUT", `/api/desk/plan/${number}`, body));
    dialog.close();
  } catch (error) {
    setText(byId("round-error"), error.message);
  }
}
