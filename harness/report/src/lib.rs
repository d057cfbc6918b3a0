//! The results of experiments and sessions, as plain values. Experiments and the room fill them, `debrief` draws them, and their JSON
//! is these types written down.
//!
//! - [`chain`]: the sixteen combinations of the latent faults.
//! - [`compare`]: the same incidents at every telemetry level.
//! - [`board`]: programs side by side on the same incidents.
//! - [`session`]: a room's session, one value for each team and round.
//! - [`year`]: a year of changes and incidents for many teams.
//! - [`visits`]: what customers met, in spans that a plot can show.

pub mod chain;
pub mod compare;
pub mod board;
pub mod session;
pub mod year;
pub mod visits;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// An interval, as every report writes it: `[low, high]`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(from = "[f64; 2]", into = "[f64; 2]")]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// On which side of zero it lies. `Equal` if it contains zero: then no difference is shown.
    pub fn side(self) -> Ordering {
        if self.high < 0.0 {
            Ordering::Less
        } else if self.low > 0.0 {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }
}

impl From<Interval> for [f64; 2] {
    fn from(Interval { low, high }: Interval) -> Self {
        [low, high]
    }
}

impl From<[f64; 2]> for Interval {
    fn from([low, high]: [f64; 2]) -> Self {
        Self { low, high }
    }
}
