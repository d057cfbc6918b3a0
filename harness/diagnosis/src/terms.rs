//! The terms on which a responder works: the looks it may take, the costs of looks, remedies and answers, and its prior odds. Teaches that
//! a result belongs to its assumptions. Each of them can be changed here, and nowhere else.

use incident::{Level, OperatingModel, Remedy};

use crate::{
    checks::{CHECKS, granted},
    operating::{Parameter, Parameters},
    remedies,
};

/// Prices, in minutes of an outage. All are **assumed**: vary them in a sweep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stakes {
    /// A minute of looking while customers are served: only the responder's time.
    pub calm_minute: f64,
    /// A wrong explanation: the wrong thing was fixed, and the next outage comes.
    pub wrong: f64,
    pub none: f64,
    /// No remedy is left to try: everybody is called, and somebody reads code.
    pub last_resort: f64,
}

pub const STAKES: Stakes = Stakes { calm_minute: 0.25, wrong: 240.0, none: 60.0, last_resort: 240.0 };

/// From this probability on, giving an explanation is cheaper than giving none, by the stakes.
pub const CERTAIN_FROM: f64 = 1.0 - STAKES.none / STAKES.wrong;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chooses {
    /// The step with the lowest expected remaining cost.
    ByWorth,
    /// The next check in the order of [`Terms::checks`], until an explanation is worth giving.
    InOrder,
}

/// What looks and remedies cost, in minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    /// By the index of a check in [`CHECKS`].
    pub checks: Vec<f64>,
    /// By the [kind](remedies::kind) of a remedy.
    pub remedies: [f64; remedies::KINDS],
}

#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The checks that the responder may take, as indices into [`CHECKS`].
    pub checks: Vec<usize>,
    pub costs: Costs,
    /// Prior odds of the scenarios, in the order of the knowledge; `None`: all are equal.
    pub odds: Option<Vec<f64>>,
    pub stakes: Stakes,
    pub chooses: Chooses,
    pub model: OperatingModel,
    pub parameters: Parameters,
    /// The incident's seed, for everything random in the operating model. `None`: nothing is left to chance.
    pub seed: Option<u64>,
}

impl Costs {
    /// The costs in the tables of [`checks`](crate::checks) and [`remedies`].
    pub fn assumed() -> Self {
        let checks = CHECKS.iter().map(|check| f64::from(check.cost_minutes)).collect();
        Self { checks, remedies: remedies::COST_MINUTES }
    }

    pub fn remedy(&self, remedy: &Remedy) -> f64 {
        self.remedies[remedies::kind(remedy)]
    }
}

impl Terms {
    /// Terms with the checks that a telemetry level grants, at the assumed costs.
    pub fn at(level: Level, model: OperatingModel) -> Self {
        Self::with(granted(level), model)
    }

    /// Minutes that a look takes. A swarm of the team on call shares the work, which divides the time.
    pub fn look_minutes(&self, check: usize) -> f64 {
        self.costs.checks[check] / self.lookers()
    }

    pub fn lookers(&self) -> f64 {
        if self.model == OperatingModel::YouBuildIt { self.parameters[Parameter::Swarm] } else { 1.0 }
    }

    /// Terms with these checks, at the assumed costs.
    pub fn with(checks: Vec<usize>, model: OperatingModel) -> Self {
        let (costs, stakes) = (Costs::assumed(), STAKES);
        let parameters = Parameters::default();
        Self { checks, costs, odds: None, stakes, chooses: Chooses::ByWorth, model, parameters, seed: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swarm_of_the_team_on_call_divides_its_looks() {
        let parameters = Parameters::default().with(Parameter::Swarm, 3.0);
        let minutes = |model| Terms { parameters, ..Terms::with(vec![0], model) }.look_minutes(0);
        let usual = f64::from(CHECKS[0].cost_minutes);
        assert!((minutes(OperatingModel::YouBuildIt) - usual / 3.0).abs() < 1e-12);
        assert!((minutes(OperatingModel::OpsRunIt) - usual).abs() < 1e-12, "lines look by themselves");
    }
}
