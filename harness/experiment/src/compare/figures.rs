//! Figures of a study: what is averaged over which incidents. Teaches that an incident that was never explained belongs into every
//! mean: left out, the slowest responder would look the quickest.

use incident::Level;
use report::{Interval, compare::Metric};
use world::tape::Tape;

use super::{
    Study,
    condition::Key,
    playback::Diagnosis,
    statistics::{self, Bootstrap, Grouped, difference, mean},
};

/// A metric of one diagnosis. What never happened is placed at the story's end.
pub fn of(metric: Metric, told: &Diagnosis) -> f64 {
    let ends_s = Tape::ends_s();
    match metric {
        Metric::Explain => told.explained_right_s().unwrap_or(ends_s) - told.lost_s,
        Metric::ExplainFromCall => told.explained_right_s().unwrap_or(ends_s) - told.called_s,
        Metric::Restore => told.restored_s.unwrap_or(ends_s) - told.lost_s,
        Metric::Loss => told.loss_usd,
    }
}

#[derive(Clone, Debug)]
pub struct Sample {
    /// By scenario: its place, and the numbers of its incidents.
    pub scenarios: Vec<(usize, Vec<usize>)>,
    bootstrap: Bootstrap,
}

impl Sample {
    /// The incidents in which somebody is called, of scenarios of which `is_wanted` is true.
    pub fn of(study: &Study, is_wanted: impl Fn(usize) -> bool) -> Self {
        let incidents = study.options.incidents();
        let of = |wanted: usize| -> Vec<usize> {
            let all = incidents.iter().enumerate().filter(|(_, (scenario, _))| *scenario == wanted);
            all.map(|(number, _)| number).filter(|number| study.tapes[*number].alerted_s.is_some()).collect()
        };
        let scenarios = (0..study.options.scenarios.len()).filter(|place| is_wanted(*place));
        let scenarios: Vec<(usize, Vec<usize>)> =
            scenarios.map(|place| (place, of(place))).filter(|(_, numbers)| !numbers.is_empty()).collect();
        let seeds = scenarios.iter().map(|(_, numbers)| numbers.len()).max().unwrap_or(0);
        let bootstrap = Bootstrap::new(study.options.seed, scenarios.len(), seeds);
        Self { scenarios, bootstrap }
    }

    pub fn incidents(&self) -> usize {
        self.scenarios.iter().map(|(_, numbers)| numbers.len()).sum()
    }

    pub fn told<'a>(&'a self, study: &'a Study, key: Key) -> impl Iterator<Item = &'a Diagnosis> {
        let results = study.results.get(&key);
        let numbers = self.scenarios.iter().flat_map(|(_, numbers)| numbers);
        numbers.filter_map(move |number| results?[*number].as_ref())
    }

    pub fn grouped(&self, study: &Study, key: Key, value: impl Fn(&Diagnosis) -> f64) -> Grouped {
        let Some(results) = study.results.get(&key) else { return Vec::new() };
        let of = |numbers: &Vec<usize>| {
            numbers.iter().filter_map(|number| results[*number].as_ref()).map(&value).collect()
        };
        self.scenarios.iter().map(|(_, numbers)| of(numbers)).collect()
    }

    pub fn mean(&self, study: &Study, key: Key, metric: Metric) -> f64 {
        mean(&self.grouped(study, key, |told| of(metric, told)))
    }

    /// The share of incidents of which something is true, with its interval.
    pub fn share(&self, study: &Study, key: Key, is_true: impl Fn(&Diagnosis) -> bool) -> (f64, Interval) {
        let values = self.grouped(study, key, |told| f64::from(u8::from(is_true(told))));
        (mean(&values), self.interval(&values))
    }

    /// The paired difference of a metric, one condition less the other.
    pub fn difference(&self, study: &Study, one: Key, other: Key, metric: Metric) -> Grouped {
        let of = |key| self.grouped(study, key, |told| of(metric, told));
        difference(&of(one), &of(other))
    }

    pub fn interval(&self, values: &Grouped) -> Interval {
        self.bootstrap.interval(values)
    }
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
