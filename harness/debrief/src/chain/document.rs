//! The JSON of the experiment, as far as the page shows it.

use std::collections::BTreeMap;

use incident::{ContributingFactor, Route, TimeOfDay};
use serde::Deserialize;

/// From and to.
pub(crate) type Interval = (f64, f64);

/// The sixteen combinations, and each fault's part in the loss.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Document {
    pub(super) scenario: String,
    pub(super) title: String,
    pub(super) finding: String,
    pub(super) complete: bool,
    pub(super) seeds: Vec<u64>,
    pub(super) incidents: usize,
    pub(super) views_per_second: f64,
    pub(super) mix: BTreeMap<Route, f64>,
    pub(super) starts: TimeOfDay,
    pub(super) ends: TimeOfDay,
    pub(super) responder: String,
    pub(super) assumed: Vec<String>,
    pub(super) version: String,
    pub(super) command: String,
    pub(super) loss_usd: Option<f64>,
    pub(super) loss_without_faults_usd: Option<f64>,
    pub(super) combinations: Vec<Combination>,
    pub(super) shares: Vec<Share>,
    pub(super) savings: Vec<Saving>,
    pub(super) interactions: Vec<PairInteraction>,
    pub(super) smallest_sets: Vec<Vec<ContributingFactor>>,
    pub(super) necessary: Necessary,
    pub(super) decrease_max_usd: f64,
    pub(super) responders: Vec<IfResponder>,
    pub(super) restored_by_themselves: usize,
    pub(super) availability: Vec<Morning>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Combination {
    pub(super) faults_present: Vec<ContributingFactor>,
    pub(super) loss_usd: Option<f64>,
    pub(super) losses_usd: Vec<f64>,
    pub(super) lost: usize,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Share {
    pub(super) fault: ContributingFactor,
    pub(super) share: Option<f64>,
    pub(super) interval: Option<Interval>,
    pub(super) usd: f64,
    pub(super) bounds: Interval,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Saving {
    pub(super) fault: ContributingFactor,
    pub(super) repaired_alone_usd: f64,
    pub(super) interval: Option<Interval>,
    pub(super) present_alone_usd: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PairInteraction {
    pub(super) faults: [ContributingFactor; 2],
    pub(super) shapley_usd: f64,
    pub(super) interval: Option<Interval>,
    pub(super) all_else_present_usd: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Necessary {
    pub(super) expected: Vec<ContributingFactor>,
    pub(super) found: Vec<ContributingFactor>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct IfResponder {
    pub(super) responder: String,
    pub(super) shares: Option<[f64; 4]>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Morning {
    pub(super) faults_present: Vec<ContributingFactor>,
    pub(super) seed: u64,
    pub(super) loss_usd: f64,
    pub(super) lost_s: Option<f64>,
    pub(super) restored_s: Option<f64>,
    pub(super) routes: Vec<RouteMorning>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RouteMorning {
    pub(super) route: Route,
    /// Story second, and the visits served, degraded and failed.
    pub(super) minutes: Vec<(i32, u32, u32, u32)>,
}
