//! Which looks name the harmful asset, and which looks at one topic are most similar.

use std::{collections::HashMap, sync::Arc};

use super::counts::CaseSeen;
use crate::{
    checks::CHECKS,
    experience::{Experience, Moment},
};

/// A check counts as one that names the harmful asset if it did so in at least this share of moments.
pub(super) const NAMES_FROM: f64 = 0.05;

/// How well a check names the harmful asset, over the incidents that a text caused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Names {
    /// The share of named assets that were the harmful one.
    pub(crate) right: f64,
    /// The share of moments in which it named the harmful one.
    pub(crate) found: f64,
    /// By outcome: whether it names an asset more often than not.
    pub(crate) at: Vec<bool>,
}

pub(super) fn names(experience: &Experience) -> Vec<Names> {
    let texts = || experience.cases.iter().zip(&experience.incidents).filter(|(case, _)| case.has_asset);
    let moments: Vec<&Moment> =
        texts().flat_map(|(_, incidents)| incidents).flat_map(|incident| &incident.moments).collect();
    let of = |check: usize| {
        let (mut right, mut named, mut all) = (1.0, 2.0, 2.0);
        // The prior: an outcome that should come with a name does come with one.
        let mut at: Vec<i32> =
            CHECKS[check].outcomes.iter().map(|outcome| i32::from(CHECKS[check].may_name(outcome))).collect();
        for said in moments.iter().filter_map(|moment| moment.said(check)) {
            all += 1.0;
            named += f64::from(u8::from(said.names.is_some()));
            right += f64::from(u8::from(said.names == Some(true)));
            at[said.outcome] += if said.names.is_some() { 1 } else { -1 };
        }
        Names { right: right / named, found: right / all, at: at.into_iter().map(|more| more > 0).collect() }
    };
    (0..CHECKS.len()).map(of).collect()
}

/// For each check the others of its topic, by the information that one gives about the other in all incidents (Shannon's mutual
/// information).
pub(super) fn alike(seen: &[Arc<CaseSeen>]) -> Vec<Vec<usize>> {
    let moments: Vec<&Moment> =
        seen.iter().flat_map(|case| &case.incidents).filter_map(|moments| moments.first()).collect();
    let shared = |one: usize, other: usize| {
        let mut joint: HashMap<(usize, usize), f64> = HashMap::new();
        let (mut ones, mut others, mut all) = ([0.0; 10], [0.0; 10], 0.0);
        for moment in &moments {
            if let (Some(one), Some(other)) = (moment.said(one), moment.said(other)) {
                *joint.entry((one.outcome, other.outcome)).or_default() += 1.0;
                ones[one.outcome] += 1.0;
                others[other.outcome] += 1.0;
                all += 1.0;
            }
        }
        let term = |((one, other), count): ((usize, usize), f64)| {
            count * (count * all / (ones[one] * others[other])).ln()
        };
        let mut terms: Vec<f64> = joint.into_iter().map(term).collect();
        // Sorted, so that the sum does not depend on the order of the map.
        terms.sort_by(f64::total_cmp);
        terms.iter().sum::<f64>()
    };
    let of = |check: usize| {
        let same =
            (0..CHECKS.len()).filter(|other| *other != check && CHECKS[*other].topic == CHECKS[check].topic);
        let mut same: Vec<(f64, usize)> =
            same.map(|other| (shared(check.min(other), check.max(other)), other)).collect();
        same.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        same.into_iter().map(|(_, other)| other).collect()
    };
    (0..CHECKS.len()).map(of).collect()
}
