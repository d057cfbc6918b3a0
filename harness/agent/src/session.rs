//! A program's budget for an incident, and what it did. Teaches that a result belongs to its budget: a program that may look at everything
//! finds everything.

use std::num::NonZeroU32;

use diagnosis::Answer;
use incident::Level;
use serde_json::{Value, json};

use crate::tools::Finish;

/// The default budget of calls. The model responder takes some ten looks, and a model that reads logs asks more.
pub const CALLS: NonZeroU32 = NonZeroU32::new(200).expect("two hundred is not zero");

/// The default budget of story minutes: as many as the story's own incident lasted.
pub const MINUTES: NonZeroU32 = NonZeroU32::new(300).expect("three hundred is not zero");

/// The terms on which a program responds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub level: Level,
    pub calls: NonZeroU32,
    pub minutes: NonZeroU32,
    pub charge: Charge,
}

/// What moves the story clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// Each call, by the table of costs; thinking takes no time.
    Calls,
    /// The wall clock: the shop catches up before each call, and looks take no extra time. Remedies and waiting still take their time.
    Wall,
}

/// How a program's work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Finished,
    /// It went away before it had finished.
    Vanished,
    /// It made no call for longer than [`SILENT_MAX`](crate::program::SILENT_MAX).
    Silent,
    /// The story's day was over.
    DayOver,
}

/// An explanation that was handed in.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub answer: Answer,
    pub at_s: f64,
    pub confidence: f64,
    /// From 0 to 1.
    pub score: f64,
}

/// What a program did.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// When it was called, in story seconds; `None` if nobody was called.
    pub called_s: Option<f64>,
    pub calls: u32,
    /// Looks that took time: checks and queries to the evidence.
    pub looks: u32,
    /// The number of sequences of remedies that it used.
    pub tried: u32,
    pub located_s: Option<f64>,
    pub given: Option<Given>,
    /// The budget that was used up, if one was.
    pub used_up: Option<&'static str>,
    pub cost: Finish,
    pub ended: Option<Ended>,
}

impl Terms {
    /// The budget that is used up after this many calls and minutes, if one is.
    pub fn used_up(&self, calls: u32, minutes: f64) -> Option<&'static str> {
        if calls >= self.calls.get() {
            Some("calls")
        } else if minutes >= f64::from(self.minutes.get()) {
            Some("minutes")
        } else {
            None
        }
    }

    /// The budget that is left, as every answer reports it.
    pub fn left(&self, calls: u32, minutes: f64) -> Value {
        let minutes = (f64::from(self.minutes.get()) - minutes).max(0.0);
        json!({ "calls": self.calls.get().saturating_sub(calls), "minutes": (minutes * 10.0).round() / 10.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_used_up_by_calls_or_by_minutes() {
        let (level, calls, charge) = (Level::Dark, NonZeroU32::MIN, Charge::Calls);
        let terms = Terms { level, calls, minutes: MINUTES, charge };
        assert_eq!((terms.used_up(0, 0.0), terms.used_up(1, 0.0)), (None, Some("calls")));
        assert_eq!(terms.used_up(0, 300.0), Some("minutes"));
        assert_eq!(terms.left(3, 12.34), json!({ "calls": 0, "minutes": 287.7 }));
    }
}
