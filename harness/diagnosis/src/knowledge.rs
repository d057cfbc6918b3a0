//! What the model responder has learned: how often each check said what, by scenario and by phase, counted over training incidents
//! with other seeds than those it is judged on. Teaches that experience is a table of counts.
//!
//! The table is built by `glyphfall train` and kept in the repository. A hash of the checks and the scenarios in it tells whether it
//! still fits; a test compares.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use incident::{ContributingFactor, Remedy, Service};
use serde::{Deserialize, Serialize};

use crate::checks::{CHECKS, Check};

/// Added to the counts of a check, shared out evenly among its outcomes: what has not been seen in a handful of incidents is rare, not
/// impossible. One incident's worth, whatever the number of outcomes. (Perks' choice.)
pub const SMOOTHING: f64 = 1.0;

/// When a look is taken. What a check says depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Within [`EARLY_MINUTES`] of the call.
    Early,
    /// Within [`MIDDLE_MINUTES`].
    Middle,
    /// Later.
    Late,
    /// After a remedy that did not help.
    AfterRemedy,
    /// When customers are served again.
    Served,
}

/// Up to here it is early.
pub const EARLY_MINUTES: f64 = 10.0;

/// Up to here it is not late.
pub const MIDDLE_MINUTES: f64 = 30.0;

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Early, Self::Middle, Self::Late, Self::AfterRemedy, Self::Served];

    /// The phase so long after the call, before anything was done.
    pub fn of(minutes: f64) -> Self {
        match minutes {
            minutes if minutes <= EARLY_MINUTES => Self::Early,
            minutes if minutes <= MIDDLE_MINUTES => Self::Middle,
            _ => Self::Late,
        }
    }
}

/// A scenario as a responder knows it: from the books, not from the incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "four independent properties, each with a name in JSON")]
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

/// What has been learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knowledge {
    /// The hash of the checks and scenarios that it was learned with.
    pub hash: String,
    /// The seeds of the training incidents.
    pub seeds: Vec<u64>,
    /// The scenarios.
    pub cases: Vec<Case>,
    /// By check, then by the places of scenario, phase and outcome.
    counts: BTreeMap<String, Vec<Vec<Vec<u32>>>>,
}

impl Knowledge {
    /// The knowledge that was built into this program.
    pub fn built_in() -> Self {
        serde_json::from_str(include_str!("../knowledge/knowledge.json"))
            .expect("a test reads the built-in knowledge")
    }

    /// Nothing learned yet about these scenarios.
    pub fn new(cases: Vec<Case>, seeds: Vec<u64>) -> Self {
        let hash = hash(cases.iter().map(|case| case.name.as_str()));
        let none = |check: &Check| vec![vec![vec![0; check.outcomes.len()]; Phase::ALL.len()]; cases.len()];
        let counts = CHECKS.iter().map(|check| (check.name.to_owned(), none(check))).collect();
        Self { hash, seeds, cases, counts }
    }

    /// Counts what checks said in one incident of the scenario at this place.
    pub fn learn(&mut self, case: usize, seen: &[Seen]) {
        for Seen { phase, check, outcome } in seen {
            if let Some(place) = check.place(outcome)
                && let Some(cases) = self.counts.get_mut(check.name)
            {
                cases[case][*phase as usize][place] += 1;
            }
        }
    }

    /// For each scenario, and last for one that is not known, the probabilities of the check's outcomes in this phase.
    pub fn likelihoods(&self, check: &Check, phase: Phase) -> Vec<Vec<f64>> {
        let kinds = check.outcomes.len();
        let uniform = vec![1.0 / kinds as f64; kinds];
        let smoothed = |counts: &[u32]| {
            let all = f64::from(counts.iter().sum::<u32>()) + SMOOTHING;
            counts.iter().map(|count| (f64::from(*count) + SMOOTHING / kinds as f64) / all).collect()
        };
        let known = |case: usize| {
            let counts = self.counts.get(check.name).map(|cases| cases[case][phase as usize].as_slice());
            counts.filter(|counts| counts.len() == kinds).map_or_else(|| uniform.clone(), smoothed)
        };
        (0..self.cases.len()).map(known).chain([uniform.clone()]).collect()
    }

    /// As JSON, a check a line.
    pub fn to_json(&self) -> String {
        let cases: Vec<String> = self.cases.iter().map(|case| format!("    {}", line(case))).collect();
        let counts: Vec<String> = self
            .counts
            .iter()
            .map(|(check, counts)| format!("    {}: {}", line(check), line(counts)))
            .collect();
        format!(
            "{{\n  \"hash\": {},\n  \"seeds\": {},\n  \"cases\": [\n{}\n  ],\n  \"counts\": {{\n{}\n  }}\n}}\n",
            line(&self.hash),
            line(&self.seeds),
            cases.join(",\n"),
            counts.join(",\n")
        )
    }
}

/// A hash of all checks with their costs and outcomes, and of these scenarios' names. (FNV-1a.)
pub fn hash<'a>(scenarios: impl IntoIterator<Item = &'a str>) -> String {
    let check = |check: &Check| format!("{} {:?} {}", check.name, check.outcomes, check.cost_minutes);
    let words = CHECKS.iter().map(check).chain(scenarios.into_iter().map(str::to_owned));
    let hash = words
        .flat_map(|word| word.into_bytes().into_iter().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}

/// What one check said in a training incident.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// When.
    pub phase: Phase,
    /// Which check.
    pub check: &'static Check,
    /// What it said.
    pub outcome: &'static str,
}

/// Somebody who only looks, in training.
#[derive(Debug, Default)]
pub struct Observer {
    seen: Mutex<Vec<Seen>>,
}

impl Observer {
    /// Takes every look there is.
    pub async fn look_everywhere(&self, phase: Phase, hands: &impl crate::Hands) {
        for check in CHECKS {
            let outcome = check.look(hands).await.outcome;
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(Seen { phase, check, outcome });
        }
    }

    /// What has been seen.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PartialEq for Observer {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names and numbers can be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_seen_is_rare_and_not_impossible() {
        let case = Case {
            name: "one".into(),
            cause: "x".into(),
            path: Vec::new(),
            factors: BTreeSet::new(),
            is_ours: true,
            hurts: true,
            has_asset: false,
            has_character: false,
            right: Vec::new(),
        };
        let mut knowledge = Knowledge::new(vec![case], vec![1]);
        let check = &CHECKS[6];
        let seen = Seen { phase: Phase::Early, check, outcome: check.outcomes[0] };
        knowledge.learn(0, &[seen; 4]);
        let early = knowledge.likelihoods(check, Phase::Early);
        assert_eq!(early, [[0.9, 0.1], [0.5, 0.5]]);
        assert_eq!(knowledge.likelihoods(check, Phase::Late)[0], [0.5, 0.5]);
        assert_eq!(serde_json::from_str::<Knowledge>(&knowledge.to_json()).unwrap(), knowledge);
    }
}
