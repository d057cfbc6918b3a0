// What the team thinks: its first guess, and hypotheses that are added, discussed and struck out.

import { attempt, byId, el, keep, send, setHidden, setText } from "./lib.js";
import { watch } from "./state.js";
import { catalogue, wordsOf } from "./catalogue.js";

const LENGTH_MAX = 500;

export function startThoughts() {
  const guess = el("p", { class: "hint", hidden: true });
  const none = el("p", { class: "empty" }, "No hypothesis yet. Write down what you suspect and what would prove it wrong; everybody in the team sees it.");
  const list = el("ul", { class: "hypotheses plain-list" });
  const text = el("textarea", { id: "hypothesis", rows: 2, maxLength: LENGTH_MAX, placeholder: "We think that …, because …", required: true });
  const add = el("button", { class: "button", type: "submit" }, "Add");
  const form = el("form", { class: "stack tight" },
    el("div", { class: "field" }, el("label", { for: text.id }, "A hypothesis"), text),
    el("div", { class: "actions" }, add));
  byId("thoughts").append(guess, none, list, form);

  watch((s) => s.guess, async (given) => {
    setHidden(guess, given === null);
    if (given === null) return;
    const words = given.cause === null ? "no idea yet" : wordsOf((await catalogue()).causes, given.cause);
    setText(guess, `First guess: ${words}, ${given.confidence} % sure (${given.by}).`);
  });
  watch((s) => s.hypotheses, (hypotheses) => {
    setHidden(none, hypotheses.length > 0);
    keep(list, hypotheses, ({ id }) => id, line, (node, { struck, text: said }) => {
      node.classList.toggle("struck", struck);
      const button = node.querySelector("button");
      setText(button, struck ? "Take back" : "Strike out");
      button.setAttribute("aria-label", `${button.textContent}: ${said}`);
      setText(node.querySelector(".state"), struck ? ", struck out" : "");
    });
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(add, async () => {
      await send("POST", "/api/team/hypotheses", { text: text.value.trim() });
      text.value = "";
      text.focus();
    });
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

function line({ id, by, story, text }) {
  const strike = el("button", { type: "button", class: "button small plain" });
  strike.addEventListener("click", () => attempt(strike, () => send("POST", `/api/team/hypotheses/${id}/strike`, {})));
  return el("li", {},
    el("p", { class: "said" }, text),
    el("div", { class: "row apart" }, el("span", { class: "tiny muted" }, `${story}, ${by}`, el("span", { class: "state" })), strike));
}
