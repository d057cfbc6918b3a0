// The words of the facilitator's page: what the room says in identifiers, said to a person.

import { el } from "./lib.js";

export const PHASES = { lobby: "Lobby", running: "Running", paused: "Paused", over: "Round over", debrief: "Debrief" };
export const MODELS = { "you-build-it": "You build it, you run it", "ops-run-it": "Ops run it" };

/** How a team's customers fare: the word, and the class of its mark. */
const STATES = {
  waiting: ["waiting", ""],
  healthy: ["served", "served"],
  lost: ["lost", "failed"],
  restored: ["served again", "served"],
};

/**
 * How a team's customers fare now; what is back and must still hold is said so.
 * @param {Api.TeamRow} team
 */
export function stateOf({ state, must_hold_s: mustHold }) {
  if (mustHold) return [`back, must hold ${mustHold} s`, "degraded"];
  return STATES[state] ?? [state, ""];
}

/**
 * The state with a name for each round: practice rounds are not counted, wherever they stand in the plan.
 * @param {Api.DeskView} view
 * @returns {NamedDesk}
 */
export function withNames(view) {
  let scored = 0;
  const plan = view.plan.map((round) => ({ ...round, name: round.practice ? "Practice" : `Round ${(scored += 1)}` }));
  const round = view.round && { ...view.round, name: view.round.practice ? "Practice" : `Round ${view.round.number}`, of: scored };
  return { ...view, plan, round };
}

/** "1, 2 and 5 to 8": what reads better than a list of all. */
export function numbers(all) {
  const runs = [];
  for (const number of all) {
    const last = runs.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else runs.push([number, number]);
  }
  const words = runs.flatMap(([first, last]) => {
    if (last === first) return [String(first)];
    return last === first + 1 ? [String(first), String(last)] : [`${first} to ${last}`];
  });
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words.join("");
}

export const teamsNamed = (all) => `${all.length === 1 ? "Team" : "Teams"} ${numbers(all)}`;

/** Titles give nothing away, not even which scenario it is; a facilitator needs both. */
export const scenarioName = ({ scenario, name, title }) => `${scenario ?? name}: ${title}`;

/** A telemetry level as a badge; its blue grows with what the level shows. */
export const levelBadge = (level) => el("span", { class: `badge level of-${level}` }, level);

/** @param {Api.TeamRow[]} teams */
export const teamOptions = (teams) => teams.map(({ number, name }) => [String(number), name]);

export const ago = (seconds) => {
  if (seconds < 5) return "just now";
  return seconds < 90 ? `${Math.round(seconds)} s ago` : `${Math.round(seconds / 60)} min ago`;
};

// ---- Addresses --------------------------------------------------------------------------------------------------

const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|tun|tap|wg|utun|ppp|tailscale|zt)/;

export const isVirtual = (address) => VIRTUAL.test(address.interface ?? "");

/** What a phone most likely reaches comes first; each keeps the index by which the room knows it. */
export function ranked(addresses) {
  const rank = (address) => (address.is_loopback ? 2 : isVirtual(address) ? 1 : 0);
  return addresses.map((address, index) => ({ ...address, index })).sort((a, b) => rank(a) - rank(b));
}

export const codeImage = ({ index, url }) => `/api/desk/qr?address=${index}&of=${encodeURIComponent(url)}`;

/** What people type: without the code, which they type on the page. */
export const shortUrl = ({ url }) => url.replace(/\/?\?.*$/, "").replace(/^http:\/\//, "");
