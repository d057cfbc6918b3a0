//! OTLP messages in few words, and a clock that the test moves.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test file uses a part of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use evidence::{Evidence, Limits, UnixTime};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
    metric::Data, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Link};

/// Second 0 of all tests: 2023-11-14T22:13:20Z.
pub const EPOCH: u64 = 1_700_000_000;

/// Nanoseconds of a second of the test.
pub fn at(second: f64) -> u64 {
    EPOCH * 1_000_000_000
        + u64::try_from(Duration::from_secs_f64(second).as_nanos()).expect("the tests take no five centuries")
}

pub fn time(second: f64) -> UnixTime {
    UnixTime::from_nanos(at(second))
}

/// An evidence store and its clock.
pub struct World {
    pub evidence: Evidence,
    now: Arc<AtomicU64>,
}

impl World {
    pub fn new(limits: Limits) -> Self {
        let now = Arc::new(AtomicU64::new(at(0.0)));
        let shown = Arc::clone(&now);
        let clock = move || SystemTime::UNIX_EPOCH + Duration::from_nanos(shown.load(Ordering::Relaxed));
        Self { evidence: Evidence::new(limits, clock), now }
    }

    pub fn small(bytes_max: usize) -> Self {
        Self::new(Limits { bytes_max, ..Limits::default() })
    }

    pub fn go_to(&self, second: f64) {
        self.now.store(at(second), Ordering::Relaxed);
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

pub fn text(value: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(value.to_owned())) }
}

pub fn int(value: i64) -> AnyValue {
    AnyValue { value: Some(Value::IntValue(value)) }
}

pub fn pair(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value), ..Default::default() }
}

pub fn pairs(pairs: &[(&str, &str)]) -> Vec<KeyValue> {
    pairs.iter().map(|(key, value)| pair(key, text(value))).collect()
}

pub fn resource(service: &str) -> Resource {
    let attributes =
        pairs(&[("service.name", service), ("service.instance.id", "1"), ("service.version", "1.4.2")]);
    Resource { attributes, ..Default::default() }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope { name: "fills".into(), version: "0.1".into(), ..Default::default() }
}

pub fn logs(service: &str, log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope_logs = vec![ScopeLogs { scope: Some(scope()), log_records, ..Default::default() }];
    let resource_logs =
        vec![ResourceLogs { resource: Some(resource(service)), scope_logs, ..Default::default() }];
    ExportLogsServiceRequest { resource_logs }
}

pub fn log(second: f64, severity: i32, body: &str) -> LogRecord {
    let body = Some(text(body));
    LogRecord { time_unix_nano: at(second), severity_number: severity, body, ..Default::default() }
}

pub fn event(second: f64, name: &str, attributes: &[(&str, &str)]) -> LogRecord {
    LogRecord { event_name: name.to_owned(), attributes: pairs(attributes), ..log(second, 9, "changed") }
}

pub fn spans(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { scope: Some(scope()), spans, ..Default::default() }];
    let resource_spans =
        vec![ResourceSpans { resource: Some(resource(service)), scope_spans, ..Default::default() }];
    ExportTraceServiceRequest { resource_spans }
}

/// A span `[from, to]`; ids are small numbers, the parent 0 is none.
pub fn span(trace: u128, id: u64, parent: u64, name: &str, from: f64, to: f64) -> Span {
    Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: if parent == 0 { Vec::new() } else { parent.to_be_bytes().to_vec() },
        name: name.to_owned(),
        kind: 1,
        start_time_unix_nano: at(from),
        end_time_unix_nano: at(to),
        ..Default::default()
    }
}

pub fn server(span: Span, route: &str) -> Span {
    Span { kind: 2, attributes: pairs(&[("http.route", route)]), ..span }
}

pub fn failed(span: Span, message: &str) -> Span {
    Span { status: Some(Status { code: 2, message: message.to_owned() }), ..span }
}

pub fn linked(span: Span, trace: u128, id: u64) -> Span {
    let (trace_id, span_id) = (trace.to_be_bytes().to_vec(), id.to_be_bytes().to_vec());
    Span { links: vec![Link { trace_id, span_id, ..Default::default() }], ..span }
}

pub fn metrics(service: &str, metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    let scope_metrics = vec![ScopeMetrics { scope: Some(scope()), metrics, ..Default::default() }];
    let resource_metrics =
        vec![ResourceMetrics { resource: Some(resource(service)), scope_metrics, ..Default::default() }];
    ExportMetricsServiceRequest { resource_metrics }
}

fn metric(name: &str, unit: &str, data: Data) -> Metric {
    let description = "What it counts".to_owned();
    Metric {
        name: name.to_owned(),
        unit: unit.to_owned(),
        description,
        data: Some(data),
        ..Default::default()
    }
}

pub const DELTA: i32 = 1;
pub const CUMULATIVE: i32 = 2;

pub fn sum(
    name: &str,
    unit: &str,
    aggregation_temporality: i32,
    data_points: Vec<NumberDataPoint>,
) -> Metric {
    metric(name, unit, Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic: true }))
}

pub fn gauge(name: &str, unit: &str, data_points: Vec<NumberDataPoint>) -> Metric {
    metric(name, unit, Data::Gauge(Gauge { data_points }))
}

pub fn number(start: f64, second: f64, value: i64, attributes: &[(&str, &str)]) -> NumberDataPoint {
    NumberDataPoint {
        start_time_unix_nano: at(start),
        time_unix_nano: at(second),
        attributes: pairs(attributes),
        value: Some(number_data_point::Value::AsInt(value)),
        ..Default::default()
    }
}

pub fn histogram(name: &str, unit: &str, data_points: Vec<HistogramDataPoint>) -> Metric {
    metric(name, unit, Data::Histogram(Histogram { data_points, aggregation_temporality: CUMULATIVE }))
}

pub fn buckets(
    second: f64,
    bounds: &[f64],
    counts: &[u64],
    attributes: &[(&str, &str)],
) -> HistogramDataPoint {
    HistogramDataPoint {
        start_time_unix_nano: at(0.0),
        time_unix_nano: at(second),
        attributes: pairs(attributes),
        count: counts.iter().sum(),
        sum: Some(counts.iter().sum::<u64>() as f64 / 10.0),
        explicit_bounds: bounds.to_vec(),
        bucket_counts: counts.to_vec(),
        ..Default::default()
    }
}
