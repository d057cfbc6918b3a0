// What a team did in the round that is over, as it wrote it down: to talk about, and nothing to change.

import { count, el } from "./lib.js";
import { ABOUT } from "./choices.js";
import { lineOf } from "./log.js";

const titleOf = (about) => ABOUT.find((part) => part.about === about)?.title ?? about;
const pinsOf = ({ pins }) => (pins.length ? `, shown by ${count(pins.length, "pin")}` : ", not shown");

/** Null where nothing was written. */
export function didBox({ log, hypotheses, claims, pins }) {
  if (log.length === 0) return null;
  return el("section", { class: "card stack tight", "aria-label": "What your team did" },
    el("h2", {}, "What your team did"),
    ...part("What we thought", hypotheses.map(({ story, text, struck }) => `${story}: ${text}${struck ? " (struck out)" : ""}`)),
    ...part("How we explained it", claims.map((claim) => `${titleOf(claim.about)}: ${claim.words}${pinsOf(claim)}`)),
    ...part("What we pinned", pins.map(({ shows_story: story, label }) => `${story}: ${label}`)),
    el("details", {}, el("summary", {}, "What happened, line by line"), el("ol", { class: "log plain-list" }, ...log.map(lineOf))));
}

const part = (title, lines) => (lines.length === 0 ? [] : [el("h3", {}, title), el("ul", {}, ...lines.map((line) => el("li", {}, line)))]);
