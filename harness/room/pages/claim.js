// One claim, written in its place beside the evidence: first what the team says and what it rests on, then the nearest entry of the
// catalogue, which opens for a part once that part has been said and shown. What is pinned meanwhile joins the list.

import { button, el, keep, onSubmit, send, setHidden, setText } from "./lib.js";
import { state, watch } from "./state.js";
import { catalogue } from "./catalogue.js";
import { ABOUT, choiceField } from "./choices.js";

const words = el("textarea", { id: "claim-words", rows: 2, required: true });
const hint = el("p", { class: "hint" });
const pins = el("div", { class: "pin-choices" });
const none = el("p", { class: "hint" }, "Nothing is pinned yet. Pin what shows it where you find it: it joins this list.");
const match = el("div", { class: "claim-match" });
const save = el("button", { class: "button primary small", type: "submit" }, "Save");
const form = el("form", { class: "claim-form stack tight" },
  hint, el("div", { class: "field small" }, el("label", { for: words.id }, "In your own words"), words),
  el("fieldset", {}, el("legend", {}, "Resting on"), none, pins), match,
  el("div", { class: "actions" }, save, button("Cancel", close, { kind: "small" })));

let about = null;
let id = null; // of the claim that is changed; null: a new one
let choice = null;

watch((s) => s.pins, (all) => {
  setHidden(none, all.length > 0);
  keep(pins, all, (pin) => pin.id, pinChoice);
});

/** Opens the form in the section of its part; what is in it already stays if it is open there. */
export async function editClaim(section, part, claim) {
  [about, id] = [part, claim?.id ?? null];
  setText(hint, ABOUT.find((each) => each.about === about).hint);
  words.maxLength = state().limits.text_characters;
  words.value = claim?.words ?? "";
  pins.querySelectorAll("input").forEach((box) => { box.checked = Boolean(claim?.pins.includes(box.value)); });
  section.append(form);
  await offer(claim?.choice ?? null);
  words.focus();
  form.scrollIntoView({ block: "nearest" });
}

/** The field for the choice, once there is something to choose from. */
async function offer(chosen) {
  choice = choiceField(about, chosen, await catalogue());
  match.replaceChildren(choice.node);
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
  if (stored.choice || choice.isOpen) return close();
  // Said and shown: now the catalogue of this part is open.
  await offer(null);
  if (choice.isOpen) choice.node.querySelector("select").focus();
  else close();
});

function pinChoice({ id: pin, label, story, text }) {
  const box = el("input", { type: "checkbox", value: pin });
  return el("label", { class: "check", title: text }, box, el("span", {}, label, el("span", { class: "muted" }, ` ${story}`)));
}
