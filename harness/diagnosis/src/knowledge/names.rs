//! Which looks name the asset that does the harm, and which looks observe the same thing.

use std::{collections::HashMap, sync::Arc};

use super::counts::{CaseSeen, Seen};
use crate::{
    checks::CHECKS,
    experience::{Experience, Moment},
};

/// How often a check must have named the asset that did the harm to be taken for one that names it.
pub(super) const NAMES_FROM: f64 = 0.05;

/// What a check is worth for naming the asset that does the harm, over the incidents in which a text does.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Names {
    /// How often the asset that it named did the harm.
    pub(super) right: f64,
    /// How often it named that one.
    pub(super) found: f64,
    /// By outcome, whether it names one more often than not.
    pub(super) at: Vec<bool>,
}

pub(super) fn names(experience: &Experience) -> Vec<Names> {
    let texts = || experience.cases.iter().zip(&experience.incidents).filter(|(case, _)| case.has_asset);
    let moments: Vec<&Moment> =
        texts().flat_map(|(_, incidents)| incidents).flat_map(|incident| &incident.moments).collect();
    let of = |check: usize| {
        let (mut right, mut named, mut all) = (1.0, 2.0, 2.0);
        // Before any experience, what can be expected of a look that is there to name an asset.
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

/// For each check the others of its topic, by how much knowing one tells of the other in all incidents (Shannon's mutual information).
pub(super) fn alike(seen: &[Arc<CaseSeen>]) -> Vec<Vec<usize>> {
    let moments: Vec<&Seen> =
        seen.iter().flat_map(|case| &case.incidents).filter_map(|moments| moments.first()).collect();
    let shared = |one: usize, other: usize| {
        let mut joint: HashMap<(u8, u8), f64> = HashMap::new();
        let (mut ones, mut others, mut all) = ([0.0; 10], [0.0; 10], 0.0);
        for seen in &moments {
            if let (Some(one), Some(other)) = (seen.said[one], seen.said[other]) {
                *joint.entry((one, other)).or_default() += 1.0;
                ones[usize::from(one)] += 1.0;
                others[usize::from(other)] += 1.0;
                all += 1.0;
            }
        }
        let mut terms: Vec<f64> = joint
            .into_iter()
            .map(|((one, other), count)| {
                count * (count * all / (ones[usize::from(one)] * others[usize::from(other)])).ln()
            })
            .collect();
        // In one order, whatever the map's: a sum must be the same twice.
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
