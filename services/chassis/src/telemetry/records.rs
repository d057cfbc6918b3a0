//! Records turned into OTLP. This happens when they leave, not on the request's own thread of work: making the many
//! small strings of OTLP is most of what telemetry costs.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    logs::v1::{LogRecord as OtlpLog, ResourceLogs, ScopeLogs, SeverityNumber},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Link, SpanKind},
        status::StatusCode,
    },
};
use tracing::Level as Severity;

use super::context::TraceContext;

/// The attribute that says what kind of error ended a span (OpenTelemetry's `error.type`).
pub const ERROR_TYPE: &str = "error.type";

/// W3C Trace Context: sampled.
const SAMPLED: u32 = 1;

/// What waits to leave.
pub(crate) enum Record {
    Span(Box<SpanRecord>),
    Log(LogRecord),
}

/// A span that has ended.
pub(crate) struct SpanRecord {
    pub(crate) context: TraceContext,
    pub(crate) parent_span_id: Option<[u8; 8]>,
    pub(crate) scope: &'static str,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    pub(crate) link: Option<TraceContext>,
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) attributes: Vec<(&'static str, Value)>,
}

/// A log line or a change.
pub(crate) struct LogRecord {
    pub(crate) time_ns: u64,
    pub(crate) severity: Severity,
    pub(crate) scope: &'static str,
    pub(crate) body: String,
    pub(crate) event_name: Option<String>,
    pub(crate) context: Option<TraceContext>,
    pub(crate) attributes: Vec<(&'static str, Value)>,
}

/// The value of an attribute.
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Double(f64),
    Bool(bool),
}

/// Who sends: the service, its version, and which run of it.
pub(crate) fn resource(service: &'static str, run: u64) -> Resource {
    let mut attributes = vec![
        attribute("service.name", Value::Text(service.to_owned())),
        attribute("service.version", Value::Text(env!("CARGO_PKG_VERSION").to_owned())),
        attribute("service.instance.id", Value::Text(format!("{service}-{run}"))),
    ];
    attributes.extend(super::export::resource_attributes());
    Resource { attributes, ..Resource::default() }
}

/// Logs and spans of one resource, grouped by scope.
pub(crate) fn to_otlp(
    records: Vec<Record>,
    resource: &Resource,
) -> (Option<ExportLogsServiceRequest>, Option<ExportTraceServiceRequest>) {
    let mut logs: BTreeMap<&str, Vec<OtlpLog>> = BTreeMap::new();
    let mut spans: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for record in records {
        match record {
            Record::Log(log) => logs.entry(log.scope).or_default().push(log.into_otlp()),
            Record::Span(span) => spans.entry(span.scope).or_default().push(span.into_otlp()),
        }
    }
    let logs = (!logs.is_empty()).then(|| {
        let scopes = logs.into_iter().map(|(name, log_records)| ScopeLogs {
            scope: Some(scope(name)),
            log_records,
            ..ScopeLogs::default()
        });
        let resource_logs = ResourceLogs {
            resource: Some(resource.clone()),
            scope_logs: scopes.collect(),
            ..ResourceLogs::default()
        };
        ExportLogsServiceRequest { resource_logs: vec![resource_logs] }
    });
    let spans = (!spans.is_empty()).then(|| {
        let scopes = spans.into_iter().map(|(name, spans)| ScopeSpans {
            scope: Some(scope(name)),
            spans,
            ..ScopeSpans::default()
        });
        let resource_spans = ResourceSpans {
            resource: Some(resource.clone()),
            scope_spans: scopes.collect(),
            ..ResourceSpans::default()
        };
        ExportTraceServiceRequest { resource_spans: vec![resource_spans] }
    });
    (logs, spans)
}

impl SpanRecord {
    fn into_otlp(self) -> Span {
        let failed = self.attributes.iter().any(|(name, _)| *name == ERROR_TYPE);
        let link = self.link.map(|origin| Link {
            trace_id: origin.trace_id.to_vec(),
            span_id: origin.span_id.to_vec(),
            flags: SAMPLED,
            ..Link::default()
        });
        Span {
            trace_id: self.context.trace_id.to_vec(),
            span_id: self.context.span_id.to_vec(),
            parent_span_id: self.parent_span_id.map(Vec::from).unwrap_or_default(),
            flags: SAMPLED,
            name: self.name,
            kind: self.kind.into(),
            start_time_unix_nano: self.start_ns,
            end_time_unix_nano: self.end_ns,
            attributes: attributes(self.attributes),
            links: link.into_iter().collect(),
            status: failed.then(|| Status { code: StatusCode::Error.into(), ..Status::default() }),
            ..Span::default()
        }
    }
}

impl LogRecord {
    fn into_otlp(self) -> OtlpLog {
        let severity = match self.severity {
            Severity::ERROR => SeverityNumber::Error,
            Severity::WARN => SeverityNumber::Warn,
            Severity::INFO => SeverityNumber::Info,
            Severity::DEBUG => SeverityNumber::Debug,
            Severity::TRACE => SeverityNumber::Trace,
        };
        OtlpLog {
            time_unix_nano: self.time_ns,
            observed_time_unix_nano: self.time_ns,
            severity_number: severity.into(),
            severity_text: self.severity.as_str().to_owned(),
            body: Some(any(Value::Text(self.body))),
            event_name: self.event_name.unwrap_or_default(),
            attributes: attributes(self.attributes),
            trace_id: self.context.map(|context| context.trace_id.to_vec()).unwrap_or_default(),
            span_id: self.context.map(|context| context.span_id.to_vec()).unwrap_or_default(),
            flags: self.context.map_or(0, |_| SAMPLED),
            ..OtlpLog::default()
        }
    }
}

fn scope(name: &str) -> InstrumentationScope {
    InstrumentationScope { name: name.to_owned(), ..InstrumentationScope::default() }
}

fn attributes(attributes: Vec<(&'static str, Value)>) -> Vec<KeyValue> {
    attributes.into_iter().map(|(name, value)| attribute(name, value)).collect()
}

pub(crate) fn attribute(name: &str, value: Value) -> KeyValue {
    KeyValue { key: name.to_owned(), value: Some(any(value)), ..KeyValue::default() }
}

fn any(value: Value) -> AnyValue {
    let value = match value {
        Value::Text(text) => any_value::Value::StringValue(text),
        Value::Integer(integer) => any_value::Value::IntValue(integer),
        Value::Double(double) => any_value::Value::DoubleValue(double),
        Value::Bool(bool) => any_value::Value::BoolValue(bool),
    };
    AnyValue { value: Some(value) }
}
