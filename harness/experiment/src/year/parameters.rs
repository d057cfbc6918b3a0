//! The assumptions of a simulated year besides the incidents: the table of the operating models, and a table of everything else. Teaches
//! that a simulation is a list of assumptions with a clock: an assumption without a source says so, and its effect on the result is printed.

use std::ops::Index;

use diagnosis::operating::{
    Parameter, Parameters,
    parameters::{self, ASSUMED, About, PLAYBOOK, about},
};

/// The parameters that only a year needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    OtherIncidents,
    Changes,
    Failing,
    CentralRelease,
    OwnRelease,
    FirstLine,
    SecondLine,
    Tickets,
    OutsideTrade,
    Domain,
    SmallExposure,
    TakenUp,
    BacklogDays,
    RepairDays,
}

const COUNT: usize = Of::RepairDays as usize + 1;

/// The table, in the order of [`Of`].
#[rustfmt::skip]
pub const TABLE: [About<Of>; COUNT] = [
    about(Of::OtherIncidents, "incidents without an own change", "a year", 12.0, [4.0, 24.0], ASSUMED),
    about(Of::Changes, "changes that a team finishes", "a week", 2.0, [1.0, 5.0], ASSUMED),
    about(Of::Failing, "changes that cause an incident", "share", 0.05, [0.02, 0.15], ASSUMED),
    about(Of::CentralRelease, "between releases, central line", "days", 22.0, [14.0, 30.0], PLAYBOOK),
    about(Of::OwnRelease, "between a team's own deployments", "days", 3.0, [1.0, 7.0], PLAYBOOK),
    about(Of::FirstLine, "at L1, day and night", "people", 2.0, [1.0, 4.0], ASSUMED),
    about(Of::SecondLine, "at L2 by day; one on call outside", "people", 3.0, [2.0, 6.0], ASSUMED),
    about(Of::Tickets, "L2's other tickets, a team and day", "tickets", 4.0, [2.0, 8.0], ASSUMED),
    about(Of::OutsideTrade, "trade out of hours, of that within", "share", 0.3, [0.1, 1.0], ASSUMED),
    about(Of::Domain, "sharing an on-call rota at 99.0 %", "teams", 5.0, [3.0, 8.0], ASSUMED),
    about(Of::SmallExposure, "exposure a minute where 95.0 % is enough", "$", 500.0, [100.0, 2_000.0], ASSUMED),
    about(Of::TakenUp, "fix actions taken from a backlog", "share", 0.3, [0.0, 0.6], ASSUMED),
    about(Of::BacklogDays, "longest wait on a backlog", "days", 90.0, [14.0, 180.0], PLAYBOOK),
    about(Of::RepairDays, "longest wait where factors are repaired", "days", 4.0, [0.5, 7.0], PLAYBOOK),
];

/// The parameters of the operating models that a year uses. How busy a line is, is a result here, and no incident takes L3.
const USED: [Parameter; 8] = [
    Parameter::Acknowledged,
    Parameter::CalledOut,
    Parameter::Understood,
    Parameter::Bounced,
    Parameter::Detail,
    Parameter::Kept,
    Parameter::OtherWork,
    Parameter::Helpers,
];

/// The lowest and the highest pay, in dollars. All assumed.
pub const STANDBY_WEEK_USD: (f64, f64) = (200.0, 1_000.0);
pub const CALL_OUT_USD: (f64, f64) = (50.0, 300.0);
pub const SHIFT_HOUR_USD: (f64, f64) = (30.0, 80.0);

/// A value for each parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Values {
    pub operating: Parameters,
    own: [f64; COUNT],
}

impl Default for Values {
    fn default() -> Self {
        Self { operating: Parameters::default(), own: TABLE.map(|about| about.value) }
    }
}

impl Index<Parameter> for Values {
    type Output = f64;

    fn index(&self, parameter: Parameter) -> &f64 {
        &self.operating[parameter]
    }
}

impl Index<Of> for Values {
    type Output = f64;

    fn index(&self, of: Of) -> &f64 {
        &self.own[of as usize]
    }
}

impl Values {
    #[must_use]
    pub fn with(mut self, of: Of, value: f64) -> Self {
        self.own[of as usize] = value;
        self
    }

    /// A parameter as a number of people or teams.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few people, at least one")]
    pub fn count(&self, of: Of) -> usize {
        (self[of].round() as usize).max(1)
    }
}

/// Every parameter, without its name in the code, with two sets of values: this parameter at the low and at the high end of its range.
pub fn swings() -> Vec<(About<()>, [Values; 2])> {
    fn nameless<P>(about: &About<P>) -> About<()> {
        let About { name, unit, value, range, source, .. } = *about;
        About { parameter: (), name, unit, value, range, source }
    }
    let usual = Values::default();
    let shared = USED.iter().map(|parameter| {
        let about = &parameters::TABLE[*parameter as usize];
        let at = |end| {
            let mut values = usual;
            values.operating[*parameter] = end;
            values
        };
        (nameless(about), about.range.map(at))
    });
    let own =
        TABLE.iter().map(|about| (nameless(about), about.range.map(|end| usual.with(about.parameter, end))));
    shared.chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_range_and_stands_at_its_place() {
        for (place, About { parameter, name, value, range: [low, high], .. }) in TABLE.iter().enumerate() {
            assert!(*parameter as usize == place && low <= value && value <= high, "{name}");
        }
    }
}
