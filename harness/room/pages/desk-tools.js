// What is said to teams and noted about them: messages, moments for the debrief, answers after an early end, more telemetry.

import { byId, confirmed, el, keep, onSubmit, send, setHidden, setOptions, setText, toast } from "./lib.js";
import { prepared, teamOptions } from "./desk-words.js";

/** @type {NamedDesk | null} */
let view = null;

const setMessages = prepared(byId("message-prepared"), byId("message-text"), byId("message-asks"));

/** @param {NamedDesk} newest */
export function update(newest) {
  view = newest;
  setMessages(view.messages);
  setOptions(byId("message-to"), [["", "every team"], ...teamOptions(view.teams)]);
  setOptions(byId("everyone-level"), view.levels.slice(1).map((level) => [level, level]));
  showMarks(view.marks, view.plan);
  showRestored(view.teams.flatMap(({ number, name, question, questions }) => [
    ...(question ? [{ key: `${number}`, name, text: question.text, answer: question.answer }] : []),
    ...questions.map(({ id, text, answer, took_s: took }) => ({ key: `${number} ${id}`, name, text, answer: answer === null ? null : `${answer} (after ${Math.round(took)} s)` })),
  ]));
}

function showMarks(marks, plan) {
  keep(byId("marks"), marks.map((mark, index) => ({ ...mark, index })).reverse(), ({ index }) => index,
    () => el("li", {}, el("strong"), el("span")),
    (item, { round, story, text }) => {
      setText(item.firstChild, story);
      item.firstChild.title = plan[round]?.name ?? "";
      setText(item.lastChild, text);
    });
  setHidden(byId("marks-empty"), marks.length > 0);
}

function showRestored(asked) {
  keep(byId("restored"), asked, ({ key }) => key,
    () => el("li", {}, el("strong"), el("p", { class: "hint" }), el("blockquote")),
    (item, { name, text, answer }) => {
      setText(item.children[0], name);
      setText(item.children[1], text);
      setText(item.children[2], answer ?? "No answer yet.");
    });
  setHidden(byId("restored-empty"), asked.length > 0);
}

// ---- Sending ----------------------------------------------------------------------------------------------------

onSubmit(byId("message-form"), async () => {
  const to = byId("message-to");
  await send("POST", "/api/desk/message", { team: to.value === "" ? null : Number(to.value), text: byId("message-text").value.trim(), asks: byId("message-asks").checked });
  toast(`Sent to ${to.selectedOptions[0].textContent}.`);
  byId("message-text").value = byId("message-prepared").value = "";
  byId("message-asks").checked = false;
});

onSubmit(byId("mark-form"), async () => {
  await send("POST", "/api/desk/mark", { text: byId("mark-text").value.trim() });
  byId("mark-text").value = "";
  toast("Marked.");
});

onSubmit(byId("everyone-form"), async () => {
  const level = byId("everyone-level").value;
  const text = "A team that has it already, or more, keeps what it has. What a team has seen cannot be taken back.";
  if (!(await confirmed(`Raise every team to ${level}?`, "Raise", text))) return;
  await send("POST", "/api/desk/level", { team: null, level });
  toast(`Every team has at least ${level}.`);
});
