//! The JSON of `glyphfall compare`, as far as the page shows it. Teaches to ask loudly: what a quick run leaves out may be missing,
//! but what is there in another shape is an error, not an empty section.

use incident::{Level, OperatingModel};
use serde::Deserialize;

/// From and to.
pub(super) type Interval = (f64, f64);

/// The names of what is averaged.
pub(super) const EXPLAIN: &str = "time_to_explain_restricted_mean_s";
pub(super) const EXPLAIN_FROM_CALL: &str = "time_from_call_to_explain_restricted_mean_s";
pub(super) const RESTORE: &str = "time_to_restore_restricted_mean_s";
pub(super) const LOSS: &str = "loss_usd_mean";

/// The comparison. Times are seconds of the story.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Document {
    pub(super) finding: String,
    pub(super) seeds: Vec<u64>,
    pub(super) quick: bool,
    pub(super) responder: String,
    pub(super) operating_model: OperatingModel,
    pub(super) command: String,
    pub(super) version: String,
    pub(super) scenarios: Vec<Scenario>,
    /// Incidents, and what remedies did.
    pub(super) recordings: [usize; 2],
    pub(super) checks: Checks,
    pub(super) assumed: Vec<String>,
    pub(super) levels: Vec<LevelRow>,
    pub(super) paired: Vec<Paired>,
    pub(super) dots: Vec<Dot>,
    pub(super) controls: Controls,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) control: bool,
    pub(super) after_freeze: bool,
    pub(super) unnoticed: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Checks {
    pub(super) count: usize,
    pub(super) hash: String,
    pub(super) frozen_hash: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct LevelRow {
    pub(super) level: Level,
    pub(super) incidents: usize,
    pub(super) explained_right_share: f64,
    pub(super) explained_right_interval: Interval,
    pub(super) explained_wrong_share: f64,
    pub(super) time_to_detect_median_s: f64,
    pub(super) time_to_locate_median_s: f64,
    pub(super) time_to_explain_median_s: f64,
    pub(super) time_to_explain_quartiles_s: [f64; 2],
    pub(super) time_to_explain_restricted_mean_s: f64,
    pub(super) time_to_restore_median_s: f64,
    pub(super) time_to_restore_quartiles_s: [f64; 2],
    pub(super) time_to_restore_restricted_mean_s: f64,
    pub(super) restored_share: f64,
    pub(super) fixed_for_the_wrong_reason_share: f64,
    pub(super) wrong_remedies_mean: f64,
    pub(super) checks_mean: f64,
    pub(super) loss_usd_mean: f64,
}

/// Below zero: shorter, or less.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Paired {
    pub(super) level: Level,
    pub(super) against: Level,
    pub(super) metric: String,
    pub(super) difference: f64,
    pub(super) interval: Interval,
    /// How many became shorter, stayed, became longer.
    pub(super) scenarios: [usize; 3],
    pub(super) by_scenario: Vec<(String, f64)>,
    pub(super) tipping_factor: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Dot {
    pub(super) scenario: String,
    pub(super) seed: u64,
    pub(super) level: Level,
    pub(super) explained_s: f64,
    pub(super) censored: bool,
    pub(super) restored_s: Option<f64>,
    pub(super) loss_usd: f64,
}

/// What stands between the figures and doubt; from `other_responders` on only in a full run.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Controls {
    pub(super) placebo: Vec<Against>,
    pub(super) runbooks: Vec<Runbook>,
    pub(super) over_best_runbook: Vec<Against>,
    pub(super) oracle: Option<Restored>,
    pub(super) healthy: Vec<Healthy>,
    pub(super) outside: Vec<Outside>,
    pub(super) models: Vec<Model>,
    pub(super) other_responders: Vec<Row>,
    pub(super) equal_menus: Vec<Against>,
    pub(super) equal_menu_checks: usize,
    pub(super) cost_draws: Vec<CostDraws>,
    pub(super) odds: Vec<Row>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) learning: Vec<Row>,
    pub(super) shuffled_labels: Vec<Leak>,
    pub(super) before_trigger: Vec<Leak>,
    pub(super) before_trigger_classifier: Option<Classifier>,
    pub(super) signals: Vec<Subset>,
    pub(super) signal_gains: Vec<(String, f64)>,
    pub(super) calibration: Vec<Calibration>,
    pub(super) thresholds: Vec<Row>,
    pub(super) at_equal_error: Vec<Row>,
    pub(super) equal_error: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Against {
    pub(super) level: Level,
    pub(super) difference: f64,
    pub(super) interval: Interval,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Restored {
    pub(super) restored_share: f64,
    pub(super) time_to_restore_restricted_mean_s: f64,
    pub(super) loss_usd_mean: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Runbook {
    pub(super) says: String,
    #[serde(flatten)]
    pub(super) restored: Restored,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Healthy {
    pub(super) level: Level,
    pub(super) incidents: usize,
    pub(super) false_explanations_share: f64,
    pub(super) remedies_mean: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Outside {
    pub(super) level: Level,
    pub(super) incidents: usize,
    pub(super) said_not_ours_share: f64,
    pub(super) false_explanations_share: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Model {
    pub(super) model: OperatingModel,
    pub(super) level: Level,
    pub(super) explained_right_share: f64,
    pub(super) time_to_explain_restricted_mean_s: f64,
    #[serde(flatten)]
    pub(super) restored: Restored,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) level: Level,
    pub(super) explained_right_share: f64,
    pub(super) explained_wrong_share: f64,
    pub(super) time_to_explain_restricted_mean_s: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct CostDraws {
    pub(super) level: Level,
    pub(super) against: Level,
    pub(super) draws: usize,
    pub(super) shorter_share: f64,
    pub(super) difference_percentiles_s: [f64; 3],
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct LeftOut {
    pub(super) level: Level,
    pub(super) said_so_share: f64,
    pub(super) explained_wrong_share: f64,
    pub(super) restored_share: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Leak {
    pub(super) level: Level,
    pub(super) explained_right_share: f64,
    pub(super) interval: Interval,
    pub(super) chance: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Classifier {
    pub(super) incidents: usize,
    pub(super) right_share: f64,
    pub(super) chance: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Subset {
    pub(super) signals: Vec<String>,
    pub(super) alerts: bool,
    pub(super) explained_right_share: f64,
    pub(super) time_to_explain_restricted_mean_s: f64,
    pub(super) time_from_call_to_explain_restricted_mean_s: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Calibration {
    pub(super) level: Level,
    pub(super) brier: f64,
    /// The mean certainty, the share that is right, and how many answers.
    pub(super) bins: Vec<(f64, f64, usize)>,
}

impl Document {
    /// The paired differences of a metric: each level with the one before it, and each with the first. The first step is both.
    pub(super) fn paired(&self, metric: &str) -> (Vec<&Paired>, Vec<&Paired>) {
        let all = || self.paired.iter().filter(|paired| paired.metric == metric);
        let is_step = |paired: &&Paired| {
            self.levels
                .windows(2)
                .any(|pair| (pair[0].level, pair[1].level) == (paired.against, paired.level))
        };
        let first = self.levels.first().map(|row| row.level);
        (all().filter(is_step).collect(), all().filter(|paired| Some(paired.against) == first).collect())
    }

    /// How many incidents each level's figures are of.
    pub(super) fn incidents(&self) -> usize {
        self.levels.first().map_or(0, |row| row.incidents)
    }

    /// The scenarios that the levels' figures are of.
    pub(super) fn judged(&self) -> impl Iterator<Item = &Scenario> {
        self.scenarios.iter().filter(|scenario| !scenario.control && !scenario.unnoticed)
    }

    /// The model responder, and of how many incidents: for the subtitle of a plot.
    pub(super) fn sample(&self) -> String {
        let (incidents, scenarios) = (self.incidents(), self.judged().count());
        format!("{}, {incidents} incidents of {scenarios} scenarios", self.responder)
    }
}
