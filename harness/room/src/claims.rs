//! An explanation in parts, each pinned to evidence, and what it is worth. Teaches that a right answer without a reason is a guess.
//!
//! **The rule.** A claim counts if it is mapped to the catalogue and at least one piece of evidence is pinned to it. The claims that
//! count make an answer, which is scored as any responder's ([`diagnosis::explanation`]).

use std::{collections::BTreeSet, sync::LazyLock};

use chassis::Problem;
use diagnosis::Answer;
use http::StatusCode;
use incident::{ContributingFactor, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use world::scenario::{Scenario, library};

/// A piece of evidence that somebody kept, as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pin {
    /// Its number.
    pub id: u32,
    /// Who pinned it.
    pub by: String,
    /// The time of the story.
    pub story: String,
    /// What it is, in a line.
    pub label: String,
    /// What it said.
    pub text: String,
}

/// One part of an explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    /// Its number.
    pub id: u32,
    /// Which part.
    pub about: About,
    /// In the team's words.
    pub words: String,
    /// The evidence, by number.
    pub pins: Vec<u32>,
    /// What it is in the catalogue.
    pub choice: Option<String>,
}

/// Which part of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// What set it off.
    Cause,
    /// Which asset.
    Asset,
    /// Which character.
    Character,
    /// Along which services.
    Path,
    /// What contributed.
    Factor,
}

/// What claims are mapped to: the same for every incident, under names that tell nothing.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Catalogue {
    /// What can set an incident off.
    pub causes: Vec<Entry>,
    /// What can contribute.
    pub factors: Vec<Entry>,
    /// The services, for a path.
    pub services: Vec<String>,
}

/// One line of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// What it says.
    pub words: String,
}

impl Catalogue {
    /// The catalogue.
    pub fn new() -> Self {
        let entry =
            |letter, place: usize, words: &str| Entry { id: name(letter, place), words: words.to_owned() };
        let factors = ContributingFactor::ALL.iter().enumerate();
        Self {
            causes: causes().iter().enumerate().map(|(place, words)| entry('c', place, words)).collect(),
            factors: factors.map(|(place, factor)| entry('f', place, factor.description())).collect(),
            services: Service::ALL.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::new()
    }
}

/// Every scenario, read once: a page that follows would read nineteen files ten times a second.
pub(crate) static LIBRARY: LazyLock<Vec<Scenario>> = LazyLock::new(library);

/// What sets off any incident of the library, in the order of the alphabet.
pub fn causes() -> Vec<String> {
    let causes: BTreeSet<&String> = LIBRARY.iter().map(|scenario| &scenario.truth.trigger).collect();
    causes.into_iter().cloned().collect()
}

/// The words of a cause.
pub fn cause(id: &str) -> Option<String> {
    causes().get(place(id, 'c')?).cloned()
}

/// A contributing factor by its name in the catalogue.
pub fn factor(id: &str) -> Option<ContributingFactor> {
    ContributingFactor::ALL.get(place(id, 'f')?).copied()
}

/// The place in the catalogue that a name says. There is one name for each: `c1`, `c+1` and `c0001` are none.
fn place(id: &str, letter: char) -> Option<usize> {
    let place = id.strip_prefix(letter)?.parse::<usize>().ok()?.checked_sub(1)?;
    (id == name(letter, place)).then_some(place)
}

fn name(letter: char, place: usize) -> String {
    format!("{letter}{:02}", place + 1)
}

/// The services of a path, with commas between them. None comes twice: a fault that comes back has been there already.
fn path(text: &str) -> Option<Vec<Service>> {
    let services = text.split(',').take(Service::ALL.len() + 1).map(|service| service.trim().parse().ok());
    let services: Vec<Service> = services.collect::<Option<_>>()?;
    let is_once = services.iter().enumerate().all(|(place, service)| !services[..place].contains(service));
    is_once.then_some(services)
}

/// A choice as it is kept, if it fits its part: a path without the blanks that somebody typed.
///
/// # Errors
///
/// When it is not in the catalogue.
pub fn chosen(about: About, choice: &str, assets: &[String]) -> Result<String, Problem> {
    let fits = match about {
        About::Cause => cause(choice).is_some(),
        About::Factor => factor(choice).is_some(),
        About::Asset => assets.iter().any(|asset| asset == choice),
        About::Path => path(choice).is_some(),
        About::Character => is_character(choice),
    };
    if fits {
        return Ok(if about == About::Path {
            choice.replace(char::is_whitespace, "")
        } else {
            choice.to_owned()
        });
    }
    let detail = match about {
        About::Cause => "Choose a cause of the catalogue, such as c01.",
        About::Factor => "Choose a factor of the catalogue, such as f01.",
        About::Asset => "Choose one of the shop's assets.",
        About::Path => "Give services with commas between them, such as cache,web-front.",
        About::Character => "Write the character as U+00E9, or the bytes as 0xE9.",
    };
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("parameter", "choice"))
}

fn is_character(text: &str) -> bool {
    let is_hex = |digits: &str, least: usize, most: usize| {
        (least..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let word = |word: &str| {
        word.strip_prefix("U+").is_some_and(|digits| is_hex(digits, 4, 6))
            || word.strip_prefix("0x").is_some_and(|digits| is_hex(digits, 2, 2))
    };
    !text.is_empty() && text.len() <= 64 && text.split(' ').all(word)
}

/// The answer that the claims make which count.
pub fn answer(claims: &[Claim]) -> Answer {
    let counts = |claim: &&Claim| !claim.pins.is_empty();
    let mut answer = Answer::default();
    for claim in claims.iter().filter(counts) {
        let Some(choice) = claim.choice.as_deref() else { continue };
        match claim.about {
            About::Cause => answer.cause = cause(choice).unwrap_or_default(),
            About::Asset => answer.asset = Some(choice.to_owned()),
            About::Character => answer.character = Some(choice.to_owned()),
            About::Path => answer.path = path(choice).unwrap_or_default(),
            About::Factor => answer.factors.extend(factor(choice)),
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use diagnosis::explanation::agreement;

    use super::*;

    fn claim(about: About, choice: &str, pins: &[u32]) -> Claim {
        Claim { id: 1, about, words: "because".into(), pins: pins.into(), choice: Some(choice.into()) }
    }

    #[test]
    fn a_claim_without_evidence_scores_nothing() {
        let place = |wanted: ContributingFactor| {
            let place = ContributingFactor::ALL.iter().position(|factor| *factor == wanted).unwrap();
            name('f', place)
        };
        let full = |pins: &[u32]| {
            [
                claim(About::Cause, "c01", pins),
                claim(About::Asset, "promo-banner", pins),
                claim(About::Character, "U+000B", pins),
                claim(About::Path, "content-store,cache,web-front", pins),
                claim(About::Factor, &place(ContributingFactor::InvalidRendering), pins),
            ]
        };
        let truth = answer(&full(&[1]));
        assert_eq!(truth.cause, causes()[0]);
        assert!((agreement(&truth, &truth) - 1.0).abs() < 1e-9);
        assert_eq!(answer(&full(&[])), Answer::default());
        let mut partly = full(&[1]);
        partly[0].pins.clear();
        assert!(agreement(&answer(&partly), &truth) < 0.7);
    }

    #[test]
    fn choices_are_checked_by_their_part() {
        let assets = ["promo-banner".to_owned()];
        let check = |about, choice: &str, fits: bool| {
            assert_eq!(chosen(about, choice, &assets).is_ok(), fits, "{about:?} {choice}");
        };
        check(About::Cause, "c01", true);
        check(About::Cause, "c00", false);
        check(About::Cause, "c99", false);
        check(About::Factor, "f20", true);
        check(About::Factor, "f21", false);
        check(About::Asset, "promo-banner", true);
        check(About::Asset, "other", false);
        check(About::Path, "cache,web-front", true);
        check(About::Path, "cache;web-front", false);
        check(About::Path, "cache,web-front,cache", false);
        check(About::Path, &"cache,".repeat(10_000), false);
        check(About::Cause, "c001", false);
        check(About::Cause, "c+1", false);
        check(About::Cause, &format!("c{}1", "0".repeat(60_000)), false);
        assert_eq!(chosen(About::Path, " cache , web-front", &assets).unwrap(), "cache,web-front");
        check(About::Character, "U+000B", true);
        check(About::Character, "0x93 0x94", true);
        check(About::Character, "x", false);
        check(About::Character, "", false);
    }
}
