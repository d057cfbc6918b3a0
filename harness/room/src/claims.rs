//! An explanation in parts, each resting on pinned evidence, and its score. Teaches that a right answer without a reason is a guess, and that
//! evidence for one part is not evidence for another.
//!
//! **The rule.** A claim counts if it is matched with the catalogue and has pinned evidence. The claims that count form an answer, which is scored
//! like any responder's ([`diagnosis::explanation`]). A part whose pins do not show it is *said, not shown*, and gets only [`SAID_SHARE`] of its
//! points. That is too little to make an explanation right that rests on it.

use std::collections::BTreeSet;

use chassis::Problem;
use diagnosis::{
    Answer,
    cause::Place,
    explanation::{POINTS, Points, points},
};
use incident::{Level, Service};
use report::session::PartPoints;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    catalogue::{cause, factor, holds_any, is_same_at, test_of, trigger},
    played::Moment,
    session::wrong,
};

/// The share of its points that a part gets when it is said, not shown. Assumed.
pub const SAID_SHARE: f64 = 0.25;

/// A pinned piece of evidence, as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pin {
    /// `p` and a number.
    pub id: String,
    pub by: String,
    /// When it was pinned, by the story's clock.
    pub story: String,
    /// `log`, `span`, `chart`, `version`, `change`, `health` or `page`.
    pub source: String,
    /// When it was so what it shows, by the story's clock.
    pub shows_story: String,
    /// The same in seconds since 08:00.
    pub shows_story_s: f64,
    pub label: String,
    pub text: String,
    /// The assets and special characters that it names.
    pub named: BTreeSet<String>,
    /// The services that it names.
    pub services: BTreeSet<String>,
}

/// The content of a piece of evidence, read in order to pin it.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub source: &'static str,
    pub label: String,
    pub text: String,
    /// The time that the evidence is about.
    pub when: Moment,
    /// The assets and special characters that it names.
    pub named: BTreeSet<String>,
    pub services: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    /// `c` and a number.
    pub id: String,
    pub about: About,
    pub words: String,
    /// Ids of pins.
    pub pins: Vec<String>,
    /// What it is matched with, in the form of its part.
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

/// The score of an explanation, part by part.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub answer: Answer,
    /// The points of each part that belongs to the truth.
    pub parts: Vec<PartPoints>,
    /// From 0 to 1.
    pub score: f64,
}

/// Parses the services of a path, separated by commas. Returns none if one is unknown or comes twice.
fn path(text: &str) -> Option<Vec<Service>> {
    let services = text.split(',').take(Service::ALL.len() + 1).map(|service| service.trim().parse().ok());
    let services: Vec<Service> = services.collect::<Option<_>>()?;
    let is_once = services.iter().enumerate().all(|(place, service)| !services[..place].contains(service));
    is_once.then_some(services)
}

/// Validates a choice for its part, and returns it as it is saved: a path without blanks.
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
    Err(wrong("choice", detail))
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

/// The claims that count: those with a choice and with pins. Of several claims about one part only the last counts; factors all count.
pub fn counting(claims: &[Claim]) -> Vec<&Claim> {
    let counts = |claim: &&Claim| !claim.pins.is_empty() && claim.choice.is_some();
    let is_last = |claim: &&Claim| {
        let same = |other: &&Claim| other.about == claim.about;
        claim.about == About::Factor
            || claims.iter().filter(counts).rfind(same).is_some_and(|last| std::ptr::eq(last, *claim))
    };
    claims.iter().filter(counts).filter(is_last).collect()
}

pub fn answer_of<'a>(claims: impl IntoIterator<Item = &'a Claim>) -> Answer {
    let mut answer = Answer::default();
    for claim in claims {
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

/// Scores the explanation of a team at this level.
pub fn scored(claims: &[Claim], pins: &[Pin], truth: &Answer, level: Level) -> Score {
    let judged = |claims: Vec<&Claim>| {
        let mut answer = answer_of(claims);
        if is_same_at(level, &answer.cause, &truth.cause) {
            answer.cause.clone_from(&truth.cause);
        }
        points(&answer, truth)
    };
    let all = counting(claims);
    let shown = all.iter().copied().filter(|claim| lacks(claim, pins).is_none()).collect();
    let (said, shown) = (judged(all.clone()), judged(shown));
    let part = |(said, shown): (Points, Points)| PartPoints {
        part: said.part.to_string(),
        got: SAID_SHARE * said.got + (1.0 - SAID_SHARE) * shown.got,
        of: said.of,
        if_shown: said.got,
    };
    let parts: Vec<PartPoints> = said.into_iter().zip(shown).map(part).collect();
    Score { answer: answer_of(all), score: score_of(&parts), parts }
}

/// The score of an explanation with these points, from 0 to 1.
pub fn score_of(parts: &[PartPoints]) -> f64 {
    let score = parts.iter().map(|part| part.got).sum::<f64>() / POINTS;
    (score * 1e3).round() / 1e3
}

/// What the pins of a claim fail to show, as a hint what to pin; none if they show it. The check reads the claim alone, so that it reveals nothing
/// about the truth.
pub fn lacks(claim: &Claim, all: &[Pin]) -> Option<String> {
    let pins: Vec<&Pin> = all.iter().filter(|pin| claim.pins.contains(&pin.id)).collect();
    if pins.is_empty() {
        return Some("Nothing is pinned to it.".to_owned());
    }
    let choice = claim.choice.as_deref()?;
    let services: BTreeSet<&str> = pins.iter().flat_map(|pin| &pin.services).map(String::as_str).collect();
    let named: BTreeSet<String> = pins.iter().flat_map(|pin| pin.named.iter().cloned()).collect();
    match claim.about {
        About::Asset => (!named.contains(choice)).then(|| format!("No pin names {choice}.")),
        About::Character => (!is_named(choice, &named)).then(|| format!("No pin shows {choice}.")),
        About::Path => {
            let missing: Vec<String> = choice
                .split(',')
                .filter(|service| !services.contains(service))
                .map(|service| format!("the {}", service.replace('-', " ")))
                .collect();
            (!missing.is_empty()).then(|| format!("No pin is about {}.", missing.join(" or ")))
        }
        About::Cause => lacks_cause(trigger(choice)?.place, &services, &named, &pins).map(str::to_owned),
        About::Factor => {
            let test = test_of(factor(choice)?)?;
            let shows = |pin: &&Pin| {
                test.sources.contains(&pin.source.as_str())
                    || holds_any(&pin.label, test.words)
                    || holds_any(&pin.text, test.words)
            };
            (!pins.iter().any(shows)).then(|| format!("Pin {}.", test.shown_by))
        }
    }
}

fn lacks_cause(
    place: Place,
    services: &BTreeSet<&str>,
    named: &BTreeSet<String>,
    pins: &[&Pin],
) -> Option<&'static str> {
    let about = |service: Service| services.contains(service.name());
    let (shows, otherwise) = match place {
        Place::Texts => (!named.is_empty(), "Pin evidence that names the text, or a character in it."),
        Place::ContentStore => (about(Service::ContentStore), "Pin evidence about the content store."),
        Place::Cache => (about(Service::Cache), "Pin evidence about the cache."),
        Place::WebFront => (about(Service::WebFront), "Pin evidence about the web front."),
        Place::FrontToCache => {
            (about(Service::WebFront) || about(Service::Cache), "Pin evidence from an end of that link.")
        }
        Place::CacheToStore => {
            (about(Service::Cache) || about(Service::ContentStore), "Pin evidence from an end of that link.")
        }
        Place::Outside => (
            pins.iter().any(|pin| ["page", "health", "chart"].contains(&pin.source.as_str())),
            "Pin what shows that the shop itself is well: a page, a health answer or a chart.",
        ),
    };
    (!shows).then_some(otherwise)
}

/// Whether `named` contains `text`. Several bytes count as named when each of them is.
pub fn is_named(text: &str, named: &BTreeSet<String>) -> bool {
    named.contains(text) || text.contains(' ') && text.split(' ').all(|part| named.contains(part))
}

pub fn services_in(text: &str) -> BTreeSet<String> {
    let text = text.to_lowercase();
    let is_in = |service: &&Service| text.contains(service.name()) || text.contains(&service.words());
    Service::ALL.iter().filter(is_in).map(ToString::to_string).collect()
}

/// Words that point to a place outside the shop.
const OUTSIDE: [&str; 6] = ["provider", "outside", "not ours", "not us", "false alarm", "monitor"];

/// Whether these words name the right place: the asset, if the truth has one; otherwise a word for texts, a word for the outside, or exactly the
/// services at the place.
pub fn locates(words: &str, truth: &Answer) -> bool {
    let plain = words.to_lowercase().replace(['-', '_'], " ");
    if let Some(asset) = &truth.asset {
        return plain.contains(&asset.replace('-', " "));
    }
    let wanted: BTreeSet<&str> = match truth.parts.map(|parts| parts.place) {
        Some(Place::Outside) | None => return holds_any(&plain, &OUTSIDE),
        Some(Place::Texts) => return ["text", "content", "editor"].iter().any(|word| plain.contains(word)),
        Some(Place::ContentStore) => ["store"].into(),
        Some(Place::Cache) => ["cache"].into(),
        Some(Place::WebFront) => ["front"].into(),
        Some(Place::FrontToCache) => ["front", "cache"].into(),
        Some(Place::CacheToStore) => ["cache", "store"].into(),
    };
    let is_named = |word: &&str| plain.contains(*word);
    ["store", "cache", "front"].iter().filter(|word| is_named(word)).copied().collect::<BTreeSet<_>>()
        == wanted
}

/// Whether a claim names the right place, by its words or by its choice.
pub fn claim_locates(claim: &Claim, truth: &Answer, level: Level) -> bool {
    let given = answer_of([claim]);
    let is_matched = match claim.about {
        About::Cause => is_same_at(level, &given.cause, &truth.cause),
        About::Asset => truth.asset.is_some() && given.asset == truth.asset,
        About::Path => !truth.path.is_empty() && given.path == truth.path,
        About::Character | About::Factor => false,
    };
    is_matched || locates(&claim.words, truth)
}

#[cfg(test)]
mod tests {
    use diagnosis::{
        cause::{Cause, Kind},
        explanation::{Part, RIGHT_FROM},
    };
    use incident::ContributingFactor;

    use super::*;
    use crate::catalogue::id_of;

    const CONTROL: &str = "An editor publishes a text with a control character";

    fn claim(about: About, choice: &str, pins: &[&str]) -> Claim {
        let id = format!("c{about:?}{choice}");
        let pins = pins.iter().map(ToString::to_string).collect();
        Claim { id, about, words: "because".into(), pins, choice: Some(choice.into()) }
    }

    fn pin(id: &str, source: &str, text: &str, named: &[&str]) -> Pin {
        Pin {
            id: id.into(),
            by: "Ada".into(),
            story: "09:00".into(),
            source: source.into(),
            shows_story: "08:10".into(),
            shows_story_s: 600.0,
            label: String::new(),
            text: text.into(),
            named: named.iter().map(ToString::to_string).collect(),
            services: services_in(text),
        }
    }

    fn truth() -> Answer {
        Answer {
            cause: CONTROL.into(),
            parts: Some(Cause::new(Kind::Text, Place::Texts)),
            asset: Some("promo-banner".into()),
            character: Some("U+000B".into()),
            path: vec![Service::ContentStore, Service::Cache, Service::WebFront],
            factors: [ContributingFactor::InvalidRendering, ContributingFactor::MissingHealthCheck].into(),
        }
    }

    fn all_resting_on(pins: &[&str]) -> Vec<Claim> {
        let factor = |factor: ContributingFactor| claim(About::Factor, &id_of(factor.description()), pins);
        vec![
            claim(About::Cause, &id_of(CONTROL), pins),
            claim(About::Asset, "promo-banner", pins),
            claim(About::Character, "U+000B", pins),
            claim(About::Path, "content-store,cache,web-front", pins),
            factor(ContributingFactor::InvalidRendering),
            factor(ContributingFactor::MissingHealthCheck),
        ]
    }

    fn pins() -> Vec<Pin> {
        vec![
            pin("p1", "log", "cache: the answer about promo-banner is not JSON", &["promo-banner"]),
            pin("p2", "version", "Spring\u{27e8}U+000B\u{27e9} offer", &["promo-banner", "U+000B"]),
            pin("p3", "health", "{\"service\":\"content-store\",\"healthz\":200}", &[]),
            pin("p4", "page", "the web front: nothing after 10 s", &[]),
        ]
    }

    #[test]
    fn a_claim_without_evidence_scores_nothing() {
        let (pins, truth) = (pins(), truth());
        let full = scored(&all_resting_on(&["p1", "p2", "p3", "p4"]), &pins, &truth, Level::Logs);
        assert!((full.score - 1.0).abs() < 1e-9, "{full:?}");
        assert!(scored(&all_resting_on(&[]), &pins, &truth, Level::Logs).score < 1e-9);
        let mut partly = all_resting_on(&["p1", "p2", "p3", "p4"]);
        partly[0].pins.clear();
        assert!(scored(&partly, &pins, &truth, Level::Logs).score < RIGHT_FROM);
    }

    #[test]
    fn one_pin_does_not_pay_for_every_part() {
        let (pins, truth) = (pins(), truth());
        let one = scored(&all_resting_on(&["p1"]), &pins, &truth, Level::Logs);
        let got = |part: Part| {
            let found = one.parts.iter().find(|scored| scored.part == part.to_string()).unwrap();
            (found.got, found.if_shown)
        };
        assert_eq!(got(Part::Asset), (3.0, 3.0));
        assert_eq!(got(Part::Character), (0.125, 0.5), "said, not shown");
        assert_eq!(got(Part::Path), (0.125, 0.5), "the line is about the cache alone");
        assert!(got(Part::Factors).0 < 3.0);
        let path = all_resting_on(&["p1"]).into_iter().find(|claim| claim.about == About::Path).unwrap();
        let said = lacks(&path, &pins).unwrap();
        assert_eq!(said, "No pin is about the content store or the web front.", "all that it lacks at once");
        // Right claims that rest on an irrelevant pin do not make a right explanation.
        let other = vec![pin("p1", "log", "a customer came", &[])];
        assert!(scored(&all_resting_on(&["p1"]), &other, &truth, Level::Logs).score < 0.5);
    }

    #[test]
    fn what_a_level_cannot_tell_apart_gets_all_points_there() {
        let mut claims = all_resting_on(&["p1", "p2", "p3", "p4"]);
        claims[0].choice = Some(id_of("An editor publishes bytes that are not UTF-8"));
        let at = |level| scored(&claims, &pins(), &truth(), level).score;
        assert!((at(Level::Dark) - 1.0).abs() < 1e-9 && at(Level::Logs) < RIGHT_FROM);
    }

    #[test]
    fn a_place_is_located_by_whoever_names_it() {
        let check = |words: &str, expected: bool| assert_eq!(locates(words, &truth()), expected, "{words}");
        check("something is wrong with the promo banner", true);
        check("promo-banner", true);
        check("the cache", false);
        let cache = Answer { asset: None, parts: Some(Cause::new(Kind::Suspended, Place::Cache)), ..truth() };
        assert!(locates("the cache hangs", &cache) && !locates("cache, store or web front", &cache));
        let outside = Answer { parts: Some(Cause::new(Kind::BrokenLink, Place::Outside)), ..cache };
        assert!(locates("It is their provider", &outside) && !locates("the cache", &outside));
        let right = claim(About::Asset, "promo-banner", &["p1"]);
        assert!(claim_locates(&right, &truth(), Level::Logs));
        assert!(!claim_locates(&claim(About::Asset, "site-footer", &["p1"]), &truth(), Level::Logs));
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
        // Retry amplification counts as poor error handling, and is no entry of its own.
        check(About::Factor, &id_of(ContributingFactor::RetryAmplification.description()), false);
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
}
