// The room's latest state. Each part of the page watches the piece that it shows, and is called only when that piece has
// changed. So typed, selected and opened things stay as they are, although a new state comes every second.

import { changes, count, el, shopSeconds, storyAt, storyTime } from "./lib.js";

/** @type {Api.TeamView | null} */
let current = null;
let receivedAt = 0;
/** @type {((next: Api.TeamView) => void)[]} */
const watchers = [];

export const state = () => current;

/** @type {Watch} Calls `act(piece, state)` with the piece from `select`: at once if there is a state, and whenever the piece has changed. */
export const watch = (select, act) => {
  const isOther = changes();
  const watcher = (next) => {
    const piece = select(next);
    if (isOther(piece)) act(piece, next);
  };
  watchers.push(watcher);
  if (current) watcher(current);
};

export function take(/** @type {Api.TeamView} */ next) {
  current = next;
  receivedAt = performance.now();
  for (const watcher of watchers) {
    try {
      watcher(next);
    } catch (error) {
      console.error(error); // an error in one part must not stop the others
    }
  }
}

const SAME_WORLD_S = 5; // tolerance: the room computes the arrival time anew each time, with slight differences
const world = { round: null, arrived: 0, count: 0 };

/** An identifier of the world: each round has a new world, with evidence of its own. */
export function worldOf(/** @type {Api.TeamView} */ { round, clock }) {
  if (!round || !clock) return "";
  const isSame = round.place === world.round && Math.abs(clock.arrived_unix_s - world.arrived) < SAME_WORLD_S;
  world.count += isSame ? 0 : 1;
  world.round = round.place;
  world.arrived = clock.arrived_unix_s;
  return `world ${world.count}`;
}

export const isLive = (s) => s.phase === "running" || s.phase === "paused";

/** Whether there is anything to work on. A line of support without the ticket so far has to wait. */
export const isAtWork = (s) => isLive(s) && (!s.ticket || s.ticket.open);

/** Seconds since 1970 by the room's clock, which may differ from this device's. */
export const nowUnix = () => (current?.updated_unix_s ?? 0) + (performance.now() - receivedAt) / 1000;

/** Converts a time of the evidence, RFC 3339 or seconds since 1970, to seconds since 1970. */
export const unixOf = (time) => (typeof time === "number" ? time : Date.parse(time) / 1000);

/** A moment as text, in story time and the shop's own seconds: "08:13 (42.1 s after customers came)". */
export function momentText(time) {
  const [seconds, story] = timesOf(time) ?? ["", ""];
  if (seconds.startsWith("−")) return `${seconds.slice(1)} before customers came`;
  return seconds && `${story} (${seconds} after customers came)`;
}

export const storyText = (time) => timesOf(time)?.[1] ?? "";

/** The age of a moment: the shop's own seconds, and a text in story minutes, empty below one minute. */
export function age(unix) {
  const clock = current?.clock;
  if (!clock) return { seconds: 0, text: "" };
  const minutes = Math.floor((storyAt(clock, nowUnix()) - storyAt(clock, unix)) / 60);
  return { seconds: nowUnix() - unix, text: minutes < 1 ? "" : count(minutes, "story minute") };
}

function timesOf(time) {
  const clock = current?.clock;
  if (!clock) return null;
  const seconds = shopSeconds(clock, unixOf(time));
  // The story begins when the customers come.
  return [secondsText(seconds), seconds < 0 ? "before" : storyTime(storyAt(clock, unixOf(time)))];
}

/** A moment as an element: the shop's seconds first, the story time beside it. */
export function moment(time) {
  const times = timesOf(time);
  if (!times) return el("span", { class: "moment" }, "–");
  return el("time", { class: "moment", dateTime: new Date(unixOf(time) * 1000).toISOString(), title: "Seconds after the customers came, and the story's time" },
    el("b", {}, times[0]), " ", el("span", { class: "muted" }, times[1]));
}

const secondsText = (seconds) => `${seconds.toFixed(1).replace("-0.0", "0.0").replace("-", "−")} s`;

/** A duration in words: microseconds, milliseconds or seconds. */
export function durationText(seconds) {
  if (seconds < 0.000_95) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 0.0995) return `${(seconds * 1e3).toFixed(1)} ms`;
  if (seconds < 0.9995) return `${Math.round(seconds * 1e3)} ms`;
  return `${seconds.toFixed(2)} s`;
}

/** Text from elsewhere with control and invisible characters escaped, as in a terminal. */
export const visible = (text) => String(text).replace(
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2064\uFEFF]/g,
  (found) => `\\u{${found.codePointAt(0).toString(16)}}`,
);
