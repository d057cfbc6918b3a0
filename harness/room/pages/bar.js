// The bar on top: the story's clock, the loss, how customers fare. Nothing here is read out by itself: a screen reader
// that announced a clock each second would say nothing else.

import { byId, minutes, percent, setText, sparkline, usd } from "./lib.js";
import { watch, watchAll } from "./state.js";
import { rolesOf } from "./roles.js";

const TARGET = 0.999; // what customers are promised
export const LINES = { L1: "operations bridge", L2: "application support", L3: "delivery team" };

export const lineName = (line) => `${line}, ${LINES[line]}`;

/**
 * What whoever reads this is to the shop in this round.
 * @param {Api.TeamView} state
 */
export const roleOf = ({ round, lines }) => (round?.operating_model === "you-build-it"
  ? "the product team, which built it and runs it"
  : (lines?.yours ?? [round?.line]).map(lineName).join(" and "));

/** @param {Api.RoundView} round */
const roundName = (round) => (round.practice ? "Practice round" : `Round ${round.number} of ${round.of}`);

/** @param {number} speed */
const paceText = (speed) => {
  const factor = speed.toLocaleString("en-US", { maximumFractionDigits: 1 });
  return `${factor} story ${speed === 1 ? "minute" : "minutes"} a minute`;
};

export function startBar() {
  const line = sparkline([]);
  line.setAttribute("aria-label", "A line: the share of customers served over the last five minutes");
  byId("served-line").append(line);

  watchAll((s) => [s.clock?.story, s.phase], ([story]) => setText(byId("clock"), story ?? "–"));
  watch((s) => s.round && s.loss_usd, (loss) => setText(byId("loss"), loss === null ? "–" : usd(loss)));
  watch((s) => s.round && s.availability, (availability) => {
    const now = availability?.now ?? null;
    setText(byId("served"), percent(now));
    byId("served").classList.toggle("served", now !== null && now >= TARGET);
    byId("served").classList.toggle("failed", now !== null && now < TARGET);
    line.update(availability?.history ?? []);
  });
  watch((s) => s.round === null, (isIdle) => byId("bar").classList.toggle("idle", isIdle));
  watchAll((s) => [s.phase, s.round?.ends_in_s, s.clock?.shop_s.toFixed(0)], ([phase, left, shop]) => {
    const isOn = phase === "running" || phase === "paused";
    setText(byId("left"), isOn && typeof left === "number" ? minutes(left) : "–");
    setText(byId("left-name"), phase === "paused" ? "paused, left" : "time left");
    byId("left").title = shop ? `Figures as of ${shop} s of the shop's own time` : "";
  });
  watchAll((s) => s.round && [roundName(s.round), s.round.operating_model === "ops-run-it" && (s.lines?.yours.join(" and ") ?? s.round.line)], (round) => {
    setText(byId("round"), round ? round.filter(Boolean).join(", ") : "–");
  });
  watch((s) => s.round?.speed, (speed) => setText(byId("pace"), speed ? paceText(speed) : "story pace"));
  watchAll((s) => [s.team.name, s.you, s.members, rolesOf(s)], ([team, you, members, own]) => {
    setText(byId("team-name"), team);
    const others = members.filter((member) => member !== you);
    const self = [you, ...own].join(", ");
    setText(byId("members"), others.length ? `${self} and ${others.length} more` : self);
    byId("members").title = byId("team-name").title = `${team}: ${members.join(", ")}`;
    document.title = `${team}, incident room`;
  });
}
