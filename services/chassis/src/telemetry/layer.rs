//! Spans and events of `tracing`, turned into OTLP's records. Teaches what a trace is made of: ids that are always made, and all else
//! only where it leaves.
//!
//! Some fields are for this layer and not for the record: `otel.kind`, `otel.name`, `otel.parent` and `otel.link` (both a
//! `traceparent`), and `event.name`, which makes an event a change.

use std::{fmt, mem};

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, SeverityNumber},
    trace::v1::{
        Span, Status,
        span::{Link, SpanKind},
        status::StatusCode,
    },
};
use rand::RngExt;
use tracing::{
    Event, Level as Severity, Subscriber,
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
    records::{Record, attribute, text_attribute},
};
use crate::{clock::nanoseconds, logs::cause_chain};

/// The attribute that says what kind of error ended a span (OpenTelemetry's `error.type`).
const ERROR_TYPE: &str = "error.type";

/// W3C Trace Context: sampled.
const SAMPLED: u32 = 1;

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
    record: Option<Span>,
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
        let link = fields.link.map(|origin| Link {
            trace_id: origin.trace_id.to_vec(),
            span_id: origin.span_id.to_vec(),
            flags: SAMPLED,
            ..Link::default()
        });
        let record = leaves.then(|| Span {
            trace_id: own.trace_id.to_vec(),
            span_id: own.span_id.to_vec(),
            parent_span_id: parent.map(|parent| parent.span_id.to_vec()).unwrap_or_default(),
            flags: SAMPLED,
            name: fields.name.unwrap_or_else(|| metadata.name().to_owned()),
            kind: fields.kind.into(),
            start_time_unix_nano: self.now_ns(),
            attributes: fields.attributes,
            links: link.into_iter().collect(),
            ..Span::default()
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
        let scope = if detailed { event.metadata().target() } else { "" };
        let now_ns = self.now_ns();
        let (severity, severity_number) = severity(*event.metadata().level());
        let body = Value::StringValue(fields.message.unwrap_or_default());
        let record = LogRecord {
            time_unix_nano: now_ns,
            observed_time_unix_nano: now_ns,
            severity_number: severity_number.into(),
            severity_text: severity.to_owned(),
            body: Some(AnyValue { value: Some(body) }),
            event_name: fields.event_name.unwrap_or_default(),
            attributes: fields.attributes,
            trace_id: trace.map(|trace| trace.trace_id.to_vec()).unwrap_or_default(),
            span_id: trace.map(|trace| trace.span_id.to_vec()).unwrap_or_default(),
            flags: trace.map_or(0, |_| SAMPLED),
            ..LogRecord::default()
        };
        self.telemetry.push(Record::Log(scope, record));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let record = span.extensions_mut().get_mut::<OpenSpan>().and_then(|open| open.record.take());
        if let Some(mut record) = record
            && self.telemetry.leaves(Kind::Span)
        {
            record.end_time_unix_nano = self.now_ns();
            let has_failed = record.attributes.iter().any(|attribute| attribute.key == ERROR_TYPE);
            record.status =
                has_failed.then(|| Status { code: StatusCode::Error.into(), ..Status::default() });
            self.telemetry.push(Record::Span(span.metadata().target(), record));
        }
    }
}

fn context_of<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Option<TraceContext> {
    span.extensions().get::<OpenSpan>().map(|open| open.context)
}

fn severity(level: Severity) -> (&'static str, SeverityNumber) {
    let number = match level {
        Severity::ERROR => SeverityNumber::Error,
        Severity::WARN => SeverityNumber::Warn,
        Severity::INFO => SeverityNumber::Info,
        Severity::DEBUG => SeverityNumber::Debug,
        Severity::TRACE => SeverityNumber::Trace,
    };
    (level.as_str(), number)
}

/// The fields of a span or an event, each where its name says.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) message: Option<String>,
    name: Option<String>,
    kind: SpanKind,
    parent: Option<TraceContext>,
    link: Option<TraceContext>,
    pub(crate) event_name: Option<String>,
    /// In the order of recording.
    pub(crate) attributes: Vec<KeyValue>,
    /// Otherwise only what is needed whatever leaves: of a span its parent, of an event its text and its name.
    is_whole: bool,
}

impl Fields {
    pub(crate) fn with_capacity(count: usize, is_whole: bool) -> Self {
        let attributes = Vec::with_capacity(if is_whole { count } else { 0 });
        Self { attributes, is_whole, ..Self::default() }
    }

    fn push(&mut self, field: &Field, value: Value) {
        if self.is_whole {
            self.attributes.push(attribute(field.name(), value));
        }
    }

    /// Takes a text to where its field's name says.
    fn take(&mut self, field: &Field, text: impl FnOnce() -> String) {
        match field.name() {
            "message" => self.message = Some(text()),
            "otel.parent" => self.parent = TraceContext::parse(&text()),
            "event.name" => self.event_name = Some(text()),
            _ if !self.is_whole => {}
            "otel.name" => self.name = Some(text()),
            "otel.kind" => {
                self.kind = match text().as_str() {
                    "server" => SpanKind::Server,
                    "client" => SpanKind::Client,
                    _ => SpanKind::Internal,
                }
            }
            "otel.link" => self.link = TraceContext::parse(&text()),
            name => self.attributes.push(text_attribute(name, text())),
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, || value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, || format!("{value:?}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, Value::IntValue(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record_i64(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, Value::DoubleValue(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, Value::BoolValue(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_str(field, &cause_chain(value));
    }
}
