//! On which terms a responder works: what it may look at, what looks and remedies cost, what it holds for probable beforehand, and how
//! sure it must be. Teaches that a result belongs to its assumptions: each of them can be changed here, and nowhere else.

use incident::{Level, OperatingModel, Remedy};

use crate::{
    checks::{CHECKS, granted},
    remedies,
};

/// The probability from which an explanation is given.
pub const CERTAIN_FROM: f64 = 0.9;

/// How probable it is, before anything is known, that the incident is on no list. Assumed.
pub const UNKNOWN_PRIOR: f64 = 0.05;

/// How the next look is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chooses {
    /// The one that is expected to bring the most bits per minute.
    MostPerMinute,
    /// The next one in the order of [`Terms::checks`].
    InOrder,
}

/// What looks and remedies cost, in minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    /// By the place of a check in [`CHECKS`].
    pub checks: Vec<f64>,
    /// By the [kind](remedies::kind) of a remedy.
    pub remedies: [f64; remedies::KINDS],
}

/// The terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The checks that can be taken, by their places in [`CHECKS`].
    pub checks: Vec<usize>,
    /// What is paid.
    pub costs: Costs,
    /// Odds of the scenarios before anything is known, in the order of the knowledge; none: all the same.
    pub odds: Option<Vec<f64>>,
    /// The probability from which an explanation is given.
    pub certain_from: f64,
    /// How looks are chosen.
    pub chooses: Chooses,
    /// Who may do what.
    pub model: OperatingModel,
}

impl Costs {
    /// The tables of [`checks`](crate::checks) and [`remedies`].
    pub fn assumed() -> Self {
        let checks = CHECKS.iter().map(|check| f64::from(check.cost_minutes)).collect();
        Self { checks, remedies: remedies::COST_MINUTES }
    }

    /// What a remedy costs.
    pub fn remedy(&self, remedy: &Remedy) -> f64 {
        self.remedies[remedies::kind(remedy)]
    }
}

impl Terms {
    /// What a telemetry level grants, at the assumed costs.
    pub fn at(level: Level, model: OperatingModel) -> Self {
        Self::with(granted(level), model)
    }

    /// These checks, at the assumed costs.
    pub fn with(checks: Vec<usize>, model: OperatingModel) -> Self {
        Self {
            checks,
            costs: Costs::assumed(),
            odds: None,
            certain_from: CERTAIN_FROM,
            chooses: Chooses::MostPerMinute,
            model,
        }
    }
}
