//! Timestamps as telemetry has them: nanoseconds since 1970. Teaches to wrap a bare `u64` in a type with one text format.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// A moment in UTC. Written as RFC 3339; read from RFC 3339 or from seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// The last moment that can be represented, in the year 2554.
    pub const MAX: Self = Self(u64::MAX);

    /// From nanoseconds since 1970, as OTLP has them.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since 1970.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Later by `duration`, at most [`Self::MAX`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }

    /// Earlier by `duration`, at least 1970.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(duration)))
    }

    /// Seconds from `earlier` to this moment; negative if it is the later one.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0 as f64 - earlier.0 as f64) / 1e9
    }

    /// Parses what [`FromStr`] parses, or a time before `now` such as `-5m` or `-90s`.
    ///
    /// # Errors
    ///
    /// If the text is neither.
    pub fn parse(text: &str, now: Self) -> Result<Self, NotATime> {
        match text.strip_prefix('-').map(str::parse::<jiff::SignedDuration>) {
            Some(Ok(ago)) => Ok(now.minus(ago.unsigned_abs())),
            _ => text.parse(),
        }
    }
}

/// The text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time as RFC 3339, as seconds since 1970, or before now as in -5m")]
pub struct NotATime;

impl FromStr for UnixTime {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
            return u64::try_from(timestamp.as_nanosecond()).map(Self).map_err(|_| NotATime);
        }
        let seconds: f64 = text.parse().map_err(|_| NotATime)?;
        Duration::try_from_secs_f64(seconds).map(|since| Self(nanos(since))).map_err(|_| NotATime)
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timestamp = jiff::Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or(jiff::Timestamp::MAX);
        write!(f, "{timestamp}")
    }
}

impl From<SystemTime> for UnixTime {
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, nanos))
    }
}

crate::as_text!(UnixTime);

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: Option<u64>) {
        let now = UnixTime::from_nanos(1_000_000_000_000);
        assert_eq!(UnixTime::parse(input, now).ok().map(UnixTime::nanos), expected, "{input}");
    }

    #[test]
    fn times_are_read_in_three_forms() {
        check("1970-01-01T00:00:01Z", Some(1_000_000_000));
        check("1.5", Some(1_500_000_000));
        check("-5m", Some(700_000_000_000));
        check("-90s", Some(910_000_000_000));
        check("-1000000h", Some(0));
        check("1960-01-01T00:00:00Z", None);
        check("-1", None);
        check("NaN", None);
        check("1e300", None);
        check("yesterday", None);
    }

    #[test]
    fn a_time_is_written_so_that_it_reads_back() {
        for nanos in [0, 1, 1_700_000_000_123_456_789, u64::MAX] {
            let time = UnixTime::from_nanos(nanos);
            assert_eq!(time.to_string().parse(), Ok(time));
        }
    }
}
