//! The session report: one value for each team and round, and what is computed about it.

use std::{array::from_fn, collections::BTreeMap, sync::Arc};

use experiment::attribution::{ALL, COALITIONS, Game, PLAYERS, bit, smallest_repairs};
use incident::{ContributingFactor, IncidentRecord};
use report::session::{
    Combinations, Computed, Hypothesis, Incident, Mark, Pending, Played, SessionReport, TeamRound,
};
use world::{
    hands::truth,
    play::VIEWS_PER_SECOND,
    scenario::{Scenario, ScenarioError, Symptom, draw, scenario},
};

use super::{
    facts,
    jobs::{Job, Replay},
    lessons::lessons,
    results::Results,
    state::View,
};
use crate::{
    rounds::QUESTION,
    session::{Phase, Played as TeamPlayed, Session, Team},
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

/// The session without anything that has to be computed: every round of every team that has a record, teams in order, then rounds.
///
/// # Errors
///
/// When a scenario is not known any longer.
pub fn recorded(session: &Session, records: &Records) -> Result<SessionReport, ScenarioError> {
    let mut report = SessionReport {
        is_open: session.phase == Phase::Debrief,
        teams: session.teams.iter().map(|team| (team.number, team.name.clone())).collect(),
        ..SessionReport::default()
    };
    report.marks.extend(session.marks.iter().map(|mark| Mark {
        round: mark.round,
        time: mark.story.clone(),
        text: mark.text.clone(),
    }));
    for team in &session.teams {
        for played in &team.played {
            let Some(kept) = records.get(&(team.number, played.round)) else { continue };
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
    let scenario = scenario(&assigned.scenario)?;
    let drawn = draw(&scenario, assigned.seed);
    let truth = truth(&scenario, &drawn);
    let hypothesis = |one: &crate::session::Hypothesis| Hypothesis {
        time: one.story.clone(),
        text: one.text.clone(),
        is_struck: one.struck,
    };
    let repair = played.repair.as_deref();
    let with_asset = |sequence: &Vec<_>| {
        diagnosis::remedies::with_asset(sequence, drawn.published.as_deref())
            .unwrap_or_else(|| sequence.clone())
    };
    Ok(Some(TeamRound {
        team: team.number,
        name: team.name.clone(),
        number: played.round,
        is_practice: planned.practice,
        operating_model: planned.operating_model,
        level: assigned.level,
        level_at_the_end: played.level,
        facts: facts::claimed(&truth, played, &kept.record, drawn.begun_story_s),
        mistaken: facts::mistaken(&truth, &played.claims),
        is_changed: facts::is_changed(&truth, played, kept.played.outcome.explanation_score),
        guess: facts::guess(&truth, played),
        hypotheses: played.hypotheses.iter().map(hypothesis).collect(),
        question: played.asked.then(|| QUESTION.to_owned()),
        answer: played.answer.clone(),
        looks: played.looked(),
        hints: played.hints,
        repair: ContributingFactor::LATENT_FAULTS.into_iter().find(|fault| Some(fault.name()) == repair),
        computed: None,
        incident: Incident {
            scenario: assigned.scenario.clone(),
            seed: assigned.seed,
            title: scenario.title.clone(),
            description: scenario.description.clone(),
            customers: customers(&scenario).to_owned(),
            begun_s: drawn.begun_story_s,
            restored_by: scenario.remedies.right.iter().map(with_asset).collect(),
            lessons: lessons(&truth.factors),
        },
        played: kept.played.clone(),
    }))
}

fn customers(scenario: &Scenario) -> &'static str {
    match scenario.symptom {
        Symptom::Nothing => "They notice nothing.",
        Symptom::SomeVisits => "Some of their visits fail.",
        Symptom::EveryPage => "Nearly every visit to every kind of page fails.",
    }
}

/// Asks for what is computed about the rounds that a page shows in full, the most urgent first.
pub fn compute(report: &mut SessionReport, view: View, results: &mut Results<'_>) {
    report.shows_combinations |= view.anyway;
    let shows_combinations = view.is_desk && report.shows_combinations;
    let is_shown =
        |round: &&mut TeamRound| !round.is_practice && view.team.is_none_or(|team| team == round.team);
    let mut shown: Vec<&mut TeamRound> = report.rounds.iter_mut().filter(is_shown).collect();
    shown.sort_by_key(|round| round.number);
    let knowable: Vec<_> = shown.iter().map(|round| results.knowable(recording(round))).collect();
    let replays: Vec<_> = shown.iter().map(|round| replays(round, results)).collect();
    let combinations = shown.iter().map(|round| {
        let is_shown = view.team.is_some() && (round.repair.is_some() || shows_combinations);
        is_shown.then(|| combinations(round, results))
    });
    let combinations: Vec<_> = combinations.collect();
    let parts = knowable.into_iter().zip(replays).zip(combinations);
    for (round, ((knowable, replays), combinations)) in shown.into_iter().zip(parts) {
        round.computed = Some(Computed {
            knowable: knowable.map(|knowable| knowable.as_ref().clone()),
            replays,
            combinations,
            model: results.played(model(round)).map(|played| played.as_ref().clone()),
        });
    }
    report.progress = results.progress();
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

/// The same again, with the team's own remedies at their own times, and only these latent faults present: one bit for each.
fn replay(round: &TeamRound, present: usize) -> Job {
    let Incident { scenario, seed, .. } = &round.incident;
    let (speed, ends_s) = (round.played.run.speed, round.played.visits.watched.1);
    Job::Replay(Replay::new((scenario, *seed), &round.played.remedies(), present, (speed, ends_s)))
}

/// The replays as it was and with the chosen repair.
fn replays(round: &TeamRound, results: &mut Results<'_>) -> Option<Pending<[Played; 2]>> {
    let repair = round.repair?;
    let player = ContributingFactor::LATENT_FAULTS.iter().position(|fault| *fault == repair)?;
    let [before, after] = [ALL, ALL & !bit(player)].map(|present| results.played(replay(round, present)));
    let before = match before {
        Pending::Ready(before) => before,
        Pending::Computing => return Some(Pending::Computing),
        Pending::Closed => return Some(Pending::Closed),
        Pending::Failed(why) => return Some(Pending::Failed(why)),
    };
    Some(after.map(|after| [before, after].map(|played| played.as_ref().clone())))
}

fn combinations(round: &TeamRound, results: &mut Results<'_>) -> Pending<Combinations> {
    // As it was first: it is waited for soonest.
    let mut all: Vec<_> =
        (0..COALITIONS).rev().map(|present| results.played(replay(round, present))).collect();
    all.reverse();
    if let Some(failed) =
        all.iter().find_map(|one| if let Pending::Failed(why) = one { Some(why) } else { None })
    {
        return Pending::Failed(failed.clone());
    }
    if all.contains(&Pending::Closed) {
        return Pending::Closed;
    }
    let ready: Vec<Arc<Played>> = all
        .into_iter()
        .filter_map(|one| if let Pending::Ready(played) = one { Some(played) } else { None })
        .collect();
    if ready.len() < COALITIONS {
        return Pending::Computing;
    }
    let ready: [&Played; COALITIONS] = from_fn(|present| ready[present].as_ref());
    Pending::Ready(combined(&ready))
}

/// What the replays of all combinations say together, by their number: one bit for each fault that is present.
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
        shares: game.shares().map(|shares| shares.into_iter().zip(game.shapley()).collect()),
        whole_usd: game.whole(),
        smallest_sets: smallest_repairs(|present| !is_lost(present)).into_iter().map(faults).collect(),
        views_per_second: VIEWS_PER_SECOND,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debrief::{sample::Sample, workers::ReplayWorkers};

    /// The sample session as the crate `debrief` reads it in its tests.
    const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../debrief/tests/session.json");

    #[test]
    fn a_session_is_handed_over_as_one_value_that_can_be_written_down() {
        let mut report = Sample::new().report();
        // The lines of the services' sources move.
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
    fn nothing_is_computed_before_the_answers_are_open() {
        let (mut report, workers) = (Sample::new().report(), ReplayWorkers::default());
        let mut results = Results::new(&workers, false);
        compute(&mut report, View { team: Some(1), is_desk: false, anyway: false }, &mut results);
        assert!(results.jobs().is_empty());
        let computed: Vec<bool> = report.rounds.iter().map(|round| round.computed.is_some()).collect();
        assert_eq!(computed, [false, true, false, false], "practice, and the other team");
        assert_eq!(report.rounds[1].computed.as_ref().unwrap().knowable, Pending::Closed);
    }
}
