//! Figures of a study: means of metrics over samples of incidents. Teaches that an incident that was never explained belongs in every
//! mean: without it, the slowest responder would look the quickest.

use incident::{Level, Story};
use report::{
    Interval,
    compare::{Baseline, IMAGINED_LEAST_MINUTES, Metric, Restored},
};

use super::{
    Study,
    condition::Key,
    playback::{Diagnosis, HORIZON_S},
    statistics::{
        self, Grouped, Widening, average, difference, interval, jackknife_variance, mean, share_interval,
    },
};

/// A metric of one diagnosis. A step that was not reached by the horizon counts as reached there.
pub fn of(metric: Metric, told: &Diagnosis) -> f64 {
    let ends_s = told.lost_s + HORIZON_S;
    match metric {
        Metric::Explain => told.explained_right_s().unwrap_or(ends_s) - told.lost_s,
        Metric::ExplainFromCall => told.explained_right_s().unwrap_or(ends_s) - told.called_s,
        Metric::Restore => told.restored_s.unwrap_or(ends_s) - told.lost_s,
        Metric::Loss => told.loss_usd,
    }
}

/// Incidents of a study.
pub struct Sample<'a> {
    pub study: &'a Study,
    /// By scenario: its place, and the numbers of its incidents.
    pub scenarios: Vec<(usize, Vec<usize>)>,
}

impl<'a> Sample<'a> {
    /// The incidents in which somebody is called, of the scenarios that `is_wanted` selects.
    pub fn of(study: &'a Study, is_wanted: impl Fn(usize) -> bool) -> Self {
        let incidents = study.options.incidents();
        let of = |wanted: usize| -> Vec<usize> {
            let all = incidents.iter().enumerate().filter(|(_, (scenario, _))| *scenario == wanted);
            all.map(|(number, _)| number).filter(|number| study.tapes[*number].alerted_s.is_some()).collect()
        };
        let scenarios = (0..study.options.scenarios.len()).filter(|place| is_wanted(*place));
        let scenarios =
            scenarios.map(|place| (place, of(place))).filter(|(_, numbers)| !numbers.is_empty()).collect();
        Self { study, scenarios }
    }

    pub fn incidents(&self) -> usize {
        self.scenarios.iter().map(|(_, numbers)| numbers.len()).sum()
    }

    pub fn told(&self, key: Key) -> impl Iterator<Item = &'a Diagnosis> {
        let results = self.study.results.get(&key);
        let numbers = self.scenarios.iter().flat_map(|(_, numbers)| numbers);
        numbers.filter_map(move |number| results?[*number].as_ref())
    }

    pub fn grouped(&self, key: Key, value: impl Fn(&Diagnosis) -> f64) -> Grouped {
        let Some(results) = self.study.results.get(&key) else { return Vec::new() };
        let of = |numbers: &Vec<usize>| {
            numbers.iter().filter_map(|number| results[*number].as_ref()).map(&value).collect()
        };
        self.scenarios.iter().map(|(_, numbers)| of(numbers)).collect()
    }

    pub fn mean(&self, key: Key, metric: Metric) -> f64 {
        mean(&self.grouped(key, |told| of(metric, told)))
    }

    /// The means over these conditions, as a row under the responder's name.
    pub fn means(&self, who: &str, level: Option<Level>, keys: &[Key]) -> Baseline {
        let mean =
            |value: &dyn Fn(Key) -> f64| average(&keys.iter().map(|key| value(*key)).collect::<Vec<_>>());
        let share = |is_true: fn(&Diagnosis) -> bool| mean(&|key| self.share(key, is_true).0);
        let of = |metric: Metric| mean(&|key| self.mean(key, metric));
        Baseline {
            who: who.to_owned(),
            level,
            explained_right_share: share(Diagnosis::is_explained_right),
            explained_wrong_share: share(Diagnosis::is_explained_wrong),
            time_to_explain_restricted_mean_s: of(Metric::Explain),
            restored: Restored {
                restored_share: share(|told| told.restored_s.is_some()),
                time_to_restore_restricted_mean_s: of(Metric::Restore),
                loss_usd_mean: of(Metric::Loss),
            },
        }
    }

    /// The share of incidents for which `is_true` holds, with its interval.
    pub fn share(&self, key: Key, is_true: impl Fn(&Diagnosis) -> bool) -> (f64, Interval) {
        let values = self.grouped(key, |told| f64::from(u8::from(is_true(told))));
        (mean(&values), share_interval(&values))
    }

    /// The paired difference of a metric, one condition less the other.
    pub fn difference(&self, one: Key, other: Key, metric: Metric) -> Grouped {
        let of = |key| self.grouped(key, |told| of(metric, told));
        difference(&of(one), &of(other))
    }

    /// What widens the interval of a difference between these levels.
    pub fn widening(&self, levels: (Level, Level), metric: Metric) -> Widening {
        let key = |level: Level| Key::Level(level, false);
        let most_between = |(one, other): (Level, Level)| {
            let differences = self.difference(key(one), key(other), metric);
            differences.iter().map(|values| average(values).abs()).fold(0.0, f64::max)
        };
        let trained = |without: usize| {
            let of = |level| Key::Trained(level, without);
            let differences = self.difference(of(levels.0), of(levels.1), metric);
            (!differences.is_empty()).then(|| mean(&differences))
        };
        let trainings: Vec<f64> = (0..).map_while(trained).collect();
        let least = IMAGINED_LEAST_MINUTES * 60.0 * unit_of(metric);
        Widening {
            most: steps(&self.study.options.levels).map(most_between).fold(least, f64::max),
            training_variance: jackknife_variance(&trainings),
        }
    }

    pub fn interval(&self, levels: (Level, Level), metric: Metric, values: &Grouped) -> Interval {
        interval(values, self.widening(levels, metric))
    }

    /// The part of a difference between two conditions that comes from incidents explained right under only one of them. Under the other,
    /// they count as explained at the horizon.
    pub fn imputed(&self, one: Key, other: Key) -> f64 {
        let right = |key: Key| self.grouped(key, |told| f64::from(u8::from(told.is_explained_right())));
        let is_one_alone = difference(&right(one), &right(other));
        let mut differences = self.difference(one, other, Metric::Explain);
        for (value, alone) in differences.iter_mut().flatten().zip(is_one_alone.iter().flatten()) {
            *value *= alone.abs();
        }
        mean(&differences)
    }
}

/// What a second of outage is in this metric: a second, or its trade in dollars.
pub fn unit_of(metric: Metric) -> f64 {
    if metric == Metric::Loss { Story::default().loss_usd_per_minute.0 / 60.0 } else { 1.0 }
}

pub fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [0.25, 0.5, 0.75].map(|share| statistics::quantile(&values, share))
}

/// Each level with the one before it.
pub fn steps(levels: &[Level]) -> impl Iterator<Item = (Level, Level)> {
    levels.windows(2).map(|pair| (pair[0], pair[1]))
}
