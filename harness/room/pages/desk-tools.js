// Messages to teams and notes about them: prepared messages in many voices, sent with one click, and messages in own words, to all teams or from
// one team's panel; marked moments for the debrief, answers to questions, more telemetry.

import { VOICES, button, byId, choices, confirmed, el, field, keep, onSubmit, send, setOptions, submit, toast } from "./lib.js";
import { teamOptions, view } from "./desk-words.js";

const KINDS = { message: "A message", question: "A question: teams answer it, and that is timed", update: "A status update, due in 90 s" };
const ASKS = { question: "asks", update: "asks for an update" };

/**
 * Fills the list of prepared messages and adds the form for own words; their ids begin with `prefix`. `team()` returns the receiver, null for all
 * teams. Returns a function to call when the state may have changed.
 */
export function messages(prefix, team, named) {
  const [voice, kind] = [choices(`${prefix}-voice`, Object.entries(VOICES)), choices(`${prefix}-kind`, Object.entries(KINDS))];
  const text = el("textarea", { id: `${prefix}-text`, rows: 3, maxLength: 500, required: true });
  const form = el("form", { id: `${prefix}-form`, class: "stack" }, field("Who speaks", voice, ""), field("As", kind, ""), field("Text", text, ""),
    el("div", { class: "actions" }, submit("Send", "primary")));
  byId(`${prefix}-words`).append(form);
  const say = async (message) => {
    await send("POST", "/api/desk/message", { team: team(), ...message });
    toast(`Sent to ${named()}.`);
  };
  onSubmit(form, async () => {
    await say({ voice: voice.value, kind: kind.value, text: text.value.trim() });
    text.value = "";
    kind.value = "message";
  });
  return () => {
    const to = team();
    const all = view.teams.map(({ number }) => number);
    const suits = (one) => (to === null ? all : [to]).every((number) => one.teams.includes(number));
    keep(byId(`${prefix}-prepared`), view.messages.filter(suits), ({ id }) => id, (one) => preparedLine(one, say));
  };
}

function preparedLine(/** @type {Api.MessageView} */ { voice, text, kind }, say) {
  return el("li", {},
    el("p", {}, el("strong", {}, VOICES[voice]), ASKS[kind] && el("span", { class: "badge" }, ASKS[kind]), " ", text),
    button("Send", () => say({ voice, text, kind }), { kind: "small", "aria-label": `Send: ${text}` }));
}

const to = byId("message-to");
const showMessages = messages("message", () => (to.value === "" ? null : Number(to.value)), () => to.selectedOptions[0].textContent);
to.addEventListener("change", () => view && showMessages());

export function update() {
  setOptions(to, [["", "every team"], ...teamOptions(view.teams)]);
  showMessages();
  setOptions(byId("everyone-level"), view.levels.slice(1).map((level) => [level, level]));
  showMarks(view.marks, view.plan);
  showRestored(view.teams.flatMap(({ number, name, question, questions }) => [
    ...(question ? [{ key: `${number}`, name, text: question.text, answer: question.answer }] : []),
    ...questions.map((asked) => ({ key: `${number} ${asked.id}`, name, text: `${VOICES[asked.voice]}: ${asked.text}`, answer: answerOf(asked) })),
  ]));
}

function answerOf(/** @type {Api.AskedView} */ { answer, took_s: took, late, due_in_s: left }) {
  if (answer !== null) return `${answer} (after ${Math.round(took ?? 0)} s${late ? ", late" : ""})`;
  if (typeof left !== "number") return null;
  return left < 0 ? `Not yet: late by ${Math.round(-left)} s.` : `Not yet: due in ${Math.round(left)} s.`;
}

function showMarks(marks, plan) {
  keep(byId("marks"), marks.map((mark, index) => ({ ...mark, index, title: plan[mark.round]?.name ?? "" })).reverse(), ({ index }) => index,
    ({ title, story, text, by }) => el("li", {}, el("strong", { title }, story), el("span", {}, by ? `${text} (${by})` : text)));
}

function showRestored(asked) {
  keep(byId("restored"), asked, ({ key }) => key, ({ name, text, answer }) =>
    el("li", {}, el("strong", {}, name), el("p", { class: "hint" }, text), el("blockquote", {}, answer ?? "No answer yet.")));
}

onSubmit(byId("mark-form"), async () => {
  await send("POST", "/api/desk/mark", { text: byId("mark-text").value.trim() });
  toast("Marked.");
}, { emptied: true });

onSubmit(byId("everyone-form"), async () => {
  const level = byId("everyone-level").value;
  const text = "A team that has it already, or more, keeps what it has. What a team has seen cannot be taken back.";
  if (!(await confirmed(`Raise every team to ${level}?`, "Raise", text))) return;
  await send("POST", "/api/desk/level", { team: null, level });
  toast(`Every team has at least ${level}.`);
});
