// The first guess and how sure the team is of it. It is asked before the evidence opens, so that later everybody can see
// what the evidence was worth.

import { button, byId, el, onSubmit, send, setHidden } from "./lib.js";
import { isLive, state, watch, watchAll, worldOf } from "./state.js";
import { catalogue } from "./catalogue.js";

const SURE = [[0, "no idea"], [20, "a hunch"], [40, "perhaps"], [60, "likely"], [80, "nearly sure"], [95, "certain"]];

export function startGuess() {
  watch((s) => isLive(s) && s.guess === null, (isOpen) => setHidden(byId("evidence-closed"), !isOpen));
  watchAll((s) => [isLive(s) && s.guess === null && s.called, worldOf(s)], async ([isAsked]) => {
    if (isAsked) await ask();
    else showQuiet();
  });
}

/** The kinds of evidence that a guess opens. */
const opens = () => [...state().tabs, ...(state().can_inspect ? ["content"] : [])].join(", ");

async function ask() {
  const { kinds } = await catalogue();
  const world = worldOf(state());
  if (byId("evidence-closed").querySelector("form")?.dataset.world === world) return; // somebody is at it
  byId("evidence-closed").replaceChildren(form(kinds));
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

function form(kinds) {
  const cause = el("select", { id: "guess-cause", required: true },
    el("option", { value: "" }, "Choose …"),
    el("option", { value: "none" }, "No idea yet"),
    ...kinds.map(({ id, words }) => el("option", { value: id }, words)));
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
    el("div", { class: "field" }, el("label", { for: "guess-cause" }, "What kind of cause is it?"), cause),
    el("div", { class: "field" },
      el("label", { for: "guess-confidence" }, "How sure are you? ", said), confidence,
      el("p", { id: "guess-hint", class: "hint" }, "It earns and costs nothing. In the debrief it shows what the evidence was worth, and a lucky guess is not mistaken for a diagnosis.")),
    el("div", { class: "actions" },
      el("button", { class: "button primary", type: "submit" }, "Open the evidence"),
      button("No idea yet: open it", () => give({ kind: null }), { kind: "" })));
  onSubmit(node, () => give(cause.value === "none" ? { kind: null } : { kind: cause.value, confidence: confidence.valueAsNumber }));
  return node;
}
