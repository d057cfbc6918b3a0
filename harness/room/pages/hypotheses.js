// What the team thinks: its first guess, and hypotheses that are added, discussed and struck out.

import { button, byId, el, keep, onSubmit, send, setHidden, setText } from "./lib.js";
import { watch } from "./state.js";
import { catalogue, wordsOf } from "./catalogue.js";

const LENGTH_MAX = 500;

export function startHypotheses() {
  const guess = el("p", { class: "hint", hidden: true });
  const none = el("p", { class: "hint" }, "Write what you suspect, and what would prove it wrong.");
  const list = el("ul", { class: "hypotheses plain-list" });
  const text = el("textarea", { id: "hypothesis", rows: 1, maxLength: LENGTH_MAX, placeholder: "We think that …, because …", "aria-label": "A hypothesis", required: true });
  const form = el("form", { class: "row joined" },
    el("div", { class: "field small grow" }, text), el("button", { class: "button small", type: "submit" }, "Add"));
  byId("thoughts").append(guess, none, list, form);

  watch((s) => s.guess, async (given) => {
    setHidden(guess, given === null);
    if (given === null) return;
    const words = given.kind ? `${wordsOf((await catalogue()).kinds, given.kind)}, ${given.confidence ?? 0} % sure` : "no idea yet";
    setText(guess, `First guess: ${words} (${given.by}).`);
  });
  watch((s) => s.hypotheses, (hypotheses) => {
    setHidden(none, hypotheses.length > 0);
    keep(list, hypotheses, ({ id }) => id, line, (node, { struck, text: said }) => {
      node.classList.toggle("struck", struck);
      const strike = node.querySelector("button");
      setText(strike, struck ? "Take back" : "Strike out");
      strike.setAttribute("aria-label", `${strike.textContent}: ${said}`);
      setText(node.querySelector(".state"), struck ? ", struck out" : "");
    });
  });
  watch((s) => s.round?.place, () => { text.value = ""; });
  onSubmit(form, async () => {
    await send("POST", "/api/team/hypotheses", { text: text.value.trim() });
    text.value = "";
    text.focus();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(form.querySelector("button"));
  });
}

function line({ id, by, story, text }) {
  const strike = button("", () => send("POST", `/api/team/hypotheses/${id}/strike`, {}), { kind: "small plain" });
  return el("li", {},
    el("p", { class: "said" }, text),
    el("div", { class: "row apart" }, el("span", { class: "tiny muted" }, `${story}, ${by}`, el("span", { class: "state" })), strike));
}
