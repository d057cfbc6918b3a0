// What the team can do to the shop, each with a confirmation, because customers feel it and it takes its time; and the handover to those
// who may do more.

import { asked, button, byId, confirmed, count, el, send, setHidden, setText, toast } from "./lib.js";
import { state, watch, watchAll } from "./state.js";

const LINES = { L1: "operations bridge", L2: "application support", L3: "delivery team" };

// Remedies that differ only in the service share one line of buttons.
const KINDS = [["restart-", "Restart"], ["roll-back-release-", "Roll back the release of"], ["add-capacity-", "Add capacity to"]];

export function startRemedies() {
  const pending = el("p", { class: "notice pending", hidden: true });
  const own = el("div", { class: "remedies" });
  const later = el("div", { class: "stack tight", hidden: true });
  byId("remedies").append(pending, own, handoverBox(), later);
  watch((s) => s.remedies, (remedies) => {
    const allowed = remedies.filter((remedy) => remedy.allowed);
    own.replaceChildren(...(allowed.length ? grouped(allowed) : [el("p", { class: "empty" }, "Nothing that this team may do itself.")]));
    const others = remedies.filter((remedy) => !remedy.allowed);
    setHidden(later, others.length === 0);
    later.replaceChildren(
      el("p", { class: "hint" }, "Only after a handover:"),
      el("ul", { class: "later" }, ...others.map(({ words, line }) => el("li", {}, words, el("span", { class: "muted" }, `, ${line} ${LINES[line] ?? ""}`)))));
  });
  watchAll((s) => s.pending && [s.pending.by, s.pending.words, Math.ceil(s.pending.in_s)], (current) => {
    setHidden(pending, current === null);
    if (current) setText(pending, `${current[0]} is doing it: ${current[1]}. Done in about ${current[2]} s.`);
    byId("remedies").classList.toggle("busy", current !== null);
  });
}

function grouped(remedies) {
  const lines = [];
  const done = new Set();
  for (const remedy of remedies) {
    if (done.has(remedy.id)) continue;
    const [prefix, words] = KINDS.find(([start]) => remedy.id.startsWith(start)) ?? [];
    const same = prefix ? remedies.filter(({ id }) => id.startsWith(prefix)) : [remedy];
    same.forEach(({ id }) => done.add(id));
    lines.push(same.length === 1 ? el("div", {}, remedyButton(remedy, remedy.words)) : kindLine(words, prefix, same));
  }
  return lines;
}

function kindLine(words, prefix, remedies) {
  return el("div", { class: "remedy-kind", role: "group", "aria-label": words },
    el("p", { class: "hint" }, words),
    el("div", { class: "row" }, ...remedies.map((each) => remedyButton(each, each.id.slice(prefix.length).replaceAll("-", " ")))));
}

const remedyButton = (remedy, label) => button(remedy.needs_asset ? `${label} …` : label, () => order(remedy), { kind: "remedy", "aria-label": remedy.words });

/** How long it takes, in the story and in life. */
function duration({ takes_story_minutes: takes }) {
  if (!takes) return "";
  const seconds = Math.round((takes * 60) / (state().round?.speed ?? 1));
  return `It takes ${count(takes, "minute")} of the story, ${seconds} s of yours; one thing after the other. `;
}

async function order(remedy) {
  const { pending } = state();
  if (pending) throw new Error(`${pending.by} is already doing something: ${pending.words}. One thing after the other.`);
  let asset = null;
  if (remedy.needs_asset) {
    const choice = el("select", { id: "remedy-asset", required: true, autofocus: true, size: 10 }, ...state().assets.map((id) => el("option", { value: id }, id)));
    const body = el("div", { class: "field" }, el("label", { for: choice.id }, "Which asset?"), choice);
    const text = `The version before its current one is published again, as a new version. ${duration(remedy)}`;
    if (!(await asked({ title: remedy.words, text, body, yes: "Roll it back" }))) return;
    asset = choice.value;
  } else if (!(await confirmed(`${remedy.words}?`, "Do it", `${duration(remedy)}It is done to the live shop, and stands in the log with your name.`))) return;
  await send("POST", "/api/team/remedies", { remedy: remedy.id, asset });
  toast(`Begun: ${remedy.words}${asset ? `, ${asset}` : ""}. Watch what customers make of it.`);
}

/** Handing over to the next line of support, where one team runs what another has built. */
function handoverBox() {
  const who = el("p", { class: "hint" });
  const give = button("", async () => {
    const text = `The ticket goes into the queue of ${LINES[next]}, which takes time. Then you may do what they may.`;
    if (await confirmed(`Hand over to ${next}?`, "Hand over", text)) await send("POST", "/api/team/handover", {});
  }, { kind: "" });
  const coming = el("p", { class: "notice" });
  const node = el("div", { class: "stack tight handover", hidden: true }, who, give, coming);
  let next = null;

  watchAll((s) => s.round && [s.round.operating_model, s.round.line, s.round.handover_in_s], (round) => {
    const [model, line, in_s] = round ?? [];
    setHidden(node, model !== "ops-run-it");
    if (model !== "ops-run-it") return;
    next = { L1: "L2", L2: "L3" }[line] ?? null;
    const isComing = in_s !== null && in_s !== undefined;
    setText(who, `You are ${line}, ${LINES[line]}${next ? "" : ": the last line, you may do everything"}.`);
    setHidden(give, next === null || isComing);
    setHidden(coming, !isComing);
    setText(give, `Hand over to ${next}, ${LINES[next]}`);
    if (isComing) setText(coming, `The ticket is in the queue of ${next}, ${LINES[next]}: they take it up in about ${Math.ceil(in_s)} s. Meanwhile go on.`);
  });
  return node;
}
