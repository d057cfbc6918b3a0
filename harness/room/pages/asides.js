// Two folded sections beside the chart. Alerts: which rule on customers' visits fires, and how fast the error budget burns. Single requests behind
// the figures: for each half minute, service and route, the first that failed or timed out and the slowest.

import { attempt, button, el, rowHead } from "./lib.js";
import { durationText, moment } from "./state.js";
import { lookAt } from "./evidence.js";
import { empty, look, table } from "./look.js";

const SHOWN_MAX = 40;

/** A section that loads when it is opened: `show(ask)` returns its nodes. `run` loads it again. */
function aside(title, above, show) {
  const body = el("div", { class: "stack tight" });
  const run = () => attempt(node, async () => body.replaceChildren(...await show(ask)));
  const { node: lookNode, ask } = look(run);
  const node = el("details", { class: "aside" }, el("summary", {}, title), above, lookNode, body);
  node.addEventListener("toggle", () => { if (node.open) run(); });
  return { node, run };
}

export const alertsSection = () => aside("Alerts", null, async (ask) => {
  const { rules, history } = await ask("/evidence/alerts");
  return [
    el("p", { class: "hint" }, "Alerts compare customers’ visits with the target. A burn rate of 1 uses the error budget up evenly; a rule fires when it is reached over the long and the short window."),
    ruleTable(rules), historyList(history)];
}).node;

function ruleTable(rules) {
  const rate = (value) => (value === null || value === undefined ? "nobody came" : value.toFixed(1));
  return table("Rules", ["Rule", "State", "Since", "Fires at", "Long window", "Short window"], rules.map((rule) => [
    rowHead(`${rule.rule} (${rule.urgency})`),
    el("span", { class: rule.firing ? "badge strong" : "badge" }, rule.firing ? "fires" : "quiet"),
    rule.since ? moment(rule.since) : "never", rule.threshold,
    `${rate(rule.burn_rate_long)} in ${rule.long_s} s`, `${rate(rule.burn_rate_short)} in ${rule.short_s} s`]));
}

function historyList(history) {
  if (history.length === 0) return empty("No rule has fired yet. Each alert will be listed here.");
  return el("ul", { class: "plain-list" }, ...history.toReversed().map(({ time, rule, firing }) => el("li", {}, moment(time), ` ${rule} ${firing ? "fired" : "was resolved"}`)));
}

/** `intervalOf` returns the interval to which the chart is zoomed, or null. */
export function requestsSection(intervalOf) {
  let sort = "failed";
  const kinds = [["failed", "First that failed or timed out"], ["slow", "Slowest"]].map(([wanted, label]) => button(label, () => {
    sort = wanted;
    kinds.forEach((each, index) => each.setAttribute("aria-pressed", String((index === 0) === (sort === "failed"))));
    return run();
  }, { "aria-pressed": String(wanted === "failed") }));
  const { node, run } = aside("Single requests behind the figures", el("div", { class: "row" }, kinds), async (ask) => {
    const [from, to] = intervalOf() ?? [];
    const { requests } = await ask("/evidence/metrics/requests", [["sort", sort], ["from", from?.toFixed(3)], ["to", to?.toFixed(3)]]);
    return [requests.length === 0 ? empty("No request of this kind is known in this time.") : requestTable(requests.slice(0, SHOWN_MAX))];
  });
  return node;
}

const requestTable = (requests) => table("Requests", ["Ended", "Service", "Route", "Took", "Result", ""], requests.map((request) => [
  moment(request.ended), request.service, request.route, durationText(request.duration_s), request.timed_out ? "timed out" : request.failed ? "failed" : "answered",
  request.held ? button("Trace", () => lookAt("traces", { trace: request.trace_id })) : el("span", { class: "hint" }, "no longer held")]));
