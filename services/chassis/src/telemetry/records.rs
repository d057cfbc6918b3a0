//! Records turned into OTLP. This happens when they leave, not on the request's own thread of work: making the many
//! small strings of OTLP is most of what telemetry costs.

use std::{collections::BTreeMap, fmt};

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

use super::{context::TraceContext, encode::encode};

/// The attribute that says what kind of error ended a span (OpenTelemetry's `error.type`).
pub const ERROR_TYPE: &str = "error.type";

/// Room for the texts of a request's span; more is found when needed.
const TEXTS_BYTES: usize = 96;

/// W3C Trace Context: sampled.
pub(crate) const SAMPLED: u32 = 1;

pub(crate) enum Record {
    Span(SpanRecord),
    Log(LogRecord),
}

pub(crate) struct SpanRecord {
    pub(crate) context: TraceContext,
    pub(crate) parent_span_id: Option<[u8; 8]>,
    pub(crate) scope: &'static str,
    /// The name in the source, unless the span was given one of its own.
    pub(crate) name: &'static str,
    pub(crate) own_name: Option<Text>,
    pub(crate) kind: SpanKind,
    pub(crate) link: Option<TraceContext>,
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) attributes: Attributes,
}

pub(crate) struct LogRecord {
    pub(crate) time_ns: u64,
    pub(crate) severity: Severity,
    pub(crate) scope: &'static str,
    pub(crate) body: Option<Text>,
    pub(crate) event_name: Option<Text>,
    pub(crate) context: Option<TraceContext>,
    pub(crate) attributes: Attributes,
}

/// Attributes in the order of recording. One buffer holds all texts of a record: memory that one thread allocates and another frees
/// is expensive, so a record has two allocations and not ten.
#[derive(Default)]
pub(crate) struct Attributes {
    texts: String,
    values: Vec<(&'static str, Value)>,
}

/// Where a text lies among the texts of its record.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    from: usize,
    to: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Value {
    Text(Text),
    Integer(i64),
    Double(f64),
    Bool(bool),
}

impl Attributes {
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self { texts: String::with_capacity(TEXTS_BYTES), values: Vec::with_capacity(count) }
    }

    pub(crate) fn push(&mut self, name: &'static str, value: Value) {
        self.values.push((name, value));
    }

    /// Keeps a text, as `write` writes it.
    pub(crate) fn keep(&mut self, write: impl FnOnce(&mut String)) -> Text {
        let from = self.texts.len();
        write(&mut self.texts);
        Text { from, to: self.texts.len() }
    }

    pub(crate) fn values(&self) -> &[(&'static str, Value)] {
        &self.values
    }

    pub(crate) fn text(&self, text: Text) -> &str {
        &self.texts[text.from..text.to]
    }

    fn owned(&self, text: Option<Text>) -> String {
        text.map_or_else(String::new, |text| self.text(text).to_owned())
    }

    fn to_otlp(&self) -> Vec<KeyValue> {
        let value = |value| match value {
            Value::Text(text) => any_value::Value::StringValue(self.text(text).to_owned()),
            Value::Integer(integer) => any_value::Value::IntValue(integer),
            Value::Double(double) => any_value::Value::DoubleValue(double),
            Value::Bool(bool) => any_value::Value::BoolValue(bool),
        };
        self.values.iter().map(|(name, own)| attribute(name, value(*own))).collect()
    }
}

/// Who sends: the service, its release, which run of it, and what is `added`, in place of the former where they meet.
pub(crate) fn resource(service: &'static str, release: &str, run: u64, added: &[KeyValue]) -> Resource {
    let mut attributes = vec![
        text_attribute("service.name", service.to_owned()),
        text_attribute("service.version", release.to_owned()),
        text_attribute("service.instance.id", format!("{service}-{run}")),
    ];
    for attribute in added {
        attributes.retain(|other| other.key != attribute.key);
        attributes.push(attribute.clone());
    }
    Resource { attributes, ..Resource::default() }
}

/// Records of one resource that leave together: structures for a store in this process, bytes for an exporter.
pub struct Batch<'a> {
    records: Vec<Record>,
    resource: &'a Resource,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(records: Vec<Record>, resource: &'a Resource) -> Self {
        Self { records, resource }
    }

    /// Logs and spans; none where there is nothing.
    pub fn into_messages(self) -> (Option<ExportLogsServiceRequest>, Option<ExportTraceServiceRequest>) {
        to_otlp(self.records.into_iter(), self.resource)
    }

    /// The same, written down.
    pub(crate) fn into_bytes(self) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        encode(self.records, self.resource)
    }
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("records", &self.records.len()).finish_non_exhaustive()
    }
}

/// Logs and spans of one resource, grouped by scope.
pub(crate) fn to_otlp(
    records: impl Iterator<Item = Record>,
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
    /// Whether it ended in an error.
    pub(crate) fn has_failed(&self) -> bool {
        self.attributes.values.iter().any(|(name, _)| *name == ERROR_TYPE)
    }

    fn into_otlp(self) -> Span {
        let failed = self.has_failed();
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
            name: self.own_name.map_or(self.name, |text| self.attributes.text(text)).to_owned(),
            kind: self.kind.into(),
            start_time_unix_nano: self.start_ns,
            end_time_unix_nano: self.end_ns,
            attributes: self.attributes.to_otlp(),
            links: link.into_iter().collect(),
            status: failed.then(|| Status { code: StatusCode::Error.into(), ..Status::default() }),
            ..Span::default()
        }
    }
}

impl LogRecord {
    pub(crate) fn severity_number(&self) -> SeverityNumber {
        match self.severity {
            Severity::ERROR => SeverityNumber::Error,
            Severity::WARN => SeverityNumber::Warn,
            Severity::INFO => SeverityNumber::Info,
            Severity::DEBUG => SeverityNumber::Debug,
            Severity::TRACE => SeverityNumber::Trace,
        }
    }

    fn into_otlp(self) -> OtlpLog {
        OtlpLog {
            time_unix_nano: self.time_ns,
            observed_time_unix_nano: self.time_ns,
            severity_number: self.severity_number().into(),
            severity_text: self.severity.as_str().to_owned(),
            body: Some(any(any_value::Value::StringValue(self.attributes.owned(self.body)))),
            event_name: self.attributes.owned(self.event_name),
            attributes: self.attributes.to_otlp(),
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

pub(crate) fn text_attribute(name: &str, text: String) -> KeyValue {
    attribute(name, any_value::Value::StringValue(text))
}

fn attribute(name: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: name.to_owned(), value: Some(any(value)), ..KeyValue::default() }
}

fn any(value: any_value::Value) -> AnyValue {
    AnyValue { value: Some(value) }
}
