//! OTLP from any sender, in every encoding: protobuf, JSON, gzip, and gRPC frames.

use std::{
    io::Write,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use chassis::problem;
use evidence::{Evidence, Limits, Usage, receiver};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value as Any},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
        metric::Data, number_data_point::Value as Number,
    },
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
};
use prost::Message;
use serde::Serialize;

use crate::{
    requests::{read, send, written},
    shop::runtime,
};

/// 2023-11-14T22:13:20Z, in seconds since 1970.
pub(crate) const NOW_S: u64 = 1_700_000_000;

/// The store's size limit in these tests: small enough to cause much eviction.
const EVIDENCE_BYTES_MAX: usize = 200_000;

/// A small store with a fixed clock.
pub(crate) fn evidence() -> Evidence {
    let limits = Limits { bytes_max: EVIDENCE_BYTES_MAX, ..Limits::default() };
    Evidence::new(limits, || SystemTime::UNIX_EPOCH + Duration::from_secs(NOW_S))
}

/// Checks that a store stays within its bounds, and counts every lost row.
pub(crate) fn must_be_bounded(usage: &Usage) {
    assert!(usage.bytes <= usage.bytes_max, "{usage:?}");
    for signal in [&usage.logs, &usage.metrics, &usage.spans] {
        let refused: u64 = signal.refused.values().sum();
        let gone = signal.evicted.by_age + signal.evicted.by_bytes + signal.evicted.by_newcomers;
        assert_eq!(
            signal.received,
            signal.held + gone + refused + signal.duplicates + signal.folded,
            "{signal:?}"
        );
    }
}

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

fn pairs() -> Vec<KeyValue> {
    let list = ArrayValue { values: vec![AnyValue { value: Some(Any::DoubleValue(0.5)) }] };
    vec![
        pair("http.route", Any::StringValue("/p/{product}".to_owned())),
        pair("count", Any::IntValue(-7)),
        pair("raw", Any::BytesValue(vec![0, 255])),
        pair("list", Any::ArrayValue(list)),
    ]
}

fn resource() -> Resource {
    let attributes = vec![pair("service.name", Any::StringValue("cache".to_owned()))];
    Resource { attributes, ..Default::default() }
}

fn nanos(ago_s: u64) -> u64 {
    (NOW_S - ago_s) * 1_000_000_000
}

pub(crate) fn logs() -> ExportLogsServiceRequest {
    let record = LogRecord {
        time_unix_nano: nanos(5),
        severity_number: 17,
        body: Some(AnyValue { value: Some(Any::StringValue("a fill failed".to_owned())) }),
        attributes: pairs(),
        trace_id: vec![7; 16],
        span_id: vec![7; 8],
        event_name: "shop.asset.published".to_owned(),
        ..Default::default()
    };
    let scope_logs = vec![ScopeLogs { log_records: vec![record.clone(), record], ..Default::default() }];
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource: Some(resource()), scope_logs, ..Default::default() }],
    }
}

pub(crate) fn spans() -> ExportTraceServiceRequest {
    let span = |id: u8, parent: u8| Span {
        trace_id: vec![7; 16],
        span_id: vec![id; 8],
        parent_span_id: vec![parent; 8],
        name: "GET /fragments/{id}".to_owned(),
        kind: 2,
        start_time_unix_nano: nanos(10),
        end_time_unix_nano: nanos(9),
        attributes: pairs(),
        events: vec![Event {
            time_unix_nano: nanos(9),
            name: "exception".to_owned(),
            attributes: pairs(),
            ..Default::default()
        }],
        status: Some(Status { code: 2, message: "no permit".to_owned() }),
        ..Default::default()
    };
    let scope_spans = vec![ScopeSpans { spans: vec![span(1, 0), span(2, 1)], ..Default::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource: Some(resource()), scope_spans, ..Default::default() }],
    }
}

pub(crate) fn metrics() -> ExportMetricsServiceRequest {
    let number = |value: Number| NumberDataPoint {
        start_time_unix_nano: nanos(60),
        time_unix_nano: nanos(1),
        attributes: pairs(),
        value: Some(value),
        ..Default::default()
    };
    let buckets = HistogramDataPoint {
        start_time_unix_nano: nanos(60),
        time_unix_nano: nanos(1),
        count: 3,
        sum: Some(0.7),
        explicit_bounds: vec![0.1, 0.5],
        bucket_counts: vec![1, 1, 1],
        ..Default::default()
    };
    let metric = |name: &str, data| Metric {
        name: name.to_owned(),
        unit: "s".to_owned(),
        data: Some(data),
        ..Default::default()
    };
    let sum =
        Sum { data_points: vec![number(Number::AsInt(4))], aggregation_temporality: 2, is_monotonic: true };
    let metrics = vec![
        metric("shop.fills", Data::Sum(sum)),
        metric("shop.permits", Data::Gauge(Gauge { data_points: vec![number(Number::AsDouble(0.25))] })),
        metric(
            "http.server.request.duration",
            Data::Histogram(Histogram { data_points: vec![buckets], aggregation_temporality: 2 }),
        ),
    ];
    let scope_metrics = vec![ScopeMetrics { metrics, ..Default::default() }];
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource()),
            scope_metrics,
            ..Default::default()
        }],
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// HTTP requests that send a message to a path, in each encoding.
fn over_http<M: Message + Serialize>(path: &str, message: &M) -> [Vec<u8>; 4] {
    let (protobuf, json) = (message.encode_to_vec(), serde_json::to_vec(message).unwrap());
    let line = format!("POST {path}");
    let [binary, text, packed] =
        ["content-type: application/x-protobuf", "content-type: application/json", "content-encoding: gzip"];
    [
        written(&line, &[binary], &protobuf),
        written(&line, &[text], &json),
        written(&line, &[binary, packed], gzip(&protobuf)),
        written(&line, &[text, packed], gzip(&json)),
    ]
}

#[test]
fn otlp_over_http() {
    let honest = [
        over_http("/v1/logs", &logs()),
        over_http("/v1/traces", &spans()),
        over_http("/v1/metrics", &metrics()),
    ]
    .concat();
    let runtime = runtime();
    target!("otlp-over-http", &honest, |input| {
        let Some(request) = read(input) else { return };
        let evidence = evidence();
        let router = problem::explained(receiver::http_router(evidence.clone()));
        let answer = runtime.block_on(send(&router, request));
        let usage = evidence.usage();
        must_be_bounded(&usage);
        let is_known = [200, 400, 404, 405, 413, 415].contains(&answer.status.as_u16());
        assert!(is_known, "{}", answer.status);
        if answer.status != StatusCode::OK {
            let held = usage.logs.held + usage.metrics.held + usage.spans.held;
            assert_eq!(held, 0, "{} was answered, and something is kept", answer.status);
        }
    });
}

/// A message in a gRPC frame.
fn framed(is_packed: bool, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[u8::from(is_packed)], &length[..], message].concat()
}

#[test]
fn otlp_over_grpc() {
    let call = |signal: &str, service: &str| {
        format!("POST /opentelemetry.proto.collector.{signal}.v1.{service}/Export")
    };
    let grpc = "content-type: application/grpc";
    let messages = [
        (call("logs", "LogsService"), logs().encode_to_vec()),
        (call("trace", "TraceService"), spans().encode_to_vec()),
        (call("metrics", "MetricsService"), metrics().encode_to_vec()),
    ];
    let honest = messages.iter().flat_map(|(line, message)| {
        [
            written(line, &[grpc, "te: trailers"], framed(false, message)),
            written(line, &[grpc, "grpc-encoding: gzip", "grpc-timeout: 1S"], framed(true, &gzip(message))),
        ]
    });
    let honest: Vec<Vec<u8>> = honest.collect();
    let runtime = runtime();
    target!("otlp-over-grpc", &honest, |input| {
        let Some(request) = read(input) else { return };
        let evidence = evidence();
        let answer = runtime.block_on(send(&receiver::grpc_router(evidence.clone()), request));
        must_be_bounded(&evidence.usage());
        assert!([200, 404, 405, 415].contains(&answer.status.as_u16()), "{}", answer.status);
        // The gRPC status is in the headers, or in the trailers, which a collected body no longer has. It must never report an internal
        // error.
        let code = |headers: &HeaderMap| {
            headers.get("grpc-status").map(|code| Bytes::copy_from_slice(code.as_bytes()))
        };
        let internal = [&b"2"[..], b"13", b"15"];
        assert!(code(&answer.headers).is_none_or(|code| !internal.contains(&&*code)), "{:?}", answer.headers);
    });
}
