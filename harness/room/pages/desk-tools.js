// What is said to teams and noted about them: messages, moments for the debrief, answers after an early end, more telemetry.

import { byId, confirmed, el, keep, onSubmit, send, setHidden, setOptions, setText, toast } from "./lib.js";
import { teamOptions } from "./desk-words.js";
import { messages } from "./desk-messages.js";
import { VOICES } from "./voices.js";

/** @type {NamedDesk | null} */
let view = null;

const to = byId("message-to");
const showMessages = messages("message", () => (to.value === "" ? null : Number(to.value)), () => to.selectedOptions[0].textContent);
to.addEventListener("change", () => view && showMessages(view));

/** @param {NamedDesk} newest */
export function update(newest) {
  view = newest;
  setOptions(to, [["", "every team"], ...teamOptions(view.teams)]);
  showMessages(view);
  setHidden(byId("message-empty"), byId("message-prepared").children.length > 0);
  setOptions(byId("everyone-level"), view.levels.slice(1).map((level) => [level, level]));
  showMarks(view.marks, view.plan);
  showRestored(view.teams.flatMap(({ number, name, question, questions }) => [
    ...(question ? [{ key: `${number}`, name, text: question.text, answer: question.answer }] : []),
    ...questions.map((asked) => ({ key: `${number} ${asked.id}`, name, text: `${VOICES[asked.voice]}: ${asked.text}`, answer: answerOf(asked) })),
  ]));
}

/** @param {Api.AskedView} asked */
function answerOf({ answer, took_s: took, late, due_in_s: left }) {
  if (answer !== null) return `${answer} (after ${Math.round(took ?? 0)} s${late ? ", late" : ""})`;
  if (typeof left !== "number") return null;
  return left < 0 ? `Not yet: late by ${Math.round(-left)} s.` : `Not yet: due in ${Math.round(left)} s.`;
}

function showMarks(marks, plan) {
  keep(byId("marks"), marks.map((mark, index) => ({ ...mark, index })).reverse(), ({ index }) => index,
    () => el("li", {}, el("strong"), el("span")),
    (item, { round, story, text, by }) => {
      setText(item.firstChild, story);
      item.firstChild.title = plan[round]?.name ?? "";
      setText(item.lastChild, by ? `${text} (${by})` : text);
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
