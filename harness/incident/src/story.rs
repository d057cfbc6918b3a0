//! The story and its clock: 08:00 to 13:00, told faster than it happened.
//!
//! Two times run side by side. The *shop's* time counts seconds since the customers arrived; time-outs, freshness and
//! availability live in it. The *story's* time counts seconds since 08:00; costs and losses live in it. The clock's
//! recorded changes (speed, pause) suffice to convert the first to the second.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Event, EventKind};
use crate::money::Usd;
use crate::thousandths;

const MINUTES_PER_DAY: u16 = 24 * 60;

/// The story that an incident is told in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Story {
    /// Where story seconds begin. The clock may start earlier: 07:45 is story second -900.
    pub starts: TimeOfDay,
    /// Where the story ends; what has not happened by then is censored.
    pub ends: TimeOfDay,
    /// Trade lost in a story minute in which every visit fails.
    pub loss_usd_per_minute: Usd,
}

impl Story {
    /// The story's length in story seconds.
    pub fn ends_s(&self) -> f64 {
        let minutes = (MINUTES_PER_DAY + self.ends.minutes - self.starts.minutes) % MINUTES_PER_DAY;
        f64::from(minutes) * 60.0
    }

    /// The story second at a time of the story's day, negative before it begins.
    pub fn story_s(&self, time: TimeOfDay) -> f64 {
        (f64::from(time.minutes) - f64::from(self.starts.minutes)) * 60.0
    }

    /// The time of day at a story second, rounded down to the minute.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in 0..1440 after rem_euclid"
    )]
    pub fn time_at(&self, story_s: f64) -> TimeOfDay {
        let minutes = f64::from(self.starts.minutes) + (story_s / 60.0).floor();
        TimeOfDay { minutes: minutes.rem_euclid(f64::from(MINUTES_PER_DAY)) as u16 }
    }
}

impl Default for Story {
    /// The field's story: an outage from 08:00 to 13:00 that cost 1.5 million dollars, so 5,000 dollars a minute.
    fn default() -> Self {
        Self {
            starts: TimeOfDay { minutes: 8 * 60 },
            ends: TimeOfDay { minutes: 13 * 60 },
            loss_usd_per_minute: Usd(5_000.0),
        }
    }
}

/// A time of day to the minute, written `08:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
pub struct TimeOfDay {
    /// Minutes since midnight, below 1,440.
    minutes: u16,
}

/// A text that is not a time of day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time of day such as 08:00")]
pub struct NotATimeOfDay(String);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

impl FromStr for TimeOfDay {
    type Err = NotATimeOfDay;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let two_digits = |part: &str, below: u16| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u16>().ok().filter(|number| digits && *number < below)
        };
        text.split_once(':')
            .and_then(|(hour, minute)| Some(two_digits(hour, 24)? * 60 + two_digits(minute, 60)?))
            .map(|minutes| Self { minutes })
            .ok_or_else(|| NotATimeOfDay(text.to_owned()))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = NotATimeOfDay;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

/// Converts the shop's seconds to the story's. Between two changes the conversion is linear; a paused clock stands still.
#[derive(Clone, Debug, PartialEq)]
pub struct StoryClock {
    /// In order of `at_s`, never empty.
    changes: Vec<Change>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Change {
    at_s: f64,
    story_s: f64,
    /// Story seconds per second of the shop.
    speed: f64,
    paused: bool,
}

impl StoryClock {
    /// A running clock that shows `story_s` when the customers arrive. `speed` is in story minutes per wall-clock minute.
    pub fn new(story_s: f64, speed: f64) -> Self {
        Self { changes: vec![Change { at_s: 0.0, story_s: thousandths(story_s), speed, paused: false }] }
    }

    /// Rebuilds the clock from its recorded changes. Without a `clock` event, the story starts at 08:00 and runs at the shop's speed.
    pub fn from_events(events: &[Event]) -> Self {
        let changes: Vec<_> = events
            .iter()
            .filter_map(|event| match event.kind {
                EventKind::Clock { speed, paused } => {
                    Some(Change { at_s: event.at_s, story_s: event.story_s, speed, paused })
                }
                _ => None,
            })
            .collect();
        if changes.is_empty() { Self::new(0.0, 1.0) } else { Self { changes } }
    }

    /// Changes the speed or pauses from `at_s` on. The past stays fixed: a change dated before the last one takes effect
    /// at the last one. Returns the shop's second at which the change takes effect.
    pub fn change(&mut self, at_s: f64, speed: f64, paused: bool) -> f64 {
        let at_s = thousandths(at_s).max(self.last().at_s);
        self.changes.push(Change { at_s, story_s: thousandths(self.story_at(at_s)), speed, paused });
        at_s
    }

    /// The story second at a second of the shop.
    pub fn story_at(&self, at_s: f64) -> f64 {
        let after = self.changes.partition_point(|change| change.at_s <= at_s);
        let change = self.changes[after.saturating_sub(1)];
        // `max` also turns a NaN speed into 0, so that a foreign record cannot spoil the sums.
        let rate = if change.paused { 0.0 } else { change.speed.max(0.0) };
        change.story_s + (at_s - change.at_s) * rate
    }

    /// The last speed, in story minutes per wall-clock minute, even while the clock is paused.
    pub fn speed(&self) -> f64 {
        self.last().speed
    }

    /// Whether the clock stands still now.
    pub fn paused(&self) -> bool {
        self.last().paused
    }

    fn last(&self) -> Change {
        *self.changes.last().expect("a clock begins with one change and never loses any")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_shows_the_time_of_day() {
        let check = |story_s: f64, expected: &str| {
            assert_eq!(Story::default().time_at(story_s).to_string(), expected, "{story_s}");
        };
        check(0.0, "08:00");
        check(59.9, "08:00");
        check(60.0, "08:01");
        check(-0.1, "07:59");
        check(-900.0, "07:45");
        check(18_000.0, "13:00");
        check(-8.0 * 3_600.0 - 60.0, "23:59");
        assert!((Story::default().ends_s() - 18_000.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_time_of_day_is_read_strictly() {
        for text in ["00:00", "08:05", "23:59"] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
        }
        for text in ["24:00", "08:60", "8:00", "08:0", "0800", "+8:00", "08:00:00", "", "é:00"] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "all numbers here are exact in binary")]
    fn the_story_follows_speed_and_pauses() {
        let mut clock = StoryClock::new(-900.0, 60.0);
        clock.change(20.0, 60.0, true);
        clock.change(30.0, 60.0, false);
        clock.change(31.0, 300.0, false);
        let check = |at_s: f64, story_s: f64| assert_eq!(clock.story_at(at_s), story_s, "at {at_s} s");
        check(-1.0, -960.0);
        check(0.0, -900.0);
        check(15.0, 0.0);
        check(20.0, 300.0);
        check(25.0, 300.0);
        check(30.0, 300.0);
        check(31.0, 360.0);
        check(33.5, 1_110.0);
        assert!(!clock.paused());
        assert_eq!(clock.speed(), 300.0);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "all numbers here are exact in binary")]
    fn a_late_change_does_not_rewrite_what_has_passed() {
        let mut clock = StoryClock::new(0.0, 1.0);
        assert_eq!(clock.change(10.0, 2.0, false), 10.0);
        assert_eq!(clock.change(5.0, 4.0, false), 10.0);
        assert_eq!(clock.story_at(10.0), 10.0);
        assert_eq!(clock.story_at(11.0), 14.0);
    }
}
