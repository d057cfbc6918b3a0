// What is said to teams: prepared messages in many voices, sent with one click, and own words. The same for all teams and in one team's panel.

import { button, byId, el, keep, onSubmit, send, setOptions, toast } from "./lib.js";
import { VOICES } from "./voices.js";

const KINDS = { message: "A message", question: "A question: teams answer it, and that is timed", update: "A status update, due in 90 s" };
const ASKS = { question: "asks", update: "asks for an update" };

/**
 * Wires a list of prepared messages and a form, whose ids begin with `prefix`. Answers with what to call when the state may have changed.
 * @param {string} prefix
 * @param {() => number | null} team to whom; null: to all
 * @param {() => string} named
 */
export function messages(prefix, team, named) {
  const [voice, kind, text] = ["voice", "kind", "text"].map((part) => byId(`${prefix}-${part}`));
  setOptions(voice, Object.entries(VOICES));
  setOptions(kind, Object.entries(KINDS));
  const say = async (message) => {
    await send("POST", "/api/desk/message", { team: team(), ...message });
    toast(`Sent to ${named()}.`);
  };
  onSubmit(byId(`${prefix}-form`), async () => {
    await say({ voice: voice.value, kind: kind.value, text: text.value.trim() });
    text.value = "";
    kind.value = "message";
  });
  /** @param {NamedDesk} view */
  return (view) => {
    const to = team();
    const all = view.teams.map(({ number }) => number);
    const suits = (one) => (to === null ? all : [to]).every((number) => one.teams.includes(number));
    keep(byId(`${prefix}-prepared`), view.messages.filter(suits), ({ id }) => id, (one) => preparedLine(one, say));
  };
}

/** @param {Api.MessageView} message */
function preparedLine({ voice, text, kind }, say) {
  return el("li", {},
    el("p", {}, el("strong", {}, VOICES[voice]), ASKS[kind] && el("span", { class: "badge" }, ASKS[kind]), " ", text),
    button("Send", () => say({ voice, text, kind }), { kind: "small", "aria-label": `Send: ${text}` }));
}
