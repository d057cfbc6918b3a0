//! What a program from outside made of the same incidents.

use incident::Level;
use serde::{Deserialize, Serialize};

use super::LevelRow;
use crate::Interval;

/// A program beside the model responder. The incidents are all that others need to pool it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ProgramReport {
    /// The command that was started for each incident.
    pub command: String,
    /// Calls and story minutes that it had for each.
    pub budgets: [u32; 2],
    /// A hash of the scenarios as they were played.
    pub scenarios_hash: String,
    pub levels: Vec<ProgramLevel>,
    pub incidents: Vec<ProgramIncident>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ProgramLevel {
    /// Its figures, computed as the model responder's.
    pub figures: LevelRow,
    /// How much longer it takes than the model responder, in seconds: the mean of the scenarios' mean differences.
    pub explains_later_s: f64,
    pub explains_later_interval: Interval,
    pub restores_later_s: f64,
    pub restores_later_interval: Interval,
    pub calls_mean: f64,
    /// Tokens an incident, read and written, where it reports them of every incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_mean: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_mean: Option<f64>,
}

/// One incident. Times are story seconds; what was never reached is left out.
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
    /// From 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_s: Option<f64>,
    pub wrong_remedies: u32,
    pub looks: u32,
    pub calls: u32,
    /// Which budget was used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_up: Option<String>,
    /// Whether it said that it had finished, and did not go away before.
    pub finished: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
}
