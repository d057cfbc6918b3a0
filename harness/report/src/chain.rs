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
    /// The scenario's name.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// The most important thing, in a sentence or two, out of the figures below.
    pub finding: String,
    /// False if it was stopped early: then only the seeds below were played in all combinations.
    pub complete: bool,
    /// The seeds that everything below is about.
    pub seeds: Vec<u64>,
    /// The incidents that were played with them.
    pub incidents: usize,
    /// Page views a second.
    pub views_per_second: f64,
    /// The share of each kind of page.
    pub mix: BTreeMap<Route, f64>,
    /// The time of the story at which customers come.
    pub starts: TimeOfDay,
    /// The time of the story at which an incident ends at the latest.
    pub ends: TimeOfDay,
    /// Trade lost in a story minute in which every visit fails.
    pub loss_usd_per_minute: Usd,
    /// Who responds.
    pub responder: String,
    /// What is assumed rather than measured, and what follows from that.
    pub assumed: Vec<String>,
    /// The version of the program.
    pub version: String,
    /// The command that repeats it.
    pub command: String,
    /// What is lost with all four latent faults present; null until one seed is complete.
    pub loss_usd: Option<f64>,
    /// What is lost with none of them: no fault's doing.
    pub loss_without_faults_usd: Option<f64>,
    /// All sixteen, that of all faults first.
    pub combinations: Vec<Combination>,
    /// Each fault's share of what the four lose together.
    pub shares: Vec<Share>,
    /// Each repair by itself, and each fault by itself.
    pub savings: Vec<Saving>,
    /// Each pair of faults.
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
    pub availability: Vec<Morning>,
}

/// One combination of latent faults.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Combination {
    /// The faults that are present.
    pub faults_present: Vec<ContributingFactor>,
    /// The mean loss; null until one seed is complete.
    pub loss_usd: Option<f64>,
    /// The mean's interval.
    pub interval: Option<Interval>,
    /// The loss with each seed.
    pub losses_usd: Vec<f64>,
    /// In how many of them availability was lost.
    pub lost: usize,
    /// In how many of them it was lost and not restored by the end.
    pub not_restored: usize,
}

/// A fault's share.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Share {
    /// The fault.
    pub fault: ContributingFactor,
    /// Its Shapley value over what all four lose together; all shares add up to 1. Null if there is nothing
    /// to share.
    pub share: Option<f64>,
    /// The share's interval.
    pub interval: Option<Interval>,
    /// Its Shapley value in dollars.
    pub usd: f64,
    /// The value's interval.
    pub usd_interval: Option<Interval>,
    /// Between what the share had to lie, known before anything was run.
    pub bounds: Interval,
}

/// A repair by itself, and a fault by itself.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Saving {
    /// The fault.
    pub fault: ContributingFactor,
    /// What is saved if it alone is repaired.
    pub repaired_alone_usd: f64,
    /// That figure's interval.
    pub interval: Option<Interval>,
    /// What is lost if it alone is present, beyond what is lost without any.
    pub present_alone_usd: f64,
}

/// A pair of faults.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct PairInteraction {
    /// The two faults.
    pub faults: [ContributingFactor; 2],
    /// The Shapley interaction index (Grabisch and Roubens, 1999): above 0 they need each other.
    pub shapley_usd: f64,
    /// Its interval.
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
    /// Who.
    pub responder: String,
    /// What is lost with all four faults present.
    pub loss_usd: f64,
    /// The shares, in the order of the faults; null if there is nothing to share.
    pub shares: Option<[f64; 4]>,
}

/// One morning as customers met it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Morning {
    /// The faults that were present.
    pub faults_present: Vec<ContributingFactor>,
    /// The seed.
    pub seed: u64,
    /// What was lost.
    pub loss_usd: f64,
    /// When the scenario's last thing began, in story seconds.
    pub begun_s: f64,
    /// When availability was lost.
    pub lost_s: Option<f64>,
    /// When it was restored.
    pub restored_s: Option<f64>,
    /// Each kind of page.
    pub routes: Vec<RouteMorning>,
}

/// One kind of page on one morning.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct RouteMorning {
    /// The kind of page.
    pub route: Route,
    /// By the minute: its story second, and the visits served, degraded and failed. Minutes without visits
    /// are left out.
    pub minutes: Vec<(i32, u64, u64, u64)>,
}
