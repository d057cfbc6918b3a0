//! The catalogue of contributing factors: the closed list that every explanation chooses from, whatever the scenario.
//!
//! All scenarios share one catalogue, because a list made for one scenario would give its answer away. It teaches to
//! look for *several* factors: an outage rarely has only one, and the catalogue does not list human error.

use words::{LatentFault, words};

words! {
    /// A property of the system, or of its surroundings, without which the loss would have been smaller.
    ContributingFactor {
        /// Text is written into JSON, HTML, script or XML without the rules of that place, so that some characters break it.
        InvalidRendering = "invalid-rendering",
        /// A failure is retried, hidden or waited for instead of being told, bounded and contained.
        PoorErrorHandling = "poor-error-handling",
        /// A health check says that the process runs, not that it can do its work, or nobody asks it.
        MissingHealthCheck = "missing-health-check",
        /// What the services tell does not lead from what customers see to its cause.
        InadequateTelemetry = "inadequate-telemetry",
        /// What editors save is taken as it is, without asking whether the pages can be built from it.
        UncheckedContent = "unchecked-content",
        /// Nothing limits how large an asset may be, so that one can crowd out all others.
        UnlimitedAssetSize = "unlimited-asset-size",
        /// When content expires, every request for it goes to the store at the same time.
        NoStampedeProtection = "no-stampede-protection",
        /// A cache that has just started is empty, and what stands behind it cannot carry the load alone.
        ColdStart = "cold-start",
        /// The disk or a lock beneath the store answers more slowly than its callers expect.
        SlowStorage = "slow-storage",
        /// Permits or connections are taken and on some path not given back, until none are left.
        LeakedPermits = "leaked-permits",
        /// A change is published but those who keep a copy are not told, or do not hear it.
        LostInvalidation = "lost-invalidation",
        /// A time-out is missing, or too short or too long for the call that it guards.
        UnsuitableTimeout = "unsuitable-timeout",
        /// A release reaches all customers at once, without a step at which its failure would have been noticed.
        UnsafeRelease = "unsafe-release",
        /// There is less capacity than the customers who come need, and no more is added in time.
        InsufficientCapacity = "insufficient-capacity",
        /// Work is accepted without limit, or goes on for customers who have left.
        UnboundedWork = "unbounded-work",
        /// Retries multiply the load on something that is already failing.
        RetryAmplification = "retry-amplification",
        /// A process stands still with its port open, and its callers take it for a slow one.
        UnhandledProcessStall = "unhandled-process-stall",
        /// The network between two services delays, loses or resets what is sent over it.
        UnreliableNetwork = "unreliable-network",
        /// The cause lies with a provider outside the shop, where no telemetry of ours reaches.
        OutsideProvider = "outside-provider",
        /// Nothing was broken for customers: an alarm went off without a cause in the shop.
        FalseAlarm = "false-alarm",
    }
}

impl ContributingFactor {
    /// The story's four latent faults. Each can be present in the shop, or repaired.
    pub const LATENT_FAULTS: [Self; LatentFault::ALL.len()] = [
        Self::InvalidRendering,
        Self::PoorErrorHandling,
        Self::MissingHealthCheck,
        Self::InadequateTelemetry,
    ];
}

impl From<LatentFault> for ContributingFactor {
    fn from(fault: LatentFault) -> Self {
        match fault {
            LatentFault::InvalidRendering => Self::InvalidRendering,
            LatentFault::PoorErrorHandling => Self::PoorErrorHandling,
            LatentFault::MissingHealthCheck => Self::MissingHealthCheck,
            LatentFault::InadequateTelemetry => Self::InadequateTelemetry,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_catalogue_is_large_enough_and_tells_its_entries_apart() {
        let all = ContributingFactor::ALL;
        assert!(all.len() >= 15);
        assert_eq!(all.iter().map(|factor| factor.name()).collect::<BTreeSet<_>>().len(), all.len());
        for factor in all {
            assert!(factor.name().chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{factor}");
            let description = factor.description();
            assert!(
                description.ends_with('.') && description.matches('.').count() == 1,
                "one sentence: {factor}"
            );
        }
    }

    #[test]
    fn the_latent_faults_bear_their_names() {
        let factors = LatentFault::ALL.map(ContributingFactor::from);
        assert_eq!(factors, ContributingFactor::LATENT_FAULTS);
        assert_eq!(factors.map(ContributingFactor::name), LatentFault::ALL.map(LatentFault::name));
    }
}
