//! The latent faults of the shop and the switches that repair them. Teaches that one outage has many contributing factors.
//!
//! Each fault is an ordinary implementation with an ordinary defect, standing beside its repaired twin. The code asks
//! its switch at every decision, so that a repair takes effect in work that is already under way.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A defect that sleeps until something wakes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum LatentFault {
    /// Text is written into JSON, HTML, script and XML without the rules of that place.
    InvalidRendering,
    /// Permanent errors are retried for ever, and their cause is lost on the way.
    PoorErrorHandling,
    /// Health means 'the process runs'; nobody asks whether it can work.
    MissingHealthCheck,
    /// What leaves a service says that something is wrong, never what.
    InadequateTelemetry,
}

impl LatentFault {
    /// All four, in the order of the story.
    pub const ALL: [Self; 4] = [
        Self::InvalidRendering,
        Self::PoorErrorHandling,
        Self::MissingHealthCheck,
        Self::InadequateTelemetry,
    ];

    /// The name that people and records use.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRendering => "invalid-rendering",
            Self::PoorErrorHandling => "poor-error-handling",
            Self::MissingHealthCheck => "missing-health-check",
            Self::InadequateTelemetry => "inadequate-telemetry",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// How much leaves a service as telemetry. Each level adds to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The process runs; free text without cause or identifiers.
    Dark,
    /// Structured lines with cause, asset, version and upstream.
    Logs,
    /// Rates, errors, durations and alerts as well.
    Metrics,
    /// Spans across all hops as well.
    Traces,
    /// Publishes, releases and restarts as events as well.
    Changes,
}

impl Level {
    /// All levels, poorest first.
    pub const ALL: [Self; 5] = [Self::Dark, Self::Logs, Self::Metrics, Self::Traces, Self::Changes];

    /// The name that people and records use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
            Self::Traces => "traces",
            Self::Changes => "changes",
        }
    }
}

/// Which latent faults a service has right now, and its telemetry level. Clones share one state.
///
/// Inadequate telemetry has no switch of its own: it is present at every level below the richest. Turning a switch
/// emits no telemetry: a responder must not be able to see it.
#[derive(Clone, Debug)]
pub struct Switches {
    present: Arc<AtomicU8>,
    level: Arc<AtomicU8>,
}

impl Switches {
    /// Exactly these faults present, at this level.
    pub fn new(present: impl IntoIterator<Item = LatentFault>, level: Level) -> Self {
        let bits = present.into_iter().fold(0, |bits, fault| bits | fault.bit());
        Self { present: Arc::new(AtomicU8::new(bits)), level: Arc::new(AtomicU8::new(level as u8)) }
    }

    /// Whether the faulty twin is to run. Ask at every decision.
    pub fn present(&self, fault: LatentFault) -> bool {
        match fault {
            LatentFault::InadequateTelemetry => self.level() < Level::Changes,
            fault => self.present.load(Ordering::Relaxed) & fault.bit() != 0,
        }
    }

    /// Repairs a fault, or brings it back.
    pub fn set(&self, fault: LatentFault, present: bool) {
        match (fault, present) {
            (LatentFault::InadequateTelemetry, true) => self.set_level(Level::Dark),
            (LatentFault::InadequateTelemetry, false) => self.set_level(Level::Changes),
            (fault, true) => _ = self.present.fetch_or(fault.bit(), Ordering::Relaxed),
            (fault, false) => _ = self.present.fetch_and(!fault.bit(), Ordering::Relaxed),
        }
    }

    /// The telemetry level.
    pub fn level(&self) -> Level {
        Level::ALL[usize::from(self.level.load(Ordering::Relaxed))]
    }

    /// Turns the telemetry level.
    pub fn set_level(&self, level: Level) {
        self.level.store(level as u8, Ordering::Relaxed);
    }

    /// The faults present, in the order of the story.
    pub fn faults_present(&self) -> Vec<LatentFault> {
        LatentFault::ALL.into_iter().filter(|fault| self.present(*fault)).collect()
    }

    /// The same state, no longer shared.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self::new(self.faults_present(), self.level())
    }

    /// Takes over the state of `other`, once.
    pub fn copy_from(&self, other: &Self) {
        self.present.store(other.present.load(Ordering::Relaxed), Ordering::Relaxed);
        self.set_level(other.level());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_turns_one_fault_only() {
        let switches = Switches::new(LatentFault::ALL, Level::Dark);
        switches.set(LatentFault::PoorErrorHandling, false);
        let left = [
            LatentFault::InvalidRendering,
            LatentFault::MissingHealthCheck,
            LatentFault::InadequateTelemetry,
        ];
        assert_eq!(switches.faults_present(), left);
        switches.set(LatentFault::InadequateTelemetry, false);
        assert_eq!(switches.level(), Level::Changes);
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        for fault in LatentFault::ALL {
            assert_eq!(fault.to_possible_value().unwrap().get_name(), fault.name());
        }
        for level in Level::ALL {
            assert_eq!(level.to_possible_value().unwrap().get_name(), level.name());
        }
    }
}
