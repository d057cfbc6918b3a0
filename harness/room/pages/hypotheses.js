// What the team thinks: its first guess with its confidence, and hypotheses that it adds, discusses and strikes out. The guess comes before the
// evidence opens, so that the debrief can show what the evidence was worth.

import { button, byId, choices, el, field, keep, onSubmit, send, setHidden, setText, submit } from "./lib.js";
import { isLive, state, watch, worldOf } from "./state.js";
import { catalogue, wordsOf } from "./choices.js";

const LENGTH_MAX = 500;
const SURE = [[0, "no idea"], [20, "a hunch"], [40, "perhaps"], [60, "likely"], [80, "nearly sure"], [95, "certain"]];

watch((s) => isLive(s) && s.guess === null, (isOpen) => setHidden(byId("evidence-closed"), !isOpen));
watch((s) => [isLive(s) && s.guess === null && s.called, worldOf(s)], async ([isAsked]) => {
  if (isAsked) await ask();
  else showQuiet();
});

const opens = () => [...state().tabs, ...(state().can_inspect ? ["content"] : [])].join(", ");

async function ask() {
  const { kinds } = await catalogue();
  const world = worldOf(state());
  if (byId("evidence-closed").querySelector("form")?.dataset.world === world) return; // the form for this world is there already: do not overwrite it
  byId("evidence-closed").replaceChildren(guessForm(kinds));
  byId("evidence-closed").querySelector("form").dataset.world = world;
}

function showQuiet() {
  const early = button("Guess now and look around", async () => {
    await ask();
    byId("guess-cause").focus();
  }, { kind: "" });
  byId("evidence-closed").replaceChildren(
    el("h2", {}, "Evidence"),
    el("p", { class: "empty" }, `Nobody has called you yet. When customers complain or an alert goes off, your first guess is asked here, and then the evidence opens: ${opens()}.`),
    el("p", {}, "Meanwhile look at the shop, and at what you can do about it. If you would rather see the evidence of a quiet morning, guess now: a team has one guess in a round, and “no idea yet” is one."),
    el("div", { class: "actions" }, early),
  );
}

function guessForm(kinds) {
  const cause = choices("guess-cause", [["", "Choose …"], ["none", "No idea yet"], ...kinds.map(({ id, words }) => [id, words])], { required: true });
  const said = el("output", { htmlFor: "guess-confidence" });
  const confidence = el("input", { id: "guess-confidence", type: "range", min: 0, max: 100, step: 5, value: 20, "aria-describedby": "guess-hint" });
  const say = () => {
    const [, word] = SURE.findLast(([from]) => confidence.valueAsNumber >= from);
    said.textContent = `${confidence.value} %, ${word}`;
    confidence.setAttribute("aria-valuetext", said.textContent);
  };
  confidence.addEventListener("input", say);
  say();
  const give = (body) => send("POST", "/api/team/guess", body);
  const node = el("form", { class: "stack guess" },
    el("h2", {}, "Your first guess"),
    el("p", {}, `What do you suspect, from what you see of the shop? One guess for the whole team, so talk first. It opens the evidence: ${opens()}.`),
    field("What kind of cause is it?", cause, ""),
    field(["How sure are you? ", said], confidence, "",
      el("p", { id: "guess-hint", class: "hint" }, "It earns and costs no points. In the debrief it shows what the evidence was worth, so that a lucky guess is not mistaken for a diagnosis.")),
    el("div", { class: "actions" },
      submit("Open the evidence", "primary"),
      button("No idea yet: open it", () => give({ kind: null }), { kind: "" })));
  onSubmit(node, () => give(cause.value === "none" ? { kind: null } : { kind: cause.value, confidence: confidence.valueAsNumber }));
  return node;
}

// ---- Hypotheses -------------------------------------------------------------------------------------------------

const guess = el("p", { class: "hint", hidden: true });
const none = el("p", { class: "hint if-none" }, "Write what you suspect, and what would prove it wrong.");
const list = el("ul", { class: "hypotheses stack tight plain-list" });
const text = el("textarea", { id: "hypothesis", rows: 1, maxLength: LENGTH_MAX, placeholder: "We think that …, because …", "aria-label": "A hypothesis", required: true });
const form = el("form", { class: "row joined" },
  el("div", { class: "field small grow" }, text), submit("Add"));
byId("thoughts").append(guess, list, none, form);

watch((s) => s.guess, async (given) => {
  setHidden(guess, given === null);
  if (given === null) return;
  const words = given.kind ? `${wordsOf((await catalogue()).kinds, given.kind)}, ${given.confidence ?? 0} % sure` : "no idea yet";
  setText(guess, `First guess: ${words} (${given.by}).`);
});
watch((s) => s.hypotheses, (hypotheses) => keep(list, hypotheses, ({ id }) => id, line));
watch((s) => s.round?.place, () => form.reset());
onSubmit(form, async () => {
  await send("POST", "/api/team/hypotheses", { text: text.value.trim() });
  text.focus();
}, { emptied: true });
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(form.querySelector("button"));
});

function line({ id, by, story, text: said, struck }) {
  const label = struck ? "Take back" : "Strike out";
  const strike = button(label, () => send("POST", `/api/team/hypotheses/${id}/strike`, {}), { kind: "small plain", "aria-label": `${label}: ${said}` });
  return el("li", { class: struck ? "struck" : "" },
    el("p", { class: "said" }, said),
    el("div", { class: "row apart" }, el("span", { class: "tiny muted" }, `${story}, ${by}${struck ? ", struck out" : ""}`), strike));
}
