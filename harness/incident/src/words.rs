//! The closed lists of words that only records know; those of the shop come from the crate `words`.

use ::words::words;

words! {
    /// Who restores service, and what they may see and do.
    OperatingModel {
        /// Operations and support teams restore, and escalate to the delivery team through ticket queues.
        OpsRunIt = "ops-run-it",
        /// The product team that built it is on call, sees all telemetry and may use every remedy.
        YouBuildIt = "you-build-it",
    }
}

words! {
    /// What the shop's time was. A loss in live time is never compared with one in virtual time.
    ClockKind {
        /// The shop ran on the wall clock.
        Live = "live",
        /// The shop ran in virtual time.
        Virtual = "virtual",
    }
}
