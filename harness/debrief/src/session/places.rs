//! The chain of an incident as a row of places, from the trigger to the customer, with each fact at its place. Teaches that there are many
//! contributing factors, and that each has a place at which it could have been stopped.

use incident::{
    ContributingFactor::{
        self, ColdStart, FalseAlarm, InadequateTelemetry, InsufficientCapacity, InvalidRendering,
        LeakedPermits, LostInvalidation, MissingHealthCheck, NoStampedeProtection, OutsideProvider,
        PoorErrorHandling, RetryAmplification, SlowStorage, UnboundedWork, UncheckedContent,
        UnhandledProcessStall, UnlimitedAssetSize, UnreliableNetwork, UnsafeRelease, UnsuitableTimeout,
    },
    Service,
};
use report::session::{Fact, FactClaimed, Incident};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place<'a> {
    pub(super) title: String,
    /// A sentence about what happened there; may be empty.
    pub(super) says: &'a str,
    pub(super) facts: Vec<&'a FactClaimed>,
}

/// The chain of an incident: places in order, and facts that belong to no single place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chain<'a> {
    pub(super) places: Vec<Place<'a>>,
    pub(super) everywhere: Vec<&'a FactClaimed>,
    pub(super) path: Option<&'a FactClaimed>,
}

enum Belongs {
    Trigger,
    /// The first of these services that is on the path; if none is, the first service of the path.
    First(&'static [Service]),
    Customers,
    Everywhere,
}

impl<'a> Chain<'a> {
    pub(super) fn of(incident: &'a Incident, facts: &'a [FactClaimed]) -> Self {
        let of_path = facts.iter().find(|claimed| matches!(claimed.fact, Fact::Path(_)));
        let path: &[Service] = match of_path.map(|claimed| &claimed.fact) {
            Some(Fact::Path(path)) => path,
            _ => &[],
        };
        let place = |title, says| Place { title, says, facts: Vec::new() };
        let mut places = vec![place("What set it off".to_owned(), "")];
        places.extend(path.iter().map(|service| place(format!("The {}", service.words()), "")));
        places.push(place("The customers".to_owned(), &incident.customers));
        let (last, mut everywhere) = (places.len() - 1, Vec::new());
        for claimed in facts {
            let belongs = match &claimed.fact {
                Fact::Path(_) => continue,
                Fact::Cause(_) | Fact::Asset(_) | Fact::Character(_) => Belongs::Trigger,
                Fact::Factor(factor) => belongs(*factor),
            };
            match belongs {
                Belongs::Trigger => places[0].facts.push(claimed),
                Belongs::Customers => places[last].facts.push(claimed),
                Belongs::Everywhere => everywhere.push(claimed),
                Belongs::First(services) => {
                    let on_path = |service| path.iter().position(|other| other == service);
                    let at = services.iter().find_map(on_path).unwrap_or(0);
                    places[at + 1].facts.push(claimed);
                }
            }
        }
        Self { places, everywhere, path: of_path }
    }
}

fn belongs(factor: ContributingFactor) -> Belongs {
    use Service::{Cache, ContentStore, WebFront};
    match factor {
        InvalidRendering | UncheckedContent | UnlimitedAssetSize | SlowStorage => {
            Belongs::First(&[ContentStore, WebFront, Cache])
        }
        PoorErrorHandling | MissingHealthCheck | NoStampedeProtection | ColdStart | LeakedPermits
        | LostInvalidation | RetryAmplification => Belongs::First(&[Cache, WebFront, ContentStore]),
        UnsafeRelease | InsufficientCapacity => Belongs::First(&[WebFront, Cache, ContentStore]),
        UnsuitableTimeout | UnboundedWork | UnhandledProcessStall | UnreliableNetwork => Belongs::First(&[]),
        OutsideProvider => Belongs::Customers,
        FalseAlarm => Belongs::Trigger,
        InadequateTelemetry => Belongs::Everywhere,
    }
}
