//! The results of an external program on the same incidents.

use std::collections::BTreeMap;

use incident::Level;
use serde::{Deserialize, Serialize};

use super::LevelRow;
use crate::Interval;

/// An external program beside the model responder. A leaderboard needs only `incidents` to pool its results.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ProgramReport {
    /// The command that was started for each incident.
    pub command: String,
    /// The budget per incident: calls, and story minutes.
    pub budgets: [u32; 2],
    /// A hash of each scenario as it was played, by its name.
    pub scenarios: BTreeMap<String, String>,
    pub levels: Vec<ProgramLevel>,
    pub incidents: Vec<ProgramIncident>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ProgramLevel {
    /// Its figures, computed in the same way as the model responder's.
    pub figures: LevelRow,
    /// How much longer it takes than the model responder, in seconds: mean over scenarios of the mean difference.
    pub explains_later_s: f64,
    pub explains_later_interval: Interval,
    pub restores_later_s: f64,
    pub restores_later_interval: Interval,
    pub calls_mean: f64,
    /// Mean tokens per incident, read and written; `None` unless it reports them for every incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_mean: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_mean: Option<f64>,
}

/// One incident. Times are story seconds. A step that was never reached is left out.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ProgramIncident {
    pub scenario: String,
    pub seed: u64,
    pub level: Level,
    pub called_s: f64,
    pub lost_s: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub located_s: Option<f64>,
    /// When the explanation that counts was handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained_s: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The explanation's score, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_s: Option<f64>,
    pub wrong_remedies: u32,
    pub looks: u32,
    pub calls: u32,
    /// The budget that was used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_up: Option<String>,
    /// Whether it said that it had finished, and did not go away without saying so.
    pub finished: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
}
