//! How alike explanations are to who has taken all looks.

use std::{collections::BTreeMap, sync::Arc};

use super::{Knowledge, Phase};
use crate::checks::CHECKS;

impl Knowledge {
    /// How alike any two hypotheses are to who takes all these looks in a phase, as the odds that are left of the wrong one: by the square of
    /// the affinity of what they say (Bhattacharyya), of looks at the same thing the most telling one.
    pub(crate) fn alike(&self, checks: &[usize], phase: Phase) -> Arc<Vec<f64>> {
        let key = (checks.to_vec(), phase as usize);
        let kept = || self.alikeness.lock();
        if let Some(alike) = kept().get(&key) {
            return Arc::clone(alike);
        }
        let count = self.hypotheses.len();
        let mut by_topic: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for check in checks {
            let table = self.table(*check, phase, None);
            let least =
                by_topic.entry(CHECKS[*check].topic as usize).or_insert_with(|| vec![1.0; count * count]);
            for one in 0..count {
                for other in 0..one {
                    let affinity: f64 =
                        table.row(one).iter().zip(table.row(other)).map(|(p, q)| (p * q).sqrt()).sum();
                    let least = &mut least[one * count + other];
                    *least = least.min(affinity);
                }
            }
        }
        let mut alike = vec![1.0; count * count];
        for one in 0..count {
            for other in 0..one {
                let product: f64 = by_topic
                    .values()
                    .map(|least| least[one * count + other].powf(2.0 * self.temper))
                    .product();
                alike[one * count + other] = product;
                alike[other * count + one] = product;
            }
        }
        let alike = Arc::new(alike);
        kept().insert(key, Arc::clone(&alike));
        alike
    }
}
