//! Figures with intervals, of incidents that come in groups. Teaches that incidents of one scenario are no independent witnesses: who
//! resamples them as if they were has intervals that are too narrow.

use chassis::rng;
use rand::RngExt;

use report::Interval;

/// How often incidents are drawn again. Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ask for one to two thousand.
pub const RESAMPLES: usize = 2_000;

/// What lies outside an interval on each side: 95 % lie inside.
const TAIL: f64 = 0.025;

pub type Grouped = Vec<Vec<f64>>;

/// The same draws for every figure: first scenarios, then seeds within each, both with replacement.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    draws: Vec<Vec<(usize, Vec<usize>)>>,
}

impl Bootstrap {
    /// Draws for so many scenarios with so many seeds each.
    pub fn new(seed: u64, scenarios: usize, seeds: usize) -> Self {
        let mut chance = rng(seed, "compare", "bootstrap");
        let mut draw = || {
            let seeds_of = |chance: &mut rand_chacha::ChaCha8Rng| {
                (0..seeds).map(|_| chance.random_range(0..seeds)).collect()
            };
            (0..scenarios).map(|_| (chance.random_range(0..scenarios), seeds_of(&mut chance))).collect()
        };
        Self { draws: (0..RESAMPLES).map(|_| draw()).collect() }
    }

    /// Where 95 % of the resampled means lie. Every scenario counts the same.
    pub fn interval(&self, values: &Grouped) -> Interval {
        let mut means: Vec<f64> = self
            .draws
            .iter()
            .map(|draw| {
                let of_scenario = |(scenario, seeds): &(usize, Vec<usize>)| {
                    let values = &values[*scenario];
                    seeds.iter().map(|seed| values[seed % values.len()]).sum::<f64>() / seeds.len() as f64
                };
                draw.iter().map(of_scenario).sum::<f64>() / draw.len() as f64
            })
            .collect();
        means.sort_by(f64::total_cmp);
        Interval { low: quantile(&means, TAIL), high: quantile(&means, 1.0 - TAIL) }
    }
}

pub fn mean(values: &Grouped) -> f64 {
    let means: Vec<f64> = values.iter().map(|values| average(values)).collect();
    average(&means)
}

/// The mean; 0 of nothing.
pub fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The value below which a share of the sorted values lies, between neighbours in proportion; 0 of nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "places in a list")]
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

/// Value by value, the first less the second.
pub fn difference(one: &Grouped, other: &Grouped) -> Grouped {
    let less = |(one, other): (&Vec<f64>, &Vec<f64>)| {
        one.iter().zip(other).map(|(one, other)| one - other).collect()
    };
    one.iter().zip(other).map(less).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        let check =
            |share: f64, expected: f64| assert!((quantile(&[1.0, 2.0, 4.0], share) - expected).abs() < 1e-12);
        check(0.0, 1.0);
        check(0.25, 1.5);
        check(0.5, 2.0);
        check(1.0, 4.0);
        assert_eq!(quantile(&[], 0.5).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn scenarios_are_drawn_before_seeds() {
        // Within a scenario all is the same: only how often each scenario is drawn makes a difference.
        let values: Grouped = (0..10).map(|scenario| vec![f64::from(scenario); 50]).collect();
        let interval = Bootstrap::new(1, 10, 50).interval(&values);
        let standard_error = 2.872 / 10.0_f64.sqrt();
        assert!((interval.high - interval.low - 2.0 * 1.96 * standard_error).abs() < 0.3, "{interval:?}");
        assert!((mean(&values) - 4.5).abs() < 1e-12);
        // A scenario with many seeds counts no more than one with few.
        assert!((mean(&vec![vec![0.0; 9], vec![1.0]]) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn an_interval_of_no_difference_is_zero() {
        let values = vec![vec![3.0, 5.0], vec![7.0, 9.0]];
        let interval = Bootstrap::new(1, 2, 2).interval(&difference(&values, &values));
        assert!(interval.low.abs() < 1e-12 && interval.high.abs() < 1e-12);
    }
}
