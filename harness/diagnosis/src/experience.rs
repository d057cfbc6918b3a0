//! What was seen in training incidents, raw: what every check said, when, and which remedies helped. Teaches that experience is kept
//! best as it was seen: counted, cut or shuffled later, it answers questions that nobody asked while it was made.
//!
//! The built-in experience is made by `glyphfall train` and kept in the repository. A hash of the checks and the scenarios in it tells
//! whether it still fits; a test compares.

use std::collections::BTreeSet;

use incident::{ContributingFactor, Remedy, Service};
use serde::{Deserialize, Serialize};

use crate::{
    cause::Cause,
    checks::{self, CHECKS},
    knowledge::Phase,
    remedies,
};

/// A scenario as a responder knows it: from the books, not from the incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent properties, each with a name in JSON")]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What sets it off.
    pub cause: String,
    /// The parts of that.
    pub parts: Cause,
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

/// What was seen at one moment: a letter for the phase, then for each check in order the place of what it said, or a dot; and then for
/// each check `1` if it named the asset that did the harm, `0` if it named another, a dot if none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment(String);

/// An outcome is one digit.
const OUTCOMES_MAX: usize = 10;
const _: () = {
    let mut place = 0;
    while place < CHECKS.len() {
        assert!(CHECKS[place].outcomes.len() <= OUTCOMES_MAX, "a moment keeps each outcome as one digit");
        place += 1;
    }
};

/// What one check said at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// The place of the outcome.
    pub outcome: usize,
    /// Whether the asset that it named did the harm; none if it named none.
    pub names: Option<bool>,
}

/// One incident of training: its moments, and for each sequence on the menu `1` if it helped, `0` if not, a dot if it was not tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingIncident {
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
    pub incidents: Vec<Vec<TrainingIncident>>,
    /// The looks that no level's policy takes: with them, replayed training incidents were no cheaper than without.
    #[serde(default)]
    pub left_aside: Vec<String>,
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
        let incidents = vec![Vec::new(); cases.len()];
        Self { hash, seeds, cases, incidents, left_aside: Vec::new() }
    }

    /// Takes over what is known of the cases that both have.
    pub fn take_over(&mut self, other: &Self) {
        let (menu, known) = (menu(&self.cases), menu(&other.cases));
        for (case, incidents) in self.cases.iter().zip(&mut self.incidents) {
            let Some(place) = other.cases.iter().position(|known| known == case) else { continue };
            incidents.clone_from(&other.incidents[place]);
            for incident in incidents {
                let letters = incident.helped.as_bytes();
                let letter = |sequence: &Vec<Remedy>| {
                    known.iter().position(|known| known == sequence).map_or('.', |at| char::from(letters[at]))
                };
                incident.helped = menu.iter().map(letter).collect();
            }
        }
    }

    /// The same without one case.
    #[must_use]
    pub fn without(self, case: &str) -> Self {
        self.keeping(|known| known.name != case)
    }

    /// The same without all cases of the family of this one.
    #[must_use]
    pub fn without_family(self, case: &str) -> Self {
        let family =
            self.cases.iter().find(|known| known.name == case).map(|known| known.parts.kind.family());
        self.keeping(|known| Some(known.parts.kind.family()) != family)
    }

    fn keeping(mut self, keeps: impl Fn(&Case) -> bool) -> Self {
        let mut kept = self.cases.iter().map(&keeps).collect::<Vec<_>>().into_iter();
        self.incidents.retain(|_| kept.next().unwrap_or_default());
        self.cases.retain(keeps);
        self
    }

    /// The same with the first so many incidents of each case only.
    #[must_use]
    pub fn cut(mut self, incidents: usize) -> Self {
        self.incidents.iter_mut().for_each(|all| all.truncate(incidents));
        self
    }

    /// The same without the incident of this number of each case.
    #[must_use]
    pub fn without_incident(mut self, number: usize) -> Self {
        self.incidents.iter_mut().filter(|all| number < all.len()).for_each(|all| _ = all.remove(number));
        self
    }

    /// As JSON, an incident a line.
    pub fn to_json(&self) -> String {
        let cases: Vec<String> = self.cases.iter().map(|case| format!("    {}", line(case))).collect();
        let of_case = |incidents: &Vec<TrainingIncident>| {
            let lines: Vec<String> =
                incidents.iter().map(|incident| format!("      {}", line(incident))).collect();
            format!("    [\n{}\n    ]", lines.join(",\n"))
        };
        let incidents: Vec<String> = self.incidents.iter().map(of_case).collect();
        format!(
            "{{\n  \"hash\": {},\n  \"seeds\": {},\n  \"left_aside\": {},\n  \"cases\": [\n{}\n  ],\n  \"incidents\": [\n{}\n  ]\n}}\n",
            line(&self.hash),
            line(&self.seeds),
            line(&self.left_aside),
            cases.join(",\n"),
            incidents.join(",\n")
        )
    }
}

impl Moment {
    /// What each check said, in the order of the checks.
    pub fn new(phase: Phase, said: impl IntoIterator<Item = Option<Said>>) -> Self {
        let said: Vec<Option<Said>> = said.into_iter().collect();
        let outcome = |said: &Option<Said>| said.map_or('.', |said| digit(said.outcome));
        let name = |said: &Option<Said>| {
            said.and_then(|said| said.names).map_or('.', |is_right| digit(usize::from(is_right)))
        };
        let letters = std::iter::once(phase.letter()).chain(said.iter().map(outcome));
        Self(letters.chain(said.iter().map(name)).collect())
    }

    /// When it was.
    pub fn phase(&self) -> Phase {
        Phase::ALL.into_iter().find(|phase| self.0.starts_with(phase.letter())).expect("read so")
    }

    fn checks(&self) -> usize {
        (self.0.len() - 1) / 2
    }

    /// What a check said.
    pub fn said(&self, check: usize) -> Option<Said> {
        let digit = |place: usize| {
            self.0.as_bytes().get(place).filter(|letter| **letter != b'.').map(|letter| letter - b'0')
        };
        let outcome = digit(check + 1).filter(|_| check < self.checks())?;
        let names = digit(1 + self.checks() + check).map(|right| right == 1);
        Some(Said { outcome: usize::from(outcome), names })
    }

    /// The same moment, at which a check said something else, or nothing; what it named stays.
    pub fn replace_outcome(&mut self, check: usize, outcome: Option<usize>) {
        assert!(check < self.checks(), "the moment has this check");
        self.0.replace_range(check + 1..check + 2, &outcome.map_or('.', digit).to_string());
    }
}

fn digit(outcome: usize) -> char {
    assert!(outcome < OUTCOMES_MAX, "no check has so many outcomes");
    char::from(b'0' + u8::try_from(outcome).expect("below ten"))
}

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(letters: String) -> Result<Self, String> {
        let is_of_phase = Phase::ALL.iter().any(|phase| letters.starts_with(phase.letter()));
        let is_known = |letter: u8| letter == b'.' || letter.is_ascii_digit();
        if is_of_phase && letters.len() % 2 == 1 && letters.bytes().skip(1).all(is_known) {
            Ok(Self(letters))
        } else {
            Err(format!("'{letters}' is no moment of an incident: train again with 'glyphfall train'"))
        }
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.0
    }
}

/// What anybody on call would think of: every ordinary remedy, alone and in the usual combinations, and all that restore a case.
pub fn menu(cases: &[Case]) -> Vec<Vec<Remedy>> {
    let right = cases.iter().flat_map(|case| case.right.iter().cloned());
    remedies::ordinary().into_iter().chain(right).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A hash of the list of checks, and of these scenarios' names.
pub fn hash<'a>(scenarios: impl IntoIterator<Item = &'a str>) -> String {
    let words = checks::words().into_iter().chain(scenarios.into_iter().map(str::to_owned));
    format!("{:016x}", checks::fnv_1a(words))
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names and numbers can be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_keeps_what_was_said_and_what_was_not_asked() {
        let [one, other] = [(0, None), (7, Some(true))].map(|(outcome, names)| Some(Said { outcome, names }));
        let mut kept = Moment::new(Phase::Middle, [one, None, other]);
        assert_eq!(String::from(kept.clone()), "M0.7..1");
        assert_eq!([0, 1, 2, 3].map(|check| kept.said(check)), [one, None, other, None]);
        kept.replace_outcome(2, None);
        assert_eq!((kept.phase(), kept.said(2)), (Phase::Middle, None));
        for wrong in ["", "X0.7..1", "M0.7..", "M0a7..1"] {
            assert!(Moment::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn it_is_read_as_it_was_written_and_can_be_cut() {
        let built_in = Experience::built_in();
        assert_eq!(serde_json::from_str::<Experience>(&built_in.to_json()).unwrap(), built_in);
        let names = |experience: &Experience| experience.cases.len();
        assert_eq!(names(&built_in.clone().without("surge")) + 1, names(&built_in));
        assert!(built_in.cut(2).incidents.iter().all(|incidents| incidents.len() == 2));
    }
}
