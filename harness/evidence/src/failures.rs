//! Decides which failures are the first of their kind. Teaches to remember the beginning of a storm rather than its middle.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::limits::{FAILURE_KINDS_MAX, FIRST_FAILURES, QUIET_PERIOD};
use crate::time::UnixTime;

/// Counts failures by service, signal and name since the last quiet period.
#[derive(Default)]
pub(crate) struct FirstFailures {
    /// By hash. Two kinds with the same hash would share one count, which does no harm.
    kinds: HashMap<u64, Kind>,
    hasher: RandomState,
}

struct Kind {
    last: UnixTime,
    count: u32,
}

impl FirstFailures {
    /// Whether this failure is among the first of its kind since a quiet period.
    pub(crate) fn is_first(&mut self, service: &str, signal: &str, name: &str, time: UnixTime) -> bool {
        let key = self.hasher.hash_one((service, signal, name));
        if self.kinds.len() >= FAILURE_KINDS_MAX && !self.kinds.contains_key(&key) {
            self.kinds.retain(|_, kind| !is_quiet(kind.last, time));
            if self.kinds.len() >= FAILURE_KINDS_MAX {
                return false;
            }
        }
        let kind = self.kinds.entry(key).or_insert(Kind { last: time, count: 0 });
        if is_quiet(kind.last, time) {
            kind.count = 0;
        }
        kind.last = kind.last.max(time);
        kind.count = kind.count.saturating_add(1);
        kind.count <= FIRST_FAILURES
    }
}

fn is_quiet(last: UnixTime, now: UnixTime) -> bool {
    last.plus(QUIET_PERIOD) < now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_quiet_period_a_failure_is_a_first_one_again() {
        let mut failures = FirstFailures::default();
        let at = |s: u64| UnixTime::from_nanos(s * 1_000_000_000);
        let firsts = (0..100).filter(|s| failures.is_first("cache", "logs", "no answer", at(*s))).count();
        assert_eq!(firsts, FIRST_FAILURES as usize);
        assert!(failures.is_first("cache", "logs", "another", at(100)));
        assert!(!failures.is_first("cache", "logs", "no answer", at(99 + 120)));
        assert!(failures.is_first("cache", "logs", "no answer", at(99 + 120 + 121)));
    }

    #[test]
    fn kinds_are_bounded_until_they_are_quiet() {
        let mut failures = FirstFailures::default();
        let at = |s: u64| UnixTime::from_nanos(s * 1_000_000_000);
        for n in 0..FAILURE_KINDS_MAX {
            assert!(failures.is_first("cache", "logs", &n.to_string(), at(0)));
        }
        assert!(!failures.is_first("cache", "logs", "one more", at(1)));
        assert!(failures.is_first("cache", "logs", "one more", at(200)));
    }
}
