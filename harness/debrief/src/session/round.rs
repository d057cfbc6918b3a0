//! One team's round with both of its clocks.

use std::ops::Deref;

use report::session::{Incident, SessionReport, TeamRound};

use super::clocks::{Clocks, minutes};
use crate::figures::time;

/// A round, and the minutes that people sat there.
#[derive(Debug)]
pub(super) struct Round<'a> {
    round: &'a TeamRound,
    pub(super) clocks: Clocks,
}

/// How a round ended in which availability was lost and not restored in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Lost,
    /// Back, for fewer seconds than count as restored.
    BackFor(u32),
    /// Back after the story had ended.
    BackTooLate,
}

impl Deref for Round<'_> {
    type Target = TeamRound;

    fn deref(&self) -> &TeamRound {
        self.round
    }
}

impl<'a> Round<'a> {
    pub(super) fn of(round: &'a TeamRound) -> Self {
        Self { round, clocks: Clocks::of(&round.played.events) }
    }

    pub(super) fn all(session: &'a SessionReport) -> Vec<Self> {
        session.rounds.iter().map(Self::of).collect()
    }

    /// Among the rounds of one incident.
    pub(super) fn label(&self) -> String {
        format!("{}: {}", self.level, self.name)
    }

    pub(super) fn full_name(&self) -> String {
        let round = if self.is_practice { "practice".to_owned() } else { format!("round {}", self.number) };
        format!("{}: {}, {round}", self.level, self.name)
    }

    /// Until when anybody watched, in story seconds.
    pub(super) fn ends_s(&self) -> f64 {
        self.played.visits.watched.1
    }

    /// How it ended, if availability was lost and not restored in time.
    pub(super) fn unrestored(&self) -> Option<End> {
        self.played.outcome.lost_s?;
        if self.played.outcome.restored_s.is_some() {
            return None;
        }
        Some(match self.played.without_failure_at_the_end_s {
            None => End::Lost,
            Some(seconds) if seconds < self.played.run.rules.hold_s => End::BackFor(seconds),
            Some(_) => End::BackTooLate,
        })
    }

    /// Seconds that people had sat there at a second of the story, counted from the loss.
    pub(super) fn wall_after_loss_s(&self, story_s: f64) -> Option<f64> {
        Some(self.clocks.wall_s(story_s) - self.clocks.wall_s(self.played.outcome.lost_s?))
    }

    /// People's minutes at a second of the story, with the story's time: `6.7 min (09:25)`.
    pub(super) fn both_times(&self, story_s: f64) -> String {
        format!("{} ({})", minutes(self.clocks.wall_s(story_s)), time(story_s))
    }

    /// Whether another team had the identical incident.
    pub(super) fn is_same_incident(&self, other: &Self) -> bool {
        is_same(&self.incident, &other.incident) && self.team != other.team && !other.is_practice
    }
}

pub(super) fn is_same(one: &Incident, other: &Incident) -> bool {
    (&one.scenario, one.seed) == (&other.scenario, other.seed)
}
