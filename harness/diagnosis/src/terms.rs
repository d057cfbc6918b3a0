//! On which terms a responder works: what it may look at, what looks, remedies and answers cost, and what it holds for probable
//! beforehand. Teaches that a result belongs to its assumptions: each of them can be changed here, and nowhere else.

use incident::{Level, OperatingModel, Remedy};

use crate::{
    checks::{CHECKS, granted},
    operating::{Parameter, Parameters},
    remedies,
};

/// What is at stake, in minutes of an outage. **Assumed**, all of it; sweep it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stakes {
    /// A minute of looking while customers are served: a responder's time alone.
    pub calm_minute: f64,
    /// A wrong explanation: the next outage comes, and the wrong thing was mended.
    pub wrong: f64,
    /// No explanation.
    pub none: f64,
    /// No remedy left to try: everybody is called, and somebody reads code.
    pub last_resort: f64,
}

/// The stakes as assumed.
pub const STAKES: Stakes = Stakes { calm_minute: 0.25, wrong: 240.0, none: 60.0, last_resort: 240.0 };

/// The probability from which an explanation is worth giving, by the stakes.
pub const CERTAIN_FROM: f64 = 1.0 - STAKES.none / STAKES.wrong;

/// How the next look is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chooses {
    /// By what it is expected to be worth.
    ByWorth,
    /// The next one in the order of [`Terms::checks`], as long as no explanation is worth giving.
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
    /// What is at stake.
    pub stakes: Stakes,
    /// How looks are chosen.
    pub chooses: Chooses,
    /// Who may do what.
    pub model: OperatingModel,
    /// What is assumed about that.
    pub parameters: Parameters,
    /// Where all chance of that comes from: the incident's seed. None: nothing is left to chance.
    pub seed: Option<u64>,
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

    /// What a look takes, in minutes: a swarm of the team on call divides its looks.
    pub fn look_minutes(&self, check: usize) -> f64 {
        self.costs.checks[check] / self.lookers()
    }

    /// How many look at the same time.
    pub fn lookers(&self) -> f64 {
        if self.model == OperatingModel::YouBuildIt { self.parameters[Parameter::Swarm] } else { 1.0 }
    }

    /// These checks, at the assumed costs.
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
