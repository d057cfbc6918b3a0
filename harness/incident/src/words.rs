//! The closed word lists that only records use. The shop's own lists are in the crate `words`.

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
    /// How much time a target's tolerable unavailability is a part of. Effectiveness on one basis is never compared with that on another.
    ToleratedIn {
        /// The field's definition: 99.9 % of a week leaves 10 minutes and 5 seconds.
        Week = "week",
        /// What records were reckoned by that do not name their basis.
        ThirtyDays = "30-days",
    }
}

impl ToleratedIn {
    /// The length of the period in seconds.
    pub const fn seconds(self) -> f64 {
        let days = match self {
            Self::Week => 7.0,
            Self::ThirtyDays => 30.0,
        };
        days * 24.0 * 3_600.0
    }

    /// The basis of records that do not name one.
    pub(crate) const fn unnamed() -> Self {
        Self::ThirtyDays
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
