//! One span as a row, and its conversion from a message. Teaches to validate a row once, on arrival.

use std::mem::size_of;
use std::sync::Arc;

use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};

use crate::dictionary::Dictionary;
use crate::ids::{SpanId, TraceId};
use crate::limits::ATTRIBUTES_MAX;
use crate::skew::Window;
use crate::time::UnixTime;
use crate::value::{Attributes, Resource, Value};

/// The bytes of a link: its row and its entry in the reverse index.
const LINK_COST: usize = size_of::<LinkRow>() + size_of::<Vec<TraceId>>() + 2 * size_of::<TraceId>();

pub(crate) struct SpanRow {
    pub(crate) id: SpanId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) start: UnixTime,
    pub(crate) end: UnixTime,
    pub(crate) kind: u8,
    pub(crate) status: u8,
    pub(crate) name: Arc<str>,
    pub(crate) status_message: Arc<str>,
    pub(crate) scope: Arc<str>,
    pub(crate) resource: Arc<Resource>,
    pub(crate) attributes: Attributes,
    pub(crate) events: Box<[EventRow]>,
    pub(crate) links: Box<[LinkRow]>,
}

pub(crate) struct EventRow {
    pub(crate) time: UnixTime,
    pub(crate) name: Arc<str>,
    pub(crate) attributes: Attributes,
}

pub(crate) struct LinkRow {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) attributes: Attributes,
}

impl SpanRow {
    pub(crate) fn seconds(&self) -> f64 {
        self.end.seconds_since(self.start)
    }

    /// Whether it failed: by its status, or by an HTTP status of 500 and above.
    pub(crate) fn has_failed(&self) -> bool {
        self.status == StatusCode::Error as u8
            || matches!(self.attributes.get("http.response.status_code"), Some(Value::Int(500..)))
    }

    /// Whether it ended in a timeout: the server waited too long for its caller (408) or for a server behind it (504; RFC 9110,
    /// 15.5.9 and 15.6.5).
    pub(crate) fn has_timed_out(&self) -> bool {
        matches!(self.attributes.get("http.response.status_code"), Some(Value::Int(408 | 504)))
    }
}

/// The start and end to store, and whether they were clamped; `None` if the span is too old. A span that ends too far in the future
/// moves back as a whole and keeps its duration. A span that ends before it starts ends at its start.
pub(crate) fn place(span: &Span, window: Window) -> Option<(UnixTime, UnixTime, bool)> {
    let told_end = span.end_time_unix_nano.max(span.start_time_unix_nano);
    let (end, is_ahead) = window.place(Some(told_end))?;
    let duration = told_end - span.start_time_unix_nano;
    let start = UnixTime::from_nanos(end.nanos().saturating_sub(duration));
    let clamped = is_ahead || told_end != span.end_time_unix_nano;
    (start >= window.oldest).then_some((start, end, clamped))
}

/// The row of a span with these times, and its bytes.
pub(crate) fn row(
    span: &Span,
    id: SpanId,
    (start, end): (UnixTime, UnixTime),
    resource: &Arc<Resource>,
    scope: &Arc<str>,
    words: &mut Dictionary,
) -> (SpanRow, usize) {
    words.begin_row();
    let attributes = words.attributes(&span.attributes);
    // Shift events together with their span.
    let shift = start.nanos().wrapping_sub(span.start_time_unix_nano);
    let events = span.events.iter().take(ATTRIBUTES_MAX).map(|event| EventRow {
        time: UnixTime::from_nanos(event.time_unix_nano.wrapping_add(shift)),
        name: words.text(&event.name),
        attributes: words.attributes(&event.attributes),
    });
    let events: Box<[EventRow]> = events.collect();
    let links = span.links.iter().take(ATTRIBUTES_MAX).filter_map(|link| {
        let (trace_id, span_id) = (TraceId::from_bytes(&link.trace_id)?, SpanId::from_bytes(&link.span_id)?);
        Some(LinkRow { trace_id, span_id, attributes: words.attributes(&link.attributes) })
    });
    let links: Box<[LinkRow]> = links.collect();
    words.note_cut(events.len() < span.events.len());
    words.note_cut(links.len() < span.links.len());
    let status = span.status.as_ref();
    let row = SpanRow {
        id,
        parent: SpanId::from_bytes(&span.parent_span_id),
        start,
        end,
        kind: u8::try_from(span.kind).unwrap_or(0),
        status: status.and_then(|status| u8::try_from(status.code).ok()).unwrap_or(0),
        name: words.text(&span.name),
        status_message: words.text(status.map_or("", |status| &status.message)),
        scope: Arc::clone(scope),
        resource: Arc::clone(resource),
        attributes,
        events,
        links,
    };
    let events = row.events.iter().map(|event| size_of::<EventRow>() + event.attributes.bytes());
    let links = row.links.iter().map(|link| LINK_COST + link.attributes.bytes());
    let inner = row.attributes.bytes() + events.sum::<usize>() + links.sum::<usize>();
    (row, size_of::<SpanRow>() + inner + words.take_charge())
}
