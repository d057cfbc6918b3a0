//! Two parameters that training decides: how much several looks at one incident count together, and from when on an explanation is doubted.

use super::{Hypothesis, Knowledge, Phase};
use crate::{
    cause::{Cause, Kind},
    checks::CHECKS,
};

/// Possible powers of a look's likelihood, for several looks at one incident. Left-out scenarios choose among them.
pub(super) const TEMPERS: [f64; 5] = [0.3, 0.45, 0.6, 0.8, 1.0];

/// The number of handfuls that all looks are divided into. Each has some ten looks, as many as a diagnosis takes.
const HANDFULS: usize = 6;

/// An explanation is doubted if the findings are more unusual under it than this percentage of training findings under their true cause.
/// `NORMAL_QUANTILE` is that percentile of a normal distribution.
const RARER_THAN_PERCENT: usize = 95;

const NORMAL_QUANTILE: f64 = 1.645;

impl Knowledge {
    /// The outcomes of all looks at the first and the last moment before anybody acted, incident by incident.
    pub(super) fn first_and_last(&self, case: usize) -> impl Iterator<Item = (Phase, Vec<(usize, usize)>)> {
        self.seen[case].incidents.iter().flat_map(|moments| {
            [Phase::Early, Phase::Late].into_iter().filter_map(|phase| {
                let moment = moments.iter().find(|moment| moment.phase == phase)?;
                let said = |check| Some((check, moment.said(check)?.outcome));
                Some((phase, (0..CHECKS.len()).filter_map(said).collect()))
            })
        })
    }

    /// The same, one handful of looks at a time, because nobody takes all of them.
    pub(super) fn handfuls(&self, case: usize) -> impl Iterator<Item = (Phase, Vec<(usize, usize)>)> {
        self.first_and_last(case).flat_map(|(phase, said)| {
            (0..HANDFULS)
                .map(move |first| (phase, said.iter().skip(first).step_by(HANDFULS).copied().collect()))
        })
    }

    /// The mean surprise about a scenario's true cause at each of [`TEMPERS`], for two responders with equal weight. One was taught the
    /// scenario, so it is less surprised than it will be by the next incident. The other was taught all scenarios but this one: it can only
    /// answer *something else* at the place, or the combination of parts.
    pub(super) fn losses(&self, case: usize, without: &Self) -> [f64; TEMPERS.len()] {
        let parts = self.cases[case].parts;
        let fits = |Hypothesis { cause, .. }: &Hypothesis| {
            *cause == parts || *cause == Cause::new(Kind::Other, parts.place)
        };
        let (mut losses, mut count) = ([0.0; TEMPERS.len()], 0.0);
        for (phase, said) in self.handfuls(case) {
            let known = self.log_likelihoods(phase, &said);
            let unknown = without.log_likelihoods(phase, &said);
            for (loss, temper) in losses.iter_mut().zip(TEMPERS) {
                *loss += self.surprise(&known, temper, |place| place == case);
                *loss += without.surprise(&unknown, temper, |place| fits(&without.hypotheses[place]));
            }
            count += 1.0;
        }
        losses.map(|loss| loss / f64::max(count, 1.0))
    }

    /// By hypothesis, the log-likelihood of these outcomes in one phase, in this order.
    fn log_likelihoods(&self, phase: Phase, said: &[(usize, usize)]) -> Vec<f64> {
        let mut sums = vec![0.0; self.hypotheses.len()];
        for (table, outcome) in self.tables_of(phase, said) {
            for (sum, p) in sums.iter_mut().zip(table.column(outcome)) {
                *sum += p.max(f64::MIN_POSITIVE).ln();
            }
        }
        sums
    }

    /// The negative logarithm of the posterior probability of the hypotheses that are the `truth`, with likelihoods to the power `temper`.
    fn surprise(&self, log_likelihoods: &[f64], temper: f64, truth: impl Fn(usize) -> bool) -> f64 {
        let most = log_likelihoods.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut all, mut right) = (0.0, 0.0);
        for (place, (prior, log)) in self.prior.iter().zip(log_likelihoods).enumerate() {
            let weight = prior * (temper * (log - most)).exp();
            all += weight;
            right += if truth(place) { weight } else { 0.0 };
        }
        -f64::max(right / all, f64::MIN_POSITIVE).ln()
    }

    /// The limit beyond which an explanation is doubted: how unusual findings are under their true cause, in all but the rarest of
    /// training.
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
