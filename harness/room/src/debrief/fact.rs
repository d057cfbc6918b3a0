//! What an explanation consists of, fact by fact, and when a team met each. Teaches that to have seen something and to have said it are two
//! moments, and that the time between them is where telemetry or training helps.

use std::collections::BTreeSet;

use diagnosis::Answer;
use incident::{ContributingFactor, EventKind, Explanation, Service};

use super::lived::Lived;
use crate::claims::{self, About};

/// One fact of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// What set it off.
    Cause(String),
    /// Which asset.
    Asset(String),
    /// Which character.
    Character(String),
    /// Along which services.
    Path(Vec<Service>),
    /// What contributed.
    Factor(ContributingFactor),
}

/// A moment of a team's, by the story's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Met {
    /// When, in story seconds.
    pub story_s: f64,
    /// How: at which evidence, or by what.
    pub how: String,
}

impl Fact {
    /// All that belong to an answer, in the order of the chain.
    pub fn all(truth: &Answer) -> Vec<Self> {
        let named = [truth.asset.clone().map(Self::Asset), truth.character.clone().map(Self::Character)];
        let path = (!truth.path.is_empty()).then(|| Self::Path(truth.path.clone()));
        let factors = truth.factors.iter().copied().map(Self::Factor);
        let cause = Self::Cause(truth.cause.clone());
        std::iter::once(cause).chain(named.into_iter().flatten()).chain(path).chain(factors).collect()
    }

    /// The question that it answers.
    pub fn question(&self) -> &'static str {
        match self {
            Self::Cause(_) => "What set it off",
            Self::Asset(_) => "In which asset",
            Self::Character(_) => "Which character",
            Self::Path(_) => "Along which services",
            Self::Factor(_) => "What contributed",
        }
    }

    /// What it says.
    pub fn words(&self) -> String {
        match self {
            Self::Cause(text) | Self::Asset(text) | Self::Character(text) => text.clone(),
            Self::Path(path) => path.iter().map(|service| service.words()).collect::<Vec<_>>().join(" → "),
            Self::Factor(factor) => factor.description().to_owned(),
        }
    }

    /// In a few words, for the head of a column.
    pub fn short(&self) -> String {
        match self {
            Self::Cause(_) => "cause".to_owned(),
            Self::Asset(_) => "asset".to_owned(),
            Self::Character(_) => "character".to_owned(),
            Self::Path(_) => "path".to_owned(),
            Self::Factor(factor) => debrief::figures::fault(*factor),
        }
    }

    /// Which part of an explanation it is.
    pub fn about(&self) -> About {
        match self {
            Self::Cause(_) => About::Cause,
            Self::Asset(_) => About::Asset,
            Self::Character(_) => About::Character,
            Self::Path(_) => About::Path,
            Self::Factor(_) => About::Factor,
        }
    }

    /// Whether a choice in the catalogue says this.
    pub fn is_choice(&self, choice: &str) -> bool {
        match self {
            Self::Cause(text) => claims::cause(choice).is_some_and(|cause| cause == *text),
            Self::Asset(text) | Self::Character(text) => choice == text,
            Self::Path(path) => {
                let names: Vec<&str> = path.iter().map(|service| service.name()).collect();
                choice.split(',').map(str::trim).eq(names)
            }
            Self::Factor(factor) => claims::factor(choice) == Some(*factor),
        }
    }

    /// Whether an answer that was submitted says this.
    fn is_in(&self, answer: &Explanation) -> bool {
        let named = |text: &str| {
            let about = answer.trigger.rsplit_once(": ").map_or("", |(_, about)| about);
            about.split(", ").any(|named| named == text)
        };
        match self {
            Self::Cause(text) => {
                let rest = answer.trigger.strip_prefix(text.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
            }
            Self::Asset(text) | Self::Character(text) => named(text),
            Self::Path(path) => {
                path.iter().map(|service| service.name()).eq(answer.path.iter().map(String::as_str))
            }
            Self::Factor(factor) => answer.factors.contains(factor),
        }
    }

    /// When the team first saw it: for an asset or a character the first look, since it began, whose answer named it; for what no line
    /// says, the first evidence that stands behind the team's own claim.
    pub fn seen(&self, lived: &Lived<'_>) -> Option<Met> {
        match self {
            Self::Asset(text) | Self::Character(text) => {
                let begun_s = lived.drawn.begun_story_s;
                let looks = lived.played.looks.iter().filter(|look| look.when.story_s >= begun_s);
                let first = looks
                    .filter(|look| is_named(text, &look.named))
                    .min_by(|one, other| one.when.story_s.total_cmp(&other.when.story_s));
                first.map(|look| Met { story_s: look.when.story_s, how: look.at.clone() })
            }
            Self::Cause(_) | Self::Path(_) | Self::Factor(_) => {
                let right = lived.played.claims.iter().filter(|claim| {
                    claim.about == self.about()
                        && claim.choice.as_deref().is_some_and(|choice| self.is_choice(choice))
                });
                let numbers: BTreeSet<u32> = right.flat_map(|claim| claim.pins.iter().copied()).collect();
                let behind = lived.played.pins.iter().filter(|pin| numbers.contains(&pin.id));
                let times = behind.filter_map(|pin| {
                    let time = pin.story.parse().ok()?;
                    Some(Met { story_s: lived.record.run.story.story_s(time), how: pin.label.clone() })
                });
                times.min_by(|one, other| one.story_s.total_cmp(&other.story_s))
            }
        }
    }

    /// When the team first submitted it, with evidence.
    pub fn said(&self, lived: &Lived<'_>) -> Option<Met> {
        lived.record.events.iter().find_map(|event| match &event.kind {
            EventKind::Explained { explanation, .. } if self.is_in(explanation) => {
                Some(Met { story_s: event.story_s, how: "submitted".to_owned() })
            }
            _ => None,
        })
    }
}

/// Whether a look named it; several bytes count as named when each of them is.
fn is_named(text: &str, named: &BTreeSet<String>) -> bool {
    named.contains(text) || text.contains(' ') && text.split(' ').all(|part| named.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debrief::sample::{self, Sample};

    #[test]
    fn facts_stand_in_the_order_of_the_chain() {
        let sample = Sample::new();
        let lived = sample.lived();
        let questions: Vec<&str> = Fact::all(&lived[0].truth).iter().map(Fact::question).collect();
        assert_eq!(
            questions[..4],
            ["What set it off", "In which asset", "Which character", "Along which services"]
        );
        assert_eq!(questions.len(), 8);
    }

    #[test]
    fn a_team_saw_what_a_look_named_and_said_what_it_submitted() {
        let sample = Sample::new();
        let lived = sample.lived();
        let one = sample::of(&lived, 1, 1);
        let facts = Fact::all(&one.truth);
        let (cause, asset, character) = (&facts[0], &facts[1], &facts[2]);
        // A look before it began names the asset too, and does not count.
        assert_eq!(asset.seen(one).map(|met| met.story_s), Some(sample::SAW_ASSET_S));
        assert_eq!(character.seen(one), None);
        assert_eq!(asset.said(one).map(|met| met.story_s), Some(sample::EXPLAINED_S));
        assert_eq!(cause.said(one).map(|met| met.story_s), Some(sample::EXPLAINED_S));
        // The evidence behind the claim was pinned earlier.
        assert_eq!(cause.seen(one).map(|met| met.story_s), Some(sample::PINNED_S));
        assert_eq!(character.said(one), None);
        let other = sample::of(&lived, 2, 1);
        assert!(facts.iter().all(|fact| fact.said(other).is_none()));
    }

    #[test]
    fn bytes_are_named_one_by_one_too() {
        let named = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        assert!(is_named("0x93 0x94", &named(&["0x93", "0x94"])));
        assert!(!is_named("0x93 0x94", &named(&["0x93"])));
        assert!(is_named("U+000B", &named(&["U+000B"])));
    }
}
