//! What `glyphfall chain` found: the sixteen combinations of the latent faults, and each fault's part in the loss. Amounts are dollars and
//! means over seeds; intervals hold 95 % of the resampled seeds and are missing with a single seed.

use std::collections::BTreeMap;

use incident::{ContributingFactor, Route, TimeOfDay, Usd};
use serde::{Deserialize, Serialize};

use crate::Interval;

/// The sixteen combinations, and each fault's part in the loss.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ChainReport {
    /// The first seed: with the options below it repeats everything.
    pub seed: u64,
    pub scenario: String,
    pub title: String,
    /// The most important thing, in a sentence or two, out of the figures below.
    pub finding: String,
    /// False if it was stopped early: then only the seeds below were played in all combinations.
    pub complete: bool,
    /// The seeds that everything below is about.
    pub seeds: Vec<u64>,
    pub incidents: usize,
    pub views_per_second: f64,
    pub mix: BTreeMap<Route, f64>,
    /// The time of the story at which customers come.
    pub starts: TimeOfDay,
    /// The time of the story at which an incident ends at the latest.
    pub ends: TimeOfDay,
    /// Trade lost in a story minute in which every visit fails.
    pub loss_usd_per_minute: Usd,
    pub responder: String,
    pub assumed: Vec<String>,
    pub version: String,
    pub command: String,
    /// What is lost with all four latent faults present; null until one seed is complete.
    pub loss_usd: Option<f64>,
    /// What is lost with none of them: no fault's doing.
    pub loss_without_faults_usd: Option<f64>,
    /// All sixteen, that of all faults first.
    pub combinations: Vec<Combination>,
    pub shares: Vec<Share>,
    /// Each repair by itself, and each fault by itself.
    pub savings: Vec<Saving>,
    pub interactions: Vec<PairInteraction>,
    /// The sets of repairs with which availability was never lost, none of which holds a smaller one.
    pub smallest_sets: Vec<Vec<ContributingFactor>>,
    /// The faults without which nothing is lost.
    pub necessary: Necessary,
    /// The most that one more fault saves anywhere. The bounds hold where that is nothing.
    pub decrease_max_usd: f64,
    /// The same shares if telemetry tells the responder nothing, or everything at once. Assumed.
    pub responders: Vec<IfResponder>,
    /// Incidents in which availability came back by itself and held: nobody acted.
    pub restored_by_themselves: usize,
    /// What customers met in a few combinations, with the first of the seeds.
    pub availability: Vec<Availability>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Combination {
    pub faults_present: Vec<ContributingFactor>,
    /// The mean loss; null until one seed is complete.
    pub loss_usd: Option<f64>,
    pub interval: Option<Interval>,
    pub losses_usd: Vec<f64>,
    /// In how many of them availability was lost.
    pub lost: usize,
    /// In how many of them it was lost and not restored by the end.
    pub not_restored: usize,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Share {
    pub fault: ContributingFactor,
    /// Its Shapley value over what all four lose together; all shares add up to 1. Null if there is nothing
    /// to share.
    pub share: Option<f64>,
    pub interval: Option<Interval>,
    pub usd: f64,
    pub usd_interval: Option<Interval>,
    /// Between what the share had to lie, known before anything was run.
    pub bounds: Interval,
}

/// A repair by itself, and a fault by itself.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Saving {
    pub fault: ContributingFactor,
    /// What is saved if it alone is repaired.
    pub repaired_alone_usd: f64,
    pub interval: Option<Interval>,
    /// What is lost if it alone is present, beyond what is lost without any.
    pub present_alone_usd: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct PairInteraction {
    pub faults: [ContributingFactor; 2],
    /// The Shapley interaction index (Grabisch and Roubens, 1999): above 0 they need each other.
    pub shapley_usd: f64,
    pub interval: Option<Interval>,
    /// The same with both other faults present: the two savings added up, less the saving of both repairs.
    pub all_else_present_usd: f64,
}

/// The faults without which nothing is lost.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Necessary {
    /// Known beforehand, from how the scenario works; the bounds rest on it.
    pub expected: Vec<ContributingFactor>,
    /// Found in the losses.
    pub found: Vec<ContributingFactor>,
}

/// The shares with another responder.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct IfResponder {
    pub responder: String,
    /// What is lost with all four faults present.
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
    /// When the scenario's last thing began, in story seconds.
    pub begun_s: f64,
    pub lost_s: Option<f64>,
    pub restored_s: Option<f64>,
    pub routes: Vec<RouteAvailability>,
}

/// What customers met on one kind of page.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct RouteAvailability {
    pub route: Route,
    /// By the minute: its story second, and the visits served, degraded and failed. Minutes without visits
    /// are left out.
    pub minutes: Vec<(i32, u64, u64, u64)>,
}
