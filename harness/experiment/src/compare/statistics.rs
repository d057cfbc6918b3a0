//! Means with confidence intervals. Teaches that the scenario is the sampling unit: incidents of one scenario are near-copies of each
//! other, and twenty of them are one witness.
//!
//! **The interval** is Student's, for the mean of the scenarios' means. Two imagined scenarios widen it. One differs by as much as any
//! scenario did anywhere in the study, and by two thirds of the five hours at least. The other differs by as much in the opposite
//! direction (Agresti and Coull, *Approximate is better than 'exact'*, 1998, do that for shares). Without them, a step at which one
//! scenario in twenty differs has an interval of zero width whenever that scenario was not written. The variance includes the variance
//! between trainings.
//!
//! **The median** stands beside the mean, because one incident that is explained at only one of two levels outweighs twenty others.
//!
//! A test simulates the coverage, that is how often such intervals hold the truth. It prints the coverage and fails below 93 %.

use report::Interval;

/// By scenario, then by seed.
pub type Grouped = Vec<Vec<f64>>;

/// The standard normal distribution's 97.5th percentile.
const NORMAL_QUANTILE: f64 = 1.959_964;

/// What widens an interval, in addition to the differences between scenarios.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Widening {
    /// The difference of the imagined scenarios.
    pub most: f64,
    /// The variance between trainings.
    pub training_variance: f64,
}

/// The 95 % confidence interval of the mean, over new scenarios and new training.
pub fn interval(values: &Grouped, widening: Widening) -> Interval {
    let mut means: Vec<f64> = values.iter().map(|values| average(values)).collect();
    let centre = average(&means);
    means.extend([centre - widening.most, centre + widening.most]);
    let count = means.len() as f64;
    let variance = means.iter().map(|mean| (mean - centre).powi(2)).sum::<f64>() / (count - 1.0);
    let error = (variance / count + widening.training_variance).sqrt();
    let reach = student_quantile(count - 1.0) * error;
    Interval { low: centre - reach, high: centre + reach }
}

/// The 97.5th percentile of Student's distribution, by its expansion about the normal one (Abramowitz and Stegun, 26.7.5).
fn student_quantile(freedom: f64) -> f64 {
    let z = NORMAL_QUANTILE;
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / freedom + second / freedom.powi(2) + third / freedom.powi(3)
}

/// The same for a share. The imagined scenarios lie 0.5 above and below the mean: as far apart as always and never.
pub fn share_interval(values: &Grouped) -> Interval {
    let Interval { low, high } = interval(values, Widening { most: 0.5, training_variance: 0.0 });
    Interval { low: low.max(0.0), high: high.min(1.0) }
}

/// The ratio of the two means, with its interval from the residuals about that ratio (Cochran, *Sampling Techniques*, 1977).
pub fn ratio(one: &Grouped, other: &Grouped, widening: Widening) -> (f64, Interval) {
    let (ratio, below) = (mean(one) / mean(other), mean(other));
    let rest = |(one, other): (&Vec<f64>, &Vec<f64>)| vec![(average(one) - ratio * average(other)) / below];
    let rest: Grouped = one.iter().zip(other).map(rest).collect();
    let scaled = Widening {
        most: widening.most / below,
        training_variance: widening.training_variance / below.powi(2),
    };
    let Interval { low, high } = interval(&rest, scaled);
    (ratio, Interval { low: (ratio + low).max(0.0), high: ratio + high })
}

/// The median of the scenarios' means, and the 95 % confidence interval of the median over new scenarios. The interval lies between two of the
/// means and holds whatever their distribution, because it inverts the sign test (Conover, *Practical Nonparametric Statistics*, 1999). Fewer
/// than six scenarios have none.
pub fn median(mut means: Vec<f64>) -> (f64, Option<Interval>) {
    means.sort_by(f64::total_cmp);
    let count = means.len();
    // How many of the smallest means lie outside, and as many of the largest: each of them is as often below the median as above it.
    let (mut outside, mut exactly, mut at_most) = (0, 0.5_f64.powf(count as f64), 0.0);
    while outside < count / 2 {
        at_most += exactly;
        if 2.0 * at_most > 0.05 {
            break;
        }
        outside += 1;
        exactly *= (count - outside + 1) as f64 / outside as f64;
    }
    let interval = |ends: usize| Interval { low: means[ends - 1], high: means[count - ends] };
    (quantile(&means, 0.5), (outside > 0).then(|| interval(outside)))
}

/// The variance of a figure between trainings: Quenouille's jackknife over trainings that each leave out one incident of every scenario.
pub fn jackknife_variance(figures: &[f64]) -> f64 {
    let count = figures.len() as f64;
    let centre = average(figures);
    let squares: f64 = figures.iter().map(|figure| (figure - centre).powi(2)).sum();
    if figures.len() < 2 { 0.0 } else { squares * (count - 1.0) / count }
}

/// The mean over scenarios of the means over seeds.
pub fn mean(values: &Grouped) -> f64 {
    let means: Vec<f64> = values.iter().map(|values| average(values)).collect();
    average(&means)
}

/// The mean; 0 without values.
pub fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The quantile of sorted values, interpolated linearly between neighbours; 0 without values.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "places in a list")]
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

/// The first less the second, value by value.
pub fn difference(one: &Grouped, other: &Grouped) -> Grouped {
    let less = |(one, other): (&Vec<f64>, &Vec<f64>)| {
        one.iter().zip(other).map(|(one, other)| one - other).collect()
    };
    one.iter().zip(other).map(less).collect()
}

#[cfg(test)]
mod tests {
    use chassis::rng;
    use diagnosis::{Experience, Knowledge, Terms, replay};
    use incident::{Level, OperatingModel};
    use rand::RngExt;
    use report::compare::IMAGINED_LEAST_MINUTES;

    use super::*;

    /// Simulated studies of each kind.
    const STUDIES: usize = 4_000;

    /// The least coverage: the share of intervals that must hold the truth.
    const COVERAGE_LEAST: f64 = 0.93;

    /// The coverage for each column of differences, of the mean's interval and of the median's. Each simulated study draws `scenarios` rows
    /// of the population, and the coverage is the share of studies whose interval holds the population's own figure.
    fn coverage(name: &str, population: &[Vec<f64>], scenarios: usize) -> Vec<[f64; 2]> {
        let mut chance = rng(1, "coverage", name);
        let column =
            |rows: &[&Vec<f64>], column: usize| -> Vec<f64> { rows.iter().map(|row| row[column]).collect() };
        let all: Vec<&Vec<f64>> = population.iter().collect();
        let columns = 0..population[0].len();
        let truth: Vec<[f64; 2]> =
            columns.map(|place| [average(&column(&all, place)), median(column(&all, place)).0]).collect();
        let mut held = vec![[0.0; 2]; truth.len()];
        for _ in 0..STUDIES {
            let rows: Vec<&Vec<f64>> =
                (0..scenarios).map(|_| &population[chance.random_range(0..population.len())]).collect();
            let differences = rows.iter().flat_map(|row| row.iter());
            let most = differences.fold(IMAGINED_LEAST_MINUTES, |most, by| most.max(by.abs()));
            for (place, held) in held.iter_mut().enumerate() {
                let values: Grouped = column(&rows, place).into_iter().map(|value| vec![value]).collect();
                let of_mean = interval(&values, Widening { most, training_variance: 0.0 });
                let of_median = median(column(&rows, place)).1.expect("enough scenarios");
                for (which, Interval { low, high }) in [of_mean, of_median].into_iter().enumerate() {
                    let holds = (low..=high).contains(&truth[place][which]);
                    held[which] += f64::from(u8::from(holds)) / STUDIES as f64;
                }
            }
        }
        held
    }

    /// For each scenario's first training incident: minutes to the right explanation at each level, less those at the level below.
    fn replayed_steps() -> Vec<Vec<f64>> {
        let (experience, knowledge) = (Experience::built_in(), Knowledge::built_in());
        let minutes = |case: usize, level: Level| {
            let terms = Terms::at(level, OperatingModel::YouBuildIt);
            let replayed = replay::replay(&experience, (case, 0), &knowledge, &terms, replay::NAMES);
            if replayed.is_right == Some(true) { replayed.answered } else { 300.0 }
        };
        let steps = |case: usize| {
            let times: Vec<f64> = Level::ALL.iter().map(|level| minutes(case, *level)).collect();
            times.windows(2).map(|pair| pair[1] - pair[0]).collect()
        };
        (0..experience.cases.len()).map(steps).collect()
    }

    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let mut chance = rng(1, "coverage", "populations");
        let mut normal = || (0..12).map(|_| chance.random::<f64>()).sum::<f64>() - 6.0;
        // One step helps most scenarios, one helps one scenario in twenty by an hour, and one helps a few by hours.
        let made: Vec<Vec<f64>> = (0..400)
            .map(|row| {
                let rare = if row % 20 == 0 { -60.0 } else { 0.0 };
                let skewed = -15.0 * normal().exp();
                vec![-30.0 + 40.0 * normal(), rare, skewed]
            })
            .collect();
        for (name, population) in [("made", made), ("replayed", replayed_steps())] {
            for scenarios in [15, 25] {
                let held = coverage(name, &population, scenarios);
                println!("{name}, {scenarios} scenarios, mean and median by step: {held:.3?}");
                assert!(
                    held.as_flattened().iter().all(|held| *held >= COVERAGE_LEAST),
                    "{name} {scenarios}: {held:?}"
                );
            }
        }
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let check =
            |share: f64, expected: f64| assert!((quantile(&[1.0, 2.0, 4.0], share) - expected).abs() < 1e-12);
        check(0.0, 1.0);
        check(0.25, 1.5);
        check(0.5, 2.0);
        check(1.0, 4.0);
        assert_eq!(quantile(&[], 0.5).to_bits(), 0.0_f64.to_bits());
        let from_tables = [(5.0, 2.571), (10.0, 2.228), (30.0, 2.042)];
        assert!(from_tables.iter().all(|(freedom, t)| (student_quantile(*freedom) - t).abs() < 0.01));
    }

    #[test]
    fn a_scenario_counts_once() {
        // A scenario with many seeds weighs no more than one with few.
        assert!((mean(&vec![vec![0.0; 9], vec![1.0]]) - 0.5).abs() < 1e-12);
        let width = |seeds: usize| {
            let values: Grouped = (0..10).map(|scenario| vec![f64::from(scenario); seeds]).collect();
            let Interval { low, high } = interval(&values, Widening::default());
            high - low
        };
        assert!((width(1) - width(50)).abs() < 1e-9);
    }

    #[test]
    fn ratios_and_medians_can_be_worked_out_by_hand() {
        let (one, other) = (vec![vec![10.0], vec![20.0]], vec![vec![20.0], vec![40.0]]);
        let (half, Interval { low, high }) = ratio(&one, &other, Widening::default());
        assert!([half, low, high].iter().all(|end| (end - 0.5).abs() < 1e-9), "the same in every scenario");
        // Of six means, all lie within; of nine, the second to the eighth: P(at most 1 of 9) = 10/512.
        let of = |count: u32| median((1..=count).rev().map(f64::from).collect());
        assert_eq!(of(5), (3.0, None));
        assert_eq!(of(6), (3.5, Some(Interval { low: 1.0, high: 6.0 })));
        assert_eq!(of(9), (5.0, Some(Interval { low: 2.0, high: 8.0 })));
        assert_eq!(of(28).1, Some(Interval { low: 9.0, high: 20.0 }), "as tables of the sign test say");
        assert!((jackknife_variance(&[1.0, 3.0]) - 1.0).abs() < 1e-12);
    }
}
