//! Raw results of training incidents: what every check said, when, and which remedies helped. Teaches to keep experience as it was
//! observed: counted, cut or shuffled later, it answers questions that nobody asked when it was recorded.
//!
//! `glyphfall train` makes the built-in experience, and the repository keeps it. It holds a hash of its checks and scenarios. A test
//! compares the hash to find out whether the experience still fits.

use std::collections::BTreeSet;

use incident::{ContributingFactor, Remedy, Service};
use serde::{Deserialize, Serialize};

use crate::{
    cause::Cause,
    checks::{self, CHECKS},
    knowledge::Phase,
    remedies,
};

/// A scenario as a responder knows it: from training, not from the incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent properties, each with a name in JSON")]
pub struct Case {
    pub name: String,
    pub cause: String,
    pub parts: Cause,
    pub path: Vec<Service>,
    pub factors: BTreeSet<ContributingFactor>,
    /// Whether somebody in the shop can fix it.
    pub is_ours: bool,
    pub hurts: bool,
    /// Whether an asset belongs to the explanation.
    pub has_asset: bool,
    /// Whether a special character belongs to the explanation.
    pub has_character: bool,
    /// Sequences of remedies, each of which restores the shop.
    pub right: Vec<Vec<Remedy>>,
}

/// What checks said at one moment. Written as a string: first a letter for the phase; then for each check the digit of its outcome, or a
/// dot if it said nothing; then for each check `1` if it named the harmful asset, `0` if it named another one, a dot if it named none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment {
    pub phase: Phase,
    /// By check. Checks that were added later are missing.
    said: Vec<Option<Said>>,
}

/// A moment writes an outcome as one digit.
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
    pub outcome: usize,
    /// Whether the asset that it named is the harmful one; `None` if it named none.
    pub names: Option<bool>,
}

/// One training incident: its moments, and for each sequence on the menu `1` if it helped, `0` if not, a dot if it was not tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingIncident {
    pub moments: Vec<Moment>,
    pub helped: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experience {
    /// Hash of the checks and scenarios that it was made with.
    pub hash: String,
    pub seeds: Vec<u64>,
    pub cases: Vec<Case>,
    /// By case, then by incident.
    pub incidents: Vec<Vec<TrainingIncident>>,
    /// Looks that no level's policy takes: replayed training incidents were no better with them. See
    /// [`left_aside`](crate::replay::left_aside).
    pub left_aside: Vec<String>,
}

impl Experience {
    pub fn built_in() -> Self {
        serde_json::from_str(include_str!("../knowledge/experience.json"))
            .expect("a test reads the built-in experience")
    }

    pub fn new(cases: Vec<Case>, seeds: Vec<u64>) -> Self {
        let hash = hash(cases.iter().map(|case| case.name.as_str()));
        let incidents = vec![Vec::new(); cases.len()];
        Self { hash, seeds, cases, incidents, left_aside: Vec::new() }
    }

    /// The experience without one case.
    #[must_use]
    pub fn without(self, case: &str) -> Self {
        self.keeping(|known| known.name != case)
    }

    /// The experience without the whole family of this case.
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

    /// The experience with only the first `incidents` of each case.
    #[must_use]
    pub fn cut(mut self, incidents: usize) -> Self {
        self.incidents.iter_mut().for_each(|all| all.truncate(incidents));
        self
    }

    /// The experience without the incident of this number in each case.
    #[must_use]
    pub fn without_incident(mut self, number: usize) -> Self {
        self.incidents.iter_mut().filter(|all| number < all.len()).for_each(|all| _ = all.remove(number));
        self
    }

    /// JSON with one incident per line.
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
    pub fn new(phase: Phase, said: impl IntoIterator<Item = Option<Said>>) -> Self {
        Self { phase, said: said.into_iter().collect() }
    }

    pub fn said(&self, check: usize) -> Option<Said> {
        *self.said.get(check)?
    }

    /// Replaces the outcome of a check, and keeps whether it named the right asset. `None` removes all that the check said.
    pub fn replace_outcome(&mut self, check: usize, outcome: Option<usize>) {
        let said = &mut self.said[check];
        let names = said.and_then(|said| said.names);
        *said = outcome.map(|outcome| Said { outcome, names });
    }
}

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(letters: String) -> Result<Self, String> {
        let read = || {
            let (first, rest) = letters.split_at_checked(1)?;
            let phase = Phase::ALL.into_iter().find(|phase| first.starts_with(phase.letter()))?;
            let digit =
                |letter| if letter == '.' { Some(None) } else { char::to_digit(letter, 10).map(Some) };
            let digits: Vec<Option<u32>> = rest.chars().map(digit).collect::<Option<_>>()?;
            let (outcomes, names) = digits.split_at(digits.len() / 2);
            let said = |(outcome, right): (&Option<u32>, &Option<u32>)| {
                Some(Said { outcome: (*outcome)? as usize, names: right.map(|right| right == 1) })
            };
            (outcomes.len() == names.len()).then(|| Self::new(phase, outcomes.iter().zip(names).map(said)))
        };
        read().ok_or_else(|| {
            format!("'{letters}' is no moment of an incident: train again with 'glyphfall train'")
        })
    }
}

impl From<Moment> for String {
    fn from(Moment { phase, said }: Moment) -> Self {
        let digit = |place: usize| char::from(b'0' + u8::try_from(place).expect("outcomes are below ten"));
        let outcome = |said: &Option<Said>| said.map_or('.', |said| digit(said.outcome));
        let name =
            |said: &Option<Said>| said.and_then(|said| said.names).map_or('.', |right| digit(right.into()));
        std::iter::once(phase.letter()).chain(said.iter().map(outcome)).chain(said.iter().map(name)).collect()
    }
}

/// Every sequence that anybody on call would think of: each ordinary remedy, alone and in the usual combinations, and all that restore a
/// case.
pub fn menu(cases: &[Case]) -> Vec<Vec<Remedy>> {
    let right = cases.iter().flat_map(|case| case.right.iter().cloned());
    remedies::ordinary().into_iter().chain(right).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A hash of the list of checks and of these scenarios' names.
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
        assert_eq!((kept.phase, kept.said(2)), (Phase::Middle, None));
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
