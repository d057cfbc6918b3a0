//! Finds log records and changes. Teaches cursors: a reader who follows the log asks for what arrived after the last record seen.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::ids::{SpanId, TraceId};
use crate::limits::ROWS_PER_ANSWER_MAX;
use crate::logs::{LogRow, LogStore};
use crate::time::UnixTime;
use crate::value::contains;

/// Which log records to find. All conditions must hold.
#[derive(Clone, Debug)]
pub struct LogQuery {
    /// Text in the body, the event's name or an attribute's value, ignoring case.
    pub text: Option<String>,
    pub attributes: Vec<(String, String)>,
    pub service: Option<String>,
    pub severity_min: Option<Severity>,
    pub event: Option<String>,
    pub trace_id: Option<TraceId>,
    pub from: Option<UnixTime>,
    /// Before this time.
    pub to: Option<UnixTime>,
    /// Only records that arrived after this: [`LogPage::next`] of an earlier answer.
    pub after: Option<u64>,
    /// The most records to return: the newest, or with `after` the oldest.
    pub limit: usize,
}

impl Default for LogQuery {
    fn default() -> Self {
        let (text, attributes, service, severity_min, event) = (None, Vec::new(), None, None, None);
        let (trace_id, from, to, after, limit) = (None, None, None, None, 100);
        Self { text, attributes, service, severity_min, event, trace_id, from, to, after, limit }
    }
}

/// Log records in the order of arrival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogPage {
    pub logs: Vec<LogEntry>,
    /// The cursor for the next query: past everything that has arrived, or past this page if more remains after it.
    pub next: u64,
    pub truncated: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its place in the order of arrival.
    pub sequence: u64,
    pub time: UnixTime,
    pub severity: Severity,
    pub service: String,
    /// The logger: the instrumentation scope.
    pub logger: String,
    /// The name of the event, if the record is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    pub body: String,
    pub attributes: Map<String, Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
}

/// Changes in the order of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeList {
    pub changes: Vec<Change>,
    /// Whether changes were left out.
    pub truncated: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Its place in the order of arrival, among all log records.
    pub sequence: u64,
    pub time: UnixTime,
    pub what: String,
    /// What was changed: the first attribute whose key ends in `.id` or `.name`, or else the service.
    pub which: String,
    /// The new version: the first attribute whose key ends in `.version`, or else `service.version`.
    pub version: Option<String>,
    pub service: String,
    pub body: String,
    pub attributes: Map<String, Json>,
}

/// OTLP's severity number, 1 to 24; 0 if the sender gave none. Read from and written as `trace` to `fatal`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Severity(pub u8);

const UNSPECIFIED: &str = "UNSPECIFIED";
const SEVERITIES: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.checked_sub(1).and_then(|above| SEVERITIES.get(usize::from(above / 4)));
        f.pad(name.unwrap_or(&UNSPECIFIED))
    }
}

/// Not a valid severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected trace, debug, info, warn, error or fatal")]
pub struct NotASeverity;

impl FromStr for Severity {
    type Err = NotASeverity;

    fn from_str(text: &str) -> Result<Self, NotASeverity> {
        if text == UNSPECIFIED {
            return Ok(Self(0));
        }
        let place = SEVERITIES.iter().zip(0..).find(|(name, _)| name.eq_ignore_ascii_case(text));
        place.map(|(_, place): (_, u8)| Self(4 * place + 1)).ok_or(NotASeverity)
    }
}

crate::as_text!(Severity);

pub(crate) fn find(store: &LogStore, query: &LogQuery) -> LogPage {
    let limit = query.limit.min(ROWS_PER_ANSWER_MAX);
    // Take one more than the limit from each shelf: that is enough for the answer, and to see whether there are more.
    let mut found: BTreeMap<u64, &LogRow> = BTreeMap::new();
    for shelf in store.shelves() {
        let start = query.after.map_or(0, |after| shelf.partition_point(|row| row.sequence <= after));
        let rows = shelf.range(start..);
        let matching = |row: &&LogRow| matches(row, query);
        if query.after.is_some() {
            found.extend(rows.filter(matching).take(limit + 1).map(|row| (row.sequence, row)));
        } else {
            found.extend(rows.rev().filter(matching).take(limit + 1).map(|row| (row.sequence, row)));
        }
    }
    let truncated = found.len() > limit;
    while found.len() > limit {
        if query.after.is_some() {
            found.pop_last()
        } else {
            found.pop_first()
        };
    }
    let last = found.last_key_value().map(|(sequence, _)| *sequence);
    let next = if truncated && query.after.is_some() { last.or(query.after) } else { None };
    let logs = found.into_values().map(entry).collect();
    LogPage { logs, next: next.unwrap_or(store.last_sequence()), truncated }
}

pub(crate) fn changes(store: &LogStore, from: UnixTime, to: UnixTime) -> ChangeList {
    let mut rows: Vec<&LogRow> = store.changes().filter(|row| (from..to).contains(&row.time)).collect();
    let left_out = rows.len().saturating_sub(ROWS_PER_ANSWER_MAX);
    if left_out > 0 {
        // Strangers' changes are left out first.
        rows.sort_by_key(|row| (row.resource.is_own, row.time, row.sequence));
        rows.drain(..left_out);
    }
    rows.sort_by_key(|row| (row.time, row.sequence));
    let changes = rows.into_iter().map(change).collect();
    ChangeList { changes, truncated: left_out > 0 }
}

fn matches(row: &LogRow, query: &LogQuery) -> bool {
    query.from.is_none_or(|from| row.time >= from)
        && query.to.is_none_or(|to| row.time < to)
        && query.severity_min.is_none_or(|least| row.severity >= least.0)
        && query.service.as_deref().is_none_or(|service| service == &*row.resource.service)
        && query.event.as_deref().is_none_or(|event| row.event.as_deref() == Some(event))
        && query.trace_id.is_none_or(|id| row.trace_id == Some(id))
        && row.attributes.have(&query.attributes)
        && query.text.as_deref().is_none_or(|text| {
            let event = row.event.as_deref().unwrap_or_default();
            contains(&row.body, text) || contains(event, text) || row.attributes.mention(text)
        })
}

fn entry(row: &LogRow) -> LogEntry {
    LogEntry {
        sequence: row.sequence,
        time: row.time,
        severity: Severity(row.severity),
        service: row.resource.service.to_string(),
        logger: row.logger.to_string(),
        event: row.event.as_ref().map(ToString::to_string),
        body: row.body.to_string(),
        attributes: row.attributes.to_json(),
        trace_id: row.trace_id,
        span_id: row.span_id,
    }
}

fn change(row: &LogRow) -> Change {
    let ending_in = |ends: &[&str]| {
        let mut found = row.attributes.iter().filter(|(key, _)| ends.iter().any(|end| key.ends_with(end)));
        found.find(|(key, _)| &***key != "event.name").map(|(_, value)| value.to_string())
    };
    let service_version = || row.resource.attributes.text("service.version").map(ToString::to_string);
    Change {
        sequence: row.sequence,
        time: row.time,
        what: row.event.as_deref().unwrap_or_default().to_owned(),
        which: ending_in(&[".id", ".name"]).unwrap_or_else(|| row.resource.service.to_string()),
        version: ending_in(&[".version"]).or_else(service_version),
        service: row.resource.service.to_string(),
        body: row.body.to_string(),
        attributes: row.attributes.to_json(),
    }
}
