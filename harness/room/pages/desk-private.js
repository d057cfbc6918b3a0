// What teams must not read on a projector is hidden until asked for, and hides itself again.

import { byId, el, get, setText } from "./lib.js";

const DETAILS_S = 60;
const ANSWER_S = 180;

// ---- Scores and incidents of the tables -------------------------------------------------------------------------

let hideAgain;

const told = [];

export const isPrivate = () => document.body.classList.contains("is-private-shown");

/** Calls `act` whenever private details are shown or hidden. */
export const onPrivate = (act) => told.push(act);

byId("private").addEventListener("click", () => showPrivate(!isPrivate()));

export function showPrivate(isShown) {
  clearTimeout(hideAgain);
  // What somebody is at does not go away under their hands.
  const isInUse = !isShown && document.querySelector("#round-dialog[open]");
  if (!isInUse) document.body.classList.toggle("is-private-shown", isShown);
  byId("private").setAttribute("aria-pressed", String(isPrivate()));
  if (isPrivate()) hideAgain = setTimeout(() => showPrivate(false), DETAILS_S * 1000);
  told.forEach((act) => act());
}

/** A text that only shows while private details do. */
export function privately(text) {
  return el("span", {},
    el("span", { class: "private" }, text),
    el("span", { class: "instead" }, el("span", { "aria-hidden": "true" }, "•••"), el("span", { class: "unseen" }, "hidden")));
}

export const setPrivate = (node, text) => setText(node.querySelector(".private"), text);

// ---- The answer -------------------------------------------------------------------------------------------------

/** A place for the answer of the team that `teamOf` says; `hide` takes it away before its time. */
export function answerPlace(teamOf) {
  const show = el("button", { type: "button", class: "button", "aria-expanded": "false" }, "Show the answer");
  const left = el("p", { class: "hint" });
  const content = el("div", { class: "answer" });
  const place = el("div", { class: "stack tight" }, show, left, content);
  let countdown;

  place.hide = () => {
    clearInterval(countdown);
    content.replaceChildren();
    setText(left, "");
    setText(show, "Show the answer");
    show.setAttribute("aria-expanded", "false");
  };

  show.addEventListener("click", async () => {
    if (show.getAttribute("aria-expanded") === "true") return place.hide();
    const team = teamOf();
    show.setAttribute("aria-expanded", "true");
    setText(show, "Hide the answer");
    try {
      const answer = await get(`/api/desk/answer/${team}`);
      if (team !== teamOf() || show.getAttribute("aria-expanded") !== "true") return;
      content.replaceChildren(...answerParts(answer));
      show.scrollIntoView({ block: "start" });
    } catch (error) {
      content.replaceChildren(el("p", { class: "error" }, error.message));
    }
    let remaining = ANSWER_S;
    const tick = () => (remaining > 0 ? setText(left, `Hides itself in ${remaining--} s.`) : place.hide());
    clearInterval(countdown);
    countdown = setInterval(tick, 1000);
    tick();
  });
  return place;
}

function answerParts(answer) {
  const pairs = [
    ["Trigger", answer.trigger],
    ["Asset", answer.asset],
    ["Character", answer.character],
    ["Path", (answer.path ?? []).join(" → ")],
  ];
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
