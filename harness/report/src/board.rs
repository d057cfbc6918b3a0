//! A leaderboard: programs side by side on the same incidents, pooled from the reports of several comparisons.

use incident::Level;
use serde::{Deserialize, Serialize};

use crate::Interval;

/// A leaderboard, level by level. It covers only incidents that every responder met.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Board {
    pub version: String,
    /// The hash of the list of checks, the same in all reports.
    pub checks_hash: String,
    /// The names of the pooled report files.
    pub files: Vec<String>,
    /// Incidents that every responder met. The same incident at two levels counts twice.
    pub incidents: usize,
    /// Incidents left out because some responder did not meet them.
    pub left_out: usize,
    pub rows: Vec<BoardRow>,
}

/// One program, or the model responder, at one level. Times are story seconds since the loss. A step that was never reached counts as
/// five hours.
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
    /// Mean calls per incident; `None` for the model responder, which makes no calls.
    pub calls_mean: Option<f64>,
    /// Mean tokens per incident; `None` unless every incident reports them.
    pub tokens_mean: Option<f64>,
    pub usd_mean: Option<f64>,
}
