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

/// How many kinds of remedies there are.
pub const KINDS: usize = 7;

/// What each kind costs, in minutes. Assumed.
pub const COST_MINUTES: [f64; KINDS] = [3.0, 3.0, 5.0, 10.0, 15.0, 30.0, 60.0];

/// The kind of a remedy, as a place in [`COST_MINUTES`].
pub fn kind(remedy: &Remedy) -> usize {
    match remedy {
        Remedy::Restart { .. } => 0,
        Remedy::FlushCache => 1,
        Remedy::RollBack { .. } => 2,
        Remedy::RollBackRelease { .. } => 3,
        Remedy::AddCapacity { .. } => 4,
        Remedy::RepairNetwork => 5,
        // Nobody who is called to an incident has the last two. They would be as dear as the dearest.
        Remedy::ReplaceDisk | Remedy::Restore | Remedy::Repair { .. } => 6,
    }
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
