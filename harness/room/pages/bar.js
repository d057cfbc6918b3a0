// The bar on top: the story's clock, the loss, availability. Nothing here is a live region: a screen reader that
// announced the clock each second would say nothing else.

import { byId, count, keep, minutes, percent, setHidden, setText, sparkline, usd, waitingLine } from "./lib.js";
import { watch } from "./state.js";
import { rolesOf } from "./roles.js";

const TARGET = 0.999; // the availability target
export const LINES = { L1: "operations bridge", L2: "application support", L3: "delivery team" };

export const lineName = (line) => `${line}, ${LINES[line]}`;

/** The reader's role for the shop in this round: the product team, or lines of support. */
export const roleOf = (/** @type {Api.TeamView} */ { round, lines }) => (round?.operating_model === "you-build-it"
  ? "the product team, which built it and runs it"
  : (lines?.yours ?? [round?.line]).map(lineName).join(" and "));

watch((s) => [s.clock?.story, s.phase], ([story]) => setText(byId("clock"), story ?? "–"));
watch((s) => s.round && s.loss_usd, (loss) => setText(byId("loss"), loss === null ? "–" : usd(loss)));
watch((s) => s.round && s.availability, (availability) => {
  const now = availability?.now ?? null;
  setText(byId("served"), percent(now));
  byId("served").classList.toggle("served", now !== null && now >= TARGET);
  byId("served").classList.toggle("failed", now !== null && now < TARGET);
  byId("served-line").replaceChildren(sparkline(availability?.history ?? [], "A line: the share of customers served over the last five minutes"));
});
watch((s) => s.round === null, (isIdle) => byId("bar").classList.toggle("idle", isIdle));
watch((s) => [s.phase, s.round?.ends_in_s, s.clock?.shop_s.toFixed(0)], ([phase, left, shop]) => {
  const isOn = phase === "running" || phase === "paused";
  setText(byId("left"), isOn && typeof left === "number" ? minutes(left) : "–");
  setText(byId("left-name"), phase === "paused" ? "paused, left" : "time left");
  byId("left").title = shop ? `Figures as of ${shop} s of the shop's own time` : "";
});
watch((s) => s.round && [s.round.practice ? "Practice round" : `Round ${s.round.number} of ${s.round.of}`, s.round.operating_model === "ops-run-it" && (s.lines?.yours.join(" and ") ?? s.round.line)], (round) => {
  setText(byId("round"), round ? round.filter(Boolean).join(", ") : "–");
});
watch((s) => s.round?.speed, (speed) => setText(byId("pace"), speed ? `${count(Math.round(speed * 10) / 10, "story minute")} a minute` : "story pace"));
watch((s) => [s.team.name, s.you, s.members, rolesOf(s)], ([team, you, members, own]) => {
  setText(byId("team-name"), team);
  const others = members.filter((member) => member !== you);
  const self = [you, ...own].join(", ");
  setText(byId("members"), others.length ? `${self} and ${others.length} more` : self);
  byId("members").title = byId("team-name").title = `${team}: ${members.join(", ")}`;
  document.title = `${team}, incident room`;
});
watch((s) => s.waiting, (waiting) => {
  setHidden(byId("waiting"), waiting.length === 0);
  keep(byId("waiting-list"), waiting, ({ id }) => id, (seat) => waitingLine("/api/team/seats", seat, `${seat.alias} wants to join your team.`));
});
