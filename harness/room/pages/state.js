// What the room said last. Each part of the page watches the piece that it shows, and is called only when that piece has
// changed: so what people type, select and open stays as it is, although a state comes every second.

import { changes, count, el, shopSeconds, storyAt, storyTime } from "./lib.js";

/** @type {Api.TeamView | null} */
let current = null;
let receivedAt = 0;
/** @type {((next: Api.TeamView) => void)[]} */
const watchers = [];

export const state = () => current;

/**
 * Calls `act(piece, state)` with what `select` picks, now if there is a state already, and whenever it has changed.
 * @type {Watch}
 */
export const watch = (select, act) => {
  const isOther = changes();
  const watcher = (next) => {
    const piece = select(next);
    if (isOther(piece)) act(piece, next);
  };
  watchers.push(watcher);
  if (current) watcher(current);
};

/**
 * The same for several pieces, picked as a list.
 * @type {WatchAll}
 */
export const watchAll = watch;

/** @param {Api.TeamView} next */
export function take(next) {
  current = next;
  receivedAt = performance.now();
  for (const watcher of watchers) {
    try {
      watcher(next);
    } catch (error) {
      console.error(error); // one part that stumbles must not take the others with it
    }
  }
}

const SAME_WORLD_S = 5; // the time of arrival is reckoned anew each time, and never twice quite the same
const world = { round: null, arrived: 0, count: 0 };

/**
 * Tells one world from the next: each round has its own, with evidence of its own.
 * @param {Api.TeamView} state
 */
export function worldOf({ round, clock }) {
  if (!round || !clock) return "";
  const isSame = round.place === world.round && Math.abs(clock.arrived_unix_s - world.arrived) < SAME_WORLD_S;
  world.count += isSame ? 0 : 1;
  world.round = round.place;
  world.arrived = clock.arrived_unix_s;
  return `world ${world.count}`;
}

export const isLive = (s) => s.phase === "running" || s.phase === "paused";

/** Whether there is something to work with: a line of support that has not had the ticket waits. */
export const isAtWork = (s) => isLive(s) && (!s.ticket || s.ticket.open);

/** Seconds since 1970 by the room's clock, which may be another than this device's. */
export const nowUnix = () => (current?.updated_unix_s ?? 0) + (performance.now() - receivedAt) / 1000;

/** A time of the evidence, RFC 3339 or seconds since 1970, as seconds since 1970. */
export const unixOf = (time) => (typeof time === "number" ? time : Date.parse(time) / 1000);

/** The story's time of a moment, and the shop's own seconds, as text: "08:13 (42.1 s after customers came)". */
export function momentText(time) {
  const [seconds, story] = timesOf(time) ?? ["", ""];
  if (seconds.startsWith("−")) return `${seconds.slice(1)} before customers came`;
  return seconds && `${story} (${seconds} after customers came)`;
}

/** The story's time of a moment alone. */
export const storyText = (time) => timesOf(time)?.[1] ?? "";

/**
 * How long ago a moment is, in the shop's own seconds, and in the story's minutes as text; no text below one of them.
 * @param {number} unix
 */
export function age(unix) {
  const clock = current?.clock;
  if (!clock) return { seconds: 0, text: "" };
  const minutes = Math.floor((storyAt(clock, nowUnix()) - storyAt(clock, unix)) / 60);
  return { seconds: nowUnix() - unix, text: minutes < 1 ? "" : count(minutes, "story minute") };
}

/** @returns {[string, string] | null} */
function timesOf(time) {
  const clock = current?.clock;
  if (!clock) return null;
  const seconds = shopSeconds(clock, unixOf(time));
  // The story begins when the customers come.
  return [secondsText(seconds), seconds < 0 ? "before" : storyTime(storyAt(clock, unixOf(time)))];
}

/** The same as an element: the shop's seconds first, the story's time beside it. */
export function moment(time) {
  const times = timesOf(time);
  if (!times) return el("span", { class: "moment" }, "–");
  return el("time", { class: "moment", dateTime: new Date(unixOf(time) * 1000).toISOString(), title: "Seconds after the customers came, and the story's time" },
    el("b", {}, times[0]), " ", el("span", { class: "muted" }, times[1]));
}

const secondsText = (seconds) => `${seconds.toFixed(1).replace("-0.0", "0.0").replace("-", "−")} s`;

/** A duration for people: milliseconds below a second, seconds above. */
export function durationText(seconds) {
  if (seconds < 0.000_95) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 0.0995) return `${(seconds * 1e3).toFixed(1)} ms`;
  if (seconds < 0.9995) return `${Math.round(seconds * 1e3)} ms`;
  return `${seconds.toFixed(2)} s`;
}

/** Text from elsewhere with its control characters written out, as a terminal would have to. */
export const visible = (text) => String(text).replace(
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2064\uFEFF]/g,
  (found) => `\\u{${found.codePointAt(0).toString(16)}}`,
);
