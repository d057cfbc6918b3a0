// Lines of support: who works at which, the queue of a line that has not had the ticket, and the ticket itself: what it says, what it brought
// along, and the form that passes it on.

import { button, byId, el, keep, onSubmit, send, setHidden, setText, toast } from "./lib.js";
import { isLive, state, watchAll } from "./state.js";
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

// ---- Who works at which line ----------------------------------------------------------------------------------------

/** The choice of lines, for the page between rounds; not there where the next round has none. */
export const linesBox = el("section", { class: "card stack tight", hidden: true });

export function startTicket() {
  const list = el("ul", { class: "lines plain-list" });
  linesBox.append(
    el("h2", {}, "Who works at which line"),
    el("p", {}, "The next round is run by lines of support. One of you opens the ticket; the next line knows what the ticket says and brings along, and nothing else. A line that nobody chooses gets somebody when the round begins."),
    list);
  watchAll((s) => [!isLive(s) && s.lines, s.phase], ([lines]) => {
    setHidden(linesBox, !lines);
    if (lines) keep(list, Object.keys(LINES), (line) => line, lineChoice, (node, line) => showChoice(node, line, lines));
  });
  startCard();
}

function lineChoice(line) {
  const choose = button("", () => {
    const { yours, people } = state().lines;
    // With three people each has one; two share three.
    const others = people.length > 2 ? [] : yours.slice(-1);
    return send("POST", "/api/team/lines", { lines: yours.includes(line) ? yours.filter((own) => own !== line) : [...others, line] });
  });
  return el("li", {}, choose, el("span", { class: "tiny muted" }, SEES[line]), el("span", { class: "tiny names" }));
}

function showChoice(node, line, { yours, people }) {
  const isOwn = yours.includes(line);
  setText(node.querySelector("button"), lineName(line));
  node.querySelector("button").setAttribute("aria-pressed", String(isOwn));
  setText(node.querySelector(".names"), people.filter(({ lines }) => lines.includes(line)).map(({ alias }) => alias).join(", ") || "nobody yet");
}

// ---- A line that waits ----------------------------------------------------------------------------------------------

/** What stands in place of the columns while no line of yours has had the ticket. */
export function queue(s) {
  const comes = s.ticket.queued && s.ticket.yours;
  return [
    el("h1", {}, comes ? "A ticket has come" : "No ticket yet"),
    el("p", { class: "lead" }, `You are ${roleOf(s)}. ${comes ? "Read it. When you acknowledge it, your evidence opens." : "When a ticket comes it stands here. Until then you see nothing of the shop."}`),
    comes && el("section", { class: "card stack tight ticket" }, passNode(s.ticket.passes.at(-1)), answerNode()),
    el("section", { class: "card stack tight" },
      el("h2", {}, "Your other work"),
      el("ul", { class: "plain-list other-work" }, ...s.lines.yours.flatMap((line) => OTHER_WORK[line]).map((text) => el("li", {}, text)))),
  ];
}

// ---- The ticket -----------------------------------------------------------------------------------------------------

/** @param {Api.PassView} pass */
function passNode({ from, to, story, by, written, attached, acknowledged }) {
  const head = written.kind === "sent_back" ? `${from} sent it back: ${REASONS[written.reason]}` : `${written.priority} from ${from} to ${to}`;
  const said = written.kind === "sent_back" ? [["", written.words]] : [["Seen: ", written.seen], ["Done: ", written.done]];
  return el("div", { class: "ticket-pass" },
    el("h3", {}, head, el("span", { class: "muted tiny" }, ` ${story}, ${by}${acknowledged ? `; acknowledged ${acknowledged}` : ""}`)),
    said.filter(([, text]) => text).map(([name, text]) => el("p", { class: "said" }, el("b", {}, name), text)),
    el("p", { class: "tiny muted" }, attached.length === 0 ? "It brings nothing along." : "It brings along:"),
    attached.length > 0 && el("ul", { class: "plain-list tiny attached" }, ...attached.map((what) => el("li", {}, what))));
}

/** What a line does with a ticket in its queue. */
function answerNode() {
  const take = button("Acknowledge it", () => send("POST", "/api/team/ticket/acknowledge"), { kind: "primary small acknowledge" });
  return el("div", { class: "stack tight" }, el("div", { class: "actions" }, take), state().ticket.line !== "L1" && backNode());
}

function backNode() {
  const reason = el("select", { "aria-label": "Why it goes back" }, ...Object.entries(REASONS).map(([value, words]) => el("option", { value }, words)));
  const words = el("input", { class: "grow", autocomplete: "off", "aria-label": "What is missing, or whose it is", placeholder: "what is missing, or whose it is" });
  const form = el("form", { class: "send-back" }, reason, words, el("button", { class: "button small", type: "submit" }, "Send it back"));
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
  watchAll((s) => [s.ticket, s.lines?.yours], ([ticket], s) => {
    setHidden(byId("ticket"), !ticket);
    const isAtWork = Boolean(ticket?.yours && !ticket.queued);
    document.body.classList.toggle("watches", Boolean(ticket?.open) && !isAtWork);
    if (!ticket) return;
    const next = { L1: "L2", L2: "L3" }[ticket.line];
    setText(who, isAtWork ? `You have it: ${lineName(ticket.line)}.${ticket.blind ? " You have no live telemetry: what you do not get with the ticket, ask the line before for." : ""}`
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
  const field = (name, label, node) => el("div", { class: "field small" }, el("label", { for: node.id = `ticket-${name}` }, label), node);
  const priority = el("select", { required: true }, el("option", { value: "" }, "Choose …"), ...Object.entries(PRIORITIES).map(([value, words]) => el("option", { value }, words)));
  const seen = el("textarea", { rows: 2, required: true, maxLength: longest });
  const done = el("textarea", { rows: 1, maxLength: longest });
  const items = el("div", { class: "pin-choices" });
  const none = el("p", { class: "hint" }, "You have no pins, thoughts or claims that it could bring along.");
  const give = el("button", { class: "button small primary", type: "submit" });
  const form = el("form", { class: "stack tight ticket-form", hidden: true },
    field("priority", "Priority", priority), field("seen", "What was seen", seen), field("done", "What was done", done),
    el("fieldset", {}, el("legend", {}, "It brings along"), none, items),
    el("p", { class: "tiny muted" }, "The next line gets this text and what you tick, and nothing else."), give);
  watchAll((s) => [s.pins, s.hypotheses, s.claims], ([pins, thoughts, claims]) => {
    const all = [...pins.map(({ id, label }) => [id, label]), ...thoughts.map(({ id, text }) => [id, `thought: ${text}`]), ...claims.map(({ id, words }) => [id, `claim, with its pins: ${words}`])];
    setHidden(none, all.length > 0);
    keep(items, all, ([id]) => id, ([id]) => el("label", { class: "check" }, el("input", { type: "checkbox", value: id }), el("span", {})), (node, [, words]) => setText(node.lastChild, words));
  });
  onSubmit(form, async () => {
    const attached = [...items.querySelectorAll("input:checked")].map((box) => box.value);
    await send("POST", "/api/team/ticket/pass", { priority: priority.value, seen: seen.value.trim(), done: done.value.trim() || null, attached });
    toast("Handed over. The next line reads it now.");
    form.reset();
  });
  return { form, give };
}
