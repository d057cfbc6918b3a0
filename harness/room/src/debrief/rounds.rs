//! The session report: one value for each team and round, and the results of the replays about it.

use std::{array::from_fn, collections::BTreeMap, sync::Arc};

use experiment::attribution::{ALL, COALITIONS, Game, PLAYERS, bit, smallest_repairs};
use incident::{ContributingFactor, IncidentRecord, Remedy};
use report::session::{
    Combinations, Computed, FactClaimed, Incident, Knowable, KnownThen, Missing, Pending, Played, Question,
    SessionReport, TeamRound, Tried, Verdict,
};
use world::{
    play::VIEWS_PER_SECOND,
    scenario::{Scenario, ScenarioError, Symptom, draw},
};

use super::{
    facts,
    handovers::handovers,
    jobs::{Job, Replay},
    lessons::lessons,
    state::View,
    workers::{Results, progress},
};
use crate::{
    catalogue::truth_at,
    played::{LogLine, Played as TeamPlayed},
    rounds::QUESTION,
    session::{Phase, Session, Team},
};

#[derive(Debug)]
pub struct RecordKept {
    pub record: IncidentRecord,
    pub played: Played,
}

pub type Records = BTreeMap<(u32, usize), Arc<RecordKept>>;

impl RecordKept {
    pub fn of(record: IncidentRecord) -> Self {
        Self { played: Played::of(&record), record }
    }
}

/// The report without computed results: every round of every team that has a record, ordered by team, then by round.
///
/// # Errors
///
/// If a scenario no longer exists.
pub fn recorded(session: &Session, records: &Records) -> Result<SessionReport, ScenarioError> {
    let mut report = SessionReport {
        is_open: session.phase == Phase::Debrief,
        teams: session.teams.iter().map(|team| (team.number, team.name.clone())).collect(),
        marks: session.marks.clone(),
        feedback: session.feedback.clone(),
        ..SessionReport::default()
    };
    for team in &session.teams {
        for played in &team.played {
            let Some(kept) = records.get(&(team.number, played.round)) else { continue };
            if !played.is_attended() {
                let number = session.number_of(played.round);
                report.absent.push((team.number, team.name.clone(), number));
                continue;
            }
            report.rounds.extend(round(session, team, played, kept)?);
        }
    }
    let scored = || report.rounds.iter().filter(|round| !round.is_practice);
    report.shows_combinations = scored().all(|round| round.repair.is_some());
    Ok(report)
}

fn round(
    session: &Session,
    team: &Team,
    played: &TeamPlayed,
    kept: &RecordKept,
) -> Result<Option<TeamRound>, ScenarioError> {
    let place = usize::try_from(team.number).unwrap_or_default().saturating_sub(1);
    let planned = session.plan.get(played.round);
    let Some((planned, assigned)) = planned.and_then(|round| Some((round, round.assigned.get(place)?)))
    else {
        return Ok(None);
    };
    let scenario = assigned.scenario()?;
    let drawn = draw(&scenario, assigned.seed);
    let truth = truth_at(assigned.level, &scenario, &drawn);
    let repair = played.repair.as_deref();
    let with_asset = |sequence: &Vec<_>| {
        diagnosis::remedies::with_asset(sequence, drawn.published.as_deref())
            .unwrap_or_else(|| sequence.clone())
    };
    let restored_by: Vec<Vec<Remedy>> = scenario.remedies.right.iter().map(with_asset).collect();
    let tried = tried(played, &kept.played, &restored_by);
    let since_s = kept.played.outcome.lost_s.unwrap_or(f64::INFINITY);
    let is_wrong = |tried: &&Tried| tried.verdict == Verdict::Wrong && tried.what.begun_story_s >= since_s;
    Ok(Some(TeamRound {
        points: played.points.clone(),
        people: played.people,
        help: played.log.iter().filter_map(LogLine::help).collect(),
        wrong_remedies: tried.iter().filter(is_wrong).count(),
        tried,
        questions: played.questions.iter().map(|one| asked(one, played)).collect(),
        commands: played.commands.clone(),
        proposals: played.proposals.clone(),
        argued: played.argued.clone(),
        repair_expected: played.repair_expected.clone(),
        team: team.number,
        name: team.name.clone(),
        number: session.number_of(played.round),
        place: played.round,
        is_practice: planned.practice,
        operating_model: planned.operating_model,
        level: assigned.level,
        level_at_the_end: played.level,
        facts: facts::claimed(&truth, played, &kept.record, drawn.begun_story_s),
        mistaken: facts::mistaken(&truth, &played.explanation(), played.level),
        is_changed: facts::is_changed(&truth, played, kept.played.outcome.explanation_score),
        guess: facts::guess(&truth, played),
        hypotheses: played.hypotheses.len(),
        question: played.asked.then(|| QUESTION.to_owned()),
        answer: played.answer.clone(),
        looks: played.looked(),
        hints: played.hints,
        handovers: handovers(played, |story| Some(kept.record.run.story.story_s(story.parse().ok()?))),
        repair: ContributingFactor::LATENT_FAULTS.into_iter().find(|fault| Some(fault.name()) == repair),
        computed: None,
        incident: Incident {
            scenario: assigned.scenario.clone(),
            seed: assigned.seed,
            title: scenario.title.clone(),
            description: scenario.description.clone(),
            customers: customers(&scenario).to_owned(),
            begun_s: drawn.begun_story_s,
            restored_by,
            lessons: lessons(&truth.factors),
        },
        played: kept.played.clone(),
    }))
}

/// A question, with the ids of what the team knew then replaced by words.
fn asked(question: &Question, played: &TeamPlayed) -> Question {
    let words = |ids: &Vec<String>| ids.iter().map(|id| played.words_of(id)).collect();
    let known = question.known.as_ref().map(|known| KnownThen {
        pins: words(&known.pins),
        hypotheses: words(&known.hypotheses),
        ..known.clone()
    });
    Question { known, ..question.clone() }
}

/// The verdict on each remedy. One that was needed but not sufficient is not wrong.
fn tried(played: &TeamPlayed, outcome: &Played, right: &[Vec<Remedy>]) -> Vec<Tried> {
    let all = &played.expectations;
    let remedies: Vec<Option<Remedy>> =
        all.iter().map(|one| one.done.is_some().then(|| one.remedy.clone())).collect();
    // Visits that still waited were served too, so the restoration may be dated up to a customer's patience before its remedy.
    let patience_s = f64::from(outcome.run.rules.customers_wait_s) * outcome.run.speed;
    let restored_s = outcome.outcome.restored_s.map(|at_s| at_s + patience_s);
    let is_before = |at_s: f64| restored_s.is_some_and(|restored_s| at_s <= restored_s);
    let is_since_loss = |at_s: f64| outcome.outcome.lost_s.is_some_and(|lost_s| at_s >= lost_s);
    let restoring = all
        .iter()
        .rposition(|one| one.done.is_some_and(|done| is_before(done.story_s) && is_since_loss(done.story_s)));
    let verdicts = verdicts(&remedies, restoring, right);
    all.iter().zip(verdicts).map(|(what, verdict)| Tried { what: what.clone(), verdict }).collect()
}

/// The verdict on each remedy, in order; `None` in `remedies` is one that was not carried out. If a remedy restored service, earlier ones count as
/// needed that precede it in a right sequence. If none did, remedies count as needed that begin a right sequence.
fn verdicts(remedies: &[Option<Remedy>], restoring: Option<usize>, right: &[Vec<Remedy>]) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = remedies
        .iter()
        .map(|remedy| if remedy.is_some() { Verdict::Wrong } else { Verdict::NotDone })
        .collect();
    let until = restoring.unwrap_or(remedies.len());
    for sequence in right {
        let last = restoring.and_then(|place| remedies[place].as_ref());
        if last.is_some_and(|last| sequence.last() != Some(last)) {
            continue;
        }
        let mut from = 0;
        for (step, wanted) in sequence.iter().enumerate().take(sequence.len().saturating_sub(1)) {
            let found = remedies[from..until].iter().position(|remedy| remedy.as_ref() == Some(wanted));
            let Some(found) = found.map(|found| found + from) else { break };
            verdicts[found] = Verdict::NeededWith(sequence[step + 1..].to_vec());
            from = found + 1;
        }
    }
    if let Some(place) = restoring {
        verdicts[place] = Verdict::Restored;
    }
    verdicts
}

fn customers(scenario: &Scenario) -> &'static str {
    match scenario.symptom {
        Symptom::Nothing => "They notice nothing.",
        Symptom::SomeVisits => "Some of their visits fail.",
        Symptom::EveryPage => "Nearly every visit to every kind of page fails.",
    }
}

/// Asks for the jobs about the rounds that a page shows in full, the most urgent first.
pub fn compute(report: &mut SessionReport, view: View, results: &mut Results<'_>) {
    report.shows_combinations |= view.anyway;
    // Combinations show what every repair brings. So a team sees them only once no team still has to choose a repair for the same incident.
    let unspent: Vec<Incident> = report
        .rounds
        .iter()
        .filter(|round| !round.is_practice && round.repair.is_none())
        .map(|round| round.incident.clone())
        .collect();
    let is_open_choice = |incident: &Incident| {
        unspent.iter().any(|other| (&other.scenario, other.seed) == (&incident.scenario, incident.seed))
    };
    let shows_anyway = view.is_desk && view.anyway;
    let is_shown =
        |round: &&mut TeamRound| !round.is_practice && view.team.is_none_or(|team| team == round.team);
    let mut shown: Vec<&mut TeamRound> = report.rounds.iter_mut().filter(is_shown).collect();
    shown.sort_by_key(|round| round.number);
    let knowable: Vec<_> = shown.iter().map(|round| results.knowable(recording(round))).collect();
    let replays: Vec<_> = shown.iter().map(|round| replays(round, results)).collect();
    let combinations = shown.iter().map(|round| {
        let is_shown = view.team.is_some() && (shows_anyway || !is_open_choice(&round.incident));
        is_shown.then(|| combinations(round, results))
    });
    let combinations: Vec<_> = combinations.collect();
    let parts = knowable.into_iter().zip(replays).zip(combinations);
    for (round, ((knowable, replays), combinations)) in shown.into_iter().zip(parts) {
        round.computed = Some(Computed {
            knowable: knowable.map(|knowable| about(&round.facts, &knowable)),
            replays,
            combinations,
            model: results.played(model(round)),
        });
    }
    report.progress = progress(&results.asked);
}

/// Keeps only the facts of one team: at the richest level, inadequate telemetry is not among them.
fn about(facts: &[FactClaimed], knowable: &Knowable) -> Knowable {
    let place = |fact: &FactClaimed| knowable.of.iter().position(|known| *known == fact.fact);
    let places: Vec<usize> = facts.iter().filter_map(place).collect();
    Knowable {
        of: places.iter().map(|place| knowable.of[*place].clone()).collect(),
        facts: places.iter().map(|place| knowable.facts[*place].clone()).collect(),
        ..knowable.clone()
    }
}

fn recording(round: &TeamRound) -> Job {
    Job::Record { scenario: round.incident.scenario.clone(), seed: round.incident.seed }
}

/// The model responder's attempt from the same start.
fn model(round: &TeamRound) -> Job {
    let Incident { scenario, seed, .. } = &round.incident;
    let (level, model) = (round.level, round.operating_model);
    Job::Model { scenario: scenario.clone(), seed: *seed, level, model }
}

/// Replays a round with the team's own remedies at their own times, and only these latent faults present: one bit for each.
fn replay(round: &TeamRound, present: usize) -> Job {
    let Incident { scenario, seed, .. } = &round.incident;
    let (speed, ends_s) = (round.played.run.speed, round.played.visits.watched.1);
    Job::Replay(Replay::new((scenario, *seed), &round.played.remedies(), present, (speed, ends_s)))
}

/// The replay of the round as it was, and the replay with the chosen repair.
fn replays(round: &TeamRound, results: &mut Results<'_>) -> Option<Pending<[Played; 2]>> {
    let repair = round.repair?;
    let player = ContributingFactor::LATENT_FAULTS.iter().position(|fault| *fault == repair)?;
    let both = [ALL, ALL & !bit(player)].map(|present| results.played(replay(round, present)));
    let [before, after] = both;
    Some(before.and_then(|before| Ok([before, after?])))
}

fn combinations(round: &TeamRound, results: &mut Results<'_>) -> Pending<Combinations> {
    // The round as it was comes first, because pages need it soonest.
    let mut all: Vec<_> =
        (0..COALITIONS).rev().map(|present| results.played(replay(round, present))).collect();
    all.reverse();
    if let Some(Err(failed)) = all.iter().find(|one| matches!(one, Err(Missing::Failed(_)))) {
        return Err(failed.clone());
    }
    let ready = all.into_iter().collect::<Pending<Vec<Played>>>()?;
    Ok(combined(&from_fn(|present| &ready[present])))
}

/// Evaluates the replays of all combinations of latent faults. A replay's index has one bit for each fault that is present.
pub fn combined(replays: &[&Played; COALITIONS]) -> Combinations {
    let losses = replays.map(Played::loss_usd);
    let is_lost = |present: usize| replays[present].outcome.lost_s.is_some();
    let game = Game::new(losses);
    let faults = |repaired: usize| {
        let is_repaired = |player: &usize| repaired & bit(*player) != 0;
        let faults = (0..PLAYERS).filter(is_repaired).map(|player| ContributingFactor::LATENT_FAULTS[player]);
        faults.collect()
    };
    Combinations {
        losses_usd: losses.into(),
        lost: (0..COALITIONS).map(is_lost).collect(),
        shares: game.shares().map(|shares| {
            let measured = shares.into_iter().zip(game.shapley()).zip(ContributingFactor::LATENT_FAULTS);
            measured
                .map(|(share, fault)| (fault != ContributingFactor::InadequateTelemetry).then_some(share))
                .collect()
        }),
        whole_usd: game.whole(),
        smallest_sets: smallest_repairs(|present| !is_lost(present)).into_iter().map(faults).collect(),
        views_per_second: VIEWS_PER_SECOND,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        debrief::{sample::Sample, workers::ReplayWorkers},
        played::Moment,
        views::round_view,
    };
    use incident::Level;
    use report::{compare::TeamSession, session::HelpKind};

    /// The sample session as the crate `debrief` reads it in its tests.
    const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../debrief/tests/session.json");

    #[test]
    fn a_session_is_handed_over_as_one_value_that_can_be_written_down() {
        let mut report = Sample::new().report();
        // Line numbers in the services' sources change.
        report.rounds.iter_mut().for_each(|round| round.incident.lessons.clear());
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<SessionReport>(&text).unwrap(), report);
        let kept = std::fs::read_to_string(FIXTURE).unwrap_or_default();
        if serde_json::from_str::<SessionReport>(&kept).ok().as_ref() != Some(&report) {
            let fresh = std::env::temp_dir().join("session.json");
            std::fs::write(&fresh, text + "\n").unwrap();
            panic!("the debrief's tests read another sample session: copy {} to {FIXTURE}", fresh.display());
        }
    }

    #[test]
    fn what_was_needed_and_not_enough_is_not_wrong() {
        let (roll_back, restart) = (
            Remedy::RollBack { asset: "promo-banner".into() },
            Remedy::Restart { service: incident::Service::Cache },
        );
        let right = [vec![roll_back.clone(), restart.clone()]];
        let check = |tried: &[&Remedy], restoring: Option<usize>, expected: &[Verdict]| {
            let tried: Vec<Option<Remedy>> = tried.iter().map(|remedy| Some((*remedy).clone())).collect();
            assert_eq!(verdicts(&tried, restoring, &right), expected, "{tried:?}");
        };
        let needed = Verdict::NeededWith(vec![restart.clone()]);
        let flush = Remedy::FlushCache;
        check(&[&roll_back, &restart], Some(1), &[needed.clone(), Verdict::Restored]);
        check(&[&roll_back, &flush, &restart], Some(2), &[needed.clone(), Verdict::Wrong, Verdict::Restored]);
        // In the other order the restart had no effect, and the roll-back still needs one.
        check(&[&restart, &roll_back], None, &[Verdict::Wrong, needed]);
        assert_eq!(verdicts(&[None], None, &right), [Verdict::NotDone]);
    }

    #[test]
    fn a_replay_says_nothing_of_poor_telemetry_and_nobody_sees_sixteen_while_others_choose() {
        let sample = Sample::new();
        let kept: Vec<&Played> = sample.records.values().map(|kept| &kept.played).collect();
        let shares = combined(&from_fn(|_| kept[0])).shares;
        assert!(shares.is_none_or(|shares| shares[3].is_none() && shares[..3].iter().all(Option::is_some)));
        let shown = |spent: [bool; 2]| {
            let mut report = Sample::new().report();
            for round in report.rounds.iter_mut().filter(|round| !round.is_practice) {
                let is_spent = spent[round.team as usize - 1];
                round.repair = is_spent.then_some(ContributingFactor::MissingHealthCheck);
            }
            let workers = ReplayWorkers::default();
            let view = View { team: Some(1), is_desk: false, anyway: false };
            compute(&mut report, view, &mut Results::new(&workers, false));
            report.rounds[1].computed.as_ref().unwrap().combinations.is_some()
        };
        assert_eq!([shown([false, false]), shown([true, false]), shown([true, true])], [false, false, true]);
    }

    #[test]
    fn a_team_that_nobody_attended_failed_at_nothing() {
        let mut sample = Sample::new();
        sample.session.teams[1].played.iter_mut().for_each(|played| {
            *played = TeamPlayed::new(played.round, played.level, incident::OperatingModel::YouBuildIt);
        });
        let report = sample.report();
        assert!(report.rounds.iter().all(|round| round.team == 1));
        assert_eq!(report.absent.len(), 2);
    }

    #[test]
    fn a_round_has_one_number_wherever_it_is_shown() {
        let check = |practice: [bool; 2], expected: [usize; 2]| {
            let mut sample = Sample::new();
            for (round, practice) in sample.session.plan.iter_mut().zip(practice) {
                round.practice = practice;
            }
            let rounds = sample.report().rounds;
            let of_one = rounds.iter().filter(|round| round.team == 1);
            let numbers: Vec<(usize, usize)> = of_one.map(|round| (round.place, round.number)).collect();
            assert_eq!(numbers, [(0, expected[0]), (1, expected[1])], "{practice:?}");
            for (place, number) in numbers {
                sample.session.current = Some(place);
                let view = round_view(&sample.session, None, Moment::default(), 0.0).unwrap();
                assert_eq!((view.number, view.place), (number, place), "{practice:?}");
            }
        };
        check([true, false], [0, 1]);
        check([false, false], [1, 2]);
        check([false, true], [1, 0]);
    }

    #[test]
    fn help_is_told_with_its_time() {
        let mut sample = Sample::new();
        let when = Moment { at_s: 200.0, story_s: 2_100.0 };
        let played = &mut sample.session.teams[0].played[1];
        (played.hints, played.level) = (1, Level::Changes);
        played.tell(when, "hint", "Look at the cache.", None);
        played.tell(when, "level", "From now on the shop tells more.", None);
        let round = sample.round(1, 1);
        let kinds: Vec<HelpKind> = round.help.iter().map(|help| help.kind).collect();
        assert_eq!(kinds, [HelpKind::Hint, HelpKind::Level]);
        assert!(round.is_helped() && round.help[0].story_s > 2_000.0);
        // A comparison beside a session goes by the same rule.
        let teams = TeamSession::of("a session".to_owned(), &sample.report()).rounds;
        let helped: Vec<bool> = teams.iter().map(|dot| dot.is_helped).collect();
        assert_eq!(helped, [true, false]);
    }

    #[test]
    fn nothing_is_computed_before_the_answers_are_open() {
        let (mut report, workers) = (Sample::new().report(), ReplayWorkers::default());
        let mut results = Results::new(&workers, false);
        compute(&mut report, View { team: Some(1), is_desk: false, anyway: false }, &mut results);
        assert!(results.asked.is_empty());
        let computed: Vec<bool> = report.rounds.iter().map(|round| round.computed.is_some()).collect();
        assert_eq!(computed, [false, true, false, false], "practice, and the other team");
        assert_eq!(report.rounds[1].computed.as_ref().unwrap().knowable, Err(Missing::Closed));
    }
}
