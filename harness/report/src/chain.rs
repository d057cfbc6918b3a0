//! The report of `glyphfall chain`: the sixteen combinations of the latent faults, and each fault's part in the loss. Amounts are mean
//! dollars over the seeds. Intervals hold 95 % of the bootstrap resamples; a single seed has none.

use std::collections::BTreeMap;

use incident::{ContributingFactor, Route, TimeOfDay, Usd};
use serde::{Deserialize, Serialize};

use crate::Interval;

/// Bootstrap resamples behind each interval. Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ask for one to two thousand.
pub const RESAMPLES: usize = 2_000;

/// The sixteen combinations, and each fault's part in the loss.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ChainReport {
    /// The first seed. With the options below, it reproduces the whole report.
    pub seed: u64,
    pub scenario: String,
    pub title: String,
    /// The main result in a sentence or two, derived from the figures below.
    pub finding: String,
    /// False if the run was stopped early. The report then covers only some of the seeds.
    pub complete: bool,
    /// The seeds that were played in all combinations. All figures below cover exactly these.
    pub seeds: Vec<u64>,
    pub incidents: usize,
    pub views_per_second: f64,
    pub mix: BTreeMap<Route, f64>,
    /// Story time at which the customers arrive.
    pub starts: TimeOfDay,
    /// Story time at which every incident ends at the latest.
    pub ends: TimeOfDay,
    /// Trade lost in a story minute in which every visit fails.
    pub loss_usd_per_minute: Usd,
    pub responder: String,
    pub assumed: Vec<String>,
    pub version: String,
    pub command: String,
    /// The loss with all four latent faults present; null until one seed is complete.
    pub loss_usd: Option<f64>,
    /// The loss with none of them present. No fault is charged with it.
    pub loss_without_faults_usd: Option<f64>,
    /// All sixteen, starting with all faults present.
    pub combinations: Vec<Combination>,
    pub shares: Vec<Share>,
    /// For each fault: the saving of its repair alone, and the loss of its presence alone.
    pub savings: Vec<Saving>,
    pub interactions: Vec<PairInteraction>,
    /// The minimal sets of repairs with which availability was never lost.
    pub smallest_sets: Vec<Vec<ContributingFactor>>,
    pub necessary: Necessary,
    /// The largest decrease of the loss when one more fault is present. The bounds on the shares hold only if it is 0.
    pub decrease_max_usd: f64,
    /// The same shares with other responders, such as one to whom telemetry tells nothing, or everything at once. Assumed.
    pub responders: Vec<IfResponder>,
    /// Incidents in which availability came back and held without any remedy.
    pub restored_by_themselves: usize,
    /// What customers met in a few combinations, with the first seed.
    pub availability: Vec<Availability>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Combination {
    pub faults_present: Vec<ContributingFactor>,
    /// The mean loss; null until one seed is complete.
    pub loss_usd: Option<f64>,
    pub interval: Option<Interval>,
    pub losses_usd: Vec<f64>,
    /// How many of these incidents lost availability.
    pub lost: usize,
    /// How many of these lost it and had not restored it by the end.
    pub not_restored: usize,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Share {
    pub fault: ContributingFactor,
    /// The fault's Shapley value, divided by the loss that all four add together. All shares add up to 1. Null if
    /// there is no loss to share.
    pub share: Option<f64>,
    pub interval: Option<Interval>,
    pub usd: f64,
    pub usd_interval: Option<Interval>,
    /// Theoretical bounds on the share, known before the run.
    pub bounds: Interval,
}

/// One fault, repaired alone and present alone.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Saving {
    pub fault: ContributingFactor,
    /// The saving if only this fault is repaired.
    pub repaired_alone_usd: f64,
    pub interval: Option<Interval>,
    /// The loss if only this fault is present, less the loss without any fault.
    pub present_alone_usd: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct PairInteraction {
    pub faults: [ContributingFactor; 2],
    /// The Shapley interaction index (Grabisch and Roubens, 1999). Above 0, each fault does more harm with the other.
    pub shapley_usd: f64,
    pub interval: Option<Interval>,
    /// The interaction with both other faults present: the sum of the two single savings, less the saving of both repairs.
    pub all_else_present_usd: f64,
}

/// The necessary faults: without any one of them, nothing is lost.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Necessary {
    /// Expected before the run, from the scenario's mechanism. The bounds rest on this set.
    pub expected: Vec<ContributingFactor>,
    /// Found in the measured losses.
    pub found: Vec<ContributingFactor>,
}

/// The shares with another responder.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct IfResponder {
    pub responder: String,
    /// The loss with all four faults present.
    pub loss_usd: f64,
    /// The shares, in the order of the faults; null if there is nothing to share.
    pub shares: Option<[f64; 4]>,
}

/// What customers met in one combination.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Availability {
    pub faults_present: Vec<ContributingFactor>,
    pub seed: u64,
    pub loss_usd: f64,
    /// When the scenario's last event began, in story seconds.
    pub begun_s: f64,
    pub lost_s: Option<f64>,
    pub restored_s: Option<f64>,
    pub routes: Vec<RouteAvailability>,
}

/// What customers met on one kind of page.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct RouteAvailability {
    pub route: Route,
    /// For each minute: the story second at which it begins, then visits served, degraded and failed. Minutes
    /// without visits are left out.
    pub minutes: Vec<(i32, u64, u64, u64)>,
}
