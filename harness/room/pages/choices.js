// The parts of an explanation, and how each is matched with the catalogue of causes and factors. The catalogue is the same for every incident,
// so that it tells nothing about this one.

import { choices, el, field, get, setText } from "./lib.js";
import { state } from "./state.js";

/** @type {Promise<Api.Catalogue> | null} */
let asked = null;

/** The catalogue of causes and factors. It is fetched again while some of its parts are still closed. */
export function catalogue() {
  asked ??= get("/api/team/catalogue").then((known) => {
    if (known.opens !== null) asked = null;
    return known;
  }, (error) => {
    asked = null;
    throw error;
  });
  return asked;
}

export const wordsOf = (/** @type {Api.Entry[]} */ entries, id) => entries.find((entry) => entry.id === id)?.words ?? id;

export const ABOUT = [
  { about: "cause", title: "What set it off", hint: "The event that started it." },
  { about: "asset", title: "Which asset", hint: "If an asset is involved." },
  { about: "character", title: "Which character", hint: "If a character is involved." },
  { about: "path", title: "How it travelled", hint: "From service to service, up to the customers." },
  { about: "factor", title: "What contributed", hint: "Properties of the shop without which the loss would have been smaller. There are often several.", many: true },
];

export function choiceText({ about, choice }, { causes, factors }) {
  if (about === "cause") return wordsOf(causes, choice);
  if (about === "factor") return wordsOf(factors, choice);
  return about === "path" ? choice.split(",").join(" → ") : choice;
}

/** The placeholder for the choice until a claim is saved with evidence. */
export const closedField = () => ({ node: el("p", { class: "hint" }, "Save it with evidence: then you say here which one it is."), value: () => null });

/** Fields for the choice of a claim that is saved with evidence: `{ node, value() }`. The value is null if nothing is chosen. */
export function choiceField(about, choice, { causes, factors, services }) {
  if (about === "path") return pathField(choice, services);
  if (about === "character") return characterField(choice);
  const entries = { cause: causes, factor: factors, asset: state().assets.map((id) => ({ id, words: id })) }[about];
  if (entries.length === 0) return closedField();
  const select = choices("claim-choice", [["", "Not matched yet"], ...entries.map(({ id, words }) => [id, words])]);
  const test = el("p", { class: "hint", role: "status" });
  const say = () => {
    const { question, shown_by: shownBy } = entries.find(({ id }) => id === select.value) ?? {};
    setText(test, [question, shownBy && `Shown by: ${shownBy}`].filter(Boolean).join(" "));
  };
  select.value = choice ?? "";
  select.addEventListener("change", say);
  say();
  const label = about === "asset" ? "Which one is it?" : "Which entry of the catalogue comes nearest?";
  return { node: field(label, select, "small", test), value: () => select.value || null };
}

function characterField(choice) {
  const input = el("input", { id: "claim-choice", value: choice ?? "", autocomplete: "off", spellcheck: false, pattern: "\\s*(([Uu]\\+[0-9A-Fa-f]{4,6}|0[xX][0-9A-Fa-f]{2})\\s*)+", placeholder: "U+00E9 or 0xE9", "aria-describedby": "claim-choice-hint" });
  const node = field("Which one is it?", input, "",
    el("p", { id: "claim-choice-hint", class: "hint" }, "Its code point, as in U+00E9; or bytes that are no character, as in 0xE9. Several with spaces between them."));
  const written = (word) => (/^u/i.test(word) ? word.toUpperCase() : `0x${word.slice(2).toUpperCase()}`);
  return { node, value: () => input.value.split(/\s+/).filter(Boolean).map(written).join(" ") || null };
}

function pathField(choice, services) {
  const chosen = choice?.split(",") ?? [];
  const selects = services.map((_, index) => {
    const select = choices(null, [["", index === 0 ? "began in …" : "then …"], ...services.map((name) => [name, name])],
      { "aria-label": index === 0 ? "Where it began" : `Then, step ${index + 1}` });
    select.value = chosen[index] ?? "";
    return select;
  });
  const node = el("fieldset", { class: "field" }, el("legend", {}, "Through which services, in order? First the one that held or sent what was wrong, last the one that customers meet."), el("div", { class: "path-fields row" }, ...selects));
  return { node, value: () => selects.map((select) => select.value).filter(Boolean).join(",") || null };
}
