//! One team's round, with everything that the debrief says of it. Teaches that a page is made of the session and the record alone.

use std::{collections::BTreeMap, sync::Arc};

use debrief::incident::morning::Morning;
use diagnosis::Answer;
use incident::{EventKind, IncidentRecord, Level, Outcome, Remedy, Timeline, outcome};
use world::{
    hands::truth,
    scenario::{Drawn, Scenario, ScenarioError, draw, scenario},
};

use super::{
    clocks::Clocks,
    job::{Job, Replay},
};
use crate::session::{Played, Round, Session, Team};

/// What a session's rounds left, by team and round.
pub type Records = BTreeMap<(u32, usize), Arc<Kept>>;

/// A record, and what is reckoned from it once.
#[derive(Debug)]
pub struct Kept {
    /// The record.
    pub record: IncidentRecord,
    /// The figures that follow from it.
    pub outcome: Outcome,
    /// Both clocks.
    pub clocks: Clocks,
    /// What customers met.
    pub morning: Morning,
    /// For how many seconds no visit had failed when the round ended; none if some had just now.
    pub without_failure_at_the_end_s: Option<u32>,
}

impl Kept {
    /// Reckons.
    pub fn of(record: IncidentRecord) -> Self {
        let (outcome, clocks, morning) = (outcome(&record), Clocks::of(&record), Morning::of(&record));
        let without_failure_at_the_end_s =
            Timeline::new(&record.availability).without_failure_at_the_end_s(&record.run.rules);
        Self { record, outcome, clocks, morning, without_failure_at_the_end_s }
    }
}

/// One team's round.
#[derive(Debug)]
pub struct Lived<'a> {
    /// The team.
    pub team: &'a Team,
    /// What it did.
    pub played: &'a Played,
    /// The round.
    pub round: &'a Round,
    /// The telemetry level at the beginning.
    pub level: Level,
    /// Its incident.
    pub incident: Incident,
    /// The record.
    pub record: &'a IncidentRecord,
    /// The expected answer.
    pub truth: Answer,
    /// What the seed made of the scenario.
    pub drawn: Drawn,
    /// The scenario.
    pub scenario: Scenario,
    /// The figures that follow from the record.
    pub outcome: &'a Outcome,
    /// Both clocks.
    pub clocks: &'a Clocks,
    /// What customers met.
    pub morning: &'a Morning,
    without_failure_at_the_end_s: Option<u32>,
}

/// How a round stood at its end that had lost availability and did not restore it in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Still lost.
    Lost,
    /// Back, for fewer seconds than count as restored.
    BackFor(u32),
    /// Back, after the story had ended.
    BackTooLate,
}

/// What was played: teams with the same had the identical incident.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Incident {
    /// The scenario, as the plan names it.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
}

impl<'a> Lived<'a> {
    /// Every round of every team that has a record, teams in order, then rounds.
    ///
    /// # Errors
    ///
    /// When a scenario is not known any longer.
    pub fn all(session: &'a Session, records: &'a Records) -> Result<Vec<Self>, ScenarioError> {
        let mut all = Vec::new();
        for team in &session.teams {
            let place = usize::try_from(team.number).unwrap_or_default().saturating_sub(1);
            for played in &team.played {
                let round = session.plan.get(played.round);
                let assigned = round.and_then(|round| Some((round, round.assigned.get(place)?)));
                let kept = records.get(&(team.number, played.round));
                let (Some((round, assigned)), Some(kept)) = (assigned, kept) else { continue };
                let incident = Incident { scenario: assigned.scenario.clone(), seed: assigned.seed };
                all.push(Self::of(team, played, round, (assigned.level, incident), kept)?);
            }
        }
        Ok(all)
    }

    fn of(
        team: &'a Team,
        played: &'a Played,
        round: &'a Round,
        (level, incident): (Level, Incident),
        kept: &'a Kept,
    ) -> Result<Self, ScenarioError> {
        let scenario = scenario(&incident.scenario)?;
        let drawn = draw(&scenario, incident.seed);
        let Kept { record, outcome, clocks, morning, without_failure_at_the_end_s } = kept;
        Ok(Self {
            team,
            played,
            round,
            level,
            record,
            truth: truth(&scenario, &drawn),
            outcome,
            clocks,
            morning,
            without_failure_at_the_end_s: *without_failure_at_the_end_s,
            incident,
            drawn,
            scenario,
        })
    }

    /// The round as people count: the first scored one is 1, as the practice round is 0.
    pub fn number(&self) -> usize {
        self.played.round
    }

    /// Until when anybody watched, in story seconds.
    pub fn ends_s(&self) -> f64 {
        self.morning.watched.1
    }

    /// How it stood at the end, if availability was lost and not restored in time.
    pub fn unrestored(&self) -> Option<End> {
        self.outcome.lost_s?;
        if self.outcome.restored_s.is_some() {
            return None;
        }
        Some(match self.without_failure_at_the_end_s {
            None => End::Lost,
            Some(seconds) if seconds < self.record.run.rules.hold_s => End::BackFor(seconds),
            Some(_) => End::BackTooLate,
        })
    }

    /// Seconds that people had sat there at a second of the story, counted from the loss.
    pub fn wall_after_loss_s(&self, story_s: f64) -> Option<f64> {
        Some(self.clocks.wall_s(story_s) - self.clocks.wall_s(self.outcome.lost_s?))
    }

    /// The remedies that were used, and when in story seconds.
    pub fn remedies(&self) -> Vec<(f64, Remedy)> {
        let used = self.record.events.iter().filter_map(|event| match &event.kind {
            EventKind::Remedy(remedy) => Some((event.story_s, remedy.clone())),
            _ => None,
        });
        used.collect()
    }

    /// Whether the answer is right; none if there is none.
    pub fn is_right(&self) -> Option<bool> {
        self.outcome.explanation_score.map(|score| score >= self.record.run.rules.explanation_right_from)
    }

    /// The incident on tape.
    pub fn tape(&self) -> Job {
        Job::Tape { scenario: self.incident.scenario.clone(), seed: self.incident.seed }
    }

    /// The model responder's way from the same start.
    pub fn model(&self) -> Job {
        Job::Model {
            scenario: self.incident.scenario.clone(),
            seed: self.incident.seed,
            level: self.level,
            model: self.round.operating_model,
        }
    }

    /// The same again, with the team's own remedies at their own times, and only these latent faults present.
    pub fn replay(&self, present: usize) -> Job {
        Job::Replay(Replay::new(
            (&self.incident.scenario, self.incident.seed),
            &self.remedies(),
            present,
            (self.record.run.speed, self.ends_s()),
        ))
    }
}
