//! The probability of each explanation of an incident, and how surprising the findings are under each. Teaches Bayes' rule, and its limit:
//! it only compares the explanations on the list, and does not notice when all of them fit badly.
//!
//! Likelihoods are raised to a power below 1, because looks at one incident are not independent witnesses. An explanation under which the
//! findings are rarer than in nearly all of training is doubted: part of its probability moves to the *something else* hypotheses.

use crate::{cause::Kind, knowledge::Knowledge};

/// Rarer outcomes count as this surprising and no more: a handful of incidents cannot tell smaller probabilities apart. Assumed.
const RAREST: f64 = 0.05;

#[derive(Clone, Debug, PartialEq)]
pub struct Belief {
    shares: Vec<f64>,
    /// Per hypothesis: the surprise of the findings (negative log-likelihood), its expectation and its variance, in natural units.
    surprise: Vec<[f64; 3]>,
}

impl Belief {
    pub fn of(shares: Vec<f64>) -> Self {
        let surprise = vec![[0.0; 3]; shares.len()];
        Self { shares, surprise }
    }

    pub fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// Applies Bayes' rule to the outcome of a look or a remedy, with its likelihood raised to `power`, and adds up the surprise. `row`
    /// gives the probabilities of all outcomes under a hypothesis.
    pub fn learn<'a>(&mut self, row: impl Fn(usize) -> &'a [f64], outcome: usize, power: f64) {
        for (hypothesis, surprise) in self.surprise.iter_mut().enumerate() {
            let row = row(hypothesis);
            let surprise_of = |p: &f64| -p.max(RAREST).ln();
            let expected: f64 = row.iter().map(|p| p * surprise_of(p)).sum();
            let squares: f64 = row.iter().map(|p| p * surprise_of(p).powi(2)).sum();
            surprise[0] += surprise_of(&row[outcome]);
            surprise[1] += expected;
            surprise[2] += squares - expected * expected;
        }
        self.weigh((0..self.shares.len()).map(|hypothesis| row(hypothesis)[outcome].powf(power)));
    }

    /// Applies Bayes' rule: `likelihoods` gives the probability of what happened under each hypothesis.
    pub fn weigh(&mut self, likelihoods: impl IntoIterator<Item = f64>) {
        let joint: Vec<f64> =
            self.shares.iter().zip(likelihoods).map(|(share, likelihood)| share * likelihood).collect();
        let all: f64 = joint.iter().sum();
        if all > 0.0 {
            self.shares = joint.into_iter().map(|share| share / all).collect();
        }
    }

    /// How surprising the findings are under a hypothesis, in standard deviations.
    pub fn unusual(&self, hypothesis: usize) -> f64 {
        let [surprise, expected, variance] = self.surprise[hypothesis];
        (surprise - expected) / (variance + 1.0).sqrt()
    }

    /// The probabilities after doubt. A hypothesis that fits worse than nearly all of training gives part of its share to the *something
    /// else* hypotheses, in proportion to how well each of those fits the findings.
    pub fn doubting(&self, knowledge: &Knowledge) -> Vec<f64> {
        let mut shares = self.shares.clone();
        let is_other = |place: &usize| knowledge.hypotheses[*place].cause.kind == Kind::Other;
        let mut gives_way = 0.0;
        for place in (0..shares.len()).filter(|place| !is_other(place)) {
            let beyond = self.unusual(place) - knowledge.doubted_from;
            if beyond > 0.0 {
                let moves = shares[place] * (1.0 - (-beyond).exp());
                shares[place] -= moves;
                gives_way += moves;
            }
        }
        let others: Vec<usize> = (0..shares.len()).filter(is_other).collect();
        let all: f64 = others.iter().map(|place| self.shares[*place]).sum();
        for place in others {
            shares[place] += gives_way * self.shares[place] / all.max(f64::MIN_POSITIVE);
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_moves_belief_by_its_likelihood() {
        let mut belief = Belief::of(vec![0.5, 0.5]);
        belief.weigh([0.9, 0.3]);
        assert!((belief.shares()[0] - 0.75).abs() < 1e-9);
        let before = belief.clone();
        belief.weigh([0.0, 0.0]);
        assert_eq!(belief, before, "what cannot be teaches nothing");
    }
}
