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
use world::scenario::Symptom;

use super::{fact::Fact, judged::Judged, lived::Lived};

/// A place along the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// What stands there.
    pub title: String,
    /// What happened there, if a sentence says it.
    pub says: String,
    /// The facts that belong there.
    pub facts: Vec<Judged>,
}

/// The chain of an incident: places in order, and facts that belong to no single place.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// From the trigger to the customers.
    pub places: Vec<Place>,
    /// Everywhere at once.
    pub everywhere: Vec<Judged>,
    /// The path itself.
    pub path: Option<Judged>,
}

/// Where a factor belongs.
enum Belongs {
    /// To what set it off.
    Trigger,
    /// To the first of these services that is on the path.
    First([Service; 3]),
    /// To the first service of the path.
    Start,
    /// To the customers' side.
    Customers,
    /// To no single place.
    Everywhere,
}

impl Chain {
    /// The chain of what a team lived, with what it made of each fact.
    pub fn of(lived: &Lived<'_>, judged: Vec<Judged>) -> Self {
        let path = &lived.truth.path;
        let mut places = vec![place("What set it off", "")];
        places.extend(path.iter().map(|service| place(&format!("The {}", service.words()), "")));
        places.push(place("The customers", customers(lived.scenario.symptom)));
        let last = places.len() - 1;
        let (mut everywhere, mut of_path) = (Vec::new(), None);
        for judged in judged {
            let at = match &judged.fact {
                Fact::Cause(_) | Fact::Asset(_) | Fact::Character(_) => Some(0),
                Fact::Path(_) => {
                    of_path = Some(judged);
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
                Some(at) => places[at].facts.push(judged),
                None => everywhere.push(judged),
            }
        }
        Self { places, everywhere, path: of_path }
    }
}

fn place(title: &str, says: &str) -> Place {
    Place { title: title.to_owned(), says: says.to_owned(), facts: Vec::new() }
}

fn customers(symptom: Symptom) -> &'static str {
    match symptom {
        Symptom::Nothing => "They notice nothing.",
        Symptom::SomeVisits => "Some of their visits fail.",
        Symptom::EveryPage => "Nearly every visit to every kind of page fails.",
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debrief::{
        judged::judged,
        sample::{self, Sample},
    };

    #[test]
    fn each_fact_stands_once_at_its_place() {
        let sample = Sample::new();
        let lived = sample.lived();
        let one = sample::of(&lived, 1, 1);
        let all = judged(&one.truth, &one.played.claims);
        let Chain { places, everywhere, path } = Chain::of(one, all.clone());
        let titles: Vec<&str> = places.iter().map(|place| place.title.as_str()).collect();
        assert_eq!(
            titles,
            ["What set it off", "The content store", "The cache", "The web front", "The customers"]
        );
        let shorts = |facts: &[Judged]| facts.iter().map(|judged| judged.fact.short()).collect::<Vec<_>>();
        assert_eq!(shorts(&places[0].facts), ["cause", "asset", "character"]);
        assert_eq!(shorts(&places[1].facts), ["invalid rendering"]);
        assert_eq!(shorts(&places[2].facts), ["poor error handling", "missing health check"]);
        assert_eq!(shorts(&everywhere), ["inadequate telemetry"]);
        let placed = places.iter().map(|place| place.facts.len()).sum::<usize>();
        assert_eq!(placed + everywhere.len() + usize::from(path.is_some()), all.len());
    }
}
