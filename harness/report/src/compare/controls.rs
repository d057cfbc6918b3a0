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
    /// Runbooks that are followed without looking.
    pub runbooks: Vec<Runbook>,
    /// Each level against the runbook that restores sooner.
    pub over_best_runbook: Vec<Against>,
    /// Somebody who knows the truth when called.
    pub oracle: Restored,
    /// A shop in which nothing is wrong, and an alarm.
    pub healthy: Vec<Healthy>,
    /// An outage outside the shop.
    pub outside: Vec<Outside>,
    pub models: Vec<Model>,
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
    /// Where 95 % of the resampled means lie.
    pub interval: Interval,
}

/// What came of acting.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Restored {
    pub restored_share: f64,
    pub time_to_restore_restricted_mean_s: f64,
    pub loss_usd_mean: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Runbook {
    pub says: String,
    #[serde(flatten)]
    pub restored: Restored,
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
