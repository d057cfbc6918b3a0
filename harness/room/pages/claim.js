// One claim, written in its place beside the evidence: first what the team says and what it rests on; once that is saved, the nearest entry of
// the catalogue, in whichever part. The form stays open until it is matched. What is pinned meanwhile joins the list.

import { button, el, keep, onSubmit, send, setHidden, setText } from "./lib.js";
import { state, watch } from "./state.js";
import { catalogue } from "./catalogue.js";
import { ABOUT, choiceField, closedField } from "./choices.js";
import { whenText } from "./pins.js";

const words = el("textarea", { id: "claim-words", rows: 2, required: true });
const hint = el("p", { class: "hint" });
const pins = el("div", { class: "pin-choices" });
const none = el("p", { class: "hint" }, "Nothing is pinned yet. Pin what shows it where you find it: it joins this list, and you tick it.");
const match = el("div", { class: "claim-match" });
const save = el("button", { class: "button primary small", type: "submit" }, "Save");
const cancel = button("", close, { kind: "small" });
const form = el("form", { class: "claim-form stack tight" },
  hint, el("div", { class: "field small" }, el("label", { for: words.id }, "In your own words"), words),
  el("fieldset", {}, el("legend", {}, "Resting on"), none, pins), match,
  el("div", { class: "actions" }, save, cancel));

let about = null;
let id = null; // of the claim that is changed; null: a new one
let choice = null;

watch((s) => s.pins, (all) => {
  setHidden(none, all.length > 0);
  keep(pins, all, (pin) => pin.id, pinChoice);
});

/** A form that was left open belongs to the round before. */
watch((s) => s.round?.place, () => {
  form.remove();
  [about, id, choice] = [null, null, null];
});

/** Opens the form in the section of its part; what is in it already stays if it is open there. */
export async function editClaim(section, part, claim) {
  [about, id] = [part, claim?.id ?? null];
  setText(hint, ABOUT.find((each) => each.about === about).hint);
  words.maxLength = state().limits.text_characters;
  words.value = claim?.words ?? "";
  pins.querySelectorAll("input").forEach((box) => { box.checked = Boolean(claim?.pins.includes(box.value)); });
  section.append(form);
  await offer(claim);
  words.focus();
  form.scrollIntoView({ block: "nearest" });
}

/** The field for the choice, once the claim is said and shown. */
async function offer(claim) {
  choice = claim?.pins.length > 0 ? choiceField(about, claim.choice, await catalogue()) : closedField();
  match.replaceChildren(choice.node);
  setText(cancel, claim ? "Close" : "Cancel");
}

function close() {
  const section = form.closest(".claim-part");
  form.remove();
  section?.querySelector("h3").focus();
}

onSubmit(form, async () => {
  const body = { words: words.value.trim(), pins: [...pins.querySelectorAll("input:checked")].map((box) => box.value), choice: choice.value() };
  const stored = id === null ? await send("POST", "/api/team/claims", { about, ...body }) : await send("PUT", `/api/team/claims/${id}`, body);
  id = stored.id;
  if (stored.choice) return close();
  await offer(stored);
  match.querySelector("select, input")?.focus();
  form.scrollIntoView({ block: "nearest" });
});

function pinChoice(pinned) {
  const { id: pin, label, text } = pinned;
  const box = el("input", { type: "checkbox", value: pin });
  return el("label", { class: "check", title: text }, box, el("span", {}, label, el("span", { class: "muted" }, ` ${whenText(pinned)}`)));
}
