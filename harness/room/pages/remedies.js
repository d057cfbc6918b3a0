// What the team can do to the shop: one form for all remedies. It asks for the team's expectation, and the list below compares it with
// availability after the remedy. And the handover to the next line of support, which may do more.

import { button, byId, choices, confirmed, count, el, field, onSubmit, percent, send, setHidden, setOptions, setText, submit, toast } from "./lib.js";
import { state, watch } from "./state.js";
import { LINES } from "./bar.js";
import { decides, holderOf } from "./roles.js";

// Remedies that differ only in the service share a heading.
const KINDS = [["restart-", "Restart"], ["roll-back", "Roll back"], ["add-capacity-", "Add capacity"]];

export const OUTLOOKS = { back: "all served again", better: "more served", same: "no change", worse: "fewer served" };
const SHOWN_MAX = 3;

const pending = el("p", { class: "notice pending row apart", hidden: true }, el("span"), button("Break off", () => send("DELETE", "/api/team/remedies")));
const later = el("p", { class: "hint", hidden: true });
const came = el("ul", { class: "came stack tight tiny plain-list" });
const proposed = el("ul", { class: "came stack tight tiny plain-list" });
byId("remedies").append(pending, form(), proposed, came, handoverBox(), later);
watch((s) => [s.proposals, s.roles], ([proposals], s) => {
  const shown = proposals.filter(({ go }) => go !== true).slice(-SHOWN_MAX).toReversed();
  const waits = `waits for the go of ${holderOf(s, "commander")?.alias ?? "one of you"}`;
  proposed.replaceChildren(...shown.map(({ story, by, remedy, go, decided_by: decider }) =>
    el("li", {}, `${story} ${by} proposed: ${remedy}; ${go === null ? waits : `${decider} said not now`}.`)));
});
watch((s) => s.remedies.filter(({ allowed }) => !allowed), (others) => {
  setHidden(later, others.length === 0);
  setText(later, `Only after a handover: ${others.map(({ words, line }) => `${words.toLowerCase()} (${line})`).join(", ")}.`);
});
watch((s) => s.pending && [s.pending.by, s.pending.words, Math.ceil(s.pending.in_s)], (current) => {
  setHidden(pending, current === null);
  if (current) setText(pending.firstChild, `${current[0]}: ${current[1]}. Done in about ${current[2]} s.`);
});
watch((s) => s.expectations.slice(-SHOWN_MAX), (expectations) => came.replaceChildren(...expectations.toReversed().map((one) => el("li", {}, cameText(one)))));

/** The expectation and the outcome: "09:25 restart the cache: expected all served again; came: no change, 0 % served." */
function cameText(/** @type {Api.Expectation} */ { story, remedy, expected, came: outlook, after, done_story: done }) {
  const said = expected ? `expected ${OUTLOOKS[expected.outlook]}` : "nothing was expected";
  const what = outlook ? `came: ${OUTLOOKS[outlook]}, ${percent(after)} served` : done ? "not known yet" : "not done yet";
  return `${story} ${remedy}: ${said}; ${what}.`;
}

function form() {
  const which = el("select", { id: "remedy", required: true });
  const asset = el("select", { id: "remedy-asset" });
  const assetField = field("Which asset", asset);
  const expects = choices("remedy-expects", [["", "Then we expect …"], ...Object.entries(OUTLOOKS)], { required: true, "aria-label": "What customers will then meet" });
  const because = el("input", { id: "remedy-because", class: "grow", autocomplete: "off", placeholder: "because …", "aria-label": "Why you expect that" });
  const takes = el("span", { class: "hint" });
  const first = el("p", { class: "hint" }, "Choose one: then you say what you expect of it, and do it.");
  const act = submit("", "primary small");
  watch(decides, (isFree) => setText(act, isFree ? "Do it" : "Propose it"));
  const rest = el("div", { class: "stack tight", hidden: true }, assetField,
    el("div", { class: "row joined" }, expects, because),
    el("div", { class: "row apart" }, takes, act));
  const node = el("form", { class: "remedy-form stack tight" },
    el("div", { class: "field small" }, el("label", { for: which.id, class: "unseen" }, "Remedy"), which), first, rest);
  const chosen = () => state().remedies.find(({ id }) => id === which.value);

  function ask() {
    const remedy = chosen();
    setHidden(first, Boolean(remedy));
    setHidden(rest, !remedy);
    setHidden(assetField, !remedy?.needs_asset);
    asset.required = Boolean(remedy?.needs_asset);
    setText(takes, remedy ? duration(remedy) : "");
  }

  watch((s) => s.remedies.filter(({ allowed }) => allowed), (allowed) => {
    const before = which.value;
    which.replaceChildren(el("option", { value: "" }, "Choose a remedy …"), ...grouped(allowed));
    which.value = allowed.some(({ id }) => id === before) ? before : "";
    ask();
  });
  watch((s) => s.assets, (assets) => setOptions(asset, [["", "Choose …"], ...assets.map((id) => [id, id])]));
  which.addEventListener("change", ask);
  const clear = () => {
    node.reset();
    ask();
  };
  watch((s) => s.round?.place, clear);
  onSubmit(node, async () => {
    const remedy = chosen();
    await send("POST", "/api/team/remedies", {
      remedy: remedy.id, asset: remedy.needs_asset ? asset.value : null, expects: expects.value, because: because.value.trim() || null,
    });
    toast(decides(state()) ? `Begun: ${remedy.words}. Watch what customers make of it.` : `Proposed: ${remedy.words}. It begins with the go.`);
    clear();
  });
  return node;
}

function grouped(remedies) {
  const kindOf = ({ id }) => KINDS.find(([start]) => id.startsWith(start))?.[1] ?? "Other";
  const kinds = [...new Set(remedies.map(kindOf))];
  const option = ({ id, words }) => el("option", { value: id }, words);
  return kinds.map((kind) => el("optgroup", { label: kind }, ...remedies.filter((each) => kindOf(each) === kind).map(option)));
}

/** How long a remedy takes, in story minutes and in wall-clock seconds. */
function duration({ takes_story_minutes: takes }) {
  if (!takes) return "";
  const seconds = Math.round((takes * 60) / (state().round?.speed ?? 1));
  return `Takes ${count(takes, "story minute")}, ${seconds} s of yours.`;
}

/** The handover to the next line of support, for one person alone. */
function handoverBox() {
  const who = el("p", { class: "hint" });
  const give = button("", async () => {
    const text = `The ticket goes into the queue of ${LINES[next]}, which takes time. Then you may do what they may.`;
    if (await confirmed(`Hand over to ${next}?`, "Hand over", text)) await send("POST", "/api/team/handover", {});
  }, { kind: "small" });
  const coming = el("p", { class: "notice" });
  const node = el("div", { class: "stack tight handover", hidden: true }, who, give, coming);
  let next = null;

  watch((s) => (s.ticket ? null : s.round && [s.round.operating_model, s.round.line, s.round.handover_in_s]), (round) => {
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
