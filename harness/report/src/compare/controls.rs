//! The controls of every comparison: the results that the levels' figures must stand up to.

use incident::{Level, OperatingModel};
use serde::{Deserialize, Serialize};

use super::{Doubts, Metric};
use crate::Interval;

/// The controls. Times are seconds of the story.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Controls {
    /// Placebo: as many extra checks at the same cost, with findings from other incidents. More checks alone are not better telemetry.
    pub placebo: Vec<Against>,
    /// A shop in which nothing is wrong, and an alarm.
    pub healthy: Vec<Healthy>,
    /// An outage outside the shop.
    pub outside: Vec<Outside>,
    pub models: Vec<Model>,
    /// Incidents that cost more at a level than at the one below.
    pub violations: Vec<Violation>,
    /// The robustness checks of a full run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubts: Option<Doubts>,
}

/// The placebo of one level against the first level.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Against {
    pub level: Level,
    pub metric: Metric,
    /// Mean over scenarios of the mean difference. Below zero: shorter.
    pub difference: f64,
    /// 95 % confidence interval of the mean, over new scenarios.
    pub interval: Interval,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
/// The results of the remedies.
pub struct Restored {
    pub restored_share: f64,
    pub time_to_restore_restricted_mean_s: f64,
    pub loss_usd_mean: f64,
}

/// Another responder on the same incidents, as a baseline for the model responder.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Baseline {
    pub who: String,
    /// The level whose checks it may take; `None` if it takes no checks, or knows the truth.
    pub level: Option<Level>,
    pub explained_right_share: f64,
    pub explained_wrong_share: f64,
    pub time_to_explain_restricted_mean_s: f64,
    #[serde(flatten)]
    pub restored: Restored,
}

impl Baseline {
    /// Whether this is the oracle, which is told the truth when called.
    pub fn knows_all(&self) -> bool {
        self.level.is_none() && self.explained_right_share > 0.0
    }
}

/// An incident that cost more at a level than at the one below. Costs are minutes since the call, by the responder's own stakes.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Violation {
    pub scenario: String,
    pub seed: u64,
    pub level: Level,
    pub against: Level,
    /// The cost at this level and at the one below.
    pub cost_minutes: [f64; 2],
    /// The cause named at this level and at the one below; `None` if no cause was named.
    pub said: [Option<String>; 2],
    /// The largest part of the difference, in words.
    pub why: String,
}

/// Diagnoses of a shop in which nothing was wrong.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Healthy {
    pub level: Level,
    pub incidents: usize,
    /// The share of incidents explained with a wrong cause.
    pub false_explanations_share: f64,
    /// Needless remedies per incident.
    pub remedies_mean: f64,
}

/// Diagnoses of an outage outside the shop.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Outside {
    pub level: Level,
    pub incidents: usize,
    /// The share of incidents in which the responder said that the shop is not the cause. From inside, nobody can explain the outage itself.
    pub said_not_ours_share: f64,
    /// The share of incidents explained with a cause inside the shop.
    pub false_explanations_share: f64,
}

/// One operating model at one level.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Model {
    pub model: OperatingModel,
    pub level: Level,
    pub explained_right_share: f64,
    pub time_to_explain_restricted_mean_s: f64,
    #[serde(flatten)]
    pub restored: Restored,
}
