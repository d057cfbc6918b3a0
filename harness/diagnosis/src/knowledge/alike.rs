//! How alike explanations are to who has taken all looks.

use std::collections::BTreeMap;

use super::{Knowledge, Phase};
use crate::checks::{CHECKS, Topic};

impl Knowledge {
    /// How alike any two of these hypotheses are to who takes all these looks when customers are served, as the odds that are left of the
    /// wrong one: by the square of the affinity of what they say (Bhattacharyya), of looks at the same thing the most telling one.
    pub(crate) fn alike(&self, checks: &[usize], hypotheses: &[usize]) -> Vec<Vec<f64>> {
        let mut by_topic: BTreeMap<Topic, Vec<&[f64]>> = BTreeMap::new();
        for check in checks {
            by_topic.entry(CHECKS[*check].topic).or_default().push(self.affinities(*check));
        }
        let mut alike = vec![vec![1.0; hypotheses.len()]; hypotheses.len()];
        for row in 0..hypotheses.len() {
            for column in 0..row {
                let pair = pair(hypotheses[row], hypotheses[column]);
                let least = |looks: &Vec<&[f64]>| looks.iter().map(|look| look[pair]).fold(1.0, f64::min);
                let left = by_topic.values().map(|looks| least(looks).powf(2.0 * self.temper)).product();
                alike[row][column] = left;
                alike[column][row] = left;
            }
        }
        alike
    }

    /// The affinity of what a check says when customers are served, of every two hypotheses.
    fn affinities(&self, check: usize) -> &[f64] {
        self.affinities[check].get_or_init(|| {
            let table = self.table(check, Phase::Served, None);
            let pairs = (0..self.hypotheses.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
            let affinity = |(one, other)| -> f64 {
                table.row(one).iter().zip(table.row(other)).map(|(p, q)| (p * q).sqrt()).sum()
            };
            pairs.map(affinity).collect()
        })
    }
}

/// The place of two hypotheses among all pairs, the later one first.
fn pair(one: usize, other: usize) -> usize {
    one * (one - 1) / 2 + other
}
