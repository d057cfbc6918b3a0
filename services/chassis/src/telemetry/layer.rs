//! Spans and events of `tracing`, turned into records. Teaches what an id costs, and that everything else can wait.
//!
//! Some fields are for this layer and not for the record: `otel.kind`, `otel.name`, `otel.parent` and `otel.link` (both a
//! `traceparent`), and `event.name`, which makes an event a change.

use std::{
    fmt,
    sync::PoisonError,
    time::{SystemTime, UNIX_EPOCH},
};

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use rand::RngExt;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record as Recorded},
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
    records::{LogRecord, Record, SpanRecord, Value},
};
use crate::logs::cause_chain;

/// Turns what happens in spans into records of one service.
pub struct RecordsLayer {
    telemetry: Telemetry,
}

impl RecordsLayer {
    /// A layer that records for `telemetry`.
    pub fn new(telemetry: Telemetry) -> Self {
        Self { telemetry }
    }

    fn now_ns(&self) -> u64 {
        nanoseconds(self.telemetry.clock().wall())
    }

    /// The ids of a new span: always made, whatever leaves, so that the level changes nothing but what leaves.
    fn context(&self, parent: Option<TraceContext>) -> TraceContext {
        let mut ids = self.telemetry.ids().lock().unwrap_or_else(PoisonError::into_inner);
        // Zero is no id; one in 2^64 is not worth a loop.
        let span_id = ids.random::<u64>().max(1).to_be_bytes();
        let trace_id = match parent {
            Some(parent) => parent.trace_id,
            None => ids.random::<u128>().max(1).to_be_bytes(),
        };
        TraceContext { trace_id, span_id }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for RecordsLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let local = span.parent().and_then(|parent| context_of(&parent));
        let parent = fields.parent.or(local);
        let own = self.context(parent);
        let mut extensions = span.extensions_mut();
        extensions.insert(own);
        if self.telemetry.leaves(Kind::Span) {
            extensions.insert(SpanRecord {
                context: own,
                parent_span_id: parent.map(|parent| parent.span_id),
                scope: attributes.metadata().target(),
                name: fields.name.unwrap_or_else(|| attributes.metadata().name().into()),
                kind: fields.kind,
                link: fields.link,
                start_ns: self.now_ns(),
                end_ns: 0,
                attributes: fields.attributes,
            });
        }
    }

    fn on_record(&self, id: &Id, values: &Recorded<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(record) = span.extensions_mut().get_mut::<SpanRecord>() {
            let mut fields = Fields::default();
            values.record(&mut fields);
            record.attributes.append(&mut fields.attributes);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let kind = if fields.event_name.is_some() { Kind::Change } else { Kind::LogText };
        if !self.telemetry.leaves(kind) {
            return;
        }
        let detailed = self.telemetry.leaves(Kind::LogDetail);
        let trace = context.event_span(event).and_then(|span| context_of(&span));
        self.telemetry.push(Record::Log(LogRecord {
            time_ns: self.now_ns(),
            severity: *event.metadata().level(),
            scope: if detailed { event.metadata().target() } else { "" },
            body: fields.message,
            event_name: fields.event_name,
            context: trace.filter(|_| detailed),
            attributes: if detailed { fields.attributes } else { Vec::new() },
        }));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let record = span.extensions_mut().remove::<SpanRecord>();
        if let Some(mut record) = record
            && self.telemetry.leaves(Kind::Span)
        {
            record.end_ns = self.now_ns();
            self.telemetry.push(Record::Span(Box::new(record)));
        }
    }
}

fn context_of<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Option<TraceContext> {
    span.extensions().get::<TraceContext>().copied()
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The fields of a span or an event.
#[derive(Default)]
struct Fields {
    message: String,
    name: Option<String>,
    kind: SpanKind,
    parent: Option<TraceContext>,
    link: Option<TraceContext>,
    event_name: Option<String>,
    attributes: Vec<(&'static str, Value)>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "otel.name" => self.name = Some(value.to_owned()),
            "otel.kind" => {
                self.kind = match value {
                    "server" => SpanKind::Server,
                    "client" => SpanKind::Client,
                    _ => SpanKind::Internal,
                }
            }
            "otel.parent" => self.parent = TraceContext::parse(value),
            "otel.link" => self.link = TraceContext::parse(value),
            "event.name" => self.event_name = Some(value.to_owned()),
            name => self.attributes.push((name, Value::Text(value.to_owned()))),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.record_str(field, &format!("{value:?}"));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.attributes.push((field.name(), Value::Integer(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record_i64(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.attributes.push((field.name(), Value::Double(value)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.attributes.push((field.name(), Value::Bool(value)));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_str(field, &cause_chain(value));
    }
}
