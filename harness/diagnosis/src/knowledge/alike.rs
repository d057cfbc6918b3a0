//! How similar explanations look after all looks.

use std::collections::BTreeMap;

use super::{Knowledge, Phase};
use crate::checks::{CHECKS, Topic};

impl Knowledge {
    /// For every two of these hypotheses: the odds that remain for the wrong one after all these looks, once customers are served. They are
    /// a product over the topics. A topic's factor is the squared affinity of the two outcome distributions (Bhattacharyya), by the look
    /// that tells them apart best.
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
                let left = by_topic.values().map(least).product();
                alike[row][column] = left;
                alike[column][row] = left;
            }
        }
        alike
    }

    /// For every two hypotheses: the affinity of a check's outcome distributions when customers are served, to the power that makes odds of
    /// it.
    fn affinities(&self, check: usize) -> &[f64] {
        self.affinities[check].get_or_init(|| {
            let table = self.table(check, Phase::Served, None);
            let pairs = (0..self.hypotheses.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
            let affinity = |(one, other)| -> f64 {
                let shared: f64 =
                    table.row(one).iter().zip(table.row(other)).map(|(p, q)| (p * q).sqrt()).sum();
                shared.powf(2.0 * self.temper)
            };
            pairs.map(affinity).collect()
        })
    }
}

/// The index of two hypotheses among all pairs, the later one first.
fn pair(one: usize, other: usize) -> usize {
    one * (one - 1) / 2 + other
}
