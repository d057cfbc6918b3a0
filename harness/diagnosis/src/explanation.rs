//! The answer to 'what happened?', and the score for how far two answers agree. Teaches that an explanation has parts, that a partly right
//! one is worth something, and that none is right which names a single cause: an incident has contributing factors.
//!
//! **The score's rule.** Ten points in all: three for the cause, three for the asset, three for the contributing factors, half a point for
//! the character, and half a point for the path. Factors count by the Dice coefficient: twice the number in both answers, divided by the
//! sum of the numbers in each. The path counts by the share of its services that stand in both answers in the same order. If no asset,
//! character or factor belongs to the expected answer, its points go to the cause.
//! The cause is all or nothing. It is right in the words of the list of scenarios, or if kind, place and class of characters all match. An
//! explanation is right from [`RIGHT_FROM`] on: it needs the cause, the asset and at least one factor, but character or path may be
//! missing. Whether a remedy helped does not count. The weights are assumed.
//!
//! **Equivalent factors are merged first.** Several factors of the catalogue say nearly the same, and some only repeat what set the
//! incident off. In both answers, [`distinct`] merges the former and drops the latter.

use std::{collections::BTreeSet, fmt};

use incident::{ContributingFactor, Explanation, Service};
use serde::{Deserialize, Serialize};

use crate::cause::Cause;

/// From this share of the points on, an explanation counts as right. Assumed.
pub const RIGHT_FROM: f64 = 0.8;

pub const POINTS: f64 = 10.0;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What set the incident off, in the words of the list of scenarios; or the reason why there is no answer.
    pub cause: String,
    /// The parts of the cause, if it is composed of parts.
    pub parts: Option<Cause>,
    /// The asset, if one belongs to the explanation.
    pub asset: Option<String>,
    /// The character or bytes, if they belong to the explanation.
    pub character: Option<String>,
    pub path: Vec<Service>,
    pub factors: BTreeSet<ContributingFactor>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    Cause,
    Asset,
    Character,
    Path,
    Factors,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Points {
    pub part: Part,
    pub got: f64,
    pub of: f64,
}

impl Part {
    /// Points for this part, if it belongs to the expected answer.
    pub const fn weight(self) -> f64 {
        match self {
            Self::Cause | Self::Asset | Self::Factors => 3.0,
            Self::Character | Self::Path => 0.5,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{self:?}").to_lowercase())
    }
}

impl Answer {
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

/// The factor that represents this one in comparisons; `None` if it only repeats what set the incident off.
pub fn stands_for(factor: ContributingFactor) -> Option<ContributingFactor> {
    use ContributingFactor::{
        ColdStart, FalseAlarm, InsufficientCapacity, LeakedPermits, NoStampedeProtection, OutsideProvider,
        PoorErrorHandling, RetryAmplification, SlowStorage, UnboundedWork, UncheckedContent,
        UnhandledProcessStall, UnlimitedAssetSize, UnreliableNetwork,
    };
    match factor {
        RetryAmplification | UnboundedWork | LeakedPermits | NoStampedeProtection => Some(PoorErrorHandling),
        ColdStart => Some(InsufficientCapacity),
        UnlimitedAssetSize => Some(UncheckedContent),
        SlowStorage | UnreliableNetwork | UnhandledProcessStall | OutsideProvider | FalseAlarm => None,
        other => Some(other),
    }
}

/// Merges the factors that say nearly the same, and drops those that only repeat what set the incident off.
pub fn distinct(factors: &BTreeSet<ContributingFactor>) -> BTreeSet<ContributingFactor> {
    factors.iter().copied().filter_map(stands_for).collect()
}

/// The points for each part that belongs to the expected answer.
pub fn points(given: &Answer, expected: &Answer) -> Vec<Points> {
    let (ours, theirs) = (distinct(&given.factors), distinct(&expected.factors));
    let named = |given: &Option<String>, expected: &Option<String>| {
        expected.is_some().then(|| f64::from(u8::from(given == expected)))
    };
    let path = share(in_order(&given.path, &expected.path), given.path.len().max(expected.path.len()));
    let both = ours.intersection(&theirs).count();
    let factors = (!theirs.is_empty()).then(|| share(2 * both, ours.len() + theirs.len()));
    let shares = [
        (Part::Asset, named(&given.asset, &expected.asset)),
        (Part::Character, named(&given.character, &expected.character)),
        (Part::Path, Some(path)),
        (Part::Factors, factors),
    ];
    let rest: Vec<Points> = shares
        .into_iter()
        .filter_map(|(part, share)| Some(Points { part, got: part.weight() * share?, of: part.weight() }))
        .collect();
    let of = POINTS - rest.iter().map(|points| points.of).sum::<f64>();
    let is_right = given.cause == expected.cause || given.parts.is_some() && given.parts == expected.parts;
    let cause = Points { part: Part::Cause, got: if is_right { of } else { 0.0 }, of };
    std::iter::once(cause).chain(rest).collect()
}

/// How far an answer agrees with the expected one, from 0 to 1.
pub fn agreement(given: &Answer, expected: &Answer) -> f64 {
    points(given, expected).iter().map(|points| points.got).sum::<f64>() / POINTS
}

/// The length of the longest common subsequence.
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

/// A fraction. It is 1 for two empty lists, because they agree.
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

    fn changed(change: impl FnOnce(&mut Answer)) -> Answer {
        let mut given = truth();
        change(&mut given);
        given
    }

    fn check(change: impl FnOnce(&mut Answer), expected: f64) {
        let given = changed(change);
        let score = agreement(&given, &truth());
        assert!((score - expected).abs() < 1e-9, "{score} instead of {expected}: {given:?}");
    }

    #[test]
    fn each_part_counts_by_the_written_rule() {
        check(|_| {}, 1.0);
        check(|given| given.character = None, 0.95);
        check(|given| given.asset = Some("site-footer".into()), 0.7);
        check(|given| given.cause = "put together".into(), 1.0);
        check(|given| given.parts = None, 1.0);
        check(|given| (given.cause, given.parts) = ("a slow disk".into(), None), 0.7);
        check(|given| given.path = vec![Service::Cache], 1.0 - 0.05 * 2.0 / 3.0);
        check(|given| _ = given.factors.pop_first(), 1.0 - 0.3 / 3.0);
        check(|given| given.factors.clear(), 0.7);
        check(|given| *given = Answer::default(), 0.0);
    }

    #[test]
    fn without_cause_asset_or_any_factor_no_explanation_is_right() {
        let lacking: [fn(&mut Answer); 3] = [
            |given| (given.cause, given.parts) = (String::new(), None),
            |given| given.asset = None,
            |given| given.factors.clear(),
        ];
        for change in lacking {
            let given = changed(change);
            assert!(agreement(&given, &truth()) < RIGHT_FROM, "{given:?}");
        }
        // One of two factors is enough, even without the character.
        let one = changed(|given| {
            given.factors.pop_first();
            given.character = None;
        });
        assert!(agreement(&one, &truth()) >= RIGHT_FROM);
    }

    #[test]
    fn where_no_asset_belongs_to_it_the_cause_counts_for_it() {
        let expected = Answer { cause: "the provider".into(), ..Answer::default() };
        assert!((agreement(&expected, &expected) - 1.0).abs() < 1e-9);
        let wrong = Answer { cause: "a false alarm".into(), ..Answer::default() };
        assert!(agreement(&wrong, &expected) < RIGHT_FROM);
    }

    #[test]
    fn factors_that_say_nearly_the_same_count_once_and_the_trigger_is_no_factor() {
        use ContributingFactor::{PoorErrorHandling, RetryAmplification, SlowStorage, UnboundedWork};
        let expected = changed(|given| given.factors = [PoorErrorHandling].into());
        let given = changed(|given| given.factors = [RetryAmplification, UnboundedWork, SlowStorage].into());
        assert!((agreement(&given, &expected) - 1.0).abs() < 1e-9);
        let again = changed(|given| given.factors = [SlowStorage].into());
        assert!(agreement(&again, &expected) < RIGHT_FROM);
        for factor in ContributingFactor::ALL {
            let stands = stands_for(factor);
            assert!(stands.is_none_or(|other| stands_for(other) == Some(other)), "{factor}");
        }
    }
}
