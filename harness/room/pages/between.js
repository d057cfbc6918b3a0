// The page without a running round, in place of the columns: the lobby, the end of a round, the debrief. And the one
// line that says what to do now.

import { button, byId, count, el, keep, send, setHidden, setText } from "./lib.js";
import { isAtWork, isLive, state, watch } from "./state.js";
import { roleOf } from "./bar.js";
import { linesBox, queue } from "./ticket.js";
import { rehearsal } from "./solo.js";
import { rolesBox } from "./roles.js";
import { ABOUT } from "./choices.js";
import { lineOf } from "./log.js";

const RULES = [
  "A shop is yours to look after: real services, with customers coming all the time.",
  "Something will happen to it, and the clock and the loss begin to run.",
  "You see the shop, your evidence and your remedies; how much evidence there is changes from round to round.",
  "Find out why, put it right, and explain it in your own words with pinned evidence: fixing and explaining are scored separately.",
  "Everybody in the team sees the same page, unless you work at lines of support: talk to each other, divide the work, and note what you think.",
];

/** The rules that also hold for one person in a single round. */
const ALONE = [RULES[0], RULES[1], RULES[3]];

const hereTitle = el("h2", {});
const here = el("ul", { class: "members row plain-list" });
const whoIsHere = el("section", { class: "card" }, hereTitle, here);

watch(isAtWork, (isNow) => setHidden(byId("place"), isNow));
watch((s) => [s.members, s.you], ([members, you]) => {
  setText(hereTitle, `Who is here: ${members.length}`);
  keep(here, members, (name) => name, (name) => el("li", { class: "badge" }, name === you ? `${name} (you)` : name));
});
watch((s) => [s.phase, s.team.name, s.explained, s.revealed, s.more_rounds, s.ticket], (_, s) => {
  if (!isAtWork(s)) byId("place").replaceChildren(...(isLive(s) ? queue : PLACES[s.phase] ?? lobby)(s).filter(Boolean));
});
watch((s) => [s.ready, s.starts_in_s === null ? null : Math.ceil(s.starts_in_s)], ([isReady, startsIn]) => {
  setText(readyButton, isReady ? "We are ready" : "Say that we are ready");
  readyButton.setAttribute("aria-pressed", String(isReady));
  setText(countdown, startsIn === null ? "" : `The next round begins in ${startsIn} s.`);
});
watch((s) => [s.phase, `${s.phase === "running" && s.round?.practice ? "Practice, nothing counts. " : ""}${nextText(s)}`], ([phase, text]) => {
  setHidden(byId("next"), text === "");
  byId("next").classList.toggle("paused", phase === "paused");
  setText(byId("next-text"), text);
});

const readyButton = button("", () => send("POST", "/api/team/ready", { ready: !state().ready }), { kind: "primary", "aria-pressed": "false" });
const countdown = el("strong", { role: "status" });
const isReadyBox = el("p", { class: "row" }, readyButton, countdown);

const PLACES = { lobby, over, debrief };

function lobby(s) {
  if (s.purpose === "solo") return rehearsal(s, ALONE, countdown);
  return [
    el("h1", {}, `Welcome, ${s.team.name}`),
    el("p", { class: "lead" }, "You are in. Leave this page open: it changes by itself when the facilitator begins. A practice round counts for nothing; the top of the page says whether it is one."),
    isReadyBox,
    linesBox,
    whoIsHere,
    rolesBox,
    el("section", { class: "card" },
      el("h2", {}, "How it works"),
      el("ol", { class: "rules" }, ...RULES.map((rule) => el("li", {}, rule)))),
    el("p", { class: "hint" }, "Only the clock and the money run faster than real time; the shop's own seconds are real seconds. The top of the page shows the factor."),
    el("p", { class: "row" }, el("span", { class: "hint" }, "Not your team, or not your name?"), button("Leave and join again", async () => {
      await send("POST", "/api/leave");
      location.assign("/");
    })),
  ];
}

function over(s) {
  const told = s.explained
    ? `Your explanation was handed in at ${s.explained.story} by ${s.explained.by}.${s.explained.outdated ? " What you changed after that does not count." : ""}`
    : "Your team has handed in no explanation in this round.";
  return [
    el("h1", {}, "This round is over"),
    el("p", { class: "lead" }, told),
    el("section", { class: "card stack tight" },
      el("h2", {}, "What next"),
      el("p", {}, "Take a moment together: what did you know, from which evidence, and what would have told you sooner? Note it; the debrief comes back to it."),
      el("p", {}, s.more_rounds ? "The next round begins when the facilitator starts it. Leave this page open." : "That was the last round. The debrief opens on this page when the facilitator opens it.")),
    s.more_rounds && isReadyBox,
    linesBox,
    didBox(s),
    whoIsHere,
    s.more_rounds && rolesBox,
  ];
}

function debrief(s) {
  return [
    el("h1", {}, "Debrief"),
    el("p", { class: "lead" }, "All rounds are over. The debrief is ready: what happened, what could be known when, and what your team did. At its end you choose what you take home."),
    el("p", {}, el("a", { class: "button primary large", href: "/team/debrief" }, "Open the debrief")),
    didBox(s),
    s.purpose !== "solo" && whoIsHere,
  ];
}

const titleOf = (about) => ABOUT.find((part) => part.about === about)?.title ?? about;
const pinsOf = ({ pins }) => (pins.length ? `, shown by ${count(pins.length, "pin")}` : ", not shown");

/** The team's notes from the round that is over: hypotheses, claims, pins and log, read-only. Null if the log is empty. */
function didBox({ log, hypotheses, claims, pins }) {
  if (log.length === 0) return null;
  return el("section", { class: "card stack tight", "aria-label": "What your team did" },
    el("h2", {}, "What your team did"),
    ...part("What we thought", hypotheses.map(({ story, text, struck }) => `${story}: ${text}${struck ? " (struck out)" : ""}`)),
    ...part("How we explained it", claims.map((claim) => `${titleOf(claim.about)}: ${claim.words}${pinsOf(claim)}`)),
    ...part("What we pinned", pins.map(({ shows_story: story, label }) => `${story}: ${label}`)),
    el("details", {}, el("summary", {}, "What happened, line by line"), el("ol", { class: "log plain-list" }, ...log.map(lineOf))));
}

const part = (title, lines) => (lines.length === 0 ? [] : [el("h3", {}, title), el("ul", {}, ...lines.map((line) => el("li", {}, line)))]);

/** One sentence about what to do now. */
function nextText(s) {
  if (s.purpose === "example") return "This is a recorded example of a session. Look at everything: nothing in it changes.";
  if (s.phase === "paused" && s.purpose === "solo") return "Paused. Customers, clock and loss stand still until you go on; the services run on.";
  if (s.phase === "paused") return "Paused by the facilitator. Customers, clock and loss stand still; the services run on.";
  if (s.phase !== "running") return "";
  if (s.ticket) {
    const { line, queued, yours, open } = s.ticket;
    if (queued && yours) return open ? "The ticket is back in your queue: acknowledge it where you act." : "A ticket is in your queue. Acknowledge it, or send it back.";
    if (!open) return "You have no ticket. Your own work goes on.";
    if (!yours || queued) return `${line} has the ticket: they act and write. You may go on looking.`;
  }
  const { now, must_hold_s: mustHold } = s.availability;
  const isServed = now !== null && now >= 0.999;
  if (mustHold) return `Customers are served again. That must hold to count as restored: ${mustHold} s to go.`;
  if (!s.called && !s.guess) return `You are on call for this shop as ${roleOf(s)}. All is quiet; look around.`;
  if (!s.guess) return "You have been called. Look at the shop, then give your first guess: it opens the evidence.";
  if (s.explained?.outdated) return "Your explanation has changed since you handed it in: hand it in again, or the change does not count.";
  if (s.explained) {
    return isServed
      ? `Customers are served and your explanation is in. You may improve it until the round ends.${s.more?.chosen === null ? " Below it there is a repair to argue for." : ""}`
      : "Your explanation is in. Customers are still failing: do something about it.";
  }
  if (isServed && s.called) return "Customers are served. Explain what happened, with pinned evidence, before the round ends.";
  if (!s.called && (isServed || now === null)) return "Your guess is given, and all is quiet: look around in the evidence, so that you know how it looks when all is well.";
  return "Find out why, do something about it, and explain it with pinned evidence. The order is yours.";
}
