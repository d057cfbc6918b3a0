//! Which incidents can be played. A scenario states what happens. It never states how it ends: the outcome emerges.
//!
//! Each scenario is one file in `scenarios/`, which the build includes. Adding one needs no code, unless its mechanism is new: then
//! [`Happening`] gets a variant, and the world an implementation of it.
//!
//! - [`happening`]: what can happen in a shop, its network, its disk and among its customers.
//! - [`insert`]: special characters and bytes, as a file writes them.
//! - `check`: whether the things that a file names exist, and whether its parts fit each other; `place`: on which line an error is.
//! - `reach`: which running shops a scenario can be triggered in by hand, and its steps in words.
//! - [`mod@draw`]: what the seed draws for a scenario: asset, character, place, time, and the decoys around it.

pub mod happening;
pub mod insert;
mod check;
mod place;
pub mod draw;
mod reach;

use std::{collections::BTreeSet, fmt, fs, io, path::Path};

use incident::{ContributingFactor, Remedy, Route, Service, Story, TimeOfDay, did_you_mean};
use serde::{Deserialize, Serialize};

use check::{Misfit, check};
pub use draw::{Drawn, draw};
pub use happening::Happening;
pub use reach::Reach;

/// The scenario files by name. Each is parsed on demand.
const LIBRARY: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// The scenario to play when none is named.
pub const STORY: &str = "special-character";

/// The largest scenario file that is read: a hundred times an ordinary one.
pub const FILE_BYTES_MAX: u64 = 256 * 1_024;

/// The number of hints in a ladder: where to look, along which services, what kind of cause, what to do.
pub const HINTS: usize = 4;

/// The most characters in a hint: people read it on a phone, in the middle of an incident.
pub const HINT_CHARACTERS_MAX: usize = 140;

/// One incident that can be played.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// The name on the command line, which is the file's.
    #[serde(skip_deserializing)]
    pub name: String,
    /// What it is about, without a spoiler.
    pub title: String,
    /// Whether this is a negative control: nothing in the shop can be mended. It catches responders that always find something.
    #[serde(default)]
    pub control: bool,
    /// Whether it was written after the list of checks was frozen, so that no check was designed for it. The model responder is not
    /// trained on it either.
    #[serde(default)]
    pub after_freeze: bool,
    /// The whole truth, for people. A spoiler.
    pub description: String,
    /// A public report of an incident with the same mechanism: its author, its topic and its address.
    pub source: Option<String>,
    /// What customers experience while it lasts.
    pub symptom: Symptom,
    /// A ladder of hints for people who are stuck: [`HINTS`] of them, or none. Each reveals more than the one before. A hint must
    /// be true for every seed and at every telemetry level.
    #[serde(default)]
    pub hints: Vec<String>,
    pub happens: Vec<Happens>,
    /// The right explanation.
    pub truth: Truth,
    pub remedies: Remedies,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Happens {
    /// The earliest and the latest story time at which it begins. The seed picks the time.
    pub between: (TimeOfDay, TimeOfDay),
    /// The shortest and the longest duration in minutes, if it ends by itself; `None` if it lasts.
    pub ends_after_minutes: Option<(f64, f64)>,
    pub what: Happening,
}

/// What customers experience while an incident lasts, if the rest of the shop is as it was on the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symptom {
    /// Nothing: availability stays at its target.
    Nothing,
    /// Some visits fail, or some kinds of pages, and others do not.
    SomeVisits,
    /// Nearly every visit to every kind of page fails.
    EveryPage,
}

/// The truth about an incident, which no responder ever sees.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// What woke the latent faults, in a sentence.
    pub trigger: String,
    /// The services along the fault chain, from the trigger to the customer.
    pub path: Vec<Service>,
    pub factors: BTreeSet<ContributingFactor>,
}

/// Which remedies restore, and which plausible ones do not. In a roll back, the asset `published` is the one that the
/// seed drew.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Remedies {
    /// Sequences that each restore service; empty if nobody in the shop can.
    pub right: Vec<Vec<Remedy>>,
    /// Sequences that each fail to restore it.
    pub wrong: Vec<Vec<Remedy>>,
}

#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error(
        "there is no scenario '{name}'; there are: {}, or the path of a file ending in .toml{}",
        known.join(", "), did_you_mean(name, known.iter().copied())
    )]
    Unknown { name: String, known: Vec<&'static str> },
    #[error("{file} cannot be read")]
    Unreadable { file: String, source: io::Error },
    /// The file is not a valid scenario; lines count from 1.
    #[error("{file}, line {line}: {message}")]
    Wrong { file: String, line: usize, message: String },
}

impl Scenario {
    /// Reads a scenario from the text of its file.
    pub fn read(name: &str, file: &str, text: &str) -> Result<Self, ScenarioError> {
        let wrong = |line, message| ScenarioError::Wrong { file: file.to_owned(), line, message };
        let scenario: Self = toml::from_str(text).map_err(|error| {
            let line = place::line_at(text, error.span().map_or(0, |span| span.start));
            wrong(line, place::suggesting(error.message()))
        })?;
        let scenario = Self { name: name.to_owned(), ..scenario };
        let read = serde_json::to_value(&scenario).expect("a scenario is plain values");
        if let Some((line, key)) = place::surplus(text, &read) {
            return Err(wrong(line, format!("unknown field `{key}`: it means nothing here")));
        }
        check(&scenario).map_err(|Misfit { way, message }| wrong(place::line_of(text, &way), message))?;
        Ok(scenario)
    }

    /// Reads a scenario from the text of the file of this path; it bears the file's name.
    pub fn of_file(path: &str, text: &str) -> Result<Self, ScenarioError> {
        let name = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
        Self::read(&name, path, text)
    }
}

pub fn library() -> Vec<Scenario> {
    let read = |(name, text): &(&str, &str)| {
        Scenario::read(name, &format!("scenarios/{name}.toml"), text)
            .expect("a test reads every file of the library")
    };
    LIBRARY.iter().map(read).collect()
}

/// The scenario of the library with this name, or the one in the file of this path.
pub fn scenario(name: &str) -> Result<Scenario, ScenarioError> {
    if let Some((name, text)) = LIBRARY.iter().find(|(known, _)| *known == name) {
        return Scenario::read(name, &format!("scenarios/{name}.toml"), text);
    }
    let Some(text) = file_text(name)? else {
        let known = LIBRARY.iter().map(|(name, _)| *name).collect();
        return Err(ScenarioError::Unknown { name: name.to_owned(), known });
    };
    Scenario::of_file(name, &text)
}

/// The text of the file that a scenario is named by; `None` if the name does not end in `.toml`, as no name of the library does.
pub fn file_text(name: &str) -> Result<Option<String>, ScenarioError> {
    let path = Path::new(name);
    if path.extension().is_none_or(|extension| extension != "toml") {
        return Ok(None);
    }
    let unreadable = |source| ScenarioError::Unreadable { file: name.to_owned(), source };
    if fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        let message = format!("larger than {FILE_BYTES_MAX} bytes");
        return Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, message)));
    }
    fs::read_to_string(path).map(Some).map_err(unreadable)
}

impl Happens {
    /// The earliest and the latest beginning, as seconds of the story.
    pub fn begins_s(&self) -> (f64, f64) {
        let story = Story::default();
        (story.story_s(self.between.0), story.story_s(self.between.1))
    }
}

impl Symptom {
    /// The symptom, given the share of visits that were served or degraded on each route while the incident lasted.
    pub fn of(available: &[(Route, f64)], was_lost: bool) -> Self {
        const NEARLY_NONE: f64 = 0.1;
        match (was_lost, available.iter().all(|(_, share)| *share <= NEARLY_NONE)) {
            (false, _) => Self::Nothing,
            (true, true) => Self::EveryPage,
            (true, false) => Self::SomeVisits,
        }
    }
}

impl fmt::Display for Symptom {
    /// As a scenario's file writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::SomeVisits => "some-visits",
            Self::EveryPage => "every-page",
        })
    }
}
