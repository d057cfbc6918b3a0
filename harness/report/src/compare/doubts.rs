//! The doubts that only a full run answers.

use incident::Level;
use serde::{Deserialize, Serialize};

/// What a full run asks. Times are seconds of the story.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Doubts {
    pub cost_draws: Vec<CostDraws>,
    /// The first level with what needs no telemetry made cheaper.
    pub cheaper_dark: Vec<Row>,
    pub odds: Vec<Row>,
    /// Scenarios that were on no list, and whole families of them.
    pub left_out: Vec<LeftOut>,
    /// What names the scenario by all that one moment shows, taught with other seeds and forced to answer.
    pub classifiers: Vec<Classifier>,
    pub signals: Vec<Subset>,
    /// The mean gain that each signal brings, over all orders in which signals can be added; and of alerts.
    pub signal_gains: Vec<(String, f64)>,
    /// How certainty and being right go together.
    pub calibration: Vec<Calibration>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Row {
    pub what: String,
    pub level: Level,
    pub explained_right_share: f64,
    pub explained_wrong_share: f64,
    pub time_to_explain_restricted_mean_s: f64,
}

/// A step between levels under drawn costs.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct CostDraws {
    pub level: Level,
    pub against: Level,
    pub draws: usize,
    /// The share of draws in which the level explains sooner.
    pub shorter_share: f64,
    /// The 2.5th, 50th and 97.5th percentile of the mean difference.
    pub difference_percentiles_s: [f64; 3],
}

/// What is said about a scenario that nobody was taught.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct LeftOut {
    /// What nobody was taught: the scenario, or its family.
    pub what: String,
    pub level: Level,
    /// The share in which it was said that nothing known fits, or that the evidence does not suffice.
    pub said_so_share: f64,
    /// The share that was given the cause of another scenario.
    pub explained_wrong_share: f64,
    /// The share that was restored all the same.
    pub restored_share: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Classifier {
    /// What it is shown and taught.
    pub what: String,
    pub incidents: usize,
    /// The share of which it names the scenario.
    pub right_share: f64,
    /// What blind guessing reaches.
    pub chance: f64,
    /// Whether it must be at chance; otherwise it must do better.
    pub must_fail: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Subset {
    /// The signals, besides what a shop without telemetry shows.
    pub signals: Vec<String>,
    pub alerts: bool,
    pub explained_right_share: f64,
    pub time_to_explain_restricted_mean_s: f64,
    pub time_from_call_to_explain_restricted_mean_s: f64,
}

/// How certainty and being right go together at one level.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Calibration {
    pub level: Level,
    /// The mean of the squared difference between certainty and being right, over all answers that name a cause.
    pub brier: f64,
    /// By certainty: the mean certainty, the share that is right, and how many answers.
    pub bins: Vec<(f64, f64, usize)>,
}
