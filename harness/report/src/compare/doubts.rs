//! The robustness checks that only a full run makes.

use incident::Level;
use serde::{Deserialize, Serialize};

/// The robustness checks of a full run. Times are seconds of the story.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Doubts {
    pub cost_draws: Vec<CostDraws>,
    /// The level `dark`, with cheaper checks.
    pub cheaper_dark: Vec<Row>,
    pub odds: Vec<Row>,
    /// Scenarios left out of the training, alone and with their whole families.
    pub left_out: Vec<LeftOut>,
    /// Classifiers that name the scenario from all findings of one moment. They learn from other incidents and may not abstain.
    pub classifiers: Vec<Classifier>,
    pub signals: Vec<Subset>,
    /// The Shapley value of each signal: its mean gain over all orders of adding signals. The last entry is the mean gain of alerts.
    pub signal_gains: Vec<(String, f64)>,
    /// Confidence against accuracy, by level.
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

/// A step between two levels under randomly drawn costs.
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

/// Diagnoses of a scenario that was left out of the training.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct LeftOut {
    /// What the training left out: the scenario, or its family.
    pub what: String,
    pub level: Level,
    /// The share in which the responder said that nothing known fits, or that the evidence does not suffice.
    pub said_so_share: f64,
    /// The share explained with the cause of another scenario.
    pub explained_wrong_share: f64,
    /// The share that was restored all the same.
    pub restored_share: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Classifier {
    /// Its input, and the labels that it learns.
    pub what: String,
    pub incidents: usize,
    /// The share of incidents whose scenario it names.
    pub right_share: f64,
    /// The accuracy of blind guessing.
    pub chance: f64,
    /// Whether its accuracy must be at chance. Otherwise it must be better.
    pub must_fail: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Subset {
    /// The signals, in addition to the checks that need no telemetry.
    pub signals: Vec<String>,
    pub alerts: bool,
    pub explained_right_share: f64,
    pub time_to_explain_restricted_mean_s: f64,
    pub time_from_call_to_explain_restricted_mean_s: f64,
}

/// Calibration at one level: confidence against accuracy.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Calibration {
    pub level: Level,
    /// The Brier score: the mean squared difference between confidence and accuracy (0 or 1), over all answers that name a cause.
    pub brier: f64,
    /// By confidence: the mean confidence, the share of right answers, and the number of answers.
    pub bins: Vec<(f64, f64, usize)>,
}
