// One claim in a dialog: first what the team says and what it rests on, then the nearest entry of the catalogue.

import { attempt, el, send, shown } from "./lib.js";
import { state } from "./state.js";
import { catalogue } from "./catalogue.js";
import { ABOUT, choiceField } from "./choices.js";

/** Answers with whether it was saved. */
export async function editClaim(about, claim) {
  const { title, hint } = ABOUT.find((part) => part.about === about);
  const known = await catalogue();
  const words = el("textarea", { id: "claim-words", rows: 3, required: true, maxLength: 500, autofocus: true, value: claim?.words ?? "" });
  const bare = el("p", { class: "notice", role: "status" });
  const pins = state().pins.map((pin) => pinChoice(pin, claim?.pins.includes(pin.id)));
  const pinned = () => pins.filter(({ box }) => box.checked).map(({ id }) => id);
  const evidence = el("fieldset", {}, el("legend", {}, "Resting on"),
    pins.length > 0
      ? el("div", { class: "pin-choices" }, ...pins.map(({ node }) => node))
      : el("p", { class: "empty" }, "Nothing is pinned yet. Pin what shows it, where you find it, and come back to this claim; you can save it as it is."));
  const choice = choiceField(about, claim?.choice ?? null, known);
  const match = el("div", { class: "stack tight" }, el("h3", {}, "2. Match it with the catalogue"), choice.node);
  const save = el("button", { class: "button primary", value: "save" }, "Save");
  const form = el("form", { method: "dialog" },
    el("h2", { id: "claim-title" }, title), el("p", { class: "hint" }, hint),
    el("div", { class: "stack" },
      el("h3", {}, "1. Say it and show it"),
      el("div", { class: "field" }, el("label", { for: words.id }, "In your own words"), words), evidence, bare),
    match,
    el("div", { class: "actions" }, save, el("button", { class: "button", value: "no", formNoValidate: true }, "Cancel")));
  const dialog = el("dialog", { class: "claim-dialog", "aria-labelledby": "claim-title" }, form);

  // The catalogue comes second: who reads the list first finds what it says rather than what happened.
  const follow = () => {
    match.hidden = words.value.trim() === "" && !claim?.choice;
    bare.textContent = pinned().length > 0 ? "" : "Without evidence this claim scores nothing.";
    bare.hidden = bare.textContent === "";
  };
  form.addEventListener("input", follow);
  follow();

  form.addEventListener("submit", (event) => {
    if (event.submitter !== save) return;
    event.preventDefault();
    attempt(save, async () => {
      const body = { words: words.value.trim(), pins: pinned(), choice: choice.value() };
      await store(about, claim, body);
      dialog.close("save");
    });
  });
  return (await shown(dialog)) === "save";
}

/** A new claim is made with words and evidence, and matched in a second step. */
async function store(about, claim, { words, pins, choice }) {
  if (claim) return send("PUT", `/api/team/claims/${claim.id}`, { words, pins, choice });
  const { id } = await send("POST", "/api/team/claims", { about, words, pins });
  return choice && send("PUT", `/api/team/claims/${id}`, { words, pins, choice });
}

function pinChoice({ id, label, story }, isChosen) {
  const box = el("input", { type: "checkbox", checked: Boolean(isChosen) });
  return { id, box, node: el("label", { class: "check" }, box, el("span", {}, label, el("span", { class: "muted" }, ` ${story}`))) };
}
