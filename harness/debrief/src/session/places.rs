//! The chain of an incident as a row of places, from what set it off to the customer, with each fact where it belongs. Teaches that there are
//! many contributing factors, and that each has a place at which it could have been stopped.

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

use super::explanation::ShownFact;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) title: String,
    /// What happened there, if a sentence says it.
    pub(super) says: String,
    pub(super) facts: Vec<ShownFact>,
}

/// The chain of an incident: places in order, and facts that belong to no single place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chain {
    pub(super) places: Vec<Place>,
    pub(super) everywhere: Vec<ShownFact>,
    pub(super) path: Option<ShownFact>,
}

enum Belongs {
    Trigger,
    /// To the first of these services that is on the path.
    First([Service; 3]),
    /// To the first service of the path.
    Start,
    Customers,
    Everywhere,
}

impl Chain {
    pub(super) fn of(incident: &Incident, facts: &[FactClaimed]) -> Self {
        let path =
            facts.iter().find_map(|fact| if let Fact::Path(path) = &fact.fact { Some(path) } else { None });
        let path = path.cloned().unwrap_or_default();
        let mut places = vec![place("What set it off", "")];
        places.extend(path.iter().map(|service| place(&format!("The {}", service.words()), "")));
        places.push(place("The customers", &incident.customers));
        let last = places.len() - 1;
        let (mut everywhere, mut of_path) = (Vec::new(), None);
        for fact in facts {
            let at = match &fact.fact {
                Fact::Cause(_) | Fact::Asset(_) | Fact::Character(_) => Some(0),
                Fact::Path(_) => {
                    of_path = Some(ShownFact::of(fact));
                    continue;
                }
                Fact::Factor(factor) => match belongs(*factor) {
                    Belongs::Trigger => Some(0),
                    Belongs::Customers => Some(last),
                    Belongs::Everywhere => None,
                    Belongs::Start => Some(1.min(last)),
                    Belongs::First(services) => {
                        let on_path = |service: &Service| path.iter().position(|other| other == service);
                        Some(services.iter().find_map(on_path).map_or(1.min(last), |place| place + 1))
                    }
                },
            };
            match at {
                Some(at) => places[at].facts.push(ShownFact::of(fact)),
                None => everywhere.push(ShownFact::of(fact)),
            }
        }
        Self { places, everywhere, path: of_path }
    }
}

fn place(title: &str, says: &str) -> Place {
    Place { title: title.to_owned(), says: says.to_owned(), facts: Vec::new() }
}

fn belongs(factor: ContributingFactor) -> Belongs {
    use Service::{Cache, ContentStore, WebFront};
    match factor {
        InvalidRendering | UncheckedContent | UnlimitedAssetSize | SlowStorage => {
            Belongs::First([ContentStore, WebFront, Cache])
        }
        PoorErrorHandling | MissingHealthCheck | NoStampedeProtection | ColdStart | LeakedPermits
        | LostInvalidation | RetryAmplification => Belongs::First([Cache, WebFront, ContentStore]),
        UnsafeRelease | InsufficientCapacity => Belongs::First([WebFront, Cache, ContentStore]),
        UnsuitableTimeout | UnboundedWork | UnhandledProcessStall | UnreliableNetwork => Belongs::Start,
        OutsideProvider => Belongs::Customers,
        FalseAlarm => Belongs::Trigger,
        InadequateTelemetry => Belongs::Everywhere,
    }
}
