//! What a program may spend on an incident, and what it did. Teaches that a result belongs to its budget: who may look at everything finds
//! everything.

use std::num::NonZeroU32;

use diagnosis::Answer;
use incident::Level;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::tools::Finish;

/// Calls that a program has unless told otherwise: the model responder takes some ten looks, and a model that reads logs asks more.
pub const CALLS: NonZeroU32 = NonZeroU32::new(200).expect("two hundred is not zero");

/// Story minutes that it has unless told otherwise: as long as the story's own incident lasted.
pub const MINUTES: NonZeroU32 = NonZeroU32::new(300).expect("three hundred is not zero");

/// The terms on which a program responds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub level: Level,
    pub calls: NonZeroU32,
    pub minutes: NonZeroU32,
    pub charge: Charge,
}

/// What moves the story's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charge {
    /// Each call, by the table of costs; thinking takes no time.
    Calls,
    /// The wall clock: the shop catches up before each call, and looks take no more. Remedies and waiting take their time.
    Wall,
}

/// How a program's work came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    Finished,
    /// It went away before it had finished.
    Vanished,
    /// It called nothing for longer than [`SILENT_MAX`](crate::program::SILENT_MAX).
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
    /// When it was called, in story seconds; none if nobody was.
    pub called_s: Option<f64>,
    pub calls: u32,
    /// Looks that took time: checks and questions to the evidence.
    pub looks: u32,
    /// Sequences of remedies.
    pub tried: u32,
    pub located_s: Option<f64>,
    pub given: Option<Given>,
    /// Which budget was used up.
    pub used_up: Option<&'static str>,
    pub cost: Finish,
    pub ended: Option<Ended>,
}

impl Terms {
    /// What is usual, at a level.
    pub fn at(level: Level) -> Self {
        Self { level, calls: CALLS, minutes: MINUTES, charge: Charge::Calls }
    }

    /// Which budget is used up after so many calls and minutes.
    pub fn used_up(&self, calls: u32, minutes: f64) -> Option<&'static str> {
        if calls >= self.calls.get() {
            Some("calls")
        } else if minutes >= f64::from(self.minutes.get()) {
            Some("minutes")
        } else {
            None
        }
    }

    /// What is left, for every answer.
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
        let terms = Terms { calls: NonZeroU32::MIN, ..Terms::at(Level::Dark) };
        assert_eq!((terms.used_up(0, 0.0), terms.used_up(1, 0.0)), (None, Some("calls")));
        assert_eq!(terms.used_up(0, 300.0), Some("minutes"));
        assert_eq!(terms.left(3, 12.34), json!({ "calls": 0, "minutes": 287.7 }));
    }
}
