//! What the store took, what it holds and what it let go of. Teaches that whatever is dropped is counted where it is
//! dropped.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

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
    /// Its sender is one too many.
    TooManyResources,
    /// Its metric's name, or its series, is one too many.
    TooManySeries,
    /// Its time lies before that of a point which is already held.
    OutOfOrder,
    /// Its metric is known by another kind or unit.
    Conflict,
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
}

/// The figures of one signal. What was received is held, evicted, refused, a duplicate or folded into another row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalUsage {
    /// Rows (log records, points of metrics, spans) that arrived in messages which could be read.
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
    /// Texts and lists of attributes that were cut.
    pub cut: u64,
}

impl SignalUsage {
    pub(crate) fn refuse(&mut self, reason: Refusal, rows: u64) {
        *self.refused.entry(reason).or_default() += rows;
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
    /// Log records.
    pub logs: SignalUsage,
    /// Points of metrics.
    pub metrics: SignalUsage,
    /// Series that the points belong to.
    pub series: usize,
    /// Spans.
    pub spans: SignalUsage,
    /// Traces that the spans belong to.
    pub traces: usize,
    /// Whole requests that the receivers refused, by reason.
    pub requests_refused: BTreeMap<String, u64>,
}

/// What became of one request's rows, for the partial success that OTLP tells its sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Rows refused.
    pub refused: u64,
    /// The reasons in words; empty if nothing was refused.
    pub reasons: String,
}

impl Taken {
    /// The difference that one request made to the refusals.
    pub(crate) fn between(before: &BTreeMap<Refusal, u64>, after: &BTreeMap<Refusal, u64>) -> Self {
        let mut taken = Self::default();
        for (reason, count) in after {
            let rows = count - before.get(reason).copied().unwrap_or(0);
            if rows > 0 {
                let comma = if taken.reasons.is_empty() { "" } else { ", " };
                write!(taken.reasons, "{comma}{rows} {}", reason.words())
                    .expect("a String takes every write");
                taken.refused += rows;
            }
        }
        taken
    }
}

impl Refusal {
    fn words(self) -> &'static str {
        match self {
            Self::TooOld => "too old",
            Self::NoId => "without a valid id",
            Self::TraceFull => "beyond the spans of one trace",
            Self::TooManyResources => "from one resource too many",
            Self::TooManySeries => "of one metric or series too many",
            Self::OutOfOrder => "older than what is held",
            Self::Conflict => "of a metric known by another kind or unit",
            Self::Malformed => "malformed",
            Self::Unsupported => "of a kind that is not kept",
        }
    }
}
