// Details that teams must not read on a projector are hidden until the facilitator asks for them, and hide themselves again.

import { byId, el, get, setText } from "./lib.js";

const DETAILS_S = 60;
const ANSWER_S = 180;

let hideAgain;

byId("private").addEventListener("click", () => showPrivate(!document.body.classList.contains("is-private-shown")));

export function showPrivate(isShown) {
  clearTimeout(hideAgain);
  // While the round's dialog is open, the details stay: the facilitator is working with them.
  const isInUse = !isShown && document.querySelector("#round-dialog[open]");
  const isNowShown = Boolean(isShown || isInUse);
  document.body.classList.toggle("is-private-shown", isNowShown);
  byId("private").setAttribute("aria-pressed", String(isNowShown));
  if (isNowShown) hideAgain = setTimeout(() => showPrivate(false), DETAILS_S * 1000);
}

/** A text that is visible only while private details are. */
export function privately(text) {
  return el("span", {},
    el("span", { class: "private" }, text),
    el("span", { class: "instead" }, el("span", { "aria-hidden": "true" }, "•••"), el("span", { class: "unseen" }, "hidden")));
}

/** A folded section with the answer for the team that `teamOf` returns; it folds itself again. */
export function answerPlace(teamOf) {
  const left = el("p", { class: "hint" });
  const content = el("div", { class: "answer" });
  const place = el("details", {}, el("summary", {}, "Show the answer"), left, content);
  let countdown;
  place.addEventListener("toggle", async () => {
    clearInterval(countdown);
    content.replaceChildren();
    if (!place.open) return;
    let remaining = ANSWER_S;
    const tick = () => (remaining > 0 ? setText(left, `Hides itself in ${remaining--} s.`) : (place.open = false));
    countdown = setInterval(tick, 1000);
    tick();
    const team = teamOf();
    const parts = await get(`/api/desk/answer/${team}`).then(answerParts, ({ message }) => [el("p", { class: "error" }, message)]);
    if (team !== teamOf() || !place.open) return;
    content.replaceChildren(...parts);
    place.scrollIntoView({ block: "start" });
  });
  return place;
}

function answerParts(answer) {
  const pairs = [["Trigger", answer.trigger], ["Asset", answer.asset], ["Character", answer.character], ["Path", (answer.path ?? []).join(" → ")]];
  return [
    el("h4", {}, answer.title),
    el("p", {}, answer.description),
    el("dl", { class: "pairs" }, pairs.filter(([, value]) => value).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    ...list("What contributed", (answer.factors ?? []).map(({ words }) => words)),
    ...list("What ends it", (answer.right ?? []).map((steps) => steps.join(", then "))),
    ...list("What does not", (answer.wrong ?? []).map((steps) => steps.join(", then "))),
  ];
}

const list = (title, items) => (items.length === 0 ? [] : [el("h4", {}, title), el("ul", {}, items.map((item) => el("li", {}, item)))]);
