//! What stands between the levels' figures and doubt, in every run.

use incident::{Level, OperatingModel};
use serde::{Deserialize, Serialize};

use super::{Doubts, Metric};
use crate::Interval;

/// The controls. Times are seconds of the story.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Controls {
    /// As many checks more at the same cost, which show other incidents: more checks are not better telemetry.
    pub placebo: Vec<Against>,
    /// A shop in which nothing is wrong, and an alarm.
    pub healthy: Vec<Healthy>,
    /// An outage outside the shop.
    pub outside: Vec<Outside>,
    pub models: Vec<Model>,
    /// Incidents that cost more at a level than at the one below.
    pub violations: Vec<Violation>,
    /// What only a full run asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubts: Option<Doubts>,
}

/// A level against something else.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Against {
    pub level: Level,
    pub metric: Metric,
    /// The mean of the scenarios' mean differences. Below zero: shorter.
    pub difference: f64,
    /// In which 95 % of the means lie, if scenarios were written anew.
    pub interval: Interval,
}

/// What came of acting.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Restored {
    pub restored_share: f64,
    pub time_to_restore_restricted_mean_s: f64,
    pub loss_usd_mean: f64,
}

/// Somebody else on the same incidents: what the responder must be measured against.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Baseline {
    pub who: String,
    /// With the looks of this level; none: it looks at nothing, or knows all.
    pub level: Option<Level>,
    pub explained_right_share: f64,
    pub explained_wrong_share: f64,
    pub time_to_explain_restricted_mean_s: f64,
    #[serde(flatten)]
    pub restored: Restored,
}

impl Baseline {
    /// Whether it is told the truth when called, which nobody can compete with.
    pub fn knows_all(&self) -> bool {
        self.level.is_none() && self.explained_right_share > 0.0
    }
}

/// An incident that cost more at a level than at the one below, by the responder's own stakes, in minutes from the call on.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Violation {
    pub scenario: String,
    pub seed: u64,
    pub level: Level,
    pub against: Level,
    /// What it cost at this level and at the one below.
    pub cost_minutes: [f64; 2],
    /// What was said at this level and at the one below: the cause, or nothing.
    pub said: [Option<String>; 2],
    /// What most of the difference is made of, in words.
    pub why: String,
}

/// What was said about a shop in which nothing was wrong.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Healthy {
    pub level: Level,
    pub incidents: usize,
    /// The share that was given a cause that is wrong.
    pub false_explanations_share: f64,
    /// Remedies used where none was needed.
    pub remedies_mean: f64,
}

/// What was said about an outage outside the shop.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Outside {
    pub level: Level,
    pub incidents: usize,
    /// The share of which it was said that it is not the shop. Why it happened, nobody can explain from within.
    pub said_not_ours_share: f64,
    /// The share that was given a cause inside the shop.
    pub false_explanations_share: f64,
}

/// One operating model at one level.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Model {
    pub model: OperatingModel,
    pub level: Level,
    pub explained_right_share: f64,
    pub time_to_explain_restricted_mean_s: f64,
    /// What came of acting.
    #[serde(flatten)]
    pub restored: Restored,
}
