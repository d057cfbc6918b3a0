//! Reads an answer in free text into the parts that are scored. Teaches that grading by exact match grades spelling: people and programs name the
//! same thing in many ways and in any order, and part of an answer is worth something.
//!
//! **How it is read.** A cause or a factor is matched with the entry of the list that has the highest Dice coefficient: twice the number of common
//! words, over the number of words in both, after replacing synonyms and stripping endings. The coefficient must be at least [`AGREES_FROM`], and
//! higher than that of any other entry. So a text that lists everything names nothing. An asset may be written with blanks and capitals, a
//! character by code point, by its bytes or by name, services by any of their words, and a path in either direction. A part that cannot be read
//! counts as not said; the others still count.

use std::collections::BTreeSet;

use diagnosis::{
    Answer,
    explanation::{POINTS, Points, points},
};
use experiment::characters::find;
use incident::{ContributingFactor, Level, Service};
use serde::{Deserialize, Serialize};

use crate::catalogue::{FACTORS, causes, id_of, is_same_at};

/// The lowest Dice coefficient at which a text names an entry of the list. Assumed.
pub const AGREES_FROM: f64 = 0.5;

/// Longest text that is read, in characters: an explanation, not a book.
pub const TEXT_MAX: usize = 2_000;

/// Most entries of a list that are read: more than there are factors.
pub const ENTRIES_MAX: usize = 64;

/// Synonyms, each with our word for it, applied in this order to plain words in lower case. One replacement may make words for the next.
const SYNONYMS: [(&str, &str); 33] = [
    ("vertical tab", "control character"),
    ("line tabulation", "control character"),
    ("form feed", "control character"),
    ("special character", "control character"),
    ("null byte", "nul"),
    ("null character", "nul"),
    ("not valid utf 8", "not utf 8"),
    ("invalid utf 8", "not utf 8"),
    ("windows 1252", "not utf 8"),
    ("latin 1", "not utf 8"),
    ("content service", "content store"),
    ("cms", "content store"),
    ("frontend", "web front"),
    ("front end", "web front"),
    ("storage", "disk"),
    ("connection", "network"),
    ("link", "network"),
    ("latency", "slow"),
    ("high", ""),
    ("degraded", "slow"),
    ("hung", "suspended"),
    ("frozen", "suspended"),
    ("paused", "suspended"),
    ("stopped", "suspended"),
    ("deploy", "release"),
    ("deployment", "release"),
    ("rollout", "release"),
    ("saved", "publishes"),
    ("edited", "publishes"),
    ("uploaded", "publishes"),
    ("tls", "certificate"),
    ("timeout", "time out"),
    ("traffic", "customers"),
];

/// Stop words: they distinguish nothing.
const EMPTY: [&str; 27] = [
    "a", "an", "and", "are", "as", "at", "because", "becomes", "between", "by", "for", "from", "in", "is",
    "it", "its", "not", "of", "on", "or", "so", "that", "the", "there", "to", "was", "with",
];

/// Further phrases for contributing factors, besides name and description.
const FACTOR_WORDS: [(ContributingFactor, &str); 17] = [
    (ContributingFactor::InvalidRendering, "invalid character rendering"),
    (ContributingFactor::InvalidRendering, "missing output escaping"),
    (ContributingFactor::InvalidRendering, "invalid json"),
    (ContributingFactor::UncheckedContent, "missing content validation"),
    (ContributingFactor::UncheckedContent, "missing input validation"),
    (ContributingFactor::PoorErrorHandling, "infinite retries"),
    (ContributingFactor::PoorErrorHandling, "unbounded retries"),
    (ContributingFactor::PoorErrorHandling, "permit exhaustion"),
    (ContributingFactor::MissingHealthCheck, "shallow health check"),
    (ContributingFactor::MissingHealthCheck, "missing readiness check"),
    (ContributingFactor::InadequateTelemetry, "poor observability"),
    (ContributingFactor::InadequateTelemetry, "missing monitoring"),
    (ContributingFactor::LostInvalidation, "stale cache"),
    (ContributingFactor::UnsuitableTimeout, "missing time out"),
    (ContributingFactor::UnsafeRelease, "missing canary"),
    (ContributingFactor::InsufficientCapacity, "overload"),
    (ContributingFactor::InsufficientCapacity, "missing capacity"),
];

/// An answer in free text. Each part may be missing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct FreeAnswer {
    /// The case that it answers.
    pub case: String,
    #[serde(alias = "trigger", alias = "root_cause")]
    pub cause: String,
    pub asset: String,
    pub character: String,
    #[serde(alias = "services")]
    pub path: Entries,
    #[serde(alias = "contributing_factors")]
    pub factors: Entries,
}

/// A list, or one text with commas, semicolons or arrows between its entries.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Entries {
    Apart(Vec<String>),
    Together(String),
}

#[derive(Clone, Debug, Serialize)]
pub struct Grade {
    /// From 0 to 1.
    pub score: f64,
    pub parts: Vec<Points>,
    /// The answer as it was read. A missing part was not understood, or not said.
    pub read_as: ReadAs,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadAs {
    pub cause: Option<String>,
    pub asset: Option<String>,
    pub character: Option<String>,
    pub path: Vec<Service>,
    pub factors: BTreeSet<ContributingFactor>,
}

impl Default for Entries {
    fn default() -> Self {
        Self::Apart(Vec::new())
    }
}

impl Entries {
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Apart(texts) => texts.iter().map(String::as_str).take(ENTRIES_MAX).collect(),
            Self::Together(text) => text.split([',', ';', '>', '\u{2192}', '\n']).take(ENTRIES_MAX).collect(),
        }
    }
}

impl FreeAnswer {
    /// Reads the parts that can be read.
    pub fn read(&self) -> Answer {
        let path = self.path.texts().into_iter().filter_map(service);
        let path = path.fold(Vec::new(), |mut path, service| {
            if !path.contains(&service) {
                path.push(service);
            }
            path
        });
        let named =
            |text: &str| if text.trim().is_empty() { None } else { Some(plain_words(text).join("-")) };
        Answer {
            cause: cause(&self.cause).unwrap_or_default(),
            parts: None,
            asset: named(&self.asset),
            character: character(&self.character),
            path,
            factors: self.factors.texts().into_iter().filter_map(factor).collect(),
        }
    }
}

/// Grades an answer to a case of this level. The path counts in its better direction.
pub fn graded(given: &FreeAnswer, truth: &Answer, level: Level) -> Grade {
    let mut judged = given.read();
    let Answer { cause, asset, character, path, factors, .. } = judged.clone();
    let read_as =
        ReadAs { cause: Some(cause).filter(|cause| !cause.is_empty()), asset, character, path, factors };
    if is_same_at(level, &judged.cause, &truth.cause) {
        judged.cause.clone_from(&truth.cause);
    }
    let is_same = |given: &Option<String>, expected: &Option<String>| {
        given.as_deref().zip(expected.as_deref()).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
    };
    if is_same(&judged.character, &truth.character) {
        judged.character.clone_from(&truth.character);
    }
    let there = points(&judged, truth);
    judged.path.reverse();
    let back = points(&judged, truth);
    let sum = |points: &[Points]| points.iter().map(|points| points.got).sum::<f64>() / POINTS;
    let parts = if sum(&back) > sum(&there) { back } else { there };
    Grade { score: (sum(&parts) * 1e3).round() / 1e3, parts, read_as }
}

fn cause(text: &str) -> Option<String> {
    let causes = causes();
    if let Some(exact) = causes.iter().find(|words| **words == text || id_of(words) == text) {
        return Some(exact.clone());
    }
    best(text, causes.iter().map(|words| (words.clone(), words.as_str())))
}

fn factor(text: &str) -> Option<ContributingFactor> {
    let named = plain_words(text).join("-");
    if let Some(exact) = ContributingFactor::ALL.into_iter().find(|factor| factor.name() == named) {
        return Some(exact);
    }
    let listed = FACTORS.iter().map(|test| test.factor);
    if let Some(exact) = listed.into_iter().find(|factor| id_of(factor.description()) == text) {
        return Some(exact);
    }
    let all = ContributingFactor::ALL.into_iter();
    let sentences = all.clone().map(|factor| (factor, factor.description()));
    let names = all.map(|factor| (factor, factor.name()));
    best(text, sentences.chain(names).chain(FACTOR_WORDS))
}

fn character(text: &str) -> Option<String> {
    let written = text.trim().trim_start_matches('\\').replace("u{", "U+").replace('}', "");
    let code = written.strip_prefix('u').or_else(|| written.strip_prefix("0x")).unwrap_or_default();
    let code =
        (code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| format!("U+{code}"));
    let asked = code.unwrap_or_else(|| written.replacen("u+", "U+", 1));
    let found = find(&asked);
    // If several names contain the text, take the one name that begins with it.
    let mut begins =
        found.iter().filter(|found| found.name.to_lowercase().starts_with(&asked.to_lowercase()));
    let specimen = if let [alone] = &found[..] {
        Some(alone)
    } else {
        begins.next().filter(|_| begins.next().is_none())
    };
    specimen.filter(|_| !asked.is_empty()).map(|specimen| match specimen.code_points() {
        Some(points) => points.join(" "),
        None => specimen.bytes.iter().map(|byte| format!("0x{byte:02X}")).collect::<Vec<_>>().join(" "),
    })
}

fn service(text: &str) -> Option<Service> {
    let words = words(text);
    let has = |word: &str| words.contains(without_ending(word));
    match (has("store"), has("cache"), has("front")) {
        (true, false, false) => Some(Service::ContentStore),
        (false, true, false) => Some(Service::Cache),
        (false, false, true) => Some(Service::WebFront),
        _ => None,
    }
}

/// The entry with the highest Dice coefficient, if that is high enough and no other entry has the same.
fn best<'a, T: PartialEq>(text: &str, entries: impl Iterator<Item = (T, &'a str)>) -> Option<T> {
    let given = words(text);
    let mut best: Option<(T, f64)> = None;
    let mut is_alone = true;
    for (entry, named) in entries {
        let named = words(named);
        let both = given.intersection(&named).count();
        let agreement = 2.0 * both as f64 / (given.len() + named.len()).max(1) as f64;
        match &best {
            Some((known, most)) if agreement < *most || *known == entry && agreement <= *most => {}
            Some((known, most)) if agreement <= *most => is_alone &= *known == entry,
            _ => (best, is_alone) = (Some((entry, agreement)), true),
        }
    }
    best.filter(|(_, agreement)| is_alone && *agreement >= AGREES_FROM).map(|(entry, _)| entry)
}

/// The words of a text, after replacing synonyms, dropping stop words and stripping endings.
fn words(text: &str) -> BTreeSet<String> {
    let mut plain = format!(" {} ", plain_words(text).join(" "));
    for (other, ours) in SYNONYMS {
        plain = plain.replace(&format!(" {other} "), &format!(" {ours} "));
        plain = plain.replace(&format!(" {other}s "), &format!(" {ours} "));
    }
    let told = plain.split_whitespace().filter(|word| !EMPTY.contains(word));
    told.map(|word| without_ending(word).to_owned()).collect()
}

fn without_ending(word: &str) -> &str {
    let ending = ["ing", "es", "ed", "s", "e"].into_iter().find(|ending| word.ends_with(ending));
    match ending {
        Some(ending) if word.len() >= ending.len() + 4 => &word[..word.len() - ending.len()],
        _ => word,
    }
}

fn plain_words(text: &str) -> Vec<String> {
    let text: String = text.chars().take(TEXT_MAX).flat_map(char::to_lowercase).collect();
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use diagnosis::explanation::RIGHT_FROM;

    use super::*;

    const CONTROL: &str = "An editor publishes a text with a control character";

    fn truth() -> Answer {
        Answer {
            cause: CONTROL.into(),
            asset: Some("promo-banner".into()),
            character: Some("U+000B".into()),
            path: vec![Service::ContentStore, Service::Cache, Service::WebFront],
            factors: [ContributingFactor::InvalidRendering, ContributingFactor::PoorErrorHandling].into(),
            ..Answer::default()
        }
    }

    fn check(answer: &str, expected: f64) {
        let given: FreeAnswer = serde_json::from_str(answer).unwrap();
        let grade = graded(&given, &truth(), Level::Logs);
        assert!((grade.score - expected).abs() < 1e-9, "{expected}: {grade:?}");
    }

    /// The worked examples of `docs/cases.md`.
    #[test]
    fn worked_examples_get_what_the_document_says() {
        check(
            r#"{"cause": "an editor saved a text with a vertical tab", "asset": "Promo Banner", "character": "vertical tab",
                "path": ["web front", "cache", "content store"], "factors": ["Invalid rendering", "infinite retries"]}"#,
            1.0,
        );
        check(r#"{"root_cause": "control character published in a text", "asset": "promo-banner"}"#, 0.6);
        check(
            r#"{"cause": "editor publishes a text with a control character", "asset": "promo_banner", "character": "U+000B",
                "path": "store -> cache -> front", "factors": "poor error handling"}"#,
            0.9,
        );
        check(r#"{"cause": "the cache's process is frozen", "asset": "promo-banner"}"#, 0.3);
        check(r#"{"cause": "who knows", "path": ["a CDN"], "factors": ["human error"]}"#, 0.0);
    }

    #[test]
    fn part_of_an_answer_is_worth_something_and_a_list_of_everything_nothing() {
        let given: FreeAnswer = serde_json::from_str(
            &serde_json::json!({ "cause": causes().into_iter().collect::<Vec<_>>().join(". ") }).to_string(),
        )
        .unwrap();
        assert_eq!(given.read().cause, "");
        assert!(graded(&given, &truth(), Level::Logs).score < RIGHT_FROM);
    }

    /// Every entry is found again in all spellings of its own words, and never taken for another.
    #[test]
    fn every_entry_is_read_as_itself() {
        for words in causes() {
            for written in [words.clone(), id_of(&words), words.to_uppercase(), format!("{words}!")] {
                assert_eq!(cause(&written).as_deref(), Some(words.as_str()), "{written}");
            }
        }
        for known in ContributingFactor::ALL {
            for written in
                [known.name().to_owned(), known.name().replace('-', " "), known.description().to_owned()]
            {
                assert_eq!(factor(&written), Some(known), "{written}");
            }
        }
    }

    #[test]
    fn characters_and_services_have_many_names() {
        for written in ["U+000B", "u+000b", "\\u000b", "vertical tab", "LINE TABULATION", "0x0B", "\\u{000b}"]
        {
            assert_eq!(character(written).as_deref(), Some("U+000B"), "{written}");
        }
        assert_eq!(character("0x93").as_deref(), Some("0x93"));
        assert_eq!(character("NUL").as_deref(), Some("U+0000"));
        assert_eq!(character("").or_else(|| character("nothing of the kind")), None);
        for written in ["content-store", "Content Store", "the store", "CMS"] {
            assert_eq!(service(written), Some(Service::ContentStore), "{written}");
        }
        assert_eq!(service("cache and store"), None);
    }
}
