//! Decides which timestamps to believe. Teaches that a sender's clock is a claim.
//!
//! The rule: a time older than evidence is kept is refused. A time up to a minute ahead of the store's clock is believed. A time
//! further ahead is replaced by the current time, and counted. A row without a time gets the current time.

use crate::limits::{CLOCK_SKEW_MAX, Limits};
use crate::time::UnixTime;

/// The range of times that are believed at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) oldest: UnixTime,
    pub(crate) now: UnixTime,
}

impl Window {
    pub(crate) fn new(now: UnixTime, limits: &Limits) -> Self {
        Self { oldest: now.minus(limits.age_max), now }
    }

    /// The time to store a row with, and whether it differs from the sender's; `None` if the row is too old.
    pub(crate) fn place(&self, told_nanos: Option<u64>) -> Option<(UnixTime, bool)> {
        let told = told_nanos.map_or(self.now, UnixTime::from_nanos);
        if told < self.oldest {
            None
        } else if told > self.now.plus(CLOCK_SKEW_MAX) {
            Some((self.now, true))
        } else {
            Some((told, false))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_is_believed_moved_or_refused() {
        let limits = Limits { age_max: Duration::from_secs(100), ..Limits::default() };
        let second = |s: u64| UnixTime::from_nanos(s * 1_000_000_000);
        let window = Window::new(second(1_000), &limits);
        for (told, expected) in [
            (899, None),
            (900, Some((900, false))),
            (1_060, Some((1_060, false))),
            (1_061, Some((1_000, true))),
            (u64::MAX / 1_000_000_000, Some((1_000, true))),
        ] {
            let expected = expected.map(|(s, clamped)| (second(s), clamped));
            assert_eq!(window.place(Some(told * 1_000_000_000)), expected, "{told}");
        }
        assert_eq!(window.place(None), Some((second(1_000), false)));
    }
}
