//! What a responder can do to the shop. Each remedy is something that a person on call could do with ordinary tools.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use words::{LatentFault, Service};

/// One action on the world.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "remedy", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Remedy {
    /// Publishes the asset's version before the current one as a new version.
    RollBack {
        /// The asset's id.
        asset: String,
    },
    /// Restarts one service: its memory, connections and tasks are gone.
    Restart {
        /// The service.
        service: Service,
    },
    /// Empties the cache's entries without restarting it: what it is working on goes on.
    FlushCache,
    /// Releases the service's version before the current one again.
    RollBackRelease {
        /// The service.
        service: Service,
    },
    /// Gives a service twice the capacity that it has.
    AddCapacity {
        /// The service.
        service: Service,
    },
    /// Has the network between the services put right, by those who run it.
    RepairNetwork,
    /// Moves the content store to a disk that is well.
    ReplaceDisk,
    /// Puts everything back as it was at first: what whoever runs an exercise can do, and nobody in an incident.
    Restore,
    /// Repairs a latent fault while the shop runs.
    Repair {
        /// The fault.
        fault: LatentFault,
    },
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RollBack { asset } => write!(f, "roll back {asset}"),
            Self::Restart { service } => write!(f, "restart the {}", service.words()),
            Self::FlushCache => f.write_str("flush the cache"),
            Self::RollBackRelease { service } => {
                write!(f, "roll back the release of the {}", service.words())
            }
            Self::AddCapacity { service } => write!(f, "add capacity to the {}", service.words()),
            Self::RepairNetwork => f.write_str("have the network repaired"),
            Self::ReplaceDisk => f.write_str("replace the content store's disk"),
            Self::Restore => f.write_str("put everything back as it was"),
            Self::Repair { fault } => write!(f, "repair {}", fault.name().replace('-', " ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn remedies_read_well_and_keep_their_json() {
        let check = |remedy: Remedy, words: &str, expected: serde_json::Value| {
            assert_eq!(remedy.to_string(), words);
            assert_eq!(serde_json::to_value(&remedy).unwrap(), expected);
        };
        check(
            Remedy::RollBack { asset: "promo-banner".into() },
            "roll back promo-banner",
            json!({"remedy": "roll-back", "asset": "promo-banner"}),
        );
        check(
            Remedy::Restart { service: Service::Cache },
            "restart the cache",
            json!({"remedy": "restart", "service": "cache"}),
        );
        check(
            Remedy::Restart { service: Service::WebFront },
            "restart the web front",
            json!({"remedy": "restart", "service": "web-front"}),
        );
        check(Remedy::FlushCache, "flush the cache", json!({"remedy": "flush-cache"}));
        check(
            Remedy::RollBackRelease { service: Service::WebFront },
            "roll back the release of the web front",
            json!({"remedy": "roll-back-release", "service": "web-front"}),
        );
        check(
            Remedy::AddCapacity { service: Service::WebFront },
            "add capacity to the web front",
            json!({"remedy": "add-capacity", "service": "web-front"}),
        );
        check(Remedy::RepairNetwork, "have the network repaired", json!({"remedy": "repair-network"}));
        check(Remedy::ReplaceDisk, "replace the content store's disk", json!({"remedy": "replace-disk"}));
        check(Remedy::Restore, "put everything back as it was", json!({"remedy": "restore"}));
        check(
            Remedy::Repair { fault: LatentFault::PoorErrorHandling },
            "repair poor error handling",
            json!({"remedy": "repair", "fault": "poor-error-handling"}),
        );
    }
}
