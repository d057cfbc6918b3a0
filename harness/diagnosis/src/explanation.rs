//! The answer to 'what happened?', and how far two answers agree. Teaches that an explanation has parts, and that part of one is
//! worth something.
//!
//! **The score's rule.** Ten tenths: four for the cause; three for the asset; one for the character; one for the path, by the share of
//! its services that stand in both in the same order; one for the factors, by twice those in both over all in each (Dice). Where
//! no asset or character belongs to the answer, its part goes to the cause. Half of a cause does not exist: it is right in the words of
//! the list of scenarios, or if kind, place and class of characters are. An explanation is right
//! from [`RIGHT_FROM`]: cause and asset must be right, the character may be missing. Whether a remedy helped has no part in it.
//! The weights are assumed.

use std::collections::BTreeSet;

use incident::{ContributingFactor, Explanation, Service};

use crate::cause::Cause;

/// From this score on, an explanation is right. Assumed.
pub const RIGHT_FROM: f64 = 0.8;

/// The parts of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What set it off, in the words of the list of scenarios; or why there is no answer.
    pub cause: String,
    /// The parts of the cause, where it is put together.
    pub parts: Option<Cause>,
    /// Which asset, if one belongs to it.
    pub asset: Option<String>,
    /// Which character or bytes, if they belong to it.
    pub character: Option<String>,
    /// Along which services it runs.
    pub path: Vec<Service>,
    /// What contributed.
    pub factors: BTreeSet<ContributingFactor>,
}

impl Answer {
    /// The answer as a record keeps it.
    pub fn explanation(&self) -> Explanation {
        let named: Vec<&str> =
            [&self.asset, &self.character].into_iter().flatten().map(String::as_str).collect();
        let about = if named.is_empty() { String::new() } else { format!(": {}", named.join(", ")) };
        Explanation {
            trigger: format!("{}{about}", self.cause),
            path: self.path.iter().map(ToString::to_string).collect(),
            factors: self.factors.clone(),
        }
    }
}

/// How far an answer agrees with the one that was expected, from 0 to 1.
pub fn agreement(given: &Answer, expected: &Answer) -> f64 {
    let (mut cause, mut score) = (4.0, 0.0);
    for (weight, given, expected) in
        [(3.0, &given.asset, &expected.asset), (1.0, &given.character, &expected.character)]
    {
        match (given, expected) {
            (_, None) => cause += weight,
            (given, expected) if given == expected => score += weight,
            _ => {}
        }
    }
    let same_parts = given.parts.is_some() && given.parts == expected.parts;
    score += if same_parts || given.cause == expected.cause { cause } else { 0.0 };
    let longest = given.path.len().max(expected.path.len());
    score += share(in_order(&given.path, &expected.path), longest);
    let both = given.factors.intersection(&expected.factors).count();
    score += share(2 * both, given.factors.len() + expected.factors.len());
    score / 10.0
}

/// The length of the longest sequence that is in both, in order.
fn in_order(one: &[Service], other: &[Service]) -> usize {
    match (one, other) {
        ([first, one_rest @ ..], [second, other_rest @ ..]) if first == second => {
            1 + in_order(one_rest, other_rest)
        }
        ([_, one_rest @ ..], [_, other_rest @ ..]) => {
            in_order(one_rest, other).max(in_order(one, other_rest))
        }
        _ => 0,
    }
}

/// Two empty lists agree.
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::{Kind, Place};

    fn truth() -> Answer {
        Answer {
            cause: "a control character".into(),
            parts: Some(Cause::new(Kind::Text, Place::Texts)),
            asset: Some("promo-banner".into()),
            character: Some("U+000B".into()),
            path: vec![Service::ContentStore, Service::Cache, Service::WebFront],
            factors: [ContributingFactor::InvalidRendering, ContributingFactor::PoorErrorHandling].into(),
        }
    }

    fn check(change: impl FnOnce(&mut Answer), expected: f64) {
        let mut given = truth();
        change(&mut given);
        let score = agreement(&given, &truth());
        assert!((score - expected).abs() < 1e-9, "{score} instead of {expected}: {given:?}");
    }

    #[test]
    fn each_part_counts_by_the_written_rule() {
        check(|_| {}, 1.0);
        check(|given| given.character = None, 0.9);
        check(|given| given.asset = Some("site-footer".into()), 0.7);
        check(|given| given.cause = "put together".into(), 1.0);
        check(|given| given.parts = None, 1.0);
        check(|given| (given.cause, given.parts) = ("a slow disk".into(), None), 0.6);
        check(|given| given.path = vec![Service::Cache], 1.0 - 0.1 * 2.0 / 3.0);
        check(|given| _ = given.factors.pop_first(), 1.0 - 0.1 / 3.0);
        check(|given| *given = Answer::default(), 0.0);
    }

    #[test]
    fn where_no_asset_belongs_to_it_the_cause_counts_for_it() {
        let expected = Answer { cause: "the provider".into(), ..Answer::default() };
        assert!((agreement(&expected, &expected) - 1.0).abs() < 1e-9);
        let wrong = Answer { cause: "a false alarm".into(), ..Answer::default() };
        assert!(agreement(&wrong, &expected) < RIGHT_FROM);
    }
}
