//! The cost of each remedy, and the sequences that are worth a try. Teaches that a remedy is a bet: it has a price and a chance of helping.
//!
//! **Costs** are minutes from the decision until the remedy has been applied, including the decision; all are **assumed**. Restarting and
//! flushing run existing scripts (3). Rolling back a text takes a click and a reason (5). Rolling back a release goes through its pipeline
//! (10). Capacity must be ordered (15). Network and disk belong to other teams (30 and 60).

use std::time::Duration;

use incident::{Remedy, Service};

use crate::cause::Place;

/// Placeholder in a sequence of remedies for the asset that a finding names.
pub const PUBLISHED: &str = "published";

/// How long a responder waits to see whether a remedy helped. Availability must stay at its target for a minute before anybody believes it.
pub const SETTLES: Duration = Duration::from_secs(180);

pub const KINDS: usize = 7;

/// The cost of each kind, in minutes. Assumed.
pub const COST_MINUTES: [f64; KINDS] = [3.0, 3.0, 5.0, 10.0, 15.0, 30.0, 60.0];

/// The kind of a remedy, as an index into [`COST_MINUTES`].
pub fn kind(remedy: &Remedy) -> usize {
    match remedy {
        Remedy::Restart { .. } => 0,
        Remedy::FlushCache => 1,
        Remedy::RollBack { .. } => 2,
        Remedy::RollBackRelease { .. } => 3,
        Remedy::AddCapacity { .. } => 4,
        Remedy::RepairNetwork => 5,
        // No responder can use `Restore` or `Repair`. They would cost as much as the most expensive remedy.
        Remedy::ReplaceDisk | Remedy::Restore | Remedy::Repair { .. } => 6,
    }
}

/// The places that a remedy acts on. Without experience, a responder expects it to help only if something is wrong at one of them.
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

/// The remedies that anybody on call would think of, whatever happened: each one alone, and two combinations.
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

/// The sequence with two services swapped: its equivalent at the other service.
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

/// The sequence with `asset` in place of [`PUBLISHED`]; `None` if it needs an asset and there is none.
pub fn with_asset(sequence: &[Remedy], asset: Option<&str>) -> Option<Vec<Remedy>> {
    let named = |remedy: &Remedy| match remedy {
        Remedy::RollBack { asset: name } if name == PUBLISHED => {
            asset.map(|asset| Remedy::RollBack { asset: asset.to_owned() })
        }
        other => Some(other.clone()),
    };
    sequence.iter().map(named).collect()
}
