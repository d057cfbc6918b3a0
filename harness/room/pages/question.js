// The question to a team whose customers are served again early: what else contributed, and how do you know?

import { byId, el, onSubmit, send, setHidden, toast } from "./lib.js";
import { watch } from "./state.js";

export function startQuestion() {
  const box = byId("question");
  watch((s) => s.question, (question) => {
    setHidden(box, question === null);
    if (question === null) return;
    if (question.answer !== null) return box.replaceChildren(el("h2", { id: "question-title" }, "A question for you"), el("p", {}, question.text), el("p", { class: "said" }, question.answer));
    const text = el("textarea", { id: "answer", rows: 3, required: true, maxLength: 500 });
    const form = el("form", { class: "stack tight" },
      el("div", { class: "field" }, el("label", { for: "answer" }, "Your answer"), text),
      el("div", { class: "actions" }, el("button", { class: "button primary", type: "submit" }, "Answer")));
    onSubmit(form, () => send("POST", "/api/team/answer", { text: text.value.trim() }));
    box.replaceChildren(el("h2", { id: "question-title" }, "A question for you"), el("p", {}, question.text), form);
    toast("There is a question for you under “Act”.");
  });
}
