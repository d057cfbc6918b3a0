//! What people did to a service, for whoever keeps the record of an incident. Teaches that the process that was changed is the only one
//! that knows who changed it: a restart looks the same from outside, whoever asked for it.
//!
//! Only the operator port shows it. It is no telemetry: whoever diagnoses never sees it.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{
    asset::{AssetId, Version},
    clock::Clock,
};
use words::{LatentFault, Level};

/// Entries held: more than a busy day by hand makes. The oldest are dropped, and the gap in the numbers shows it.
pub const ENTRIES_MAX: usize = 1_000;

/// Somebody with the editor's credentials.
pub const EDITOR: &str = "editor";

/// Somebody with the operators' credentials.
pub const OPERATOR: &str = "operator";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "kebab-case")]
pub enum Action {
    Restarted,
    /// Put the service back as it was at first.
    Reset,
    Flushed,
    SetLevel {
        level: Level,
    },
    Repaired {
        fault: LatentFault,
    },
    BroughtBack {
        fault: LatentFault,
    },
    Published {
        asset: AssetId,
        version: Version,
    },
    RolledBack {
        asset: AssetId,
        version: Version,
    },
    Deleted {
        asset: AssetId,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts from 1 on, as long as the process runs.
    pub number: u64,
    /// Seconds since it was done: two machines need not agree on the time of day.
    pub ago_s: f64,
    pub who: String,
    #[serde(flatten)]
    pub action: Action,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Journaled {
    /// How long the process has run, in seconds.
    pub runs_for_s: f64,
    pub entries: Vec<Entry>,
}

/// The journal of one service. Clones are the same journal; it outlives restarts, and ends with the process.
#[derive(Clone, Debug)]
pub struct Journal {
    clock: Clock,
    began: Instant,
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    last: u64,
    entries: VecDeque<(u64, Instant, &'static str, Action)>,
}

impl Journal {
    pub fn new(clock: Clock) -> Self {
        Self { began: clock.now(), clock, log: Arc::default() }
    }

    /// Notes what `who` just did.
    pub fn note(&self, who: &'static str, action: Action) {
        let now = self.clock.now();
        let mut log = self.log.lock();
        log.last += 1;
        let number = log.last;
        if log.entries.len() == ENTRIES_MAX {
            log.entries.pop_front();
        }
        log.entries.push_back((number, now, who, action));
    }

    pub fn after(&self, number: u64) -> Journaled {
        let now = self.clock.now();
        let ago_s = |then: Instant| now.duration_since(then).as_secs_f64();
        let log = self.log.lock();
        let entries = log.entries.iter().filter(|(own, ..)| *own > number);
        let entries = entries.map(|(number, then, who, action)| Entry {
            number: *number,
            ago_s: ago_s(*then),
            who: (*who).to_owned(),
            action: action.clone(),
        });
        Journaled { runs_for_s: ago_s(self.began), entries: entries.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_give_way_and_the_numbers_tell() {
        let journal = Journal::new(Clock::real());
        for _ in 0..ENTRIES_MAX + 2 {
            journal.note(OPERATOR, Action::Restarted);
        }
        let entries = journal.after(0).entries;
        assert_eq!((entries.len(), entries[0].number), (ENTRIES_MAX, 3));
        assert_eq!(journal.after(ENTRIES_MAX as u64 + 1).entries.len(), 1);
        assert!(journal.after(ENTRIES_MAX as u64 + 2).entries.is_empty());
    }

    #[test]
    fn an_entry_reads_like_this() {
        let journal = Journal::new(Clock::real());
        journal
            .note(EDITOR, Action::RolledBack { asset: "promo-banner".parse().unwrap(), version: Version(3) });
        let mut entry = serde_json::to_value(&journal.after(0).entries[0]).unwrap();
        entry["ago_s"] = 0.into();
        let expected = serde_json::json!({
            "number": 1, "ago_s": 0, "who": "editor", "did": "rolled-back", "asset": "promo-banner", "version": 3
        });
        assert_eq!(entry, expected);
    }
}
