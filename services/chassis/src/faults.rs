//! The latent faults of the shop and the switches that repair them. Teaches that one outage has many contributing factors.
//!
//! Each fault is an ordinary implementation with an ordinary defect, standing beside its repaired twin. The code asks
//! its switch at every decision, so that a repair takes effect in work that is already under way.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use words::{LatentFault, Level};

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
    pub fn new(present: impl IntoIterator<Item = LatentFault>, level: Level) -> Self {
        let bits = present.into_iter().fold(0, |bits, fault| bits | bit(fault));
        Self { present: Arc::new(AtomicU8::new(bits)), level: Arc::new(AtomicU8::new(level as u8)) }
    }

    /// Whether the faulty twin is to run. Ask at every decision.
    pub fn present(&self, fault: LatentFault) -> bool {
        match fault {
            LatentFault::InadequateTelemetry => self.level() < Level::RICHEST,
            fault => self.present.load(Ordering::Relaxed) & bit(fault) != 0,
        }
    }

    /// Repairs a fault, or brings it back.
    pub fn set(&self, fault: LatentFault, present: bool) {
        match (fault, present) {
            (LatentFault::InadequateTelemetry, true) => self.set_level(Level::Dark),
            (LatentFault::InadequateTelemetry, false) => self.set_level(Level::RICHEST),
            (fault, true) => _ = self.present.fetch_or(bit(fault), Ordering::Relaxed),
            (fault, false) => _ = self.present.fetch_and(!bit(fault), Ordering::Relaxed),
        }
    }

    pub fn level(&self) -> Level {
        Level::ALL[usize::from(self.level.load(Ordering::Relaxed))]
    }

    pub fn set_level(&self, level: Level) {
        self.level.store(level as u8, Ordering::Relaxed);
    }

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

fn bit(fault: LatentFault) -> u8 {
    1 << fault as u8
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
}
