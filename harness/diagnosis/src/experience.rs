//! What was seen in training incidents, raw: what every check said, when, and which remedies helped. Teaches that experience is kept
//! best as it was seen: counted, cut or shuffled later, it answers questions that nobody asked while it was made.
//!
//! The built-in experience is made by `glyphfall train` and kept in the repository. A hash of the checks and the scenarios in it tells
//! whether it still fits; a test compares.

use std::collections::BTreeSet;

use incident::{ContributingFactor, Remedy, Service};
use serde::{Deserialize, Serialize};

use crate::{checks, knowledge::Phase};

/// A scenario as a responder knows it: from the books, not from the incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent properties, each with a name in JSON")]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What sets it off.
    pub cause: String,
    /// Along which services it runs.
    pub path: Vec<Service>,
    /// What contributes to it.
    pub factors: BTreeSet<ContributingFactor>,
    /// Whether somebody in the shop can mend it.
    pub is_ours: bool,
    /// Whether it hurts customers.
    pub hurts: bool,
    /// Whether an asset belongs to the explanation.
    pub has_asset: bool,
    /// Whether a special character belongs to it.
    pub has_character: bool,
    /// Sequences of remedies of which each restores.
    pub right: Vec<Vec<Remedy>>,
}

/// What was seen at one moment: a letter for the phase, then for each check in order the place of what it said, or a dot.
pub type Moment = String;

/// One incident: its moments, and for each sequence on the menu `1` if it helped, `0` if not, a dot if it was not tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lived {
    /// What was seen, moment by moment.
    pub moments: Vec<Moment>,
    /// Which remedies helped.
    pub helped: String,
}

/// What was seen in training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experience {
    /// The hash of the checks and scenarios that it was made with.
    pub hash: String,
    /// The seeds of the training incidents.
    pub seeds: Vec<u64>,
    /// The scenarios.
    pub cases: Vec<Case>,
    /// By case, then by incident.
    pub lived: Vec<Vec<Lived>>,
}

impl Experience {
    /// The experience that was built into this program.
    pub fn built_in() -> Self {
        serde_json::from_str(include_str!("../knowledge/experience.json"))
            .expect("a test reads the built-in experience")
    }

    /// Nothing seen yet.
    pub fn new(cases: Vec<Case>, seeds: Vec<u64>) -> Self {
        let hash = hash(cases.iter().map(|case| case.name.as_str()));
        let lived = vec![Vec::new(); cases.len()];
        Self { hash, seeds, cases, lived }
    }

    /// The same without one case.
    #[must_use]
    pub fn without(mut self, case: &str) -> Self {
        if let Some(place) = self.cases.iter().position(|known| known.name == case) {
            self.cases.remove(place);
            self.lived.remove(place);
        }
        self
    }

    /// The same with the first so many incidents of each case only.
    #[must_use]
    pub fn cut(mut self, incidents: usize) -> Self {
        self.lived.iter_mut().for_each(|lived| lived.truncate(incidents));
        self
    }

    /// As JSON, an incident a line.
    pub fn to_json(&self) -> String {
        let cases: Vec<String> = self.cases.iter().map(|case| format!("    {}", line(case))).collect();
        let incidents = |lived: &Vec<Lived>| {
            let lines: Vec<String> = lived.iter().map(|lived| format!("      {}", line(lived))).collect();
            format!("    [\n{}\n    ]", lines.join(",\n"))
        };
        let lived: Vec<String> = self.lived.iter().map(incidents).collect();
        format!(
            "{{\n  \"hash\": {},\n  \"seeds\": {},\n  \"cases\": [\n{}\n  ],\n  \"lived\": [\n{}\n  ]\n}}\n",
            line(&self.hash),
            line(&self.seeds),
            cases.join(",\n"),
            lived.join(",\n")
        )
    }
}

/// What each check said at one moment, by its place among the checks, as [`Lived`] keeps it.
pub fn moment(phase: Phase, outcomes: impl IntoIterator<Item = Option<usize>>) -> Moment {
    let letter = |outcome: Option<usize>| {
        outcome.and_then(|place| char::from_digit(u32::try_from(place).ok()?, 10)).unwrap_or('.')
    };
    std::iter::once(phase.letter()).chain(outcomes.into_iter().map(letter)).collect()
}

/// What a check said at a moment.
pub fn said(moment: &Moment, check: usize) -> Option<usize> {
    let letter = moment.as_bytes().get(check + 1)?;
    letter.is_ascii_digit().then(|| usize::from(letter - b'0'))
}

/// All sequences of remedies that restore any of the cases, in order.
pub fn menu(cases: &[Case]) -> Vec<Vec<Remedy>> {
    let menu: BTreeSet<&Vec<Remedy>> = cases.iter().flat_map(|case| &case.right).collect();
    menu.into_iter().cloned().collect()
}

/// A hash of the list of checks, and of these scenarios' names.
pub fn hash<'a>(scenarios: impl IntoIterator<Item = &'a str>) -> String {
    checks::fnv_1a(checks::words().into_iter().chain(scenarios.into_iter().map(str::to_owned)))
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names and numbers can be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_keeps_what_was_said_and_what_was_not_asked() {
        let kept = moment(Phase::Middle, [Some(0), None, Some(7)]);
        assert_eq!(kept, "M0.7");
        assert_eq!([0, 1, 2, 3].map(|check| said(&kept, check)), [Some(0), None, Some(7), None]);
    }

    #[test]
    fn it_is_read_as_it_was_written_and_can_be_cut() {
        let built_in = Experience::built_in();
        assert_eq!(serde_json::from_str::<Experience>(&built_in.to_json()).unwrap(), built_in);
        let names = |experience: &Experience| experience.cases.len();
        assert_eq!(names(&built_in.clone().without("surge")) + 1, names(&built_in));
        assert!(built_in.cut(2).lived.iter().all(|lived| lived.len() == 2));
    }
}
