//! What acting costs, and which sequence is one to try. Teaches that a remedy is a bet: it has a price, and a chance to help.
//!
//! **Costs** are minutes from the decision until it has been done, decision included; all **assumed**. Restarting and emptying are
//! scripts that exist (3), rolling back a text is a click and a reason (5), rolling back a release goes through its pipeline (10),
//! capacity must be ordered (15), network and disk are other people's (30 and 60).

use std::time::Duration;

use incident::Remedy;

/// In a sequence of remedies, the asset that some finding names.
pub const PUBLISHED: &str = "published";

/// How long a responder waits to see whether it helped: an availability target holds for a minute before anybody believes it.
pub const SETTLES: Duration = Duration::from_secs(180);

/// What a remedy costs.
pub fn cost(remedy: &Remedy) -> Duration {
    let minutes = match remedy {
        Remedy::Restart { .. } | Remedy::FlushCache => 3,
        Remedy::RollBack { .. } => 5,
        Remedy::RollBackRelease { .. } => 10,
        Remedy::AddCapacity { .. } => 15,
        Remedy::RepairNetwork => 30,
        Remedy::ReplaceDisk => 60,
    };
    Duration::from_secs(60) * minutes
}

/// The sequence with `asset` in place of [`PUBLISHED`]; none if it needs an asset and there is none.
pub fn with_asset(sequence: &[Remedy], asset: Option<&str>) -> Option<Vec<Remedy>> {
    let named = |remedy: &Remedy| match remedy {
        Remedy::RollBack { asset: name } if name == PUBLISHED => {
            asset.map(|asset| Remedy::RollBack { asset: asset.to_owned() })
        }
        other => Some(other.clone()),
    };
    sequence.iter().map(named).collect()
}
