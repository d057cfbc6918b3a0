// Queries on metrics: one metric, one function, a line for each value of some attributes; as a chart and as a table.

import { attempt, button, choices, count, el, field, setHidden, setOptions, setText } from "./lib.js";
import { momentText, nowUnix, state } from "./state.js";
import { alertsSection, requestsSection } from "./asides.js";
import { chart, linesOf } from "./chart.js";
import { legend } from "./legend.js";
import { isGranted } from "./evidence.js";
import { conditions, moreConditions } from "./conditions.js";
import { empty, followButton, look, once } from "./look.js";
import { pinButton } from "./pins.js";
import { beginnings, functionPairs, functionsOf, labelsOf, writing } from "./metric-functions.js";

const FOLLOW_MS = 5_000;
const POINTS = 80;

export function metricsPanel(panel) {
  let metrics = [];
  let zoomed = null; // [from, to] chosen in the chart
  let lines = []; // names of attributes: one line for each combination of their values

  const begin = el("div", { class: "row beginnings", role: "group", "aria-label": "Where to begin" });
  const metric = el("select", { id: "metrics-name" });
  const about = el("p", { class: "hint" });
  const chosen = el("select", { id: "metrics-function" });
  const of = el("select", { id: "metrics-of" });
  const ofField = field("which has", of);
  const service = el("select", { id: "metrics-service" });
  const span = choices("metrics-span", [["", "Since customers came"], ["30", "Last 30 s"], ["120", "Last 2 min"], ["300", "Last 5 min"]]);
  const by = el("div", { class: "row", role: "group", "aria-labelledby": "metrics-by" });
  const only = conditions("metrics", "An attribute, as in http.route=/", () => run());
  const goOn = () => (zoomed ? undefined : run());
  const follow = followButton(panel, goOn, goOn, FOLLOW_MS, "small");
  const widen = button("Show all of it", () => { zoomed = null; drawing.node.querySelector("[tabindex]").focus(); return run(); }, { hidden: true });
  const title = el("h3", {});
  const subtitle = el("p", { class: "hint" });
  const nothing = empty("");
  const drawing = chart({ onZoom: (from, to) => { zoomed = [from, to]; run(); }, onWiden: () => { if (zoomed) { zoomed = null; run(); } }, onCursor: (time) => values.at(time) });
  const values = legend();
  const pinIt = pinButton(() => {
    const [from, to] = drawing.interval();
    return { source: "chart", query: new URLSearchParams(questionPairs().filter(isGiven)).toString(), from, to };
  }, "Pin this chart");
  const picture = el("div", { class: "stack tight", hidden: true },
    el("div", { class: "row apart" }, el("div", {}, title, subtitle), el("div", { class: "row" }, widen, follow, pinIt)), drawing.node, values.node);
  const requests = requestsSection(() => zoomed);
  const { node: lookNode, ask } = look(() => run());
  const filters = el("div", { class: "filters" },
    begin, field("Metric", metric, "wide-field"), field("Shown as", chosen), ofField,
    field("Service", service, "secondary"), field("Time", span, "secondary"), only.node,
    el("div", { class: "field small wide-field" }, el("span", { class: "label", id: "metrics-by" }, "A line for each"), by));
  filters.append(moreConditions(filters));
  panel.append(alertsSection(), filters,
    about, lookNode, nothing, picture, requests);

  const known = () => metrics.find(({ name }) => name === metric.value);
  const isGiven = ([, value]) => value !== "" && value !== null && value !== undefined;
  // "by" is sent even if it is empty: then all series make one line.
  const questionPairs = () => [["name", metric.value], ...functionPairs(chosen.value, of.value), ["service", service.value], ["by", lines.join(",") || " "], ...only.pairs()];

  async function list() {
    ({ metrics } = await ask("/evidence/metrics"));
    setOptions(metric, metrics.map(({ name }) => [name, name]));
    setText(nothing, metrics.length === 0 ? "The services have sent no metrics yet. Look again in a few seconds." : "");
    begin.replaceChildren(...beginnings(metrics).map((each) => button(each.words, () => take(each))));
    if (metrics.length === 0) return;
    const [first] = beginnings(metrics);
    if (first) await take(first);
    else { choose(); await run(); }
    if (follow.getAttribute("aria-pressed") === "false") follow.click(); // a chart that stands still would look like a calm shop
  }

  /** Fits the other fields to the chosen metric. */
  function choose() {
    const info = known();
    const labels = labelsOf(info);
    const tellers = [...(labels.get("service.name") ?? [])];
    setOptions(chosen, functionsOf(info.kind));
    setOptions(service, [["", "Every service"], ...tellers.map((name) => [name, name])]);
    setOptions(of, [...labels].flatMap(([key, held]) => [...held].map((value) => [`${key}=${value}`, `${key}=${value}`])));
    lines = lines.filter((name) => labels.has(name));
    by.replaceChildren(...[...labels].filter(([, held]) => held.size > 1).map(([name]) => toggle(name)));
    if (by.children.length === 0) by.append(el("span", { class: "hint" }, "None of its attributes has more than one value."));
    setText(about, `${info.description.replace(/\.?$/, ".").replace(/^\.$/, "Its sender gives no description.")} ${info.kind}${["", "1"].includes(info.unit) ? "" : `, in ${info.unit}`}, ${info.series} series${tellers.length > 0 ? ` of ${tellers.join(", ")}` : ""}.`);
  }

  function toggle(name) {
    const node = button(name, () => {
      lines = lines.includes(name) ? lines.filter((each) => each !== name) : [...lines, name];
      node.setAttribute("aria-pressed", String(lines.includes(name)));
      return run();
    }, { "aria-pressed": String(lines.includes(name)) });
    return node;
  }

  async function take({ name, chosen: wanted, by: wantedLines }) {
    metric.value = name;
    lines = wantedLines;
    choose();
    chosen.value = wanted;
    service.value = "";
    await run();
  }

  async function run() {
    if (!known()) return attempt(panel, list);
    setHidden(ofField, !chosen.value.startsWith("ratio"));
    return attempt(picture, async () => {
      const to = zoomed?.[1] ?? nowUnix();
      const from = zoomed?.[0] ?? (span.value ? to - Number(span.value) : Math.min(state().clock.arrived_unix_s, to - 5));
      const step = Math.max((to - from) / POINTS, 0.5);
      const answer = await ask("/evidence/metrics/query", [...questionPairs(), ["from", from.toFixed(3)], ["to", to.toFixed(3)], ["step", `${step.toFixed(3)}s`]]);
      show(answer, { from, to, step });
    });
  }

  function describe(unit) {
    if (chosen.value === "rate") return unit;
    if (chosen.value === "ratio") return `the share that has ${of.value}`;
    return `${chosen.selectedOptions[0].textContent}, in ${unit}`;
  }

  function show(answer, { from, to, step }) {
    const shown = linesOf(answer);
    const { unit, format } = writing(answer.unit, chosen.value);
    const words = describe(unit);
    const hasPoints = shown.some(({ points }) => points.length > 0);
    setText(title, answer.name);
    setText(subtitle, zoomed ? `${words}; a time span that you chose, which does not move` : words);
    setHidden(widen, zoomed === null);
    setHidden(requests, !isGranted("traces")); // may be granted while the round goes on
    setHidden(picture, !hasPoints);
    setText(nothing, hasPoints ? "" : "No value in this time span matches. Remove a condition, or choose a longer span.");
    const label = `Chart of ${answer.name}, ${words}, from ${momentText(from)} to ${momentText(to)}, ${count(shown.length, "line")}.`;
    drawing.draw({ lines: shown, from, to, step, format, label });
    values.show(shown, format, answer.truncated);
  }

  metric.addEventListener("change", () => { choose(); run(); });
  for (const each of [chosen, of, service]) each.addEventListener("change", run);
  span.addEventListener("change", () => { zoomed = null; run(); });
  return { open: once(() => attempt(panel, list)) };
}
