// A trace as a waterfall. A long bar with only short bars below it shows where the time went. A heavy bar is on the
// path that the request waited for. Linked work of another trace, for which the request did not wait, is an outline.

import { button, el, setHidden } from "./lib.js";
import { durationText, moment, visible } from "./state.js";
import { isGranted, lookAt } from "./evidence.js";
import { pair } from "./logline.js";
import { figure, opens, preformatted, table } from "./look.js";
import { pinButton } from "./pins.js";

const INDENT_MAX = 10;
const WAITED_SHOWN = 5;

/** Returns the nodes to show. `openTrace(id)` opens another trace. */
export function waterfall(trace, { openTrace }) {
  // Linked work may begin before the trace or end after it, so the axis covers both.
  const start = Math.min(0, ...trace.spans.map((span) => span.offset_s));
  const end = Math.max(trace.duration_s, ...trace.spans.map((span) => span.offset_s + span.duration_s));
  const scale = { start, length: Math.max(end - start, 1e-9) };
  const rows = trace.spans.map((span, index) => spanRow(span, scale, trace, openTrace, hasChildren(trace.spans, index)));
  rows.forEach((row, index) => row.toggle?.addEventListener("click", () => fold(rows, trace.spans, index)));
  return [
    el("div", { class: "stack tight" },
      el("h3", {}, "Trace ", el("code", {}, trace.trace_id)),
      el("p", { class: "hint" }, moment(trace.start), `, ${durationText(trace.duration_s)}, ${trace.spans.length} spans in ${trace.services.join(", ")}${trace.failed ? ", failed" : ""}`),
      el("div", { class: "row" }, isGranted("logs") && logLinesOf(trace))),
    axis(scale),
    el("ol", { class: "waterfall plain-list" }, ...rows.map((row) => row.node)),
    trace.truncated && el("p", { class: "hint" }, "There are more spans than are shown."),
    waitedFor(trace),
    el("p", { class: "hint" }, "Heavy: the request waited for it. Light: it did not. Outlined: work of another trace, caused by the span above. ✕ failed or timed out."),
  ].filter(Boolean);
}

const hasChildren = (spans, index) => spans[index + 1]?.depth > spans[index].depth;

function axis({ start, length }) {
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => el("span", {}, durationText(start + length * share).replace(/^0 µs$/, "0")));
  return el("div", { class: "waterfall-axis", "aria-hidden": "true" }, el("span", {}), el("span", { class: "waterfall-ticks" }, ...ticks), el("span", {}));
}

function spanRow(span, scale, trace, openTrace, isParent) {
  const isLinked = span.relation === "linked" || span.trace_id !== trace.trace_id;
  const isBad = span.failed || span.timed_out;
  const bar = el("span", { class: `span-bar${span.critical ? " critical" : ""}${isLinked ? " linked" : ""}${isBad ? " failed" : ""}` });
  bar.style.left = `${(100 * (span.offset_s - scale.start)) / scale.length}%`;
  bar.style.width = `${(100 * span.duration_s) / scale.length}%`;
  const name = el("span", { class: "span-name" },
    isBad && el("span", { class: "span-mark" }, "✕ ", span.timed_out ? "timed out, " : el("span", { class: "unseen" }, "failed, ")),
    span.relation === "linked" && el("span", {}, "↪ ", el("span", { class: "unseen" }, "linked, ")),
    el("b", {}, span.service), ` ${visible(span.name)}`);
  const head = el("button", { type: "button", class: "span-head", "aria-expanded": "false" },
    name, el("span", { class: "span-track", "aria-hidden": "true" }, bar), el("span", { class: "span-duration" }, durationText(span.duration_s)));
  const toggle = isParent ? el("button", { type: "button", class: "span-fold", "aria-expanded": "true", "aria-label": `Spans below ${span.name}` }, "▾") : null;
  const line = el("div", { class: "span-line" }, toggle ?? el("span", { class: "span-fold" }), head);
  line.style.setProperty("--depth", Math.min(span.depth, INDENT_MAX));
  const node = el("li", { class: "span" }, line);
  opens(head, node, () => whole(span, isLinked, openTrace));
  return { node, toggle };
}

/** Folds the spans below a span, or unfolds them; spans folded further down stay folded. */
function fold(rows, spans, index) {
  const { toggle } = rows[index];
  const isOpen = toggle.getAttribute("aria-expanded") === "true";
  toggle.setAttribute("aria-expanded", String(!isOpen));
  toggle.textContent = isOpen ? "▸" : "▾";
  let hiddenBelow = isOpen ? spans[index].depth : Infinity;
  for (let at = index + 1; at < spans.length && spans[at].depth > spans[index].depth; at += 1) {
    if (spans[at].depth <= hiddenBelow && !isOpen) hiddenBelow = Infinity;
    setHidden(rows[at].node, spans[at].depth > hiddenBelow);
    if (hiddenBelow === Infinity && rows[at].toggle?.getAttribute("aria-expanded") === "false") hiddenBelow = spans[at].depth;
  }
}

function whole(span, isLinked, openTrace) {
  return el("div", { class: "span-all stack tight" },
    span.status_message && preformatted("What its status says", "wrap", visible(span.status_message)),
    el("dl", { class: "attributes" },
      ...pair("began after", durationText(span.offset_s)), ...pair("took", `${durationText(span.duration_s)}, of which its own ${durationText(span.self_s)}`),
      ...pair("kind", `${span.kind}, ${span.scope}`),
      ...Object.entries(span.attributes).flatMap(([key, value]) => pair(key, value))),
    ...span.events.map((event) => el("div", { class: "span-event" },
      el("b", {}, `${event.name} `), el("span", { class: "hint" }, `after ${durationText(event.offset_s)}`),
      el("dl", { class: "attributes" }, ...Object.entries(event.attributes).flatMap(([key, value]) => pair(key, value))))),
    ...span.links.map((link) => el("p", {}, "Links to a span of ",
      button(`trace ${link.trace_id.slice(0, 8)}…`, () => openTrace(link.trace_id)))),
    el("div", { class: "actions" },
      pinButton(() => ({ source: "span", trace: span.trace_id, span: span.span_id }), "Pin this span"),
      isLinked && button("Open its own trace", () => openTrace(span.trace_id)),
      isGranted("logs") && isLinked && logLinesOf(span)));
}

const logLinesOf = ({ trace_id }) => button("Its log lines", () => lookAt("logs", { trace: trace_id }));

/** The spans for which the request itself waited longest. */
function waitedFor(trace) {
  const waited = new Map();
  for (const step of trace.critical_path) {
    const key = `${step.service} ${step.name}`;
    waited.set(key, (waited.get(key) ?? 0) + step.duration_s);
  }
  const all = [...waited.values()].reduce((sum, each) => sum + each, 0);
  if (all === 0) return null;
  const longest = [...waited].sort((a, b) => b[1] - a[1]).slice(0, WAITED_SHOWN);
  return el("div", { class: "stack tight" }, el("h3", {}, "What the request waited for"),
    table("What the request waited for", ["Time", "Share", "Span"], longest.map(([name, time]) =>
      [figure(durationText(time)), figure(`${Math.round((100 * time) / all)} %`), visible(name)]), "waited"));
}
