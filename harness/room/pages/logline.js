// One log line: short until it is opened, then complete.

import { button, el } from "./lib.js";
import { moment, visible } from "./state.js";
import { isGranted, lookAt } from "./evidence.js";
import { opening, preformatted } from "./look.js";
import { pinButton } from "./pins.js";

const TELLING_MAX = 3;
const VALUE_MAX = 40;
// Prefixes of attributes about the origin of a line, as in the room's labels of pins.
const PLAIN = ["server.", "client.", "network.", "user_agent.", "url.", "thread.", "code.", "telemetry.", "otel.", "event.name"];

/** `only` adds an attribute as a condition of the search. */
export function logLine(line, only) {
  return opening([
    moment(line.time),
    el("span", { class: `severity ${line.severity.toLowerCase()}` }, line.severity),
    el("span", { class: "line-service" }, line.service),
    el("span", { class: "line-body" }, visible(line.body || line.event || ""), el("span", { class: "muted" }, telling(line)))],
  () => whole(line, only), { dataset: { sequence: line.sequence, time: line.time } });
}

/** The attributes about the event rather than its origin. The shop's own come first: they tell one line from the next. */
function telling({ attributes }) {
  const pairs = Object.entries(attributes).filter(([key, value]) => !PLAIN.some((start) => key.startsWith(start)) && String(value).length <= VALUE_MAX);
  const [own, others] = [true, false].map((isOwn) => pairs.filter(([key]) => key.startsWith("shop.") === isOwn));
  return [...own, ...others].slice(0, TELLING_MAX).map(([key, value]) => `  ${key.split(".").at(-1)}=${visible(value)}`).join("");
}

function whole(line, only) {
  const trace = line.trace_id && isGranted("traces") && button("Open its trace", () => lookAt("traces", { trace: line.trace_id }));
  return el("div", { class: "line-all stack tight" },
    preformatted("The whole line", "wrap", visible(line.body)),
    el("dl", { class: "attributes" },
      ...pair("logger", line.logger),
      ...(line.event ? pair("event", line.event) : []),
      ...Object.entries(line.attributes).flatMap(([key, value]) => pair(key, value, only)),
      ...(line.trace_id ? pair("trace", line.trace_id) : [])),
    el("div", { class: "actions" }, pinButton(() => ({ source: "log", sequence: line.sequence }), "Pin this line"), trace));
}

/** A name and its value, with a button that makes a condition of them. */
export function pair(key, value, only) {
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const take = only && button("only like this", () => only.add(key, text), { kind: "small plain take", "aria-label": `Only lines with ${key}=${text}` });
  return [el("dt", {}, key), el("dd", {}, el("span", {}, visible(text)), take)];
}
