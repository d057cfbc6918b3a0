//! The lines of the code in which a latent fault is made on purpose. Teaches that a lesson is best read where it applies: in the code that a
//! team would have changed.

use askama::Template;
use incident::ContributingFactor;
use report::session::{Fact, Lesson};

use super::round::Round;
use crate::figures::{capital, fault};

/// Lines of code, for the factors of an incident.
#[derive(Clone, Debug, Template)]
#[template(path = "session-lessons.html")]
pub(super) struct Lessons {
    /// For each latent fault its name, what it is, and the lines that make it.
    taught: Vec<(String, &'static str, Vec<Lesson>)>,
    /// Factors that no line of the shop makes on purpose.
    others: Vec<String>,
}

impl Lessons {
    pub(super) fn of(round: &Round<'_>) -> Self {
        let factor = |fact: &Fact| if let Fact::Factor(factor) = fact { Some(*factor) } else { None };
        let factors = round.facts.iter().filter_map(|fact| factor(&fact.fact));
        let (latent, others): (Vec<_>, Vec<_>) =
            factors.partition(|factor| ContributingFactor::LATENT_FAULTS.contains(factor));
        let lessons = |factor: ContributingFactor| {
            let lessons = round.incident.lessons.iter().filter(|lesson| lesson.factor == factor);
            lessons.map(|lesson| Lesson { says: capital(&lesson.says), ..lesson.clone() }).collect()
        };
        let taught = |factor| (capital(&fault(factor)), factor.description(), lessons(factor));
        Self {
            taught: latent.into_iter().map(taught).collect(),
            others: others.into_iter().map(fault).collect(),
        }
    }
}
