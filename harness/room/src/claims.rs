//! An explanation in parts, each resting on pinned evidence, and its score. Teaches that a right answer without a reason is a guess.
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

/// A pinned piece of evidence, as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pin {
    pub id: u32,
    pub by: String,
    pub story: String,
    pub label: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    pub id: u32,
    pub about: About,
    pub words: String,
    pub pins: Vec<u32>,
    pub choice: Option<String>,
}

/// Which part of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// What set it off.
    Cause,
    Asset,
    Character,
    /// Along which services.
    Path,
    /// What contributed.
    Factor,
}

/// How many words of an entry make its id: enough to tell all entries apart.
const ID_WORDS_MAX: usize = 9;

/// The causes and factors that claims are matched with: the same for every incident.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Catalogue {
    /// What can set an incident off.
    pub causes: Vec<Entry>,
    pub factors: Vec<Entry>,
    pub services: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Entry {
    pub id: String,
    pub words: String,
}

impl Catalogue {
    pub fn new() -> Self {
        let entry = |words: &str| Entry { id: id_of(words), words: words.to_owned() };
        Self {
            causes: causes().iter().map(|words| entry(words)).collect(),
            factors: ContributingFactor::ALL.iter().map(|factor| entry(factor.description())).collect(),
            services: Service::ALL.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::new()
    }
}

/// Every scenario, read once: a page that follows would otherwise read thirty files ten times a second.
pub(crate) static LIBRARY: LazyLock<Vec<Scenario>> = LazyLock::new(library);

/// What sets off any incident of the library, in the order of the alphabet.
pub fn causes() -> Vec<String> {
    let causes: BTreeSet<&String> = LIBRARY.iter().map(|scenario| &scenario.truth.trigger).collect();
    causes.into_iter().cloned().collect()
}

pub fn cause(id: &str) -> Option<String> {
    causes().into_iter().find(|words| id_of(words) == id)
}

/// A contributing factor by its id in the catalogue.
pub fn factor(id: &str) -> Option<ContributingFactor> {
    ContributingFactor::ALL.iter().copied().find(|factor| id_of(factor.description()) == id)
}

/// The id of an entry: its first words. It depends on no other entry, so that a catalogue may grow while a session is kept; and it bears no
/// name of the program's own, which participants must not read.
pub fn id_of(words: &str) -> String {
    let words = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(ID_WORDS_MAX).map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

/// The services of a path, separated by commas. None comes twice.
fn path(text: &str) -> Option<Vec<Service>> {
    let services = text.split(',').take(Service::ALL.len() + 1).map(|service| service.trim().parse().ok());
    let services: Vec<Service> = services.collect::<Option<_>>()?;
    let is_once = services.iter().enumerate().all(|(place, service)| !services[..place].contains(service));
    is_once.then_some(services)
}

/// A choice as it is saved, if it fits its part: a path without blanks.
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
        About::Cause => "Choose a cause of the catalogue by its id.",
        About::Factor => "Choose a factor of the catalogue by its id.",
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

/// The answer that the claims with evidence make.
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
        let cause = id_of(&causes()[0]);
        let full = |pins: &[u32]| {
            [
                claim(About::Cause, &cause, pins),
                claim(About::Asset, "promo-banner", pins),
                claim(About::Character, "U+000B", pins),
                claim(About::Path, "content-store,cache,web-front", pins),
                claim(About::Factor, &id_of(ContributingFactor::InvalidRendering.description()), pins),
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
        check(About::Cause, "an_editor_publishes_a_text_with_a_control_character", true);
        check(About::Factor, "an_editor_publishes_a_text_with_a_control_character", false);
        check(About::Factor, "text_is_written_into_json_html_script_or_xml", true);
        check(About::Factor, "invalid-rendering", false);
        check(About::Cause, "c01", false);
        check(About::Asset, "promo-banner", true);
        check(About::Asset, "other", false);
        check(About::Path, "cache,web-front", true);
        check(About::Path, "cache;web-front", false);
        check(About::Path, "cache,web-front,cache", false);
        check(About::Path, &"cache,".repeat(10_000), false);
        check(About::Cause, &"a_".repeat(60_000), false);
        assert_eq!(chosen(About::Path, " cache , web-front", &assets).unwrap(), "cache,web-front");
        check(About::Character, "U+000B", true);
        check(About::Character, "0x93 0x94", true);
        check(About::Character, "x", false);
        check(About::Character, "", false);
    }

    #[test]
    fn ids_tell_all_entries_apart_and_name_nothing_of_the_program() {
        let Catalogue { causes, factors, .. } = Catalogue::new();
        let ids: BTreeSet<&String> = causes.iter().chain(&factors).map(|entry| &entry.id).collect();
        assert_eq!(ids.len(), causes.len() + factors.len(), "{ids:?}");
        for Entry { id, words } in causes.iter().chain(&factors) {
            assert_eq!(*id, id_of(words));
            assert!(!id.contains('-'), "{id} could be a name of the program's own");
        }
    }
}
