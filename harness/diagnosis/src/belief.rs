//! Probabilities of explanations, and what a look is worth before it is taken. Teaches Bayes' rule and Shannon's measure on a
//! handful of numbers.
//!
//! Findings are taken as independent of each other once the scenario is given. They are not quite, so that certainty is
//! overstated when several looks tell the same thing.

/// A probability for each explanation.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief {
    shares: Vec<f64>,
}

impl Belief {
    /// Equal shares for `known` explanations, and `unknown` for one that is on no list, at the end.
    pub fn uniform(known: usize, unknown: f64) -> Self {
        let each = (1.0 - unknown) / known.max(1) as f64;
        Self { shares: std::iter::repeat_n(each, known).chain([unknown]).collect() }
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

    /// What is not known, in bits.
    pub fn bits(&self) -> f64 {
        bits(&self.shares)
    }

    /// How many bits a look is expected to bring, whose outcomes have these probabilities under each explanation.
    pub fn information(&self, likelihoods: &[Vec<f64>]) -> f64 {
        let outcomes = likelihoods.first().map_or(0, Vec::len);
        let expected: f64 = (0..outcomes)
            .map(|outcome| {
                let joint: Vec<f64> =
                    self.shares.iter().zip(likelihoods).map(|(share, row)| share * row[outcome]).collect();
                let probability: f64 = joint.iter().sum();
                let after: Vec<f64> = joint.iter().map(|share| share / probability).collect();
                if probability > 0.0 { probability * bits(&after) } else { 0.0 }
            })
            .sum();
        (self.bits() - expected).max(0.0)
    }

    /// The likeliest explanations, likeliest first: place and probability.
    pub fn leading(&self) -> Vec<(usize, f64)> {
        let mut leading: Vec<(usize, f64)> = self.shares.iter().copied().enumerate().collect();
        leading.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        leading
    }
}

fn bits(shares: &[f64]) -> f64 {
    shares.iter().filter(|share| **share > 0.0).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn what_was_seen_moves_belief_by_its_likelihood() {
        let mut belief = Belief::uniform(2, 0.0);
        belief.learn([0.9, 0.3, 1.0]);
        assert!(is_near(belief.shares()[0], 0.75) && is_near(belief.shares()[1], 0.25));
        let before = belief.clone();
        belief.learn([0.0, 0.0, 0.0]);
        assert_eq!(belief, before, "what cannot be teaches nothing");
    }

    #[test]
    fn a_look_is_worth_what_it_tells_apart() {
        let belief = Belief::uniform(4, 0.0);
        assert!(is_near(belief.bits(), 2.0));
        let row = |place: usize| vec![f64::from(u8::from(place < 2)), f64::from(u8::from(place >= 2))];
        let halves: Vec<Vec<f64>> = (0..5).map(row).collect();
        assert!(is_near(belief.information(&halves), 1.0));
        let blind = vec![vec![0.5, 0.5]; 5];
        assert!(is_near(belief.information(&blind), 0.0));
    }
}
