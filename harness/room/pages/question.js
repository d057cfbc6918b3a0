// Questions to the team, above everything else: what the director wants to know, and what else contributed once customers are served early.

import { byId, el, keep, onSubmit, send, setHidden } from "./lib.js";
import { isLive, state, watchAll } from "./state.js";

const EARLY = "early"; // the room's own question, of which there is one

export function startQuestion() {
  const box = byId("questions");
  watchAll((s) => [s.question, s.questions, isLive(s)], ([early, asked, canAnswer]) => {
    const all = [...asked.map(({ id, text, answer }) => ({ id, text, answer })), ...(early ? [{ id: EARLY, ...early }] : [])];
    const open = all.filter(({ answer }) => canAnswer && answer === null);
    setHidden(box, open.length === 0);
    keep(box, open, ({ id }) => id, form);
  });
}

function form({ id, text }) {
  const { text_characters: longest } = state().limits;
  const answer = el("textarea", { id: `answer-${id}`, rows: 1, required: true, maxLength: longest });

  const node = el("form", { class: "row" },
    el("label", { for: answer.id, class: "grow" }, el("strong", {}, "Asked: "), text), el("div", { class: "field grow" }, answer),
    el("button", { class: "button primary", type: "submit" }, "Answer"));
  onSubmit(node, async () => {

    const path = id === EARLY ? "/api/team/answer" : `/api/team/questions/${id}/answer`;
    await send("POST", path, { text: answer.value.trim() });
  });
  return node;
}
