//! Probabilities of explanations, and what a look is worth before it is taken. Teaches Bayes' rule and Shannon's measure on a
//! handful of numbers.
//!
//! Findings are taken as independent of each other once the scenario is given. They are not quite, so that certainty is
//! overstated when several looks tell the same thing.

use crate::knowledge::Likelihoods;

/// A probability for each explanation.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief {
    shares: Vec<f64>,
}

impl Belief {
    /// Shares by these odds for known explanations, and `unknown` for one that is on no list, at the end.
    pub fn of(odds: &[f64], unknown: f64) -> Self {
        let all: f64 = odds.iter().sum();
        let share = |odds: &f64| (1.0 - unknown) * odds / all;
        Self { shares: odds.iter().map(share).chain([unknown]).collect() }
    }

    /// The probabilities; the last one is that of an explanation on no list.
    pub fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// Bayes' rule: `likelihoods` says how probable what was seen is under each explanation.
    pub fn learn(&mut self, likelihoods: impl IntoIterator<Item = f64>) {
        let joint: Vec<f64> =
            self.shares.iter().zip(likelihoods).map(|(share, likelihood)| share * likelihood).collect();
        let all: f64 = joint.iter().sum();
        if all > 0.0 {
            self.shares = joint.into_iter().map(|share| share / all).collect();
        }
    }

    /// How probable something is that has these probabilities under each explanation.
    pub fn chance(&self, likelihoods: &[f64]) -> f64 {
        self.shares.iter().zip(likelihoods).map(|(share, likelihood)| share * likelihood).sum()
    }

    /// How many bits a look is expected to bring: what is uncertain about its outcome, less what would be if the explanation were
    /// known (Shannon's mutual information).
    pub fn information(&self, likelihoods: &Likelihoods) -> f64 {
        let outcomes = likelihoods.rows.first().map_or(0, Vec::len);
        let probability = |outcome: usize| {
            let each = self.shares.iter().zip(&likelihoods.rows);
            each.map(|(share, row)| share * row[outcome]).sum::<f64>()
        };
        let uncertain: f64 = (0..outcomes).map(probability).filter(|p| *p > 0.0).map(|p| -p * p.log2()).sum();
        let certain: f64 =
            self.shares.iter().zip(&likelihoods.certainty_bits).map(|(share, bits)| share * bits).sum();
        (uncertain + certain).max(0.0)
    }

    /// The likeliest explanations, likeliest first: place and probability.
    pub fn leading(&self) -> Vec<(usize, f64)> {
        let mut leading: Vec<(usize, f64)> = self.shares.iter().copied().enumerate().collect();
        leading.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        leading
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn what_was_seen_moves_belief_by_its_likelihood() {
        let mut belief = Belief::of(&[1.0, 1.0], 0.0);
        belief.learn([0.9, 0.3, 1.0]);
        assert!(is_near(belief.shares()[0], 0.75) && is_near(belief.shares()[1], 0.25));
        let before = belief.clone();
        belief.learn([0.0, 0.0, 0.0]);
        assert_eq!(belief, before, "what cannot be teaches nothing");
    }

    #[test]
    fn a_look_is_worth_what_it_tells_apart() {
        let belief = Belief::of(&[1.0; 4], 0.0);
        let row = |place: usize| vec![f64::from(u8::from(place < 2)), f64::from(u8::from(place >= 2))];
        let halves = (0..5).map(row).collect();
        assert!(is_near(belief.information(&Likelihoods::new(halves)), 1.0));
        let blind = Likelihoods::new(vec![vec![0.5, 0.5]; 5]);
        assert!(is_near(belief.information(&blind), 0.0));
    }
}
