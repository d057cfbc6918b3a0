// Lines over time. Drag over an interval, or select it with the keyboard, to zoom in. The legend below also shows the
// values at the cursor.

import { el, shopSeconds, storyAt, storyTime, svg } from "./lib.js";
import { momentText, state, unixOf } from "./state.js";

const MARGIN = { top: 12, right: 12, bottom: 40, left: 58 };
const HEIGHT = 250;
const LABELS = { lines: 6, width: 560, margin: 116, characters: 17, height: 14 }; // at most so many lines, and at least this width, for names at the lines' ends; how the names are drawn
const DRAG_MIN = 6; // pixels: less is a click
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];

/** The chart calls `onZoom(from, to)` and `onWiden()` to request other data; `draw` shows the room's answer. */
export function chart({ onZoom, onWiden, onCursor }) {
  const drawing = svg("svg", { class: "chart-drawing", "aria-hidden": "true" });
  const spoken = el("p", { class: "unseen", "aria-live": "polite" });
  const hintId = `chart-hint-${Math.random().toString(36).slice(2)}`;
  const hint = el("p", { id: hintId, class: "hint chart-hint" }, "Drag to zoom in. Keys: arrows move the cursor, with Shift they choose a time span, Enter zooms in, Escape goes back.");
  const node = el("div", { class: "chart", tabIndex: 0, role: "group", "aria-describedby": hintId }, drawing);
  const whole = el("figure", { class: "chart-figure" }, node, hint, spoken);
  let shown = null; // { lines, from, to, format, label }
  let cursor = null; // seconds since 1970
  let chosen = null; // [from, to] of a selection that is not zoomed to yet

  const width = () => Math.max(node.clientWidth, 240);
  const isLabelled = () => shown.lines.length <= LABELS.lines && width() >= LABELS.width;
  const plot = () => ({ left: MARGIN.left, right: width() - (isLabelled() ? LABELS.margin : MARGIN.right), top: MARGIN.top, bottom: HEIGHT - MARGIN.bottom });
  const xOf = (time) => plot().left + ((time - shown.from) / (shown.to - shown.from)) * (plot().right - plot().left);
  const timeAt = (x) => shown.from + ((x - plot().left) / (plot().right - plot().left)) * (shown.to - shown.from);
  const within = (time) => Math.min(Math.max(time, shown.from), shown.to);
  const times = () => [...new Set(shown.lines.flatMap((line) => line.points.map(([time]) => time)))].sort((a, b) => a - b);
  const nearest = (time) => times().reduce((best, each) => (Math.abs(each - time) < Math.abs(best - time) ? each : best), Infinity);

  function redraw() {
    if (!shown) return;
    const { left, right, top, bottom } = plot();
    drawing.setAttribute("width", width());
    drawing.setAttribute("height", HEIGHT);
    const values = shown.lines.flatMap((line) => line.points.map(([, value]) => value));
    const scale = scaleOf(Math.min(0, ...values), Math.max(0, ...values));
    const yOf = (value) => bottom - ((value - scale.low) / (scale.high - scale.low)) * (bottom - top);
    drawing.replaceChildren(
      ...scale.ticks.flatMap((value) => [
        svg("line", { class: "chart-rule", x1: left, x2: right, y1: yOf(value), y2: yOf(value) }),
        svg("text", { class: "chart-quiet", x: left - 8, y: yOf(value) + 4, "text-anchor": "end" }, shown.format(value)),
      ]),
      ...timeTicks().flatMap(({ time, seconds, story }) => [
        svg("line", { class: "chart-tick", x1: xOf(time), x2: xOf(time), y1: bottom, y2: bottom + 5 }),
        svg("text", { class: "chart-strong", x: xOf(time), y: bottom + 18, "text-anchor": "middle" }, story),
        svg("text", { class: "chart-quiet", x: xOf(time), y: bottom + 33, "text-anchor": "middle" }, seconds),
      ]),
      ...shown.lines.map((line) => svg("path", { class: `chart-line ${line.style}`, d: pathOf(line.points, yOf) })),
      ...shown.lines.filter((line) => line.points.length === 1).map((line) => svg("circle", { class: `chart-dot ${line.style}`, cx: xOf(line.points[0][0]), cy: yOf(line.points[0][1]), r: 3 })),
      ...(isLabelled() ? labels(yOf) : []),
      ...(chosen ? [svg("rect", { class: "chart-chosen", x: xOf(chosen[0]), width: Math.max(xOf(chosen[1]) - xOf(chosen[0]), 1), y: top, height: bottom - top })] : []),
      ...(cursor === null ? [] : [svg("line", { class: "chart-cursor", x1: xOf(cursor), x2: xOf(cursor), y1: top, y2: bottom }),
        ...shown.lines.flatMap((line) => line.points.filter(([time]) => time === cursor).map(([time, value]) => svg("circle", { class: `chart-dot ${line.style}`, cx: xOf(time), cy: yOf(value), r: 3.5 })))]),
    );
  }

  /** The name of each line at its end, moved apart where names would overlap. */
  function labels(yOf) {
    const ends = shown.lines.filter(({ points }) => points.length > 0).map(({ name, points }) => ({ name, y: yOf(points.at(-1)[1]) }));
    ends.sort((a, b) => a.y - b.y);
    ends.forEach((end, index) => { if (index > 0) end.y = Math.max(end.y, ends[index - 1].y + LABELS.height); });
    let lowest = plot().bottom + 2;
    for (const end of ends.toReversed()) {
      end.y = Math.min(end.y, lowest);
      lowest = end.y - LABELS.height;
    }
    const short = (name) => (name.length > LABELS.characters ? `${name.slice(0, LABELS.characters - 1)}…` : name);
    return ends.map(({ name, y }) => svg("text", { class: "chart-strong", x: plot().right + 8, y: y + 4 }, short(name)));
  }

  function pathOf(points, yOf) {
    let before = null;
    return points.map(([time, value]) => {
      const isGap = before === null || time - before > shown.step * 1.5;
      before = time;
      return `${isGap ? "M" : "L"}${xOf(time).toFixed(1)} ${yOf(value).toFixed(1)}`;
    }).join("");
  }

  function timeTicks() {
    const { clock } = state();
    const [from, to] = [shopSeconds(clock, shown.from), shopSeconds(clock, shown.to)];
    const most = Math.max(2, Math.floor(width() / 90));
    const step = STEPS_S.find((each) => (to - from) / each <= most) ?? (to - from) / most;
    const ticks = [];
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      const time = clock.arrived_unix_s + at;
      const story = storyTime(storyAt(clock, time));
      // During a pause the story time does not change: label it only once.
      ticks.push({ time, seconds: `${at} s`, story: ticks.some((tick) => tick.story === story) ? "" : story });
    }
    return ticks;
  }

  function moveTo(time, isSpoken) {
    const at = nearest(time);
    cursor = Number.isFinite(at) ? at : null;
    redraw();
    onCursor(cursor);
    if (isSpoken && cursor !== null) spoken.textContent = spokenText();
  }

  function spokenText() {
    const values = shown.lines.map((line) => [line.name, line.points.find(([time]) => time === cursor)?.[1]]);
    const told = values.filter(([, value]) => value !== undefined).map(([name, value]) => `${name} ${shown.format(value)}`);
    return `${momentText(cursor)}: ${told.join(", ") || "no value"}${chosen ? `. Chosen: ${momentText(chosen[0])} to ${momentText(chosen[1])}` : ""}`;
  }

  let pressedAt = null;
  const pointed = (event) => within(timeAt(event.clientX - node.getBoundingClientRect().left));

  node.addEventListener("pointerdown", (event) => {
    if (!shown || event.button !== 0) return;
    pressedAt = { x: event.clientX, time: pointed(event) };
    if (event.pointerType === "mouse") node.setPointerCapture(event.pointerId);
  });
  node.addEventListener("pointermove", (event) => {
    if (!shown) return;
    const isDrag = pressedAt && Math.abs(event.clientX - pressedAt.x) >= DRAG_MIN;
    if (isDrag) chosen = [pressedAt.time, pointed(event)].sort((a, b) => a - b);
    moveTo(pointed(event), false);
  });
  node.addEventListener("pointerup", () => {
    pressedAt = null;
    if (chosen) zoom();
  });
  node.addEventListener("pointercancel", () => { pressedAt = chosen = null; redraw(); });
  node.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && !pressedAt && document.activeElement !== node) { cursor = null; redraw(); onCursor(null); }
  });

  node.addEventListener("keydown", (event) => {
    if (!shown) return;
    const all = times();
    const at = all.indexOf(cursor);
    const to = { ArrowLeft: at < 0 ? all.length - 1 : at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined && all.length > 0) {
      const time = all[Math.min(Math.max(to, 0), all.length - 1)];
      if (!event.shiftKey) chosen = null;
      else if (chosen && cursor === chosen[0]) chosen = [Math.min(time, chosen[1]), Math.max(time, chosen[1])];
      else chosen = chosen ? [Math.min(chosen[0], time), Math.max(chosen[0], time)] : [cursor ?? time, time].sort((a, b) => a - b);
      moveTo(time, true);
    } else if (event.key === "Enter" && chosen) zoom();
    else if (event.key === "Escape" && chosen) { chosen = null; redraw(); }
    else if (event.key === "Escape") onWiden();
    else return;
    event.preventDefault();
  });

  function zoom() {
    const [from, to] = chosen;
    chosen = null;
    if (to > from) onZoom(from, to);
    else redraw();
  }

  new ResizeObserver(redraw).observe(node);

  return {
    node: whole,
    draw(next) {
      shown = next;
      node.setAttribute("aria-label", next.label);
      if (cursor !== null && (cursor < next.from || cursor > next.to)) cursor = null;
      chosen = null;
      redraw();
    },
    /** The selected interval, or else the one that the chart shows. */
    interval: () => chosen ?? [shown.from, shown.to],
  };
}

/** A scale from `low` to `high` with round steps, about four of them. */
function scaleOf(low, high) {
  if (low === high) return { low, high: low + 1, ticks: [low, low + 1] };
  const rough = (high - low) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * unit).find((each) => each >= rough * 0.999);
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step - 1e-9)];
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
  return { low: first * step, high: last * step, ticks };
}

/** Converts lines for the chart: times as numbers, a name from the labels, a style for each. */
export function linesOf(answer) {
  const keys = new Set(answer.lines.flatMap(({ labels }) => Object.keys(labels)));
  const telling = [...keys].filter((key) => answer.lines.length === 1 || new Set(answer.lines.map(({ labels }) => labels[key])).size > 1);
  return answer.lines.map(({ labels, points }, index) => ({
    name: telling.map((key) => labels[key] || `no ${key}`).join(", ") || "all",
    style: labels.outcome && telling.includes("outcome") ? `of-${labels.outcome}` : `line-${index % 9}`,
    points: points.map(([time, value]) => [unixOf(time), value]),
    labels,
  }));
}
