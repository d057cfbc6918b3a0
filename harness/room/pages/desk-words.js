// The words of the facilitator's page: turns the room's identifiers into text for people.

import { byId, el, setHidden, setText } from "./lib.js";

export const PHASES = { lobby: "Lobby", running: "Running", paused: "Paused", over: "Round over", debrief: "Debrief" };
export const MODELS = { "you-build-it": "You build it, you run it", "ops-run-it": "Ops run it" };

/** How a team's customers fare: the word, and the class of its mark. */
const STATES = {
  waiting: ["waiting", ""],
  healthy: ["served", "served"],
  lost: ["lost", "failed"],
  restored: ["served again", "served"],
};

/** How a team's customers fare now. Availability that is back but must still hold has words of its own. */
export function stateOf(/** @type {Api.TeamRow} */ { state, must_hold_s: mustHold }) {
  if (mustHold) return [`back, must hold ${mustHold} s`, "degraded"];
  return STATES[state] ?? [state, ""];
}

/** @type {NamedDesk | null} The room's latest state, with a name for each round. */
export let view = null;

/** Takes a new state. Practice rounds get no number, wherever they are in the plan. */
export function take(/** @type {Api.DeskView} */ newest) {
  let scored = 0;
  const plan = newest.plan.map((round) => ({ ...round, name: round.practice ? "Practice" : `Round ${(scored += 1)}` }));
  const round = newest.round && { ...newest.round, name: newest.round.practice ? "Practice" : `Round ${newest.round.number}`, of: scored };
  view = { ...newest, plan, round };
}

/** Numbers in words, with runs shortened: "1, 2 and 5 to 8". */
export function numbers(all) {
  const runs = [];
  for (const number of all) {
    const last = runs.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else runs.push([number, number]);
  }
  const words = runs.flatMap(([first, last]) => (last - first > 1 ? [`${first} to ${last}`] : [...new Set([first, last])].map(String)));
  // @ts-ignore: the compiler's library does not know `ListFormat`.
  return new Intl.ListFormat("en-GB").format(words);
}

export const teamsNamed = (all) => `${all.length === 1 ? "Team" : "Teams"} ${numbers(all)}`;

/** The scenario's name and title. A title gives nothing away, not even which scenario it is, so a facilitator needs both. */
export const scenarioName = ({ scenario, name, title }) => `${scenario ?? name}: ${title}`;

/** A telemetry level as a badge: the richer the level, the deeper the blue. */
export const levelBadge = (level) => el("span", { class: `badge level of-${level ?? "none"}` }, level ?? "not in it");

export const teamOptions = (/** @type {Api.TeamRow[]} */ teams) => teams.map(({ number, name }) => [String(number), name]);

export const ago = (seconds) => {
  if (seconds < 5) return "just now";
  return seconds < 90 ? `${Math.round(seconds)} s ago` : `${Math.round(seconds / 60)} min ago`;
};

const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|tun|tap|wg|utun|ppp|tailscale|zt)/;

export const isVirtual = (address) => VIRTUAL.test(address.interface ?? "");

/** Sorts addresses: those that a phone most likely reaches come first. Each keeps its index in the room's list. */
export function ranked(addresses) {
  const rank = (address) => (address.is_loopback ? 2 : isVirtual(address) ? 1 : 0);
  return addresses.map((address, index) => ({ ...address, index })).sort((a, b) => rank(a) - rank(b));
}

export const codeImage = ({ index, url }) => `/api/desk/qr?address=${index}&of=${encodeURIComponent(url)}`;

/** Shows the address at which people join, with its QR code unless it is a loopback address. */
export function showAddress(prefix, addresses) {
  const [address] = ranked(addresses);
  const image = byId(`${prefix}-qr`);
  setHidden(image, !address || address.is_loopback);
  if (!address || image.getAttribute("src") === codeImage(address)) return;
  Object.assign(image, { src: codeImage(address), alt: `QR code of ${address.url}` });
  setText(byId(`${prefix}-address`), shortUrl(address));
}

/** The address to type, without the code: people type that on the page. */
export const shortUrl = ({ url }) => url.replace(/\/?\?.*$/, "").replace(/^http:\/\//, "");
