//! Counts of what the store received, holds and dropped. Teaches to count a drop at the place where it happens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::refusals::Unread;

/// Why a row was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Its time is older than the oldest evidence that is kept.
    TooOld,
    /// Its trace id or span id is missing or malformed.
    NoId,
    /// Its trace already holds as many spans as a trace may.
    TraceFull,
    /// It could not be decoded, or its enclosing message could not.
    Unreadable,
    /// Its metric or series would exceed a limit.
    TooManySeries,
    /// Its time is earlier than that of a point already held.
    OutOfOrder,
    /// Its values are missing or contradict each other.
    Malformed,
    /// The store does not keep this kind of metric: exponential histograms and summaries.
    Unsupported,
}

/// Rows that were evicted, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evicted {
    /// They were too old.
    pub by_age: u64,
    /// Newer rows needed their bytes.
    pub by_bytes: u64,
    /// Another series needed their series' place: strangers give way to each other and to own services.
    pub by_newcomers: u64,
}

/// The counts of one signal. Every received row is held, evicted, refused, a duplicate, or folded into another row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalUsage {
    /// Rows (log records, points of metrics, spans) that arrived.
    pub received: u64,
    /// Rows held now.
    pub held: u64,
    /// Their bytes, as the store counts them.
    pub bytes: usize,
    /// How many of the rows held are in the reserved share.
    pub reserved: u64,
    /// Rows that were held once.
    pub evicted: Evicted,
    /// Rows that were never held.
    pub refused: BTreeMap<Refusal, u64>,
    /// Rows that were held already.
    pub duplicates: u64,
    /// Points that repeat the value before them, and points of attribute sets beyond the cardinality limit, added to a point of the
    /// overflow series.
    pub folded: u64,
    /// Rows stored with a corrected time, because their sender's clock runs ahead.
    pub clamped: u64,
    /// Texts and lists that were truncated, and malformed ids that were left out.
    pub cut: u64,
    /// Places in messages that may have held rows and could not be read. The number of rows is unknown.
    pub unread: u64,
}

impl SignalUsage {
    pub(crate) fn refuse(&mut self, reason: Refusal, rows: u64) {
        *self.refused.entry(reason).or_default() += rows;
    }

    /// Counts the unreadable parts of a message.
    pub(crate) fn note_unread(&mut self, unread: &Unread) {
        self.received += unread.records;
        self.unread += unread.places + unread.ignored;
        if unread.records > 0 {
            self.refuse(Refusal::Unreadable, unread.records);
        }
    }
}

/// The counts of one evidence store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// All bytes held, as the store counts them.
    pub bytes: usize,
    /// The most bytes that it may hold.
    pub bytes_max: usize,
    /// Bytes of words and resources that rows share.
    pub words_bytes: usize,
    pub logs: SignalUsage,
    pub metrics: SignalUsage,
    pub series: usize,
    pub spans: SignalUsage,
    pub traces: usize,
    /// Whole requests that the receivers refused, by reason.
    pub requests_refused: BTreeMap<String, u64>,
}

impl Refusal {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::TooOld => "too old",
            Self::NoId => "without a valid id",
            Self::TraceFull => "beyond the spans of one trace",
            Self::Unreadable => "that could not be read",
            Self::TooManySeries => "of one metric or series too many",
            Self::OutOfOrder => "older than what is held",
            Self::Malformed => "malformed",
            Self::Unsupported => "of a kind that is not kept",
        }
    }
}
