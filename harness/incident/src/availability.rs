//! Availability as customers see it: visits counted by the second, and when the target is lost and restored.
//!
//! Definitions, all in the shop's time and in whole seconds:
//!
//! - A visit is **available** if it was served or degraded. It counts in the second in which the customer *meant* to
//!   start it, however late the answer comes: an outage must not hide behind the queue that it causes.
//! - Intervals are half-open: the window `[from, to)` holds the visits of the seconds `from` to `to - 1`.
//! - **Lost** is the first instant `t` at which availability over `[t - window, t)` is below the target. At the start
//!   of a run the window is shorter.
//! - **Restored** is the first instant `t`, at or after the loss, for which availability over `[t, t + hold)` is at the
//!   target. The hold must be observed to its end. A restoration can lie up to the customers' patience *before* the
//!   remedy that caused it, because customers who were still waiting are served too.
//! - A window without visits says nothing: it is neither below the target nor at it.

use std::iter::Sum;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use words::Route;

use crate::record::Rules;

/// What customers met on one route in one second. Counts only visits that have ended: served, degraded or given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Visits {
    /// The second of the shop's time in which these visits were meant to start: `412` is `[412, 413)`.
    pub at_s: u32,
    /// The kind of page.
    pub route: Route,
    /// Visits that got the whole page.
    pub served: u32,
    /// Visits that got the page without some part of it.
    pub degraded: u32,
    /// Visits that got an error, or nothing before the customer lost patience.
    pub failed: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub served: u64,
    /// Visits that got the page without some part of it.
    pub degraded: u64,
    pub failed: u64,
}

impl Tally {
    pub fn add(&mut self, row: &Visits) {
        self.served += u64::from(row.served);
        self.degraded += u64::from(row.degraded);
        self.failed += u64::from(row.failed);
    }

    pub fn visits(&self) -> u64 {
        self.served + self.degraded + self.failed
    }

    /// Share of visits that were available; `None` without visits.
    pub fn availability(&self) -> Option<f64> {
        let visits = self.visits();
        (visits > 0).then(|| (self.served + self.degraded) as f64 / visits as f64)
    }

    /// Share of the trade that was lost; `None` without visits. A degraded visit loses the share `degraded_trade_lost` of its trade.
    pub fn trade_lost(&self, degraded_trade_lost: f64) -> Option<f64> {
        let visits = self.visits();
        (visits > 0)
            .then(|| (self.failed as f64 + self.degraded as f64 * degraded_trade_lost) / visits as f64)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            served: self.served + other.served,
            degraded: self.degraded + other.degraded,
            failed: self.failed + other.failed,
        }
    }

    /// `part` must be a part of these visits.
    fn minus(self, part: Self) -> Self {
        Self {
            served: self.served - part.served,
            degraded: self.degraded - part.degraded,
            failed: self.failed - part.failed,
        }
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::plus)
    }
}

/// Visits by the second, summed over the given routes, from second 0 to the last row. A second without a row had no
/// visits. A row of zeros after the last visit extends the observation to that second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    seconds: Vec<Tally>,
    /// For each second the visits of all seconds up to and with it, so that a window costs the same however long it is.
    until: Vec<Tally>,
}

impl Timeline {
    /// Sums the rows by the second. For one route alone, pass only its rows.
    pub fn new<'a>(rows: impl IntoIterator<Item = &'a Visits>) -> Self {
        let mut seconds: Vec<Tally> = Vec::new();
        for row in rows {
            let second = row.at_s as usize;
            if second >= seconds.len() {
                seconds.resize(second + 1, Tally::default());
            }
            seconds[second].add(row);
        }
        let mut sum = Tally::default();
        let until = seconds.iter().map(|second| {
            sum = sum.plus(*second);
            sum
        });
        let until = until.collect();
        Self { seconds, until }
    }

    pub fn seconds(&self) -> &[Tally] {
        &self.seconds
    }

    /// The instant at which observation ends: one past the last second.
    pub fn end_s(&self) -> u32 {
        u32::try_from(self.seconds.len()).unwrap_or(u32::MAX)
    }

    /// The visits of `[from_s, to_s)`, as far as observed.
    pub fn tally(&self, from_s: u32, to_s: u32) -> Tally {
        let to = (to_s as usize).min(self.seconds.len());
        let from = (from_s as usize).min(to);
        self.before(to).minus(self.before(from))
    }

    fn before(&self, second: usize) -> Tally {
        second.checked_sub(1).map_or_else(Tally::default, |last| self.until[last])
    }

    pub fn lost_s(&self, rules: &Rules) -> Option<u32> {
        (1..=self.end_s()).find(|&t| self.below(t.saturating_sub(rules.window_s), t, rules))
    }

    /// When availability lost at `lost_s` was restored.
    pub fn restored_s(&self, lost_s: u32, rules: &Rules) -> Option<u32> {
        let last = self.end_s().checked_sub(rules.hold_s)?;
        (lost_s..=last).find(|&t| {
            self.tally(t, t + rules.hold_s)
                .availability()
                .is_some_and(|share| share >= rules.availability_target)
        })
    }

    /// When availability was lost again, after it was restored at `restored_s` and held. The window leaves out visits from
    /// before the restoration.
    pub fn lost_again_s(&self, restored_s: u32, rules: &Rules) -> Option<u32> {
        let held = restored_s.saturating_add(rules.hold_s);
        (held.saturating_add(1)..=self.end_s())
            .find(|&t| self.below(t.saturating_sub(rules.window_s).max(restored_s), t, rules))
    }

    /// Every outage: when availability was lost, and when it was restored, if it was. A recovery shorter than the hold does not end an
    /// outage.
    pub fn outages(&self, rules: &Rules) -> Vec<(u32, Option<u32>)> {
        let mut outages = Vec::new();
        let mut next = self.lost_s(rules);
        while let Some(lost_s) = next {
            let restored_s = self.restored_s(lost_s, rules);
            outages.push((lost_s, restored_s));
            next = restored_s.and_then(|restored_s| self.lost_again_s(restored_s, rules));
        }
        outages
    }

    /// Seconds without a failed visit at the end of the observation. `None` unless that is longer than a customer waits: the last
    /// customers may still be waiting in vain.
    pub fn without_failure_at_the_end_s(&self, rules: &Rules) -> Option<u32> {
        let seconds = self.seconds.iter().rev().take_while(|second| second.failed == 0).count();
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        (seconds > rules.customers_wait_s).then_some(seconds)
    }

    fn below(&self, from_s: u32, to_s: u32, rules: &Rules) -> bool {
        self.tally(from_s, to_s).availability().is_some_and(|share| share < rules.availability_target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_while_without_a_failed_visit_at_the_end_says_nothing() {
        let rules = Rules { customers_wait_s: 10, ..Rules::default() };
        let check = |lost_until_s, expected| {
            let timeline = timeline(200, 10, &[(100, lost_until_s, 10)]);
            assert_eq!(timeline.without_failure_at_the_end_s(&rules), expected, "{lost_until_s}");
        };
        check(180, Some(20));
        check(189, Some(11));
        check(190, None);
        check(200, None);
        check(100, Some(200));
        assert_eq!(Timeline::default().without_failure_at_the_end_s(&rules), None);
    }

    /// One row a second with `visits` visits. `failing` lists half-open spans: from, to, and how many visits a second fail.
    fn timeline(seconds: u32, visits: u32, failing: &[(u32, u32, u32)]) -> Timeline {
        let rows: Vec<_> = (0..seconds)
            .map(|at_s| {
                let failed = failing
                    .iter()
                    .find(|(from, to, _)| (*from..*to).contains(&at_s))
                    .map_or(0, |span| span.2);
                Visits { at_s, route: Route::Home, served: visits - failed, degraded: 0, failed }
            })
            .collect();
        Timeline::new(&rows)
    }

    #[test]
    fn lost_is_the_first_instant_whose_window_is_below_the_target() {
        let check = |visits: u32, failing: &[(u32, u32, u32)], expected: Option<u32>| {
            let lost_s = timeline(200, visits, failing).lost_s(&Rules::default());
            assert_eq!(lost_s, expected, "{visits}/s, {failing:?}");
        };
        check(30, &[], None);
        // The window is half-open: the failures of second 100 count from instant 101 on.
        check(30, &[(100, 101, 1)], Some(101));
        check(30, &[(100, 150, 30)], Some(101));
        // One failure in 1,020 visits leaves availability above 99.9 %; one in 374, in the short first window, does not.
        check(34, &[(100, 101, 1)], None);
        check(34, &[(10, 11, 1)], Some(11));
        // A window of 1,020 visits tolerates one failure, not two. At instant 101, the failure of second 70 has left the window.
        check(34, &[(70, 71, 1), (99, 100, 1)], Some(100));
        check(34, &[(70, 71, 1), (100, 101, 1)], None);
        // Exactly at the target is not below it: 3 of 3,000.
        check(100, &[(100, 101, 3)], None);
        check(100, &[(100, 101, 4)], Some(101));
    }

    #[test]
    fn restored_is_the_first_instant_followed_by_the_whole_hold_at_the_target() {
        let check = |seconds: u32, failing: &[(u32, u32, u32)], expected: Option<u32>| {
            let timeline = timeline(seconds, 30, failing);
            let lost_s = timeline.lost_s(&Rules::default()).expect("each case loses availability");
            assert_eq!(timeline.restored_s(lost_s, &Rules::default()), expected, "{seconds} s, {failing:?}");
        };
        check(300, &[(100, 150, 30)], Some(150));
        // The hold [150, 210) must be observed to its end; otherwise the restoration is unknown.
        check(210, &[(100, 150, 30)], Some(150));
        check(209, &[(100, 150, 30)], None);
        check(59, &[(10, 20, 30)], None);
        // A second fall inside the hold moves the restoration; a fall just after the hold does not.
        check(300, &[(100, 150, 30), (209, 220, 30)], Some(220));
        check(300, &[(100, 150, 30), (210, 220, 30)], Some(150));
        // Ten seconds in which a third of the visits is served are no restoration.
        check(300, &[(100, 150, 30), (150, 160, 20), (160, 200, 30)], Some(200));
        // One failure in 1,800 visits meets the target, so a second with a single failure can belong to the hold.
        check(300, &[(100, 150, 30), (150, 151, 1)], Some(150));
        check(300, &[(100, 150, 30), (150, 151, 2)], Some(151));
        // A short fall is restored at once.
        check(300, &[(100, 101, 30)], Some(101));
    }

    #[test]
    fn lost_again_looks_only_at_what_follows_the_hold() {
        let check = |failing: &[(u32, u32, u32)], expected: Option<u32>| {
            assert_eq!(
                timeline(300, 30, failing).lost_again_s(150, &Rules::default()),
                expected,
                "{failing:?}"
            );
        };
        check(&[(100, 150, 30)], None);
        check(&[(100, 150, 30), (150, 151, 1)], None);
        check(&[(100, 150, 30), (250, 251, 1)], Some(251));
        check(&[(100, 150, 30), (210, 220, 30)], Some(211));
    }

    #[test]
    fn every_outage_is_found_with_its_recovery() {
        let check = |failing: &[(u32, u32, u32)], expected: &[(u32, Option<u32>)]| {
            let outages = timeline(400, 30, failing).outages(&Rules::default());
            assert_eq!(outages, expected, "{failing:?}");
        };
        check(&[], &[]);
        check(&[(50, 60, 30)], &[(51, Some(60))]);
        check(&[(50, 60, 30), (200, 220, 30)], &[(51, Some(60)), (201, Some(220))]);
        // Half a minute of service is shorter than the hold: both falls are one outage.
        check(&[(50, 60, 30), (90, 120, 30)], &[(51, Some(120))]);
        check(&[(50, 60, 30), (200, 400, 30)], &[(51, Some(60)), (201, None)]);
    }

    #[test]
    fn degraded_is_available_and_silence_proves_nothing() {
        let row =
            |at_s, served, degraded, failed| Visits { at_s, route: Route::Product, served, degraded, failed };
        let rules = Rules::default();
        assert_eq!(Timeline::new(&[row(0, 0, 30, 0), row(90, 0, 1, 0)]).lost_s(&rules), None);

        // Everybody is turned away, then nobody comes for two minutes: that is not a restoration.
        let silent = Timeline::new(&[row(0, 0, 0, 9), row(120, 0, 0, 0)]);
        assert_eq!(silent.lost_s(&rules), Some(1));
        assert_eq!(silent.restored_s(1, &rules), None);
        assert_eq!(silent.tally(1, 121).availability(), None);
        assert_eq!(Timeline::new(&[]).lost_s(&rules), None);
    }

    #[test]
    fn a_window_of_a_day_in_a_timeline_of_a_week_takes_no_longer() {
        let (day, week) = (24 * 3_600, 7 * 24 * 3_600);
        let rules = Rules { window_s: day, hold_s: day, ..Rules::default() };
        let timeline = timeline(week, 1, &[(0, week - day, 1)]);
        // The target tolerates 86 failures in a day.
        assert_eq!(timeline.outages(&rules), [(1, Some(week - day - 86))]);
    }

    #[test]
    fn a_shorter_hold_restores_earlier() {
        let timeline = timeline(175, 30, &[(100, 150, 30), (165, 170, 30)]);
        assert_eq!(timeline.restored_s(101, &Rules { hold_s: 15, ..Rules::default() }), Some(150));
        assert_eq!(timeline.restored_s(101, &Rules { hold_s: 16, ..Rules::default() }), None);
    }
}
