//! What the store took, what it holds and what it let go of. Teaches that whatever is dropped is counted where it is
//! dropped.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::refusals::Unread;

/// Why something was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Its time lies further back than evidence is kept.
    TooOld,
    /// Its trace id or span id is missing or malformed.
    NoId,
    /// Its trace holds as many spans as one trace may.
    TraceFull,
    /// It could not be read, or what holds it could not.
    Unreadable,
    /// Its metric's name, or its series, is one too many.
    TooManySeries,
    /// Its time lies before that of a point which is already held.
    OutOfOrder,
    /// Its figures contradict each other, or there are none.
    Malformed,
    /// A kind of metric that is not kept: exponential histograms and summaries.
    Unsupported,
}

/// Rows that had to leave, by what drove them out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evicted {
    /// They were too old.
    pub by_age: u64,
    /// Newer ones needed their bytes.
    pub by_bytes: u64,
    /// Others needed the place of their series: strangers give way to each other and to own services.
    pub by_newcomers: u64,
}

/// The figures of one signal. What was received is held, evicted, refused, a duplicate or folded into another row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalUsage {
    /// Rows (log records, points of metrics, spans) that arrived.
    pub received: u64,
    /// Rows held now.
    pub held: u64,
    /// Their bytes, as the store counts them.
    pub bytes: usize,
    /// Of these rows, how many are held by the reserved share.
    pub reserved: u64,
    /// Rows that were held once.
    pub evicted: Evicted,
    /// Rows that were never held.
    pub refused: BTreeMap<Refusal, u64>,
    /// Rows that were held already.
    pub duplicates: u64,
    /// Points of attribute sets beyond the cardinality limit, added to a point of the overflow series.
    pub folded: u64,
    /// Rows kept with another time than they came with, because their sender's clock runs ahead.
    pub clamped: u64,
    /// Texts and lists that were cut, and ids that a row came with and that are none.
    pub cut: u64,
    /// Places in messages that may have held rows and could not be read: nobody knows how many rows.
    pub unread: u64,
}

impl SignalUsage {
    pub(crate) fn refuse(&mut self, reason: Refusal, rows: u64) {
        *self.refused.entry(reason).or_default() += rows;
    }

    /// Counts what never became rows.
    pub(crate) fn note_unread(&mut self, unread: &Unread) {
        self.received += unread.records;
        self.unread += unread.places + unread.ignored;
        if unread.records > 0 {
            self.refuse(Refusal::Unreadable, unread.records);
        }
    }
}

/// The figures of one evidence store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// All bytes held, as the store counts them.
    pub bytes: usize,
    /// The bytes that it may hold.
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
