// Judges a plan of rounds as a comparison, and proposes the next round. Touches no page.

import { count } from "./figures.js";
import { teamsNamed } from "./desk-words.js";

const measuredOf = (plan) => plan.filter((round) => !round.practice);
const ofTeam = (round, team) => round.teams.find((each) => each.team === team);
const teamsOf = (plan) => [...new Set(plan.flatMap((round) => round.teams.map(({ team }) => team)))].sort((a, b) => a - b);

/** Sentences about the plan. */
export function notesOn(/** @type {NamedRound[]} */ plan, levels) {
  const measured = measuredOf(plan);
  const notes = [...metTwice(plan)];
  if (!plan.some((round) => round.practice)) notes.push(warning("There is no practice round: people learn the page in the first round, and its times say less."));
  if (measured.length > 1) notes.push(...crossover(measured, levels));
  if (measured.length === 1) notes.push(said("One round that counts: different people have different levels, and nobody has both. Show the difference, and conclude nothing about levels from it."));
  return notes;
}

function metTwice(plan) {
  const byRounds = new Map();
  for (const team of teamsOf(plan)) {
    plan.forEach((round, place) => {
      const met = ofTeam(round, team)?.scenario;
      const before = met && plan.slice(0, place).find((each) => ofTeam(each, team)?.scenario === met);
      const key = `${before?.name} and ${round.name}`;
      if (before) byRounds.set(key, [...(byRounds.get(key) ?? []), team]);
    });
  }
  return [...byRounds].map(([rounds, teams]) =>
    warning(`${teamsNamed(teams)} ${teams.length === 1 ? "meets" : "meet"} the same incident twice, in ${rounds}: the second time measures memory.`));
}

/** Which teams begin with less telemetry and which with more, compared with the team's next round at another level. */
function crossover(measured, levels) {
  const teams = teamsOf(measured);
  const steps = new Map(teams.map((team) => {
    const ranks = measured.map((round) => levels.indexOf(ofTeam(round, team)?.level)).filter((rank) => rank >= 0);
    return [team, (ranks.find((rank) => rank !== ranks[0]) ?? ranks[0]) - ranks[0]];
  }));
  const less = teams.filter((team) => steps.get(team) > 0);
  const more = teams.filter((team) => steps.get(team) < 0);
  const same = teams.filter((team) => !steps.get(team));
  if (same.length === teams.length) return [said("Every team plays at one level only: teams are compared, levels are not.")];
  const notes = [];
  if (same.length > 0) notes.push(warning(`${teamsNamed(same)} ${same.length === 1 ? "plays" : "play"} at one level only, and cannot be compared with ${same.length === 1 ? "itself" : "themselves"}.`));
  if (Math.abs(less.length - more.length) > 1 || less.length === 0 || more.length === 0) {
    notes.push(warning(`${count(less.length, "team")} would begin with less telemetry and ${more.length} with more: the effects of practice and of telemetry cannot be told apart.`));
  } else {
    notes.push(said(`Crossover: ${teamsNamed(less)} begin${less.length === 1 ? "s" : ""} with less telemetry, ${teamsNamed(more).toLowerCase()} with more; then the other way round.`));
  }
  return notes;
}

const said = (text) => ({ text, isWarning: false });
const warning = (text) => ({ text, isWarning: true });

/** The default times at which the director asks for status updates, in story minutes. */
export const UPDATES = { first_minutes: 30, every_minutes: 60 };

/** Proposes a further round: the teams swap levels, and meet an incident that is new to them. */
export function proposal(/** @type {NamedDesk} */ { plan, teams, scenarios, levels }) {
  const last = plan.at(-1);
  const model = measuredOf(plan).at(-1) ?? last;
  const used = [...new Set((model?.teams ?? []).map(({ level }) => level))];
  const other = (level) => (used.length === 2 ? used.find((each) => each !== level) : level);
  return {
    practice: false,
    operating_model: model?.operating_model ?? "you-build-it",
    speed: model?.speed ?? 15,
    minutes: model?.practice === false ? model.minutes : 20,
    updates: model?.practice === false ? model.updates : UPDATES,
    teams: teams.map(({ number }) => {
      const met = plan.map((round) => ofTeam(round, number)?.scenario);
      const fresh = scenarios.find(({ name, control }) => !control && !met.includes(name)) ?? scenarios[0];
      return { team: number, scenario: fresh?.name, level: other(ofTeam(model ?? { teams: [] }, number)?.level) ?? levels[0] };
    }),
  };
}

/** The guide's shorter plans, by their total minutes. Without practice, people who have never seen the pages learn them in the round. */
const SHORT = {
  20: { practice: null, minutes: 9, speed: 30, text: "One round of 9 minutes at speed 30, without practice" },
  45: { practice: 4, minutes: 15, speed: 15, text: "A practice of 4 minutes and one round of 15" },
};
const SHORT_LEVELS = ["logs", "changes"];

/**
 * Makes one of the guide's plans from the rounds still to come: one round with the same incident for all teams, poor and rich levels in turn.
 * Returns the rounds to change, the numbers of the rounds to remove, and a sentence about the plan.
 * @param {NamedRound[]} plan
 */
export function shortPlan(plan, total) {
  const { practice: minutes, text, ...scored } = SHORT[total];
  const toCome = plan.filter(({ state }) => state === "next" || state === "later");
  const [first, ...others] = measuredOf(toCome);
  const practice = toCome.find((round) => round.practice);
  const { scenario } = first?.teams[0] ?? {};
  const changed = [];
  if (practice && minutes) changed.push({ ...practice, minutes });
  if (practice && !minutes) others.push(practice);
  if (first) changed.push({ ...first, ...scored, teams: first.teams.map((part, index) => ({ ...part, scenario, level: SHORT_LEVELS[index % 2] })) });
  const what = minutes && !practice ? `One round of ${scored.minutes} minutes, and no practice, because the plan has no practice round left` : text;
  const removed = others.map(({ number }) => number).toSorted((one, other) => other - one);
  return { changed, removed, text: `${what}: the same incident for all teams, logs and changes in turn. The other remaining rounds are removed.` };
}
