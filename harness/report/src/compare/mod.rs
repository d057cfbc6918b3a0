//! What `glyphfall compare` found: the levels, their paired differences, and the doubts about both. Times are seconds of the story.

mod controls;
mod doubts;
mod program;
mod teams;
mod two_by_two;

use incident::{Level, OperatingModel};
use serde::{Deserialize, Serialize};

pub use controls::{Against, Baseline, Controls, Healthy, Model, Outside, Restored, Violation};
pub use doubts::{Calibration, Classifier, CostDraws, Doubts, LeftOut, Row, Subset};
pub use program::{ProgramIncident, ProgramLevel, ProgramReport};
pub use teams::{TeamDot, TeamSession, Teams};
pub use two_by_two::{Difference, Effect, Swing, Tornado, TwoByTwo};

use crate::Interval;

/// The whole report. Times are seconds of the story.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct CompareReport {
    /// What can be said aloud, a sentence a line.
    pub finding: String,
    pub seed: u64,
    pub seeds: Vec<u64>,
    /// Whether only the levels, the placebo and the blind runbooks were run.
    pub quick: bool,
    pub responder: String,
    /// The operating model of all figures but those that compare models.
    pub operating_model: OperatingModel,
    pub command: String,
    /// Whether all of that was run; otherwise everything here is about the scenarios that were complete.
    #[serde(default = "yes")]
    pub complete: bool,
    pub version: String,
    pub scenarios: Vec<ScenarioRow>,
    /// Incidents recorded, and recordings of what remedies did.
    pub recordings: [usize; 2],
    pub checks: ChecksRow,
    pub assumed: Vec<String>,
    pub levels: Vec<LevelRow>,
    /// Others on the same incidents.
    pub baselines: Vec<Baseline>,
    pub paired: Vec<Paired>,
    /// Telemetry and the operating model; only where both models were compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_by_two: Option<TwoByTwo>,
    /// Every incident at every level.
    pub dots: Vec<Dot>,
    /// What stands between these figures and doubt.
    pub controls: Controls,
    /// What teams of the incident room did; nothing of it is in the figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams: Option<Teams>,
    /// What a program from outside made of the same incidents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<ProgramReport>,
}

/// Earlier versions reported nothing that was not complete.
fn yes() -> bool {
    true
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ScenarioRow {
    pub name: String,
    /// Whether nothing in the shop can be mended.
    pub control: bool,
    /// Whether it was written after the list of checks had been frozen.
    pub after_freeze: bool,
    /// Whether nobody was called in any of its incidents.
    pub unnoticed: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ChecksRow {
    pub count: usize,
    /// A hash of all of them with outcomes and costs.
    pub hash: String,
    /// The same when the list was frozen.
    pub frozen_hash: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct LevelRow {
    pub level: Level,
    pub incidents: usize,
    pub explained_right_share: f64,
    /// In which 95 % of the shares lie, if scenarios were written anew.
    pub explained_right_interval: Interval,
    /// The share that was explained wrong, of all; the others were given up.
    pub explained_wrong_share: f64,
    pub time_to_detect_median_s: f64,
    /// From the loss to the first right guess where it is.
    pub time_to_locate_median_s: f64,
    /// From the loss to the right explanation; wrong or none is placed at the story's end.
    pub time_to_explain_median_s: f64,
    pub time_to_explain_quartiles_s: [f64; 2],
    pub time_to_explain_restricted_mean_s: f64,
    /// From the loss until availability is restored; never is placed at the story's end.
    pub time_to_restore_median_s: f64,
    pub time_to_restore_quartiles_s: [f64; 2],
    pub time_to_restore_restricted_mean_s: f64,
    pub restored_share: f64,
    pub fixed_for_the_wrong_reason_share: f64,
    pub wrong_remedies_mean: f64,
    pub checks_mean: f64,
    pub loss_usd_mean: f64,
}

/// A paired difference: the level less what it is compared with.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Paired {
    pub level: Level,
    pub against: Level,
    pub metric: Metric,
    /// The mean of the scenarios' mean differences. Below zero: shorter, or less.
    pub difference: f64,
    /// In which 95 % of the means lie, if scenarios were written and training was done anew.
    pub interval: Interval,
    /// How many times as large the metric is as at the level that it is compared with.
    pub ratio: f64,
    pub ratio_interval: Interval,
    /// By how much more of the ranks of the scenarios' differences speak for less (below zero) or for more: -1 to 1.
    pub rank_difference: f64,
    /// How much of the difference is incidents that are explained right at one of the two levels alone, and count as explained at the
    /// horizon at the other. Only of times to the explanation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imputed: Option<f64>,
    /// How many scenarios became shorter by a minute at least, stayed, became longer. (For dollars: by a minute's trade.)
    pub scenarios: [usize; 3],
    pub by_scenario: Vec<(String, f64)>,
    /// By which factor what the level adds must get dearer until a tenth of the gain is left; none: not even by the largest
    /// factor, or there is no gain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tipping_factor: Option<f64>,
}

/// One incident at one level.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Dot {
    pub scenario: String,
    pub seed: u64,
    pub level: Level,
    /// Seconds from the loss to the right explanation; to the story's end if there is none.
    pub explained_s: f64,
    /// Whether there is none.
    pub censored: bool,
    pub restored_s: Option<f64>,
    pub loss_usd: f64,
}

/// In what one responder is compared with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The share of incidents that are explained right.
    Explained,
    /// The restricted mean time to the right explanation.
    TimeToExplain,
    /// The restricted mean time to restore.
    TimeToRestore,
}

impl Measure {
    /// In what somebody is better, whether they are one or many: more is explained by “random checks”.
    pub fn better_by(self, who: &str) -> String {
        let what = match self {
            Self::Explained => "more is explained",
            Self::TimeToExplain => "it is explained sooner",
            Self::TimeToRestore => "it is restored sooner",
        };
        format!("{what} by \u{201c}{who}\u{201d}")
    }
}

/// A difference that is rounding.
const ROUNDING: f64 = 1e-9;

/// What is asked of a diagnosis; a mean of means over scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Metric {
    /// Seconds from the loss to the right explanation.
    #[serde(rename = "time_to_explain_restricted_mean_s")]
    Explain,
    /// Seconds from the call to the right explanation: detection taken out.
    #[serde(rename = "time_from_call_to_explain_restricted_mean_s")]
    ExplainFromCall,
    /// Seconds from the loss until availability is restored.
    #[serde(rename = "time_to_restore_restricted_mean_s")]
    Restore,
    #[serde(rename = "loss_usd_mean")]
    Loss,
}

impl Metric {
    pub const ALL: [Self; 4] = [Self::Explain, Self::ExplainFromCall, Self::Restore, Self::Loss];
}

impl CompareReport {
    /// The paired differences of a metric: each level with the one before it, and each with the first. The first step is both.
    pub fn paired(&self, metric: Metric) -> (Vec<&Paired>, Vec<&Paired>) {
        let all = || self.paired.iter().filter(|paired| paired.metric == metric);
        let is_step = |paired: &&Paired| {
            self.levels
                .windows(2)
                .any(|pair| (pair[0].level, pair[1].level) == (paired.against, paired.level))
        };
        let first = self.levels.first().map(|row| row.level);
        (all().filter(is_step).collect(), all().filter(|paired| Some(paired.against) == first).collect())
    }

    /// Where somebody else does better than the responder: at which level, who, and in what. Who looks at nothing is compared with each
    /// level; who knows all is not compared.
    pub fn beaten_by(&self) -> Vec<(Level, &str, Measure)> {
        let mut beaten = Vec::new();
        for row in &self.levels {
            let others = self.baselines.iter().filter(|other| !other.knows_all());
            for other in others.filter(|other| other.level.is_none_or(|level| level == row.level)) {
                let by = [
                    (Measure::Explained, other.explained_right_share - row.explained_right_share),
                    (
                        Measure::TimeToExplain,
                        row.time_to_explain_restricted_mean_s - other.time_to_explain_restricted_mean_s,
                    ),
                    (
                        Measure::TimeToRestore,
                        row.time_to_restore_restricted_mean_s
                            - other.restored.time_to_restore_restricted_mean_s,
                    ),
                ];
                let better = by.into_iter().filter(|(_, by)| *by > ROUNDING);
                beaten.extend(better.map(|(measure, _)| (row.level, other.who.as_str(), measure)));
            }
        }
        beaten
    }

    pub fn incidents(&self) -> usize {
        self.levels.first().map_or(0, |row| row.incidents)
    }

    /// The scenarios that the levels' figures are of.
    pub fn judged(&self) -> impl Iterator<Item = &ScenarioRow> {
        self.scenarios.iter().filter(|scenario| !scenario.control && !scenario.unnoticed)
    }

    /// The model responder, and of how many incidents: for the subtitle of a plot.
    pub fn sample(&self) -> String {
        let (incidents, scenarios) = (self.incidents(), self.judged().count());
        format!("{}, {incidents} incidents of {scenarios} scenarios", self.responder)
    }
}
