// The alerts on what customers meet: which rule fires, how fast the error budget burns, and what fired before.

import { attempt, el } from "./lib.js";
import { moment } from "./state.js";
import { look, rowHead, table } from "./look.js";

export function alertsSection() {
  const body = el("div", { class: "stack tight" });
  const { node, ask } = look(run);
  const section = el("details", { class: "aside" }, el("summary", {}, "Alerts"), body, node);
  section.addEventListener("toggle", () => { if (section.open) run(); });

  function run() {
    return attempt(section, async () => {
      const { rules, history } = await ask("/evidence/alerts");
      body.replaceChildren(
        el("p", { class: "hint" }, "Judged are visits of customers against the target. A burn rate of 1 uses the error budget up evenly; a rule fires when it is reached over the long and the short window."),
        ruleTable(rules), historyList(history));
    });
  }
  return section;
}

function ruleTable(rules) {
  const rate = (value) => (value === null || value === undefined ? "nobody came" : value.toFixed(1));
  return table("Rules", ["Rule", "State", "Since", "Fires at", "Long window", "Short window"], rules.map((rule) => [
    rowHead(`${rule.rule} (${rule.urgency})`),
    el("span", { class: rule.firing ? "badge strong" : "badge" }, rule.firing ? "fires" : "quiet"),
    rule.since ? moment(rule.since) : "never", rule.threshold,
    `${rate(rule.burn_rate_long)} in ${rule.long_s} s`, `${rate(rule.burn_rate_short)} in ${rule.short_s} s`]));
}

function historyList(history) {
  if (history.length === 0) return el("p", { class: "empty" }, "No rule has fired yet; each time one does will stand here.");
  return el("ul", { class: "plain-list" }, ...history.toReversed().map(({ time, rule, firing }) => el("li", {}, moment(time), ` ${rule} ${firing ? "fired" : "was resolved"}`)));
}
