//! What a request lost, where, and what was expected there. Teaches that a sender can only mend what it learns of: a count without
//! a place makes people guess.

use std::collections::BTreeMap;

use crate::usage::{Refusal, SignalUsage};

/// The most reasons that one answer spells out: enough to see what is wrong with a sender, and bounded.
const REASONS_MAX: usize = 8;

/// Why a row was refused: the kind of reason, and the field with what was expected there.
pub(crate) type Refused = (Refusal, &'static str);

pub(crate) const TOO_OLD: Refused =
    (Refusal::TooOld, "timeUnixNano: expected a time no older than evidence is kept");
pub(crate) const SPAN_TOO_OLD: Refused =
    (Refusal::TooOld, "startTimeUnixNano: expected a time no older than evidence is kept");
pub(crate) const NO_TRACE_ID: Refused =
    (Refusal::NoId, "traceId: expected 16 bytes (32 hexadecimal digits), not all zero");
pub(crate) const NO_SPAN_ID: Refused =
    (Refusal::NoId, "spanId: expected 8 bytes (16 hexadecimal digits), not all zero");
pub(crate) const TRACE_FULL: Refused = (Refusal::TraceFull, "traceId: expected no more spans of this trace");
pub(crate) const TOO_MANY_SERIES: Refused =
    (Refusal::TooManySeries, "attributes: expected no more metrics or series than are held");
pub(crate) const OUT_OF_ORDER: Refused =
    (Refusal::OutOfOrder, "timeUnixNano: expected a time after that of the point before");

/// The parts of a request that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unread {
    /// Records that could not be decoded, or whose enclosing message could not.
    pub(crate) records: u64,
    /// Records that could be decoded by themselves.
    pub(crate) readable: u64,
    /// Places where something else stands instead of records, so that their number is unknown.
    pub(crate) places: u64,
    /// Fields unknown to OTLP that may have held records.
    pub(crate) ignored: u64,
    reasons: Vec<String>,
    unsaid: u64,
}

impl Unread {
    /// Whether something was unreadable and no record was readable.
    pub(crate) fn is_everything(&self) -> bool {
        self.readable == 0 && self.records + self.places > 0
    }

    pub(crate) fn say(&mut self, reason: impl FnOnce() -> String) {
        if self.reasons.len() < REASONS_MAX {
            self.reasons.push(reason());
        } else {
            self.unsaid += 1;
        }
    }

    pub(crate) fn lose_place(&mut self, reason: impl FnOnce() -> String) {
        self.places += 1;
        self.say(reason);
    }

    pub(crate) fn ignore(&mut self, reason: impl FnOnce() -> String) {
        self.ignored += 1;
        self.say(reason);
    }

    /// The reasons in words.
    pub(crate) fn words(&self) -> String {
        let words = self.reasons.join("; ");
        if self.unsaid == 0 { words } else { format!("{words}; and {} more", self.unsaid) }
    }
}

/// How many rows of a request were refused, and why: the partial success that OTLP reports to the sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub refused: u64,
    /// The reasons in words; empty if there are none.
    pub reasons: String,
}

/// The rows refused while a request is ingested.
#[derive(Default)]
pub(crate) struct Refusals {
    by_reason: BTreeMap<Refusal, (u64, String)>,
}

impl Refusals {
    /// Refuses rows, and keeps the place of the first row for each reason.
    pub(crate) fn refuse(&mut self, (reason, expected): Refused, rows: u64, place: impl FnOnce() -> String) {
        if rows == 0 {
            return;
        }
        let first = || (0, format!("{}.{expected}", place()));
        self.by_reason.entry(reason).or_insert_with(first).0 += rows;
    }

    /// Adds the refusals and the unreadable parts to the usage, and returns them for the sender.
    pub(crate) fn count(self, unread: &Unread, usage: &mut SignalUsage) -> Taken {
        let mut taken = Taken { refused: unread.records, reasons: String::new() };
        let mut sentences = Vec::new();
        for (reason, (rows, first)) in self.by_reason {
            taken.refused += rows;
            usage.refuse(reason, rows);
            sentences.push(format!("{rows} {}, the first at {first}", reason.words()));
        }
        usage.note_unread(unread);
        if unread.records > 0 {
            sentences.push(format!("{} {}: {}", unread.records, Refusal::Unreadable.words(), unread.words()));
        } else if unread.places + unread.ignored > 0 {
            sentences.push(unread.words());
        }
        taken.reasons = sentences.join("; ");
        taken
    }
}
