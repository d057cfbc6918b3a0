//! What acting costs, and which sequence is one to try. Teaches that a remedy is a bet: it has a price, and a chance to help.
//!
//! **Costs** are minutes from the decision until it has been done, decision included; all **assumed**. Restarting and emptying are
//! scripts that exist (3), rolling back a text is a click and a reason (5), rolling back a release goes through its pipeline (10),
//! capacity must be ordered (15), network and disk are other people's (30 and 60).

use std::time::Duration;

use incident::{Remedy, Service};

use crate::cause::Place;

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

/// What a remedy touches: where something must be wrong for it to help, as far as anybody knows without experience.
pub fn touches(remedy: &Remedy) -> &'static [Place] {
    use Place::{Cache, CacheToStore, ContentStore, FrontToCache, Texts, WebFront};
    match remedy {
        Remedy::RollBack { .. } => &[Texts],
        Remedy::FlushCache | Remedy::Restart { service: Service::Cache } => &[Cache],
        Remedy::Restart { service: Service::ContentStore } | Remedy::ReplaceDisk => &[ContentStore],
        Remedy::Restart { service: Service::WebFront }
        | Remedy::RollBackRelease { .. }
        | Remedy::AddCapacity { .. } => &[WebFront],
        Remedy::RepairNetwork => &[FrontToCache, CacheToStore],
        Remedy::Restore | Remedy::Repair { .. } => &Place::ALL,
    }
}

/// What anybody on call would think of, whatever happened: each remedy alone, and two combinations.
pub fn ordinary() -> Vec<Vec<Remedy>> {
    let restart = |service| Remedy::Restart { service };
    let undo = || Remedy::RollBack { asset: PUBLISHED.to_owned() };
    vec![
        vec![undo()],
        vec![undo(), restart(Service::Cache)],
        vec![restart(Service::ContentStore)],
        vec![restart(Service::Cache)],
        vec![restart(Service::WebFront)],
        [Service::ContentStore, Service::Cache, Service::WebFront].map(restart).into(),
        vec![Remedy::FlushCache],
        vec![Remedy::RollBackRelease { service: Service::WebFront }],
        vec![Remedy::AddCapacity { service: Service::WebFront }],
        vec![Remedy::RepairNetwork],
        vec![Remedy::ReplaceDisk],
    ]
}

/// A sequence with two services exchanged: what it would be at the other one.
pub fn exchanged(sequence: &[Remedy], one: Service, other: Service) -> Vec<Remedy> {
    let exchange = |service: Service| match service {
        service if service == one => other,
        service if service == other => one,
        service => service,
    };
    let exchanged = |remedy: &Remedy| match remedy {
        Remedy::Restart { service } => Remedy::Restart { service: exchange(*service) },
        other => other.clone(),
    };
    sequence.iter().map(exchanged).collect()
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
