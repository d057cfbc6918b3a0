//! The doubts that only a full run answers.

use incident::Level;
use serde::{Deserialize, Serialize};

/// What a full run asks. Times are seconds of the story.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Doubts {
    /// Other ways to choose looks, on the same incidents.
    pub other_responders: Vec<Row>,
    pub cost_draws: Vec<CostDraws>,
    pub odds: Vec<Row>,
    /// Scenarios that were on no list.
    pub left_out: Vec<LeftOut>,
    /// With the first so many training incidents of each scenario.
    pub learning: Vec<Row>,
    /// A classifier that is taught with evidence from before the trigger of other seeds: must be at chance.
    pub before_trigger_classifier: Option<Classifier>,
    pub signals: Vec<Subset>,
    /// The mean gain that each signal brings, over all orders in which signals can be added; and of alerts.
    pub signal_gains: Vec<(String, f64)>,
    /// How certainty and being right go together.
    pub calibration: Vec<Calibration>,
    pub thresholds: Vec<Row>,
    /// The quickest threshold at which not more than [`Doubts::equal_error`] of the incidents are explained wrong.
    pub at_equal_error: Vec<Row>,
    pub equal_error: f64,
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
    pub incidents: usize,
    /// The share of which it names the scenario.
    pub right_share: f64,
    /// What blind guessing reaches.
    pub chance: f64,
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
