// Lines of support: who works at which line, the queue of a line that has not had the ticket, and the ticket itself: its text, its attachments,
// and the form that passes it on.

import { button, byId, choices, el, field, keep, onSubmit, send, setHidden, setText, submit, toast } from "./lib.js";
import { isLive, state, watch } from "./state.js";
import { LINES, lineName, roleOf } from "./bar.js";

const PRIORITIES = { P1: "P1, most pages fail", P2: "P2, some pages fail", P3: "P3, no page is seen to fail" };
const REASONS = { more_detail: "more detail is needed", not_ours: "it is not ours" };
const SEES = {
  L1: "Complaints, health checks, and dashboards that were defined in advance. Restarts. Opens the ticket.",
  L2: "All telemetry of the level. Rolls back, adds capacity, has network and disks repaired.",
  L3: "Knows the code and may do everything. May have no live telemetry.",
};
const OTHER_WORK = {
  L1: ["P3 A customer has forgotten a password", "P3 An invoice went to an old address"],
  L2: ["P3 A supplier's price list was read twice on Friday", "P3 A report for the buyers takes an hour", "P2 Two customer accounts cannot be merged"],
  L3: ["Gift cards at the checkout, promised for Thursday", "P3 A price is rounded wrongly in the monthly report", "Review of a colleague's change"],
};

/** The choice of lines, for the page between rounds; hidden if the next round has no lines. */
export const linesBox = el("section", { class: "card stack tight", hidden: true });

const list = el("ul", { class: "lines stack tight plain-list" });
linesBox.append(
  el("h2", {}, "Who works at which line"),
  el("p", {}, "The next round is run by lines of support. One of you opens the ticket; the next line knows the ticket’s text and attachments, and nothing else. When the round begins, the room assigns somebody to a line that nobody chose."),
  list);
watch((s) => [!isLive(s) && s.lines, s.phase], ([lines]) => {
  setHidden(linesBox, !lines);
  if (lines) keep(list, Object.keys(LINES).map((line) => ({ line, ...lines })), ({ line }) => line, lineChoice);
});
startCard();

function lineChoice({ line, yours, people }) {
  // With three or more people, each works at one line. Two people share the three lines.
  const others = people.length > 2 ? [] : yours.slice(-1);
  const lines = yours.includes(line) ? yours.filter((own) => own !== line) : [...others, line];
  const choose = button(lineName(line), () => send("POST", "/api/team/lines", { lines }), { "aria-pressed": String(yours.includes(line)) });
  const names = people.filter((one) => one.lines.includes(line)).map(({ alias }) => alias);
  return el("li", {}, choose, el("span", { class: "tiny muted" }, SEES[line]), el("span", { class: "tiny names" }, names.join(", ") || "nobody yet"));
}

/** The page in place of the columns while none of the reader's lines has had the ticket. */
export function queue(s) {
  const comes = s.ticket.queued && s.ticket.yours;
  return [
    el("h1", {}, comes ? "A ticket has come" : "No ticket yet"),
    el("p", { class: "lead" }, `You are ${roleOf(s)}. ${comes ? "Read it. When you acknowledge it, your evidence opens." : "When a ticket comes it stands here. Until then you see nothing of the shop."}`),
    comes && el("section", { class: "card stack tight ticket" }, passNode(s.ticket.passes.at(-1)), answerNode()),
    el("section", { class: "card stack tight" },
      el("h2", {}, "Your other work"),
      el("ul", { class: "plain-list stack tight other-work" }, ...s.lines.yours.flatMap((line) => OTHER_WORK[line]).map((text) => el("li", {}, text)))),
  ];
}

function passNode(/** @type {Api.PassView} */ { from, to, story, by, written, attached, acknowledged }) {
  const head = written.kind === "sent_back" ? `${from} sent it back: ${REASONS[written.reason]}` : `${written.priority} from ${from} to ${to}`;
  const said = written.kind === "sent_back" ? [["", written.words]] : [["Seen: ", written.seen], ["Done: ", written.done]];
  return el("div", { class: "ticket-pass stack tight" },
    el("h3", {}, head, el("span", { class: "muted tiny" }, ` ${story}, ${by}${acknowledged ? `; acknowledged ${acknowledged}` : ""}`)),
    said.filter(([, text]) => text).map(([name, text]) => el("p", { class: "said" }, el("b", {}, name), text)),
    el("p", { class: "tiny muted" }, attached.length === 0 ? "Nothing is attached." : "Attached:"),
    attached.length > 0 && el("ul", { class: "plain-list tiny attached" }, ...attached.map((what) => el("li", {}, what))));
}

function answerNode() {
  const take = button("Acknowledge it", () => send("POST", "/api/team/ticket/acknowledge"), { kind: "primary small acknowledge" });
  return el("div", { class: "stack tight" }, el("div", { class: "actions" }, take), state().ticket.line !== "L1" && backNode());
}

function backNode() {
  const reason = choices("send-back-reason", Object.entries(REASONS), { class: "plain-field small", "aria-label": "Why it goes back" });
  const words = el("input", { class: "plain-field small grow", autocomplete: "off", "aria-label": "What is missing, or whose it is", placeholder: "what is missing, or whose it is" });
  const form = el("form", { class: "send-back" }, reason, words, submit("Send it back"));
  onSubmit(form, () => send("POST", "/api/team/ticket/return", { reason: reason.value, words: words.value.trim() || null }));
  return form;
}

/** The card beside the remedies, for lines that have the ticket or have had it. */
function startCard() {
  const who = el("p", { class: "hint" });
  const got = el("div", { class: "stack tight" });
  const answer = el("div", {});
  const { form, give } = passForm();
  byId("ticket-body").append(who, got, answer, form);
  watch((s) => [s.ticket, s.lines?.yours], ([ticket], s) => {
    setHidden(byId("ticket"), !ticket);
    const isAtWork = Boolean(ticket?.yours && !ticket.queued);
    document.body.classList.toggle("watches", Boolean(ticket?.open) && !isAtWork);
    if (!ticket) return;
    const next = { L1: "L2", L2: "L3" }[ticket.line];
    setText(who, isAtWork ? `You have it: ${lineName(ticket.line)}.${ticket.blind ? " You have no live telemetry: ask the line before you for anything that the ticket lacks." : ""}`
      : ticket.yours ? `It is in your queue: ${roleOf(s)}.`
        : `${lineName(ticket.line)} ${ticket.queued ? "has it in the queue" : "has it"}. You may go on looking.`);
    got.replaceChildren(...ticket.passes.slice(-1).map(passNode));
    answer.replaceChildren(...[ticket.yours && ticket.queued && answerNode(), isAtWork && ticket.line !== "L1" && backNode()].filter(Boolean));
    setHidden(form, !isAtWork || !next);
    setText(give, `Hand over to ${next}`);
  });
}

function passForm() {
  const { text_characters: longest } = state()?.limits ?? { text_characters: 500 };
  const priority = choices("ticket-priority", [["", "Choose …"], ...Object.entries(PRIORITIES)], { required: true });
  const seen = el("textarea", { id: "ticket-seen", rows: 2, required: true, maxLength: longest });
  const done = el("textarea", { id: "ticket-done", rows: 1, maxLength: longest });
  const items = el("div", { class: "pin-choices" });
  const none = el("p", { class: "hint if-none" }, "You have no pins, thoughts or claims to attach.");
  const give = el("button", { class: "button small primary", type: "submit" });
  const form = el("form", { class: "stack tight ticket-form", hidden: true },
    field("Priority", priority), field("What was seen", seen), field("What was done", done),
    el("fieldset", {}, el("legend", {}, "Attach"), items, none),
    el("p", { class: "tiny muted" }, "The next line gets this text and what you tick, and nothing else."), give);
  watch((s) => [s.pins, s.hypotheses, s.claims], ([pins, thoughts, claims]) => {
    const all = [...pins.map(({ id, label }) => [id, label]), ...thoughts.map(({ id, text }) => [id, `thought: ${text}`]), ...claims.map(({ id, words }) => [id, `claim, with its pins: ${words}`])];
    keep(items, all, ([id]) => id, ([id]) => el("label", { class: "check" }, el("input", { type: "checkbox", value: id }), el("span", {})), (node, [, words]) => setText(node.lastChild, words));
  });
  onSubmit(form, async () => {
    const attached = [...items.querySelectorAll("input:checked")].map((box) => box.value);
    await send("POST", "/api/team/ticket/pass", { priority: priority.value, seen: seen.value.trim(), done: done.value.trim() || null, attached });
    toast("Handed over. The next line reads it now.");
  }, { emptied: true });
  return { form, give };
}
