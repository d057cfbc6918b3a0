//! Stores log records on three kinds of shelves and evicts the oldest first. Teaches how to keep the cause of a storm when the
//! storm fills the store.
//!
//! - *changes*: records of events that report a change. Each event name has a shelf of its own. When the reserved share is full,
//!   the largest shelf gives way, so that ten thousand events of one kind evict only their own kind;
//! - *first failures*: the first few errors of each kind. A full shelf takes no more until older records expire, because its
//!   purpose is to keep what came first;
//! - *ordinary*: everything else.
//!
//! Strangers have one shelf for their changes and one for everything else. Beyond a part of the share, they give way.

use std::collections::{BTreeMap, VecDeque};
use std::mem::size_of;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;

use crate::dictionary::Dictionary;
use crate::evidence::Intake;
use crate::ids::{SpanId, TraceId};
use crate::limits::{
    CHANGE_NAMES_MAX, CHANGES_PERCENT, FAILURE_LOGS_PERCENT, LOGS_PERCENT, Limits, TEXT_BYTES_MAX,
    strangers_part,
};
use crate::refusals::{Refusals, Refused, TOO_OLD};
use crate::time::UnixTime;
use crate::usage::SignalUsage;
use crate::value::{Attributes, Resource, Value};

/// OTLP's number for the lowest of the four ERROR severities.
pub(crate) const SEVERITY_ERROR: u8 = 17;

#[derive(Debug)]
pub(crate) struct LogRow {
    /// The order of arrival. A reader who follows the log continues from this number.
    pub(crate) sequence: u64,
    pub(crate) time: UnixTime,
    pub(crate) severity: u8,
    pub(crate) trace_id: Option<TraceId>,
    pub(crate) span_id: Option<SpanId>,
    pub(crate) event: Option<Arc<str>>,
    pub(crate) logger: Arc<str>,
    pub(crate) body: Arc<str>,
    pub(crate) resource: Arc<Resource>,
    pub(crate) attributes: Attributes,
    /// The bytes that the row counts for.
    bytes: usize,
}

pub(crate) struct LogStore {
    pub(crate) usage: SignalUsage,
    sequence: u64,
    ordinary: Shelf,
    strangers: Shelf,
    first_failures: Shelf,
    changes: BTreeMap<Arc<str>, Shelf>,
    /// The bytes of all shelves of own changes together.
    changes_bytes: usize,
    changes_of_strangers: Shelf,
    changes_bytes_max: usize,
}

impl LogStore {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            usage: SignalUsage::default(),
            sequence: 0,
            ordinary: Shelf::new(limits.share(LOGS_PERCENT)),
            strangers: Shelf::new(strangers_part(limits.share(LOGS_PERCENT))),
            first_failures: Shelf::new(limits.share(FAILURE_LOGS_PERCENT)),
            changes: BTreeMap::new(),
            changes_bytes: 0,
            changes_of_strangers: Shelf::new(strangers_part(limits.share(CHANGES_PERCENT))),
            changes_bytes_max: limits.share(CHANGES_PERCENT),
        }
    }

    pub(crate) fn take(&mut self, request: &ExportLogsServiceRequest, mut by: Intake<'_>) -> Refusals {
        let mut refusals = Refusals::default();
        for (r, from_resource) in request.resource_logs.iter().enumerate() {
            let resource = by.words.resource(from_resource.resource.as_ref(), by.limits);
            for (s, from_scope) in from_resource.scope_logs.iter().enumerate() {
                self.usage.received += from_scope.log_records.len() as u64;
                let logger = by.words.scope_name(from_scope.scope.as_ref());
                for (place, record) in from_scope.log_records.iter().enumerate() {
                    let taken = self.take_record(record, &resource, &logger, &mut by);
                    if let Err(reason) = taken {
                        let place = || format!("resourceLogs[{r}].scopeLogs[{s}].logRecords[{place}]");
                        refusals.refuse(reason, 1, place);
                    }
                }
            }
        }
        self.drop_older_than(by.window.oldest);
        self.usage.cut += by.words.take_cut();
        refusals
    }

    fn take_record(
        &mut self,
        record: &LogRecord,
        resource: &Arc<Resource>,
        logger: &Arc<str>,
        by: &mut Intake<'_>,
    ) -> Result<(), Refused> {
        let told = [record.time_unix_nano, record.observed_time_unix_nano].into_iter().find(|time| *time > 0);
        let (time, clamped) = by.window.place(told).ok_or(TOO_OLD)?;
        self.usage.clamped += u64::from(clamped);
        self.sequence += 1;
        let row = row(record, self.sequence, time, resource, logger, by.words);
        self.usage.held += 1;
        self.usage.bytes += row.bytes;
        let is_own = resource.is_own;
        let is_change = row.event.as_ref().is_some_and(|event| by.limits.is_change(event));
        let has_place = !is_own || row.event.as_ref().is_some_and(|event| self.has_place_for_change(event));
        if is_change && has_place {
            self.put_change(row);
            return Ok(());
        }
        let kind = row.event.as_ref().unwrap_or(&row.body);
        let fits = is_own && row.severity >= SEVERITY_ERROR && self.first_failures.has_room_for(&row);
        if fits && by.failures.is_first(&row.resource.service, "logs", kind, time) {
            self.first_failures.put(row);
            return Ok(());
        }
        if is_own { &mut self.ordinary } else { &mut self.strangers }.put(row);
        let mut evicted = Dropped::default();
        while self.ordinary.bytes + self.strangers.bytes > self.ordinary.bytes_max {
            let is_strangers = self.strangers.is_beyond() || self.ordinary.bytes == 0;
            let gives = if is_strangers { &mut self.strangers } else { &mut self.ordinary };
            evicted.add(gives.drop_oldest());
        }
        self.note(evicted, |usage| &mut usage.evicted.by_bytes);
        Ok(())
    }

    /// All shelves, each in the order of arrival.
    pub(crate) fn shelves(&self) -> impl Iterator<Item = &VecDeque<LogRow>> {
        let reserved = self.changes.values().chain([&self.first_failures]);
        let others = [&self.ordinary, &self.strangers, &self.changes_of_strangers];
        reserved.chain(others).map(|shelf| &shelf.rows)
    }

    /// The shelves of changes alone.
    pub(crate) fn changes(&self) -> impl Iterator<Item = &LogRow> {
        self.changes.values().chain([&self.changes_of_strangers]).flat_map(|shelf| &shelf.rows)
    }

    pub(crate) fn last_sequence(&self) -> u64 {
        self.sequence
    }

    pub(crate) fn reserved(&self) -> u64 {
        (self.changes().count() + self.first_failures.rows.len()) as u64
    }

    fn has_place_for_change(&self, event: &Arc<str>) -> bool {
        self.changes.len() < CHANGE_NAMES_MAX || self.changes.contains_key(event)
    }

    fn put_change(&mut self, row: LogRow) {
        if row.resource.is_own {
            let name = row.event.clone().expect("only events are changes");
            self.changes_bytes += row.bytes;
            self.changes.entry(name).or_insert_with(|| Shelf::new(usize::MAX)).put(row);
        } else {
            self.changes_of_strangers.put(row);
        }
        let mut evicted = Dropped::default();
        while self.changes_bytes + self.changes_of_strangers.bytes > self.changes_bytes_max {
            if self.changes_of_strangers.is_beyond() || self.changes_bytes == 0 {
                evicted.add(self.changes_of_strangers.drop_oldest());
                continue;
            }
            let Some(largest) = self.changes.values_mut().max_by_key(|shelf| shelf.bytes) else { break };
            let dropped = largest.drop_oldest();
            self.changes_bytes -= dropped.bytes;
            evicted.add(dropped);
        }
        self.note(evicted, |usage| &mut usage.evicted.by_bytes);
    }

    fn drop_older_than(&mut self, oldest: UnixTime) {
        let mut evicted = Dropped::default();
        let strangers = [&mut self.strangers, &mut self.changes_of_strangers];
        for shelf in [&mut self.ordinary, &mut self.first_failures].into_iter().chain(strangers) {
            evicted.add(shelf.drop_older_than(oldest));
        }
        for shelf in self.changes.values_mut() {
            let dropped = shelf.drop_older_than(oldest);
            self.changes_bytes -= dropped.bytes;
            evicted.add(dropped);
        }
        self.changes.retain(|_, shelf| !shelf.rows.is_empty());
        self.note(evicted, |usage| &mut usage.evicted.by_age);
    }

    fn note(&mut self, dropped: Dropped, reason: impl FnOnce(&mut SignalUsage) -> &mut u64) {
        self.usage.held -= dropped.rows;
        self.usage.bytes -= dropped.bytes;
        *reason(&mut self.usage) += dropped.rows;
    }
}

/// Rows and bytes that left a shelf.
#[derive(Clone, Copy, Default)]
struct Dropped {
    rows: u64,
    bytes: usize,
}

impl Dropped {
    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.bytes += other.bytes;
    }
}

/// Rows in the order of arrival, up to a number of bytes.
struct Shelf {
    rows: VecDeque<LogRow>,
    bytes: usize,
    bytes_max: usize,
}

impl Shelf {
    fn new(bytes_max: usize) -> Self {
        Self { rows: VecDeque::new(), bytes: 0, bytes_max }
    }

    fn has_room_for(&self, row: &LogRow) -> bool {
        self.bytes + row.bytes <= self.bytes_max
    }

    fn put(&mut self, row: LogRow) {
        self.bytes += row.bytes;
        self.rows.push_back(row);
    }

    fn drop_oldest(&mut self) -> Dropped {
        let bytes = self.rows.pop_front().map_or(0, |row| row.bytes);
        self.bytes -= bytes;
        Dropped { rows: u64::from(bytes > 0), bytes }
    }

    fn is_beyond(&self) -> bool {
        self.bytes > self.bytes_max
    }

    /// Drops from the front while rows are too old. A row that arrived late waits behind earlier arrivals, because shelves are in
    /// order of arrival.
    fn drop_older_than(&mut self, oldest: UnixTime) -> Dropped {
        let mut dropped = Dropped::default();
        while self.rows.front().is_some_and(|row| row.time < oldest) {
            dropped.add(self.drop_oldest());
        }
        dropped
    }
}

fn row(
    record: &LogRecord,
    sequence: u64,
    time: UnixTime,
    resource: &Arc<Resource>,
    logger: &Arc<str>,
    words: &mut Dictionary,
) -> LogRow {
    words.begin_row();
    let attributes = words.attributes(&record.attributes);
    let body = match words.value(record.body.as_ref()) {
        Value::Text(text) => text,
        other => words.text(&other.to_string()),
    };
    debug_assert!(body.len() <= TEXT_BYTES_MAX, "texts are cut where they come in");
    // Before `event_name` existed, an attribute held the name of an event.
    let event = Some(record.event_name.as_str()).filter(|name| !name.is_empty()).map(|name| words.text(name));
    let event = event.or_else(|| attributes.text("event.name").cloned());
    words.note_cut(is_no_id(&record.trace_id, 16) || is_no_id(&record.span_id, 8));
    LogRow {
        sequence,
        time,
        severity: u8::try_from(record.severity_number).unwrap_or(0),
        trace_id: TraceId::from_bytes(&record.trace_id),
        span_id: SpanId::from_bytes(&record.span_id),
        event,
        logger: Arc::clone(logger),
        body,
        resource: Arc::clone(resource),
        bytes: size_of::<LogRow>() + attributes.bytes() + words.take_charge(),
        attributes,
    }
}

/// Whether an id is malformed. The row is then stored without it.
fn is_no_id(bytes: &[u8], length: usize) -> bool {
    !bytes.is_empty() && bytes.len() != length
}
