//! Programs side by side on the same incidents, made of the reports of several comparisons.

use incident::Level;
use serde::{Deserialize, Serialize};

use crate::Interval;

/// A leaderboard, level by level. Only incidents that everybody met are in it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Board {
    pub version: String,
    /// The hash of the list of checks, the same in all reports.
    pub checks_hash: String,
    /// The reports that it was made of.
    pub files: Vec<String>,
    /// Incidents that everybody met, at whatever level.
    pub incidents: usize,
    /// Incidents that somebody did not meet, and that are left out.
    pub left_out: usize,
    pub rows: Vec<BoardRow>,
}

/// One program, or the model responder, at one level. Times are seconds of the story from the loss; what was never reached counts as
/// reached after five hours.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct BoardRow {
    pub level: Level,
    /// The command, or the model responder's name.
    pub who: String,
    pub incidents: usize,
    /// The mean of the scenarios' shares.
    pub explained_right_share: f64,
    pub explained_right_interval: Interval,
    pub time_to_explain_mean_s: f64,
    pub time_to_restore_mean_s: f64,
    pub restored_share: f64,
    /// Calls of an incident; none for the model responder, which calls nothing.
    pub calls_mean: Option<f64>,
    /// Tokens of an incident, where all of them report theirs.
    pub tokens_mean: Option<f64>,
    pub usd_mean: Option<f64>,
}
