//! How much several looks at one incident are to be believed together, and when an explanation is to be doubted: what was left out of
//! training decides.

use super::{Hypothesis, Knowledge, Phase};
use crate::cause::{Cause, Kind};

/// By which power a look's likelihood may count, where several looks tell of one incident; the left-out scenarios decide.
pub(super) const TEMPERS: [f64; 5] = [0.3, 0.45, 0.6, 0.8, 1.0];

/// All looks are so many handfuls: of some ten each, as many as a diagnosis takes.
const HANDFULS: usize = 6;

/// The percentage of training findings that must be more usual than what was seen, for an explanation to be doubted; and where that lies
/// in a normal distribution.
const RARER_THAN_PERCENT: usize = 95;

const NORMAL_QUANTILE: f64 = 1.645;

impl Knowledge {
    /// What all looks said at the first and the last moment before anybody acted, incident by incident.
    pub(super) fn first_and_last(&self, case: usize) -> impl Iterator<Item = (Phase, Vec<(usize, usize)>)> {
        self.seen[case].incidents.iter().flat_map(|moments| {
            [Phase::Early, Phase::Late].into_iter().filter_map(|phase| {
                let seen = moments.iter().find(|seen| seen.phase == phase)?;
                let said = |(check, said): (usize, &Option<u8>)| Some((check, usize::from((*said)?)));
                Some((phase, seen.said.iter().enumerate().filter_map(said).collect()))
            })
        })
    }

    /// The same, a handful of looks at a time: nobody takes all of them.
    pub(super) fn handfuls(&self, case: usize) -> impl Iterator<Item = (Phase, Vec<(usize, usize)>)> {
        self.first_and_last(case).flat_map(|(phase, said)| {
            (0..HANDFULS)
                .map(move |first| (phase, said.iter().skip(first).step_by(HANDFULS).copied().collect()))
        })
    }

    /// The mean surprise about what happened in a scenario: to who knows it, which is less than it will be with the next incident; and to who
    /// was taught all others, for whom it is something else at its place, or the combination that it is. Half and half.
    pub(super) fn loss(&self, case: usize, without: &Self, temper: f64) -> f64 {
        let parts = self.cases[case].parts;
        let mean = |surprises: Vec<f64>| surprises.iter().sum::<f64>() / surprises.len().max(1) as f64;
        let known = |(phase, said): (Phase, Vec<(usize, usize)>)| {
            -self.heeded(phase, &said, temper).shares()[case].max(f64::MIN_POSITIVE).ln()
        };
        let unknown = |(phase, said): (Phase, Vec<(usize, usize)>)| {
            let belief = without.heeded(phase, &said, temper);
            let fits = |hypothesis: &Hypothesis| {
                hypothesis.cause == parts || hypothesis.cause == Cause::new(Kind::Other, parts.place)
            };
            let share: f64 = without
                .hypotheses
                .iter()
                .zip(belief.shares())
                .filter(|(known, _)| fits(known))
                .map(|(_, share)| share)
                .sum();
            -share.max(f64::MIN_POSITIVE).ln()
        };
        mean(self.handfuls(case).map(known).collect()) + mean(self.handfuls(case).map(unknown).collect())
    }

    /// How unusual findings are under what happened, in all but the rarest of training: the limit beyond which it is doubted.
    pub(super) fn usual(&self) -> f64 {
        let of = |case: usize| {
            self.first_and_last(case)
                .map(move |(phase, said)| self.judged(phase, &said, self.temper).unusual(case))
        };
        let mut unusual: Vec<f64> = (0..self.cases.len()).flat_map(of).collect();
        unusual.sort_by(f64::total_cmp);
        let beyond = unusual.len() - unusual.len() * RARER_THAN_PERCENT / 100;
        unusual.into_iter().rev().nth(beyond.saturating_sub(1)).unwrap_or(0.0).max(NORMAL_QUANTILE)
    }
}
