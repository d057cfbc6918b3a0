// Requests that wait for an answer, above everything else: an offer of command, remedies that need a go, questions and status updates for
// outsiders, and, if customers are served early, the question what else contributed.

import { VOICES, button, byId, el, keep, minutes, onSubmit, send, setHidden, setText, submit } from "./lib.js";
import { isLive, state, watch } from "./state.js";
import { decides, holderOf } from "./roles.js";
import { OUTLOOKS } from "./remedies.js";

const EARLY = "early"; // the id of the room's own question; there is only one

const box = byId("questions");
watch((s) => [s.question, s.questions, s.roles, s.proposals, isLive(s)], ([early, asked, roles, proposals, canAnswer], s) => {
  const offer = roles?.offer?.to_seat === s.seat && roles?.offer;
  const open = !canAnswer ? [] : [
    ...(offer ? [{ key: `offer ${offer.story} ${offer.words}`, make: offerNode, ...offer }] : []),
    ...(decides(s) ? proposals.filter(({ go }) => go === null).map((one) => ({ key: one.id, make: proposalNode, ...one })) : []),
    ...asked.filter(({ answer }) => answer === null).map((one) => ({ key: one.id, make: form, ...one })),
    ...(early?.answer === null ? [{ key: EARLY, make: form, id: EARLY, voice: "facilitator", ...early }] : []),
  ];
  setHidden(box, open.length === 0);
  keep(box, open, ({ key }) => key, (one) => one.make(one), (node, one) => node.update?.(one, s));
});

function offerNode({ from, words }) {
  const take = button("I have command", () => send("POST", "/api/team/command/accept"), { kind: "primary" });
  return el("div", { class: "row" }, el("p", { class: "grow" }, el("strong", {}, `${from} hands command over to you: `), words), take);
}

function proposalNode(/** @type {Api.Proposal} */ { id, by, remedy, expected }) {
  const decide = (go) => () => send("POST", `/api/team/proposals/${id}`, { go });
  const because = expected ? ` Expects: ${OUTLOOKS[expected.outlook]}${expected.words ? `, because ${expected.words}` : ""}.` : "";
  return el("div", { class: "row" }, el("p", { class: "grow" }, el("strong", {}, `${by} proposes: `), `${remedy}.${because}`),
    button("Go", decide(true), { kind: "primary", "aria-label": `Go: ${remedy}` }), button("Not now", decide(false), { kind: "small", "aria-label": `Not now: ${remedy}` }));
}

function form({ id, text, voice }) {
  const { text_characters: longest } = state().limits;
  const answer = el("textarea", { id: `answer-${id}`, rows: 1, required: true, maxLength: longest });
  const due = el("span", { class: "due" });
  const writing = el("div", { class: "row grow writing" }, el("div", { class: "field grow" }, answer), submit("Answer", "primary"));
  const other = el("p", { class: "hint other" }, el("span"), button("Write it in their place", () => { node.dataset.mine = "yes"; showWriter(state()); answer.focus(); }, { kind: "small plain" }));
  const node = el("form", { class: "row" }, el("label", { for: answer.id, class: "grow" }, el("strong", {}, `${VOICES[voice]} asks: `), text, " ", due), other, writing);

  /** If somebody has the role to answer for the team, the others see who. */
  const showWriter = (s) => {
    const speaks = id === EARLY ? null : holderOf(s, "communications");
    const isOthers = Boolean(speaks && speaks.seat !== s.seat && !speaks.away && !node.dataset.mine);
    setHidden(writing, isOthers);
    setHidden(other, !isOthers);
    setText(other.firstChild, isOthers ? `${speaks.alias} writes it. ` : "");
  };
  node.update = ({ due_in_s: left }, s) => {
    showWriter(s);
    const isDue = typeof left === "number";
    setText(due, !isDue ? "" : left < 0 ? `Late by ${minutes(-left)}.` : `Due in ${minutes(left)}.`);
    due.classList.toggle("is-late", isDue && left < 0);
  };
  onSubmit(node, async () => {
    const path = id === EARLY ? "/api/team/answer" : `/api/team/questions/${id}/answer`;
    await send("POST", path, { text: answer.value.trim() });
  });
  return node;
}
