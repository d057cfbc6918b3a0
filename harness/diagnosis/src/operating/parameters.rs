//! The assumptions about lines of support in one table: each value with its range and its source. Teaches that a model of an organisation
//! is a list of figures that can be disputed one by one.

use std::ops::{Index, IndexMut};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    Acknowledged,
    CalledOut,
    Understood,
    Bounced,
    Detail,
    Kept,
    Busy,
    OtherWork,
    Helpers,
    Blind,
    Relayed,
    DayBegins,
    DirectAlert,
    Hypercare,
    Swarm,
}

impl Parameter {
    /// Whether it is about the team that runs what it builds. All others are about lines of support.
    pub fn is_of_the_team(self) -> bool {
        matches!(self, Self::CalledOut | Self::Swarm)
    }
}

/// One row of a table: of this one, or of one with other parameters.
#[derive(Clone, Copy, Debug)]
pub struct About<P = Parameter> {
    pub parameter: P,
    pub name: &'static str,
    pub unit: &'static str,
    pub value: f64,
    pub range: [f64; 2],
    pub source: &'static str,
}

/// The source of a value for which no source was found.
pub const ASSUMED: &str = "assumed";

/// The source of most figures about operating models.
pub const PLAYBOOK: &str = "Equal Experts, You Build It You Run It playbook";

pub const fn about<P: Copy>(
    parameter: P,
    name: &'static str,
    unit: &'static str,
    value: f64,
    range: [f64; 2],
    source: &'static str,
) -> About<P> {
    About { parameter, name, unit, value, range, source }
}

/// The table, in the order of [`Parameter`].
#[rustfmt::skip]
pub const TABLE: [About; 15] = [
    about(Parameter::Acknowledged, "a ticket is acknowledged within", "min", 20.0, [10.0, 30.0], PLAYBOOK),
    about(Parameter::CalledOut, "a called-out team acknowledges within", "min", 3.0, [1.0, 5.0], PLAYBOOK),
    about(Parameter::Understood, "reading and understanding a ticket", "min", 5.0, [2.0, 15.0], ASSUMED),
    about(Parameter::Bounced, "tickets sent back for more detail", "share", 0.3, [0.04, 0.92], "range: Chen et al., ICSE-SEIP 2019, reassigned at least once; value assumed"),
    about(Parameter::Detail, "writing up more detail", "min", 15.0, [5.0, 60.0], ASSUMED),
    about(Parameter::Kept, "findings kept at a handover", "share", 0.97, [0.48, 0.998], "Bhabra et al., 2007 (hospital): notes; range: spoken, and on a printed sheet"),
    about(Parameter::Busy, "a line is busy with other work", "share", 0.5, [0.2, 0.8], ASSUMED),
    about(Parameter::OtherWork, "a piece of other work, mean", "min", 15.0, [5.0, 40.0], ASSUMED),
    about(Parameter::Helpers, "network and storage teams begin, mean", "min", 30.0, [10.0, 120.0], ASSUMED),
    about(Parameter::Blind, "L3 lacks live telemetry", "share", 0.5, [0.0, 1.0], "that it may: the same playbook; value assumed"),
    about(Parameter::Relayed, "a look that another line is asked for", "min", 5.0, [2.0, 15.0], ASSUMED),
    about(Parameter::DayBegins, "P3 tickets are worked on from", "h", 9.0, [8.0, 10.0], "that P1 and P2 alone are paid for: the playbook's telco; hour assumed"),
    about(Parameter::DirectAlert, "application support alerted directly", "0 or 1", 0.0, [0.0, 1.0], "countermeasure; not in use unless said"),
    about(Parameter::Hypercare, "hypercare: the delivery team stands by", "0 or 1", 0.0, [0.0, 1.0], "countermeasure; not in use unless said"),
    about(Parameter::Swarm, "people of a swarm who look at once", "people", 1.0, [1.0, 3.0], "that it may: the same playbook, as its rota of three; that n people look n times as fast is assumed, and is the most it can be"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters([f64; TABLE.len()]);

impl Default for Parameters {
    fn default() -> Self {
        Self(TABLE.map(|about| about.value))
    }
}

impl Parameters {
    #[must_use]
    pub fn with(mut self, parameter: Parameter, value: f64) -> Self {
        self[parameter] = value;
        self
    }
}

impl Index<Parameter> for Parameters {
    type Output = f64;

    fn index(&self, parameter: Parameter) -> &f64 {
        &self.0[parameter as usize]
    }
}

impl IndexMut<Parameter> for Parameters {
    fn index_mut(&mut self, parameter: Parameter) -> &mut f64 {
        &mut self.0[parameter as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_names_a_source_or_says_assumed_and_lies_in_its_range() {
        let known = ["Equal Experts", "et al.", "playbook", "countermeasure"];
        for (place, About { parameter, name, value, range: [low, high], source, .. }) in
            TABLE.iter().enumerate()
        {
            assert_eq!(*parameter as usize, place, "{name} stands at its place");
            assert!(
                *source == ASSUMED || known.iter().any(|known| source.contains(known)),
                "{name}: {source}"
            );
            assert!(low < high && low <= value && value <= high, "{name}");
        }
    }
}
