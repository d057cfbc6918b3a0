// What the team can do to the shop: each with a confirmation, because customers feel it at once.

import { asked, attempt, byId, confirmed, el, send, setHidden, setText, toast } from "./lib.js";
import { state, watch } from "./state.js";

const LINES = { L1: "operations bridge", L2: "application support", L3: "delivery team" };

export function startRemedies() {
  const allowed = el("div", { class: "remedies" });
  const later = el("div", { class: "stack tight", hidden: true });
  const handover = el("div", { class: "stack tight", hidden: true });
  byId("remedies").append(allowed, handover, later);
  watch((s) => s.remedies, (remedies) => {
    const own = remedies.filter((remedy) => remedy.allowed);
    allowed.replaceChildren(...(own.length ? own.map(remedyButton) : [el("p", { class: "empty" }, "Nothing that this team may do itself.")]));
    const others = remedies.filter((remedy) => !remedy.allowed);
    setHidden(later, others.length === 0);
    later.replaceChildren(el("p", { class: "hint" }, "Only after a handover:"), el("ul", { class: "later" }, ...others.map(({ words, line }) => el("li", {}, words, el("span", { class: "muted" }, `, ${line} ${LINES[line] ?? ""}`)))));
  });
  watch((s) => s.round && [s.round.operating_model, s.round.line, s.round.handover_in_s === null ? null : Math.ceil(s.round.handover_in_s)], (round) => showHandover(handover, round));
}

function showHandover(node, round) {
  const [model, line, comes_in_s] = round ?? [];
  const isPossible = model === "ops-run-it" && line !== "L3";
  setHidden(node, !isPossible);
  if (!isPossible) return;
  const next = line === "L1" ? "L2" : "L3";
  if (comes_in_s !== null) {
    if (!node.querySelector(".on-its-way")) node.replaceChildren(el("p", { class: "notice on-its-way" }));
    return setText(node.firstChild, `Handed over: ${next}, ${LINES[next]}, takes up the ticket in about ${comes_in_s} s. You keep what you have.`);
  }
  const button = el("button", { type: "button", class: "button" }, `Hand over to ${next}, ${LINES[next]}`);
  button.addEventListener("click", async () => {
    const isSure = await confirmed(`Hand over to ${next}?`, "Hand over", `The ticket goes to the queue of ${LINES[next]}. That takes time, and then you may do what they may.`);
    if (isSure) attempt(button, () => send("POST", "/api/team/handover", {}));
  });
  node.replaceChildren(el("p", { class: "hint" }, `You are ${line}, ${LINES[line]}.`), button);
}

function remedyButton(remedy) {
  const button = el("button", { type: "button", class: "button remedy" }, remedy.needs_asset ? `${remedy.words} …` : remedy.words);
  button.addEventListener("click", () => order(remedy, button));
  return button;
}

async function order(remedy, button) {
  let asset = null;
  if (remedy.needs_asset) {
    const choice = el("select", { id: "remedy-asset", required: true, autofocus: true, size: 10 }, ...state().assets.map((id) => el("option", { value: id }, id)));
    const body = el("div", { class: "field" }, el("label", { for: choice.id }, "Which asset?"), choice);
    const text = "The version before its current one is published again, as a new version. Customers get it at once.";
    if (!(await asked({ title: remedy.words, text, body, yes: "Roll it back" }))) return;
    asset = choice.value;
  } else if (!(await confirmed(`${remedy.words}?`, "Do it", "It is done to the live shop at once, and stands in the log with your name."))) return;
  await attempt(button, async () => {
    await send("POST", "/api/team/remedies", { remedy: remedy.id, asset });
    toast(`Done: ${remedy.words}${asset ? `, ${asset}` : ""}. See what customers make of it.`);
  });
}
