//! One team's round with both of its clocks.

use std::ops::Deref;

use report::session::{SessionReport, TeamRound};

use super::clocks::{Clocks, minutes};
use crate::figures::time;

/// A round, with the clocks that convert its story time to people's minutes.
#[derive(Debug)]
pub(super) struct Round<'a> {
    round: &'a TeamRound,
    pub(super) clocks: Clocks,
}

/// A round by its number: `round 1`; a practice round has none.
pub(super) fn named(number: usize) -> String {
    if number == 0 { "practice".to_owned() } else { format!("round {number}") }
}

/// How a round ended if availability was lost and not restored in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Lost,
    /// Available again, but for fewer seconds than count as restored.
    BackFor(u32),
    /// Available again only after the story had ended.
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

    /// The round's name among the rounds of one incident.
    pub(super) fn label(&self) -> String {
        format!("{}: {}", self.level, self.name)
    }

    pub(super) fn full_name(&self) -> String {
        format!("{}: {}, {}", self.level, self.name, named(self.number))
    }

    /// The end of the watch, in story seconds.
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

    /// The wall-clock seconds between two seconds of the story.
    pub(super) fn wall_between_s(&self, from_s: f64, to_s: f64) -> f64 {
        self.clocks.wall_s(to_s) - self.clocks.wall_s(from_s)
    }

    /// The wall-clock time between two seconds of the story, in words: `6.7 min`.
    pub(super) fn minutes_between(&self, from_s: f64, to_s: f64) -> String {
        minutes(self.wall_between_s(from_s, to_s))
    }

    /// People's minutes at a second of the story.
    pub(super) fn minutes_at(&self, story_s: f64) -> String {
        minutes(self.clocks.wall_s(story_s))
    }

    /// People's minutes with the story's time: `6.7 min (09:25)`.
    pub(super) fn both_times(&self, story_s: f64) -> String {
        format!("{} ({})", self.minutes_at(story_s), time(story_s))
    }

    /// Whether both rounds had the identical incident: the same scenario and seed.
    pub(super) fn is_same_incident(&self, other: &Self) -> bool {
        (&self.incident.scenario, self.incident.seed) == (&other.incident.scenario, other.incident.seed)
    }
}
