// The debrief on a projector, one step at a time. Each step first shows its question, and with the next press its answer. Each press on a repair
// counts a raised hand; with Shift it takes one back.

import { button, byId, el, setText } from "./lib.js";

const KEYS = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 };

export function startPresenter() {
  const start = byId("present");
  if (!start) return;
  const slides = [...document.querySelectorAll(".slide")];
  const answerOf = (slide) => slide.querySelector("details.step");
  const where = el("span", { class: "hint", role: "status" });
  let at = 0;

  document.body.append(el("nav", { class: "presenter", "aria-label": "Presenter" },
    button("Back", () => go(-1), { kind: "" }), where, button("Next", () => go(1), { kind: "primary" }), button("End", end, { kind: "plain" })));

  function show() {
    slides.forEach((slide, place) => slide.classList.toggle("is-shown", place === at));
    setText(where, `${at + 1} of ${slides.length}`);
    scrollTo(0, 0);
  }

  /** Forward: the answer, then the next question. Back: the question before. */
  function go(by) {
    const answer = answerOf(slides[at]);
    if (by > 0 && answer && !answer.open) {
      answer.open = true;
      return;
    }
    const next = at + by;
    if (next < 0 || next >= slides.length) return;
    at = next;
    const question = answerOf(slides[at]);
    if (question) question.open = false;
    show();
  }

  function end() {
    document.body.classList.remove("presenting");
    if (document.fullscreenElement) document.exitFullscreen();
    start.focus();
  }

  start.addEventListener("click", () => {
    at = 0;
    slides.map(answerOf).forEach((answer) => { if (answer) answer.open = false; });
    document.body.classList.add("presenting");
    document.documentElement.requestFullscreen?.().catch(() => {}); // a browser may refuse: the presentation works without it
    show();
  });
  addEventListener("keydown", (event) => {
    const isElsewhere = event.target instanceof Element && event.target.closest("button, input, summary, a") && event.key === " ";
    if (!document.body.classList.contains("presenting") || isElsewhere) return;
    if (event.key === "Escape") end();
    if (!KEYS[event.key] || (event.target instanceof Element && event.target.closest("input"))) return;
    event.preventDefault();
    go(KEYS[event.key]);
  });
  for (const choice of document.querySelectorAll(".vote .choice")) {
    const votes = choice.querySelector("b");
    choice.addEventListener("click", ({ shiftKey }) => setText(votes, Math.max(Number(votes.textContent) + (shiftKey ? -1 : 1), 0)));
  }
}
