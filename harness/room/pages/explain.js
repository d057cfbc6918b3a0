// The explanation: claims in the team's own words, each resting on pinned evidence. Each claim says what its evidence does not show, before the
// team hands in. A claim is written in two steps: first the words and the pins; once these are saved, the nearest entry of the catalogue. The form
// stays open until the claim is matched, and new pins appear in it.

import { button, byId, confirmed, count, el, field, keep, onSubmit, send, setHidden, setText, submit, toast } from "./lib.js";
import { state, watch } from "./state.js";
import { ABOUT, catalogue, choiceField, choiceText, closedField } from "./choices.js";
import { whenText } from "./pins.js";

const parts = el("div", {});
const give = button("Hand in", handIn, { kind: "primary" });
const doubts = el("p", { class: "hint", role: "status" });
byId("explain").append(parts, el("div", { class: "hand-in" }, give, doubts));

for (const { about, title, hint, many } of ABOUT) {
  const list = el("ul", { class: "stack tight plain-list" });
  const heading = el("h3", { tabIndex: -1 }, title);
  const add = button(many ? "Add" : "Say it", () => editClaim(section, about, null), { kind: "small plain", "aria-label": `Add a claim: ${title}` });
  const section = el("section", { class: "claim-part", "aria-label": title }, el("div", { class: "row apart", title: hint }, heading, add), list);
  parts.append(section);
  watch((s) => [s.claims.filter((claim) => claim.about === about), s.pins.length], async ([claims]) => {
    setHidden(add, !many && claims.length > 0);
    const known = claims.length > 0 ? await catalogue() : null;
    keep(list, claims, ({ id }) => id, (claim) => claimLine(claim, section, known));
  });
}

watch((s) => [s.explained, s.claims], ([explained, claims]) => {
  give.disabled = claims.length === 0;
  setText(give, explained ? "Hand in again" : "Hand in");
  give.classList.toggle("primary", !explained || explained.outdated);
  setText(doubts, [explained && handedIn(explained), doubtsOf(claims)].filter(Boolean).join(" "));
  doubts.classList.toggle("is-lacking", Boolean(explained?.outdated));
});

const handedIn = (/** @type {Api.Submitted} */ { story, by, outdated }) => (outdated
  ? `Changed since ${by} handed it in at ${story}: not handed in yet.`
  : `Handed in at ${story} by ${by}, as it stands here; the last one counts.`);

/** A sentence about claims that would score less, or nothing. */
function doubtsOf(claims) {
  if (claims.length === 0) return "Nothing to hand in yet: write at least one part.";
  const of = (is) => claims.filter(is).length;
  const open = of(({ choice }) => !choice);
  const unshown = of(({ choice, lacks }) => choice && lacks !== null);
  return [
    open > 0 && `${count(open, "claim is", "claims are")} not matched and will count for nothing.`,
    unshown > 0 && `${count(unshown, "claim is", "claims are")} said, not shown.`,
  ].filter(Boolean).join(" ");
}

function claimLine(claim, section, known) {
  const { id, words } = claim;
  const edit = button("Change", () => editClaim(section, claim.about, claim), { kind: "small plain edit", "aria-label": `Change the claim: ${words}` });
  const remove = button("Remove", async () => {
    if (!(await confirmed("Remove this claim?", "Remove", words))) return;
    await send("DELETE", `/api/team/claims/${id}`);
    section.querySelector("h3").focus();
  }, { kind: "small plain remove", "aria-label": `Remove the claim: ${words}` });
  const choice = claim.choice ? choiceText(claim, known) : ["Not matched yet", el("span", { class: "to-change" }, ": choose “Change”.")];
  return el("li", { class: "claim" },
    el("p", { class: "said" }, words),
    el("p", { class: `tiny claim-choice${claim.choice ? " muted" : ""}` }, choice),
    el("div", { class: "row apart" },
      el("span", { class: `claim-evidence tiny${claim.lacks === null ? "" : " is-lacking"}` }, claim.lacks === null ? `rests on ${count(claim.pins.length, "pin")}` : `Said, not shown. ${claim.lacks}`),
      el("span", {}, edit, remove)));
}

async function handIn() {
  await send("POST", "/api/team/explanation", {});
  toast("Handed in. You may hand it in again until the round ends; the last one counts.");
}

// ---- The form of one claim --------------------------------------------------------------------------------------

const words = el("textarea", { id: "claim-words", rows: 2, required: true });
const hint = el("p", { class: "hint" });
const pins = el("div", { class: "pin-choices" });
const none = el("p", { class: "hint if-none" }, "Nothing is pinned yet. Pin evidence where you find it; then tick it in this list.");
const match = el("div", { class: "claim-match" });
const save = submit("Save", "primary small");
const cancel = button("", close, { kind: "small" });
const form = el("form", { class: "claim-form stack tight" },
  hint, field("In your own words", words),
  el("fieldset", {}, el("legend", {}, "Resting on"), pins, none), match,
  el("div", { class: "actions" }, save, cancel));

let about = null;
let id = null; // of the claim that is edited; null: a new one
let choice = null;

watch((s) => s.pins, (all) => keep(pins, all, (pin) => pin.id, pinChoice));

/** Closes a form that was left open in the round before. */
watch((s) => s.round?.place, () => {
  form.remove();
  [about, id, choice] = [null, null, null];
});

/** Opens the form in the section of its part, filled with the claim, or empty for a new one. */
async function editClaim(section, part, claim) {
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

/** Shows the field for the choice, once the claim is saved with evidence. */
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
