//! Means with confidence intervals. Teaches that the scenario is the sampling unit: incidents of one scenario are near-copies of each
//! other, and twenty of them are one witness.
//!
//! **The interval** is Student's, for the mean of the scenarios' means. Two imagined scenarios widen it. One differs by as much as any
//! scenario did anywhere in the study, and by two thirds of the five hours at least. The other differs by as much in the opposite
//! direction (Agresti and Coull, *Approximate is better than 'exact'*, 1998, do that for shares). Without them, a step at which one
//! scenario in twenty differs has an interval of zero width whenever that scenario was not written. The variance includes the variance
//! between trainings.
//!
//! A test simulates the coverage, that is how often such intervals hold the truth. It prints the coverage and fails below 93 %.

use report::Interval;

/// By scenario, then by seed.
pub type Grouped = Vec<Vec<f64>>;

/// The least difference of the imagined scenarios: two of three of their incidents are explained at only one of two levels, five hours
/// apart. With half of their incidents, intervals over 25 replayed scenarios held the truth in only 90 % of the simulated studies.
pub const IMAGINED_LEAST_MINUTES: f64 = 200.0;

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

/// The matched-pairs rank-biserial correlation: -1 if every scenario is less, 1 if every one is more. Differences smaller than `same` are
/// left out. (Wilcoxon, 1945; Kerby, *The simple difference formula*, 2014.)
pub fn rank_difference(means: &[f64], same: f64) -> f64 {
    let mut differing: Vec<f64> = means.iter().copied().filter(|mean| mean.abs() >= same).collect();
    differing.sort_by(|one, other| one.abs().total_cmp(&other.abs()));
    let rank = |mean: &f64| {
        let less = differing.partition_point(|other| other.abs() < mean.abs());
        let to = differing.partition_point(|other| other.abs() <= mean.abs());
        (less + to + 1) as f64 / 2.0
    };
    let (sides, all) = differing.iter().fold((0.0, 0.0), |(sides, all), mean| {
        let rank = rank(mean);
        (sides + rank * mean.signum(), all + rank)
    });
    if all > 0.0 { sides / all } else { 0.0 }
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

    use super::*;

    /// Simulated studies of each kind.
    const STUDIES: usize = 4_000;

    /// The least coverage: the share of intervals that must hold the truth.
    const COVERAGE_LEAST: f64 = 0.93;

    /// The coverage for each column of differences. Each simulated study draws `scenarios` rows of the population, and the coverage is the
    /// share of studies whose interval holds the population's mean.
    fn coverage(name: &str, population: &[Vec<f64>], scenarios: usize) -> Vec<f64> {
        let mut chance = rng(1, "coverage", name);
        let columns = population[0].len();
        let truth: Vec<f64> = (0..columns)
            .map(|column| average(&population.iter().map(|row| row[column]).collect::<Vec<_>>()))
            .collect();
        let mut held = vec![0.0; columns];
        for _ in 0..STUDIES {
            let rows: Vec<&Vec<f64>> =
                (0..scenarios).map(|_| &population[chance.random_range(0..population.len())]).collect();
            let differences = rows.iter().flat_map(|row| row.iter());
            let most = differences.fold(IMAGINED_LEAST_MINUTES, |most, by| most.max(by.abs()));
            for (column, held) in held.iter_mut().enumerate() {
                let values: Grouped = rows.iter().map(|row| vec![row[column]]).collect();
                let Interval { low, high } = interval(&values, Widening { most, training_variance: 0.0 });
                *held += f64::from(u8::from((low..=high).contains(&truth[column]))) / STUDIES as f64;
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
                println!("{name}, {scenarios} scenarios, by step: {held:.3?}");
                assert!(held.iter().all(|held| *held >= COVERAGE_LEAST), "{name} {scenarios}: {held:?}");
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
    fn ratios_and_ranks_can_be_worked_out_by_hand() {
        let (one, other) = (vec![vec![10.0], vec![20.0]], vec![vec![20.0], vec![40.0]]);
        let (half, Interval { low, high }) = ratio(&one, &other, Widening::default());
        assert!([half, low, high].iter().all(|end| (end - 0.5).abs() < 1e-9), "the same in every scenario");
        assert!((rank_difference(&[-1.0, -2.0, 4.0], 0.5) - 0.0).abs() < 1e-12);
        assert!((rank_difference(&[-3.0, -2.0, 0.1], 0.5) + 1.0).abs() < 1e-12);
        assert!((jackknife_variance(&[1.0, 3.0]) - 1.0).abs() < 1e-12);
    }
}
