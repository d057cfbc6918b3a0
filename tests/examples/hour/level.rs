//! Tests whether a count stays level: fits a least-squares line to its floors over the second half, and looks at the line's rise. A surge
//! of customers causes a burst of tasks and connections, and a debrief a burst of memory, but both subside. A leak never does.

use std::fmt;

use crate::samples::{MEASURES, Sample};

/// A shorter run reports without a verdict: stores still fill up to their limits, and pools still open.
pub(crate) const JUDGED_FROM_MINUTES: f64 = 20.0;

/// The length of the windows whose minimum is the floor, in seconds: longer than a round or an incident.
const FLOOR_S: f64 = 300.0;

/// How much each count may rise over the second half: as a share of its mean or, for small counts, in its own unit.
///
/// Memory is judged without the evidence store's reported size, which fills up to its own limit within an hour or two. A run's record is
/// kept whole, some megabytes in an hour, and a session grows with its teams' writing. Descriptors, threads and tasks come and go with
/// connections and incidents; one leak per incident would add up to ninety in half an hour.
const RISE_MAX: [(f64, f64); 4] = [(0.05, 3.0), (0.1, 8.0), (0.1, 3.0), (0.1, 16.0)];

/// The verdict on one count of one process.
pub(crate) struct Verdict {
    pub(crate) process: &'static str,
    /// Index into [`MEASURES`].
    pub(crate) measure: usize,
    /// Mean of the floors over the second half.
    pub(crate) mean: f64,
    /// Maximum over the whole run.
    pub(crate) most: f64,
    /// Rise of the fitted line over the second half.
    pub(crate) rise: f64,
    rise_max: f64,
}

impl Verdict {
    pub(crate) fn is_level(&self) -> bool {
        self.rise <= self.rise_max
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process, mean, most, rise, rise_max, .. } = self;
        let (name, unit) = MEASURES[self.measure];
        let is_level = if self.is_level() { "level" } else { "RISES" };
        write!(
            f,
            "{process:<5}{name:<23}{is_level}: mean {mean:.1} {unit}, most {most:.1}; its floor {rise:+.1} over the second half, at most {rise_max:.1} allowed"
        )
    }
}

/// A verdict for each process and count, in the order of the samples.
pub(crate) fn verdicts(samples: &[Sample]) -> Vec<Verdict> {
    let mut processes: Vec<&'static str> = samples.iter().map(|sample| sample.process).collect();
    processes.sort_unstable_by(|a, b| b.cmp(a));
    processes.dedup();
    let all =
        processes.into_iter().flat_map(|process| (0..MEASURES.len()).map(move |measure| (process, measure)));
    all.filter_map(|(process, measure)| verdict(&points(samples, process, measure), process, measure))
        .collect()
}

/// The samples of one count of one process: time and value.
pub(crate) fn points(samples: &[Sample], process: &str, measure: usize) -> Vec<(f64, f64)> {
    let of_process = samples.iter().filter(|sample| sample.process == process);
    of_process.filter_map(|sample| Some((sample.at_s, sample.counts[measure]?))).collect()
}

fn verdict(points: &[(f64, f64)], process: &'static str, measure: usize) -> Option<Verdict> {
    let (end, _) = points.last()?;
    let half: Vec<(f64, f64)> = points.iter().filter(|(at_s, _)| *at_s >= end / 2.0).copied().collect();
    let half = floors(&half);
    let mean = mean(half.iter().map(|(_, count)| *count))?;
    let (share, least) = RISE_MAX[measure];
    Some(Verdict {
        process,
        measure,
        mean,
        most: points.iter().map(|(_, count)| *count).fold(0.0, f64::max),
        rise: slope(&half)? * end / 2.0,
        rise_max: (mean * share).max(least),
    })
}

/// The minimum in each window of [`FLOOR_S`], with its time.
fn floors(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let window = |(at_s, _): &(f64, f64)| (at_s / FLOOR_S).floor();
    let windows = points.chunk_by(|one, other| window(one).total_cmp(&window(other)).is_eq());
    windows
        .filter_map(|points| points.iter().copied().min_by(|(_, one), (_, other)| one.total_cmp(other)))
        .collect()
}

/// The slope of the least-squares line.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let (at, count) =
        (mean(points.iter().map(|(at, _)| *at))?, mean(points.iter().map(|(_, count)| *count))?);
    let apart: f64 = points.iter().map(|(x, _)| (x - at).powi(2)).sum();
    let together: f64 = points.iter().map(|(x, y)| (x - at) * (y - count)).sum();
    (apart > 0.0).then(|| together / apart)
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let count = values.len();
    (count > 0).then(|| values.sum::<f64>() / count as f64)
}
