//! Dollars, and the trade that an outage loses.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::availability::Timeline;
use crate::story::{Story, StoryClock};

/// An amount in dollars, shown in whole dollars: `$1,234,567`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Usd(pub f64);

impl Usd {
    /// Rounded to the cent.
    #[must_use]
    pub fn to_cents(self) -> Self {
        Self((self.0 * 100.0).round() / 100.0)
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 <= -0.5 { "-" } else { "" };
        f.pad(&format!("{sign}${}", grouped(&format!("{:.0}", self.0.abs()))))
    }
}

/// Digits in groups of three: `1,234,567`.
pub fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The incident financial loss. Each second of the shop adds the dollars per story minute, times the story minutes that
/// the second took, times the share of trade lost in it.
///
/// ```text
/// share = (failed + degraded * degraded_trade_lost) / visits
/// loss  = sum over seconds of  usd_per_minute / 60 * story seconds taken * share
/// ```
///
/// A second without visits carries the last known share forward: an outage does not become free because nobody came. A
/// paused clock takes no story time. Nothing is lost after the story's end. Every visit weighs the same, on any route.
pub fn loss(timeline: &Timeline, clock: &StoryClock, story: &Story, degraded_trade_lost: f64) -> Usd {
    let usd_per_story_s = story.loss_usd_per_minute.0 / 60.0;
    let until_end = |at_s: f64| clock.story_at(at_s).min(story.ends_s());
    let (mut share, mut usd, mut at_s) = (0.0, 0.0, 0.0);
    for second in timeline.seconds() {
        share = second.trade_lost(degraded_trade_lost).unwrap_or(share);
        usd += usd_per_story_s * (until_end(at_s + 1.0) - until_end(at_s)) * share;
        at_s += 1.0;
    }
    Usd(usd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::availability::Visits;
    use proptest::prelude::*;
    use words::Route;

    #[test]
    fn dollars_are_shown_in_groups_of_three() {
        let check = |usd: f64, expected: &str| assert_eq!(Usd(usd).to_string(), expected);
        check(0.0, "$0");
        check(-0.2, "$0");
        check(999.4, "$999");
        check(999.6, "$1,000");
        check(12_345.0, "$12,345");
        check(1_234_567.0, "$1,234,567");
        check(-1_500_000.0, "-$1,500,000");
        assert_eq!(format!("{:>10}|", Usd(5_000.0)), "    $5,000|");
    }

    fn rows(seconds: &[(u32, u32, u32)]) -> Vec<Visits> {
        (0..)
            .zip(seconds)
            .map(|(at_s, &(served, degraded, failed))| Visits {
                at_s,
                route: Route::Home,
                served,
                degraded,
                failed,
            })
            .collect()
    }

    fn loss_of(seconds: &[(u32, u32, u32)], clock: &StoryClock) -> f64 {
        loss(&Timeline::new(&rows(seconds)), clock, &Story::default(), 0.1).0
    }

    #[test]
    fn losses_worked_out_by_hand() {
        let check = |what: &str, seconds: &[(u32, u32, u32)], clock: &StoryClock, expected: f64| {
            let usd = loss_of(seconds, clock);
            assert!((usd - expected).abs() < 1e-6, "{what}: {usd}, expected {expected}");
        };
        let minute_a_second = StoryClock::new(0.0, 60.0);
        check("nothing fails", &[(30, 0, 0); 10], &minute_a_second, 0.0);
        check("one story minute, all fail", &[(0, 0, 30)], &minute_a_second, 5_000.0);
        check("half fail", &[(15, 0, 15)], &minute_a_second, 2_500.0);
        check("all degraded lose a tenth", &[(0, 30, 0)], &minute_a_second, 500.0);
        check(
            "10 served, 10 degraded, 10 failed: 11/30",
            &[(10, 10, 10)],
            &minute_a_second,
            5_000.0 * 11.0 / 30.0,
        );
        check(
            "nobody comes: the last share is carried",
            &[(15, 0, 15), (0, 0, 0), (0, 0, 0)],
            &minute_a_second,
            7_500.0,
        );
        check("nobody came yet", &[(0, 0, 0), (0, 0, 30)], &minute_a_second, 5_000.0);
        check("at the shop's own pace", &[(0, 0, 30); 60], &StoryClock::new(0.0, 1.0), 5_000.0);
        check("the whole story", &[(0, 0, 1); 300], &minute_a_second, 1_500_000.0);
        check("nothing after 13:00", &[(0, 0, 1); 400], &minute_a_second, 1_500_000.0);
        check("before 08:00 too", &[(0, 0, 1); 2], &StoryClock::new(-60.0, 60.0), 10_000.0);

        // Seconds 1 and 2 are paused, half of second 3 too; from then on a second takes two minutes.
        let mut paused = StoryClock::new(0.0, 60.0);
        paused.change(1.0, 60.0, true);
        paused.change(3.5, 120.0, false);
        check("a paused clock takes no story time", &[(0, 0, 30); 5], &paused, 5_000.0 + 5_000.0 + 10_000.0);
    }

    proptest! {
        #[test]
        fn a_visit_that_fails_never_lowers_the_loss(
            mut seconds in prop::collection::vec((0_u32..5, 0_u32..5, 0_u32..5), 1..60),
            which in any::<prop::sample::Index>(),
            from in 0_u8..3,
        ) {
            let clock = StoryClock::new(0.0, 60.0);
            let before = loss_of(&seconds, &clock);
            let (served, degraded, failed) = which.get_mut(&mut seconds);
            match from {
                0 => *served = served.saturating_sub(1),
                1 => *degraded = degraded.saturating_sub(1),
                _ => {}
            }
            *failed += 1;
            prop_assert!(loss_of(&seconds, &clock) >= before - 1e-9);
        }
    }
}
