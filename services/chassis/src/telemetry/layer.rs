//! Spans and events of `tracing`, turned into records. Teaches what an id costs, and that everything else can wait.
//!
//! Some fields are for this layer and not for the record: `otel.kind`, `otel.name`, `otel.parent` and `otel.link` (both a
//! `traceparent`), and `event.name`, which makes an event a change.

use std::{
    fmt::{self, Write},
    mem,
    time::{SystemTime, UNIX_EPOCH},
};

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use rand::RngExt;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes as SpanAttributes, Id, Record as Recorded},
};
use tracing_subscriber::{
    Layer,
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

use super::{
    Telemetry,
    context::TraceContext,
    levels::Kind,
    records::{Attributes, LogRecord, Record, SpanRecord, Text, Value},
};
use crate::logs::cause_chain;

/// Turns what happens in spans into records of one service.
pub struct RecordsLayer {
    telemetry: Telemetry,
}

impl RecordsLayer {
    pub fn new(telemetry: Telemetry) -> Self {
        Self { telemetry }
    }

    fn now_ns(&self) -> u64 {
        nanoseconds(self.telemetry.clock().wall())
    }

    /// The ids of a new span: always made, whatever leaves, so that the level changes nothing but what leaves.
    fn context(&self, parent: Option<TraceContext>) -> TraceContext {
        let mut ids = self.telemetry.ids().lock();
        // Zero is no id; one in 2^64 is not worth a loop.
        let span_id = ids.random::<u64>().max(1).to_be_bytes();
        let trace_id = match parent {
            Some(parent) => parent.trace_id,
            None => ids.random::<u128>().max(1).to_be_bytes(),
        };
        TraceContext { trace_id, span_id }
    }
}

/// What the registry keeps for an open span.
pub(super) struct OpenSpan {
    pub(super) context: TraceContext,
    record: Option<SpanRecord>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for RecordsLayer {
    fn on_new_span(&self, attributes: &SpanAttributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let metadata = attributes.metadata();
        let leaves = self.telemetry.leaves(Kind::Span);
        let mut fields = Fields::with_capacity(metadata.fields().len(), leaves);
        attributes.record(&mut fields);
        let local = span.parent().and_then(|parent| context_of(&parent));
        let parent = fields.parent.or(local);
        let own = self.context(parent);
        let record = leaves.then(|| SpanRecord {
            context: own,
            parent_span_id: parent.map(|parent| parent.span_id),
            scope: metadata.target(),
            name: metadata.name(),
            own_name: fields.name,
            kind: fields.kind,
            link: fields.link,
            start_ns: self.now_ns(),
            end_ns: 0,
            attributes: fields.attributes,
        });
        span.extensions_mut().insert(OpenSpan { context: own, record });
    }

    fn on_record(&self, id: &Id, values: &Recorded<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        if let Some(record) = extensions.get_mut::<OpenSpan>().and_then(|open| open.record.as_mut()) {
            let attributes = mem::take(&mut record.attributes);
            let mut fields = Fields { attributes, is_whole: true, ..Fields::default() };
            values.record(&mut fields);
            record.attributes = fields.attributes;
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let detailed = self.telemetry.leaves(Kind::LogDetail);
        let mut fields = Fields::with_capacity(event.metadata().fields().len(), detailed);
        event.record(&mut fields);
        let kind = if fields.event_name.is_some() { Kind::Change } else { Kind::LogText };
        if !self.telemetry.leaves(kind) {
            return;
        }
        let trace = context.event_span(event).filter(|_| detailed).and_then(|span| context_of(&span));
        self.telemetry.push(Record::Log(LogRecord {
            time_ns: self.now_ns(),
            severity: *event.metadata().level(),
            scope: if detailed { event.metadata().target() } else { "" },
            body: fields.message,
            event_name: fields.event_name,
            context: trace,
            attributes: fields.attributes,
        }));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let record = span.extensions_mut().get_mut::<OpenSpan>().and_then(|open| open.record.take());
        if let Some(mut record) = record
            && self.telemetry.leaves(Kind::Span)
        {
            record.end_ns = self.now_ns();
            self.telemetry.push(Record::Span(record));
        }
    }
}

fn context_of<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Option<TraceContext> {
    span.extensions().get::<OpenSpan>().map(|open| open.context)
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[derive(Default)]
struct Fields {
    message: Option<Text>,
    name: Option<Text>,
    kind: SpanKind,
    parent: Option<TraceContext>,
    link: Option<TraceContext>,
    event_name: Option<Text>,
    attributes: Attributes,
    /// Otherwise only what is needed whatever leaves: of a span its parent, of an event its text and its name.
    is_whole: bool,
}

impl Fields {
    fn with_capacity(count: usize, is_whole: bool) -> Self {
        let attributes = if is_whole { Attributes::with_capacity(count) } else { Attributes::default() };
        Self { attributes, is_whole, ..Self::default() }
    }

    fn push(&mut self, field: &Field, value: Value) {
        if self.is_whole {
            self.attributes.push(field.name(), value);
        }
    }

    /// Takes a text to where its field's name says.
    fn take(&mut self, field: &Field, write: impl FnOnce(&mut String)) {
        if !self.is_whole && !matches!(field.name(), "message" | "otel.parent" | "event.name") {
            return;
        }
        let text = self.attributes.keep(write);
        match field.name() {
            "message" => self.message = Some(text),
            "otel.name" => self.name = Some(text),
            "otel.kind" => {
                self.kind = match self.attributes.text(text) {
                    "server" => SpanKind::Server,
                    "client" => SpanKind::Client,
                    _ => SpanKind::Internal,
                }
            }
            "otel.parent" => self.parent = TraceContext::parse(self.attributes.text(text)),
            "otel.link" => self.link = TraceContext::parse(self.attributes.text(text)),
            "event.name" => self.event_name = Some(text),
            name => self.attributes.push(name, Value::Text(text)),
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, |texts| texts.push_str(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail; a value that fails to print leaves what it printed.
        self.take(field, |texts| _ = write!(texts, "{value:?}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, Value::Integer(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record_i64(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, Value::Double(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, Value::Bool(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_str(field, &cause_chain(value));
    }
}
