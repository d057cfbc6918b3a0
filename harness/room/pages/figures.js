// Figures and names for people: money, shares, both clocks, names of voices, and a sparkline.

import { svg } from "./elements.js";

export const usd = (amount) => `$ ${Math.round(amount).toLocaleString("en-US")}`;

/** A share in whole per cent; never rounded to 0 or 100. */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  const rounded = Math.round(share * 100);
  if (share > 0 && rounded === 0) return "< 1 %";
  if (share < 1 && rounded === 100) return "> 99 %";
  return `${rounded} %`;
}

/** "1 line", "2 lines". */
export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

export const VOICES = { facilitator: "Facilitator", director: "Director", customers: "Customers", press: "Press", help_desk: "Help desk" };

/** Seconds since 08:00 of the story, as a time of day: "09:25". */
export const storyTime = (storySeconds) => new Date((Math.floor(storySeconds) + 8 * 3600) * 1000).toISOString().slice(11, 16);

/** Wall-clock seconds as minutes and seconds: "4:05". */
export const minutes = (seconds) => `${Math.floor(Math.max(seconds, 0) / 60)}:${String(Math.floor(Math.max(seconds, 0) % 60)).padStart(2, "0")}`;

/** Converts a time of the evidence to the shop's own seconds, counted from the customers' arrival. */
export const shopSeconds = (/** @type {Api.ClockView} */ clock, unixSeconds) => unixSeconds - clock.arrived_unix_s;

/** Converts a time of the evidence to story seconds, with every change of speed and every pause. */
export function storyAt(/** @type {Api.ClockView} */ clock, unixSeconds) {
  const at = shopSeconds(clock, unixSeconds);
  const began = clock.changes.findLast((change) => change.at_s <= at) ?? clock.changes[0];
  if (!began) return clock.story_s;
  return began.story_s + (began.paused ? 0 : (at - began.at_s) * began.speed);
}

/** Shares of 0 to 1 as a sparkline; the area between the line and 1 is filled. A null breaks the line. */
export function sparkline(shares, label) {
  const step = shares.length > 1 ? 100 / (shares.length - 1) : 0;
  const runs = [];
  shares.forEach((share, index) => {
    if (share === null) return;
    if (index === 0 || shares[index - 1] === null) runs.push([]);
    runs.at(-1).push([(index * step).toFixed(1), (22 - share * 20).toFixed(1)]);
  });
  const path = (run) => `M${run.map((point) => point.join(" ")).join("L")}`;
  return svg("svg", { class: "sparkline", viewBox: "0 0 100 24", preserveAspectRatio: "none", role: "img", "aria-label": label },
    svg("path", { class: "sparkline-lost", d: runs.map((run) => `${path(run)}L${run.at(-1)[0]} 2L${run[0][0]} 2Z`).join("") }),
    svg("path", { class: "sparkline-line", d: runs.map(path).join("") }));
}
