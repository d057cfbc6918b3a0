//! Which incidents can be played. A scenario says what happens and never how it ends: that emerges.
//!
//! Each scenario is one file in `scenarios/`, read at start. Adding one takes no other change, unless it needs a
//! mechanism that no other has: then one more variant of [`Happening`], and what the world does about it.
//!
//! - [`happening`]: what can happen in a shop, its network, its disk and among its customers.
//! - [`insert`]: special characters and bytes, as a file writes them.
//! - `check`: whether what a file names exists, and whether its parts fit each other; `place`: on which line.
//! - `reach`: into which running shops it can be brought by hand, and how its parts are told there.
//! - [`mod@draw`]: what the seed makes of a scenario: asset, character, place, time, and the decoys around it.

pub mod happening;
pub mod insert;
mod check;
mod place;
pub mod draw;
mod reach;

use std::{collections::BTreeSet, fs, io, path::Path};

use incident::{ContributingFactor, Remedy, Route, Service, Story, TimeOfDay, did_you_mean};
use serde::{Deserialize, Serialize};

use check::{Misfit, check};
pub use draw::{Drawn, draw};
pub use happening::Happening;
pub use reach::Reach;

/// The library, by name, as files that are read when asked for.
const LIBRARY: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// The scenario that is told when none is named.
pub const STORY: &str = "special-character";

/// The largest scenario file that is read: a hundred times an ordinary one.
pub const FILE_BYTES_MAX: u64 = 256 * 1_024;

/// The rungs of a ladder of hints: where to look, along which services, what kind of cause, what to do.
pub const HINTS: usize = 4;

/// The characters of a hint at most: it is read on a phone, in the middle of an incident.
pub const HINT_CHARACTERS_MAX: usize = 140;

/// One incident that can be played.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// The name on the command line: the file's.
    #[serde(skip_deserializing)]
    pub name: String,
    /// What it is about, without giving anything away.
    pub title: String,
    /// Whether nothing in the shop can be mended: it is there to catch those who always find something.
    #[serde(default)]
    pub control: bool,
    /// Whether it was written after the list of checks had been frozen, so that no check was made for it; the model responder is not
    /// taught it either.
    #[serde(default)]
    pub after_freeze: bool,
    /// The whole truth, for people. A spoiler.
    pub description: String,
    /// A public report of an incident with the same mechanism: who wrote it, about what, and where it stands.
    #[serde(default)]
    pub source: Option<String>,
    /// What customers meet while it lasts.
    pub symptom: Symptom,
    /// A ladder of hints for people who are stuck: [`HINTS`] of them, each giving away more than the one before, or none. A
    /// hint holds whatever the seed draws and whatever telemetry tells.
    #[serde(default)]
    pub hints: Vec<String>,
    /// What happens, in any order.
    pub happens: Vec<Happens>,
    /// What a right explanation says.
    pub truth: Truth,
    /// What can be done about it.
    pub remedies: Remedies,
}

/// One thing that happens, once.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Happens {
    /// Between which times of the story; the seed decides when.
    pub between: Between,
    /// After how many minutes it ends by itself, from and to; without, it lasts.
    #[serde(default)]
    pub ends_after_minutes: Option<Minutes>,
    /// What it is.
    pub what: Happening,
}

/// Two times of the story, the first not after the second, within 07:45 to 13:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "(TimeOfDay, TimeOfDay)", into = "(TimeOfDay, TimeOfDay)")]
pub struct Between {
    from: TimeOfDay,
    to: TimeOfDay,
}

/// A range of minutes, the first not above the second, within the story's five hours.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "(f64, f64)", into = "(f64, f64)")]
pub struct Minutes {
    from: f64,
    to: f64,
}

/// What customers meet while an incident lasts, all else in the shop being as it was on the day.
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
    /// The contributing factors.
    pub factors: BTreeSet<ContributingFactor>,
}

/// Which remedies restore, and which plausible ones do not. In a roll back, the asset `published` is the one that the
/// seed drew.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Remedies {
    /// Sequences of which each restores; none if nobody in the shop can do anything.
    pub right: Vec<Vec<Remedy>>,
    /// Sequences of which none does.
    pub wrong: Vec<Vec<Remedy>>,
}

/// Why a scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The library has none of that name.
    #[error(
        "there is no scenario '{name}'; there are: {}, or the path of a file ending in .toml{}",
        known.join(", "), did_you_mean(name, known.iter().copied())
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// The file cannot be read.
    #[error("{file} cannot be read")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The file says something that is no scenario.
    #[error("{file}, line {line}: {message}")]
    Wrong {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what was expected.
        message: String,
    },
}

impl Scenario {
    /// Reads a scenario from the text of its file.
    ///
    /// # Errors
    ///
    /// When the text is no scenario; the message names file, line and what was expected.
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
}

/// Every scenario of the library, by name.
pub fn library() -> Vec<Scenario> {
    let read = |(name, text): &(&str, &str)| {
        Scenario::read(name, &format!("scenarios/{name}.toml"), text)
            .expect("a test reads every file of the library")
    };
    LIBRARY.iter().map(read).collect()
}

/// The scenario of the library with this name, or the one in the file of this path.
///
/// # Errors
///
/// When there is none, or the file is no scenario.
pub fn scenario(name: &str) -> Result<Scenario, ScenarioError> {
    if let Some((name, text)) = LIBRARY.iter().find(|(known, _)| *known == name) {
        return Scenario::read(name, &format!("scenarios/{name}.toml"), text);
    }
    let path = Path::new(name);
    if path.extension().is_none_or(|extension| extension != "toml") {
        let known = LIBRARY.iter().map(|(name, _)| *name).collect();
        return Err(ScenarioError::Unknown { name: name.to_owned(), known });
    }
    let unreadable = |source| ScenarioError::Unreadable { file: name.to_owned(), source };
    if fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        let message = format!("larger than {FILE_BYTES_MAX} bytes");
        return Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, message)));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    Scenario::read(&path.file_stem().unwrap_or_default().to_string_lossy(), name, &text)
}

impl Between {
    /// The two times as seconds of the story.
    pub fn story_s(self) -> (f64, f64) {
        let story = Story::default();
        (story.story_s(self.from), story.story_s(self.to))
    }
}

impl Minutes {
    /// The two ends in seconds.
    pub fn seconds(self) -> (f64, f64) {
        (self.from * 60.0, self.to * 60.0)
    }
}

impl TryFrom<(TimeOfDay, TimeOfDay)> for Between {
    type Error = String;

    fn try_from((from, to): (TimeOfDay, TimeOfDay)) -> Result<Self, String> {
        let story = Story::default();
        let within = |time| (crate::play::STARTS_STORY_S..story.ends_s()).contains(&story.story_s(time));
        if from > to {
            return Err(format!("{from} lies after {to}: expected two times in order"));
        }
        if !within(from) || !within(to) {
            return Err(format!(
                "{from} to {to} is not within the story: expected times from 07:45 to before 13:00"
            ));
        }
        Ok(Self { from, to })
    }
}

impl From<Between> for (TimeOfDay, TimeOfDay) {
    fn from(Between { from, to }: Between) -> Self {
        (from, to)
    }
}

impl TryFrom<(f64, f64)> for Minutes {
    type Error = String;

    fn try_from((from, to): (f64, f64)) -> Result<Self, String> {
        if from.is_finite() && to.is_finite() && 0.0 < from && from <= to && to <= 300.0 {
            Ok(Self { from, to })
        } else {
            Err(format!("{from} to {to} minutes: expected two numbers in order, above 0 and at most 300"))
        }
    }
}

impl From<Minutes> for (f64, f64) {
    fn from(Minutes { from, to }: Minutes) -> Self {
        (from, to)
    }
}

impl Symptom {
    /// What customers met, by the share of visits served or degraded on each route while it lasted.
    pub fn of(available: &[(Route, f64)], was_lost: bool) -> Self {
        const NEARLY_NONE: f64 = 0.1;
        match (was_lost, available.iter().all(|(_, share)| *share <= NEARLY_NONE)) {
            (false, _) => Self::Nothing,
            (true, true) => Self::EveryPage,
            (true, false) => Self::SomeVisits,
        }
    }
}
