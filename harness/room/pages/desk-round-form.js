// One round of the plan, changed in a dialog. It is filled once, when it opens: states that arrive meanwhile change nothing in it.

import { attempt, byId, el, send, setOptions, setText, storyTime } from "./lib.js";
import { scenarioName } from "./desk-words.js";

const dialog = byId("round-dialog");

let number = null; // null: a round that is to be added
let isSending = false;

/** Opens the dialog with what `round` holds; one without a number is appended to the plan. */
export function openRound({ scenarios, levels, teams }, round) {
  number = round.number;
  setText(byId("round-title"), number === null ? "A further round" : round.name);
  byId("round-model").value = round.operating_model;
  byId("round-minutes").value = round.minutes;
  byId("round-speed").value = round.speed;
  byId("round-practice").checked = round.practice;
  setText(byId("round-error"), "");
  const named = scenarios.map((each) => [each.name, each.control ? `${scenarioName(each)} (cannot be mended)` : scenarioName(each)]);
  const shown = levels.map((level) => [level, level]);
  for (const [id, options] of [["all-scenario", named], ["first-level", shown], ["second-level", shown]]) {
    setOptions(byId(id), [["", "as below"], ...options]);
    byId(id).value = "";
  }
  byId("round-rows").replaceChildren(...teams.map((team) => {
    const part = round.teams.find((each) => each.team === team.number);
    return el("tr", { dataset: { team: team.number } },
      el("th", { scope: "row" }, team.name),
      el("td", {}, choice("scenario", `Incident of ${team.name}`, named, part?.scenario)),
      el("td", {}, choice("level", `Level of ${team.name}`, shown, part?.level)));
  }));
  sayStory();
  dialog.showModal();
}

function choice(name, label, options, value) {
  const select = el("select", { class: "plain-field small", name, "aria-label": label });
  setOptions(select, options);
  if (value) select.value = value;
  return select;
}

// ---- For many teams at once -------------------------------------------------------------------------------------

const rows = () => [...byId("round-rows").children];

function setAll(id, name, isMeant) {
  byId(id).addEventListener("change", () => {
    const value = byId(id).value;
    if (!value) return;
    rows().filter((_, index, all) => isMeant(index, all.length)).forEach((row) => { row.querySelector(`[name="${name}"]`).value = value; });
  });
}

setAll("all-scenario", "scenario", () => true);
setAll("first-level", "level", (index, of) => index < of / 2);
setAll("second-level", "level", (index, of) => index >= of / 2);

// ---- How long it is in the story --------------------------------------------------------------------------------

for (const id of ["round-minutes", "round-speed"]) byId(id).addEventListener("input", sayStory);

function sayStory() {
  const [minutes, speed] = [byId("round-minutes").valueAsNumber, byId("round-speed").valueAsNumber];
  const isKnown = minutes > 0 && speed > 0;
  setText(byId("round-story"), isKnown ? `${minutes} minutes are ${spoken(minutes * speed)} of the story: ${storyTime(0)} to ${storyTime(minutes * speed * 60)}.` : "");
}

function spoken(minutes) {
  const [hours, rest] = [Math.floor(minutes / 60), Math.round(minutes % 60)];
  return [hours && `${hours} h`, rest && `${rest} min`].filter(Boolean).join(" ") || "less than a minute";
}

// ---- Saving -----------------------------------------------------------------------------------------------------

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
    teams: rows().map((row) => ({
      team: Number(row.dataset.team),
      scenario: row.querySelector('[name="scenario"]').value,
      level: row.querySelector('[name="level"]').value,
    })),
  };
  if (isSending) return;
  isSending = true;
  try {
    await (number === null ? send("POST", "/api/desk/plan", body) : send("PUT", `/api/desk/plan/${number}`, body));
    dialog.close();
  } catch (error) {
    setText(byId("round-error"), error.message);
  } finally {
    isSending = false;
  }
}
