// Figures as people read them: money, shares, both clocks, and a share over time as a small line.

import { svg } from "./elements.js";

export const usd = (amount) => `$ ${Math.round(amount).toLocaleString("en-US")}`;

/** A share as whole per cent; never 0 or 100 unless it is. */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  const rounded = Math.round(share * 100);
  if (share > 0 && rounded === 0) return "< 1 %";
  if (share < 1 && rounded === 100) return "> 99 %";
  return `${rounded} %`;
}

/** "1 line", "2 lines". */
export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

const two = (number) => String(number).padStart(2, "0");

/** Seconds since 08:00 of the story, as a clock shows them. */
export function storyTime(storySeconds, withSeconds = false) {
  const day = 24 * 3600;
  const all = (((Math.floor(storySeconds) + 8 * 3600) % day) + day) % day; // also on the evening before
  const text = `${two(Math.floor(all / 3600))}:${two(Math.floor((all % 3600) / 60))}`;
  return withSeconds ? `${text}:${two(all % 60)}` : text;
}

/** A duration in wall-clock seconds as minutes and seconds. */
export const minutes = (seconds) => `${Math.floor(Math.max(seconds, 0) / 60)}:${two(Math.floor(Math.max(seconds, 0) % 60))}`;

/**
 * The shop's own seconds at a time of the evidence: since the customers arrived.
 * @param {Api.ClockView} clock
 */
export const shopSeconds = (clock, unixSeconds) => unixSeconds - clock.arrived_unix_s;

/**
 * The story's seconds at a time of the evidence, from every change of speed and every pause.
 * @param {Api.ClockView} clock
 */
export function storyAt(clock, unixSeconds) {
  const at = shopSeconds(clock, unixSeconds);
  const began = clock.changes.findLast((change) => change.at_s <= at) ?? clock.changes[0];
  if (!began) return clock.story_s;
  return began.story_s + (began.paused ? 0 : (at - began.at_s) * began.speed);
}

/**
 * Shares of 0 to 1 as a small line, with what is missing to 1 filled above it; `update` draws others. A value that is
 * null breaks the line.
 * @param {(number | null)[]} values
 * @returns {any}
 */
export function sparkline(values, label = "") {
  const lost = svg("path", { class: "sparkline-lost" });
  const line = svg("path", { class: "sparkline-line" });
  const node = svg("svg", { class: "sparkline", viewBox: "0 0 100 24", preserveAspectRatio: "none", role: "img", "aria-label": label }, lost, line);
  node.update = (shown) => {
    const step = shown.length > 1 ? 100 / (shown.length - 1) : 0;
    const runs = [];
    shown.forEach((value, index) => {
      if (value === null) return;
      if (index === 0 || shown[index - 1] === null) runs.push([]);
      runs.at(-1).push([(index * step).toFixed(1), (22 - value * 20).toFixed(1)]);
    });
    const path = (run) => `M${run.map((point) => point.join(" ")).join("L")}`;
    line.setAttribute("d", runs.map(path).join(""));
    lost.setAttribute("d", runs.map((run) => `${path(run)}L${run.at(-1)[0]} 2L${run[0][0]} 2Z`).join(""));
  };
  node.update(values);
  return node;
}
