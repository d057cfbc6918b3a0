//! The points of one series. Teaches why a counter that restarts must not be read as a counter that fell.
//!
//! Senders report running totals (cumulative) or differences (delta), and a restarted sender begins at zero. A track stores one
//! form only: the total since the series began, summed over restarts. An increase is then the difference of two totals. It is exact
//! for whole numbers, and nothing is extrapolated (unlike `rate()` of Prometheus).
//!
//! Most series stand still most of the time, so a value that repeats is held once, with the times of its first and last point.

use std::collections::VecDeque;
use std::mem::size_of;
use std::time::Duration;

use crate::refusals::{OUT_OF_ORDER, Refused};
use crate::time::UnixTime;

/// A value that comes again later than this is held anew: nobody knows whether its sender was there in between. Services report every two
/// seconds.
const REPEATS_WITHIN: Duration = Duration::from_secs(10);

/// An amount that can be totalled: a number, or the counts of a histogram.
pub(crate) trait Amount: Clone + PartialEq {
    fn plus(&self, other: &Self) -> Self;
    /// The difference, never below zero.
    fn minus(&self, earlier: &Self) -> Self;
    /// Whether the sender must have restarted, because a running total cannot fall from `earlier` to this.
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
    /// A part of the total at this time: many attribute sets share one track.
    Partial,
    /// A part of the difference to the time before, for the same reason.
    PartialDelta,
}

impl Temporality {
    /// The same for one of many attribute sets that share a track.
    pub(crate) fn shared(self) -> Self {
        match self {
            Self::Gauge => Self::Gauge,
            Self::Cumulative | Self::Partial => Self::Partial,
            Self::Delta | Self::PartialDelta => Self::PartialDelta,
        }
    }

    fn is_a_part(self) -> bool {
        matches!(self, Self::Partial | Self::PartialDelta)
    }
}

/// Points in the order of time.
pub(crate) struct Track<A> {
    values: VecDeque<Held<A>>,
    /// When counting began, if all points since then are held or were zero. Otherwise 1970, which means 'unknown'.
    began: UnixTime,
    run: Option<Run<A>>,
}

/// The sender's current running total.
struct Run<A> {
    /// When the sender says that it began it.
    start: u64,
    /// The track's total before that, and the sender's last value. `None` before the first restart: the sender's last value then is the
    /// track's. It is kept and not reckoned back, because 0.1 + 0.2 - 0.1 is more than 0.2 in floating point.
    restarted: Option<(A, A)>,
}

/// A value, and the times of its first and last point.
struct Held<A> {
    first: UnixTime,
    last: UnixTime,
    value: A,
}

/// How a point was recorded.
pub(crate) enum Recorded {
    New,
    Duplicate,
    /// In the place of another point, which it repeats or is added to.
    Folded,
}

impl<A: Amount> Track<A> {
    pub(crate) fn new() -> Self {
        Self { values: VecDeque::new(), began: UnixTime::default(), run: None }
    }

    /// Records one point.
    ///
    /// # Errors
    ///
    /// If the track holds a later point.
    pub(crate) fn record(
        &mut self,
        temporality: Temporality,
        time: UnixTime,
        start: u64,
        value: A,
    ) -> Result<Recorded, Refused> {
        let Some(Held { last: last_time, value: last, .. }) = self.values.back_mut() else {
            self.began = UnixTime::from_nanos(if temporality == Temporality::Gauge { 0 } else { start });
            self.run = Some(Run { start, restarted: None });
            self.values.push_back(Held { first: time, last: time, value });
            return Ok(Recorded::New);
        };
        if time == *last_time {
            if !temporality.is_a_part() {
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
            Temporality::Delta | Temporality::PartialDelta => last.plus(&value),
            Temporality::Cumulative => {
                let run = self.run.get_or_insert(Run { start, restarted: None });
                let told = run.restarted.as_ref().map_or(&*last, |(_, told)| told);
                if run.start != start || value.fell_below(told) {
                    let total = last.plus(&value);
                    *run = Run { start, restarted: Some((last.clone(), value)) };
                    total
                } else if let Some((base, told)) = &mut run.restarted {
                    let total = base.plus(&value);
                    *told = value;
                    total
                } else {
                    value
                }
            }
        };
        // A part may still grow, and must not take earlier points with it.
        let repeats = !temporality.is_a_part() && total == *last;
        if repeats && time <= last_time.plus(REPEATS_WITHIN) {
            *last_time = time;
            return Ok(Recorded::Folded);
        }
        self.values.push_back(Held { first: time, last: time, value: total });
        Ok(Recorded::New)
    }

    /// The last value at or before `time`, if it is not from before `oldest`.
    pub(crate) fn at(&self, time: UnixTime, oldest: UnixTime) -> Option<&A> {
        let place = self.values.partition_point(|held| held.first <= time);
        let held = self.values.get(place.checked_sub(1)?)?;
        (held.last.min(time) >= oldest).then_some(&held.value)
    }

    pub(crate) fn last(&self) -> Option<(UnixTime, &A)> {
        self.values.back().map(|held| (held.last, &held.value))
    }

    pub(crate) fn first_time(&self) -> Option<UnixTime> {
        self.values.front().map(|held| held.first)
    }

    /// The increase in `(from, to]`; `None` if no point lies at or before `to`. The amount before the first point counts only if
    /// counting is known to have begun at `from` or later.
    pub(crate) fn increase(&self, from: UnixTime, to: UnixTime) -> Option<A> {
        let end = self.at(to, UnixTime::default())?;
        match self.at(from, UnixTime::default()) {
            Some(start) => Some(end.minus(start)),
            None if self.began > UnixTime::default() && from <= self.began => Some(end.clone()),
            None => self.values.front().map(|first| end.minus(&first.value)),
        }
    }

    /// Drops values whose last point is before `oldest`. Returns how many, and their bytes.
    pub(crate) fn drop_older_than(&mut self, oldest: UnixTime) -> (u64, usize) {
        let (mut count, mut bytes) = (0, 0);
        while self.values.front().is_some_and(|held| held.last < oldest) {
            let held = self.values.pop_front().expect("there is a first value");
            bytes += point_bytes(&held.value);
            count += 1;
            self.began = UnixTime::default();
        }
        (count, bytes)
    }
}

/// The bytes of one value with its times.
pub(crate) fn point_bytes<A: Amount>(value: &A) -> usize {
    2 * size_of::<UnixTime>() + value.bytes()
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

/// A histogram's counts by bucket and the sum of its observations. The last bucket has no upper bound.
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

    /// Increases over windows, for the same series reported as running totals and as differences.
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
                // Counting began before the window, so it is unknown when the first three were added.
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
    fn a_decimal_counter_that_stands_still_after_a_restart_has_not_restarted_again() {
        let track = track(Temporality::Cumulative, &[(1, 1, 0.1), (2, 2, 0.2), (3, 2, 0.2), (4, 2, 0.2)]);
        assert_eq!(track.last().map(|(_, total)| *total), Some(0.1 + 0.2));
        assert_eq!(track.increase(at(2), at(4)), Some(0.0));
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
        assert_eq!(track.drop_older_than(at(15)), (1, 24));
        assert_eq!(track.increase(at(0), at(30)), Some(5.0));
    }

    #[test]
    fn a_value_that_repeats_is_held_once_and_read_as_if_each_point_were() {
        let still: Vec<(u64, u64, f64)> = (1..=30).map(|second| (second * 2, 1, 7.0)).collect();
        let later = (61 + REPEATS_WITHIN.as_secs(), 1, 7.0);
        let mut track = track(Temporality::Cumulative, &[&still[..], &[later]].concat());
        assert_eq!(track.values.len(), 2, "nobody knows what happened before the last point");
        assert_eq!((track.first_time(), track.last()), (Some(at(2)), Some((at(later.0), &7.0))));
        for (time, oldest, value) in [(1, 0, None), (2, 2, Some(&7.0)), (31, 31, Some(&7.0)), (65, 61, None)]
        {
            assert_eq!(track.at(at(time), at(oldest)), value, "at {time}, from {oldest} on");
        }
        assert_eq!(track.increase(at(10), at(50)), Some(0.0));
        assert_eq!(track.drop_older_than(at(30)).0, 0, "it was still told then");
        assert_eq!(track.drop_older_than(at(61)).0, 1);
    }

    #[test]
    fn a_part_that_repeats_does_not_change_the_one_before() {
        let parts = [(1, 0, 5.0), (2, 0, 5.0), (2, 0, 1.0)];
        let track = track(Temporality::Partial, &parts);
        assert_eq!((track.at(at(1), at(0)), track.at(at(2), at(0))), (Some(&5.0), Some(&6.0)));
    }

    #[test]
    fn parts_of_differences_add_up_to_one_running_total() {
        let parts = [(1, 0, 5.0), (1, 0, 2.0), (2, 1, 0.0), (2, 1, 3.0), (3, 2, 1.0)];
        let track = track(Temporality::PartialDelta, &parts);
        let totals = [1, 2, 3].map(|second| track.at(at(second), at(0)).copied());
        assert_eq!(totals, [Some(7.0), Some(10.0), Some(11.0)]);
    }
}
