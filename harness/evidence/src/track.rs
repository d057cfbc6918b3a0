//! The points of one series. Teaches why a counter that restarts must not be read as one that fell.
//!
//! Senders tell running totals (cumulative) or differences (delta), and a sender that restarts begins at zero. A track
//! keeps one thing only: the total since the series began, restarts added up. So an increase is a difference of two
//! totals, exact for whole numbers, and nothing is extrapolated (as `rate()` of Prometheus does).

use std::collections::VecDeque;
use std::mem::size_of;

use crate::refusals::{OUT_OF_ORDER, Refused};
use crate::time::UnixTime;

/// What can be totalled: a number, or the counts of a histogram.
pub(crate) trait Amount: Clone {
    fn plus(&self, other: &Self) -> Self;
    /// The difference, never below zero.
    fn minus(&self, earlier: &Self) -> Self;
    /// Whether a running total cannot have gone from `earlier` to this.
    fn fell_below(&self, earlier: &Self) -> bool;
    fn bytes(&self) -> usize;
}

/// How a point's value relates to the points before it, in the words of OTLP where it has one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Temporality {
    /// The value as it is now: a gauge.
    Gauge,
    /// The total since the sender's start.
    Cumulative,
    /// The difference to the point before.
    Delta,
    /// A part of the total at this time: points of many attribute sets that share one track.
    Partial,
}

/// Points in the order of time.
pub(crate) struct Track<A> {
    points: VecDeque<(UnixTime, A)>,
    /// When counting began, if everything since then is held or was zero; otherwise 1970, which says 'unknown'.
    began: UnixTime,
    /// When the sender began its current running total, and the total before that.
    run: Option<(u64, Option<A>)>,
}

/// What became of a point.
pub(crate) enum Recorded {
    New,
    Duplicate,
    Folded,
}

impl<A: Amount> Track<A> {
    pub(crate) fn new() -> Self {
        Self { points: VecDeque::new(), began: UnixTime::default(), run: None }
    }

    /// Takes one point.
    ///
    /// # Errors
    ///
    /// If the track holds a later one.
    pub(crate) fn record(
        &mut self,
        temporality: Temporality,
        time: UnixTime,
        start: u64,
        value: A,
    ) -> Result<Recorded, Refused> {
        let Some((last_time, last)) = self.points.back_mut() else {
            self.began = UnixTime::from_nanos(if temporality == Temporality::Gauge { 0 } else { start });
            self.run = Some((start, None));
            self.points.push_back((time, value));
            return Ok(Recorded::New);
        };
        if time == *last_time {
            if temporality != Temporality::Partial {
                return Ok(Recorded::Duplicate);
            }
            *last = last.plus(&value);
            return Ok(Recorded::Folded);
        }
        if time < *last_time {
            return Err(OUT_OF_ORDER);
        }
        let total = match temporality {
            Temporality::Gauge | Temporality::Partial => value,
            Temporality::Delta => last.plus(&value),
            Temporality::Cumulative => {
                let (run_start, base) = self.run.clone().unwrap_or((start, None));
                let since_start = base.as_ref().map_or_else(|| last.clone(), |base| last.minus(base));
                if run_start != start || value.fell_below(&since_start) {
                    let total = last.plus(&value);
                    self.run = Some((start, Some(last.clone())));
                    total
                } else {
                    base.map_or_else(|| value.clone(), |base| base.plus(&value))
                }
            }
        };
        self.points.push_back((time, total));
        Ok(Recorded::New)
    }

    /// The last value at or before `time`, if it is not older than `age_max`.
    pub(crate) fn at(&self, time: UnixTime, oldest: UnixTime) -> Option<&A> {
        let place = self.points.partition_point(|(own, _)| *own <= time);
        let (own, value) = self.points.get(place.checked_sub(1)?)?;
        (*own >= oldest).then_some(value)
    }

    pub(crate) fn last(&self) -> Option<&(UnixTime, A)> {
        self.points.back()
    }

    pub(crate) fn first_time(&self) -> Option<UnixTime> {
        self.points.front().map(|(time, _)| *time)
    }

    /// How much was added in `(from, to]`; none if nothing is known of that time. What was added before the first point
    /// belongs to that point if counting began after `from`, and to nobody if it is not known when counting began.
    pub(crate) fn increase(&self, from: UnixTime, to: UnixTime) -> Option<A> {
        let end = self.at(to, UnixTime::default())?;
        match self.at(from, UnixTime::default()) {
            Some(start) => Some(end.minus(start)),
            None if self.began > UnixTime::default() && from <= self.began => Some(end.clone()),
            None => self.points.front().map(|(_, first)| end.minus(first)),
        }
    }

    /// Drops points before `oldest`; how many, and their bytes.
    pub(crate) fn drop_older_than(&mut self, oldest: UnixTime) -> (u64, usize) {
        let (mut count, mut bytes) = (0, 0);
        while self.points.front().is_some_and(|(time, _)| *time < oldest) {
            let value = self.points.pop_front().expect("there is a first point");
            bytes += point_bytes(&value.1);
            count += 1;
            self.began = UnixTime::default();
        }
        (count, bytes)
    }
}

/// What one point costs.
pub(crate) fn point_bytes<A: Amount>(value: &A) -> usize {
    size_of::<UnixTime>() + value.bytes()
}

impl Amount for f64 {
    fn plus(&self, other: &Self) -> Self {
        self + other
    }

    fn minus(&self, earlier: &Self) -> Self {
        (self - earlier).max(0.0)
    }

    fn fell_below(&self, earlier: &Self) -> bool {
        self < earlier
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

/// A histogram's counts by bucket, the last one without upper bound, and the sum of what was counted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Counts {
    pub(crate) sum: f64,
    pub(crate) buckets: Box<[u64]>,
}

impl Counts {
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    fn zip(&self, other: &Self, each: impl Fn(u64, u64) -> u64, sum: f64) -> Self {
        let buckets = self.buckets.iter().zip(&other.buckets).map(|(own, other)| each(*own, *other));
        Self { sum, buckets: buckets.collect() }
    }
}

impl Amount for Counts {
    fn plus(&self, other: &Self) -> Self {
        self.zip(other, u64::saturating_add, self.sum + other.sum)
    }

    fn minus(&self, earlier: &Self) -> Self {
        self.zip(earlier, u64::saturating_sub, self.sum - earlier.sum)
    }

    fn fell_below(&self, earlier: &Self) -> bool {
        self.buckets.iter().zip(&earlier.buckets).any(|(own, earlier)| own < earlier)
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + size_of::<u64>() * self.buckets.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> UnixTime {
        UnixTime::from_nanos(s * 1_000_000_000)
    }

    fn track(temporality: Temporality, points: &[(u64, u64, f64)]) -> Track<f64> {
        let mut track = Track::new();
        for (time, start, value) in points {
            assert!(track.record(temporality, at(*time), at(*start).nanos(), *value).is_ok());
        }
        track
    }

    /// Increases over windows, for the same series as running totals and as differences.
    #[test]
    fn an_increase_is_the_same_however_it_is_told() {
        let total = [(10, 5, 3.0), (20, 5, 7.0), (30, 5, 12.0)];
        let difference = [(10, 5, 3.0), (20, 5, 4.0), (30, 5, 5.0)];
        let restarted = [(10, 5, 3.0), (20, 5, 7.0), (30, 25, 5.0)];
        let fell_without_saying = [(10, 5, 3.0), (20, 5, 7.0), (30, 5, 5.0)];
        for (temporality, points) in [
            (Temporality::Cumulative, total),
            (Temporality::Delta, difference),
            (Temporality::Cumulative, restarted),
            (Temporality::Cumulative, fell_without_saying),
        ] {
            let track = track(temporality, &points);
            for (from, to, expected) in [
                (0, 30, Some(12.0)),
                (5, 10, Some(3.0)),
                (10, 30, Some(9.0)),
                (20, 30, Some(5.0)),
                (30, 60, Some(0.0)),
                (0, 9, None),
                // Counting began before the window: nobody knows when the first three were added.
                (7, 20, Some(4.0)),
            ] {
                assert_eq!(track.increase(at(from), at(to)), expected, "({from}, {to}]");
            }
        }
    }

    #[test]
    fn a_counter_restarts_twice() {
        let track = track(Temporality::Cumulative, &[(1, 1, 10.0), (2, 2, 4.0), (3, 2, 6.0), (4, 4, 6.0)]);
        assert_eq!(track.increase(at(0), at(4)), Some(22.0));
        assert_eq!(track.increase(at(3), at(4)), Some(6.0));
    }

    #[test]
    fn duplicates_and_latecomers_change_nothing() {
        let mut track = track(Temporality::Cumulative, &[(1, 1, 10.0), (2, 1, 12.0)]);
        assert!(matches!(
            track.record(Temporality::Cumulative, at(2), at(1).nanos(), 99.0),
            Ok(Recorded::Duplicate)
        ));
        assert!(matches!(
            track.record(Temporality::Cumulative, at(1), at(1).nanos(), 99.0),
            Err(OUT_OF_ORDER)
        ));
        assert_eq!(track.increase(at(1), at(2)), Some(2.0));
    }

    #[test]
    fn what_left_the_store_is_not_counted_as_new() {
        let mut track = track(Temporality::Cumulative, &[(10, 5, 3.0), (20, 5, 7.0), (30, 5, 12.0)]);
        assert_eq!(track.drop_older_than(at(15)), (1, 16));
        assert_eq!(track.increase(at(0), at(30)), Some(5.0));
    }
}
