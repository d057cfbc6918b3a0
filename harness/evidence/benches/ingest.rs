//! How much evidence can be taken per second, and what a span costs to hold.
//!
//! `cargo bench -p glyphfall-evidence`. Batches look like those of the shop: 512 rows, spans with eight attributes in
//! traces of eight, log records with five. In process, and over HTTP as gzipped protobuf, decoding included.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use criterion::{BatchSize, Criterion, Throughput};
use evidence::{Evidence, Limits, receiver};
use flate2::{Compression, write::GzEncoder};
use http::Request;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use tower::ServiceExt as _;

/// The batch of OpenTelemetry's exporters.
const BATCH: u64 = 512;
const SPANS_PER_TRACE: u64 = 8;
const NOW: u64 = 1_700_000_000_000_000_000;

fn main() {
    // First, while the process has freed nothing that it could use again.
    bytes_per_span();
    let mut criterion = Criterion::default().configure_from_args();
    in_process(&mut criterion);
    over_http(&mut criterion);
    criterion.final_summary();
}

fn in_process(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("in process");
    group.throughput(Throughput::Elements(BATCH));
    let (evidence, mut batch) = (store(), 0..);
    let mut next = || spans(batch.next().unwrap_or_default());
    group.bench_function("spans", |bencher| {
        bencher.iter_batched(&mut next, |request| evidence.take_traces(&request), BatchSize::SmallInput);
    });
    let (evidence, mut batch) = (store(), 0..);
    let mut next = || logs(batch.next().unwrap_or_default());
    group.bench_function("logs", |bencher| {
        bencher.iter_batched(&mut next, |request| evidence.take_logs(&request), BatchSize::SmallInput);
    });
}

fn over_http(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("over HTTP, gzip");
    group.throughput(Throughput::Elements(BATCH));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be built");
    let (router, mut batch) = (receiver::http_router(store()), 0..);
    let mut next = || {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&spans(batch.next().unwrap_or_default()).encode_to_vec())
            .expect("a Vec takes every write");
        let request = Request::post("/v1/traces")
            .header("content-type", "application/x-protobuf")
            .header("content-encoding", "gzip");
        request
            .body(Body::from(gzip.finish().expect("a Vec takes every write")))
            .expect("the parts are valid")
    };
    group.bench_function("spans", |bencher| {
        let send = |request| runtime.block_on(router.clone().oneshot(request)).expect("a router never fails");
        bencher.iter_batched(&mut next, send, BatchSize::SmallInput);
    });
}

/// As the store counts them, and as the process grew: what the store counts should not be much less than what it takes.
fn bytes_per_span() {
    let evidence = Evidence::new(Limits { bytes_max: 1 << 30, ..Limits::default() }, clock);
    let before = resident_bytes();
    for batch in 0..400 {
        evidence.take_traces(&spans(batch));
    }
    let (usage, grown) = (evidence.usage(), resident_bytes().saturating_sub(before));
    let per_span = |bytes: usize| bytes as f64 / usage.spans.held as f64;
    eprintln!(
        "{} spans held: {:.0} bytes per span as counted, {:.0} as the process grew",
        usage.spans.held,
        per_span(usage.bytes),
        per_span(grown)
    );
}

/// Resident memory by `/proc/self/statm`, whose second figure is in pages of 4 KiB; 0 where there is no such file.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn store() -> Evidence {
    Evidence::new(Limits::default(), clock)
}

fn clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(NOW)
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

fn text(key: &str, value: impl Into<String>) -> KeyValue {
    pair(key, Value::StringValue(value.into()))
}

fn resource() -> Resource {
    let attributes = vec![
        text("service.name", "web-front"),
        text("service.version", "0.1.0"),
        text("service.instance.id", "b6b4b7c0-5b1b-4b7e-9b43-6a2f3c1d2e3f"),
        text("telemetry.sdk.language", "rust"),
    ];
    Resource { attributes, ..Default::default() }
}

fn spans(batch: u64) -> ExportTraceServiceRequest {
    let span = |n: u64| {
        let (trace, id) = ((batch * BATCH + n) / SPANS_PER_TRACE + 1, n % SPANS_PER_TRACE + 1);
        Span {
            trace_id: u128::from(trace).to_be_bytes().to_vec(),
            span_id: id.to_be_bytes().to_vec(),
            parent_span_id: if id == 1 { Vec::new() } else { (id - 1).to_be_bytes().to_vec() },
            name: format!("GET /fragments/{}", id % 4),
            kind: 2,
            start_time_unix_nano: NOW - 50_000_000,
            end_time_unix_nano: NOW - n * 1_000,
            attributes: vec![
                text("http.request.method", "GET"),
                text("http.route", "/p/{product}"),
                text("url.path", format!("/p/{}", n % 24)),
                text("server.address", "127.0.0.1"),
                text("shop.asset.id", format!("product-{}", n % 24)),
                pair("http.response.status_code", Value::IntValue(200)),
                pair("server.port", Value::IntValue(8_080)),
                pair("shop.asset.version", Value::IntValue(3)),
            ],
            ..Default::default()
        }
    };
    let scope_spans = vec![ScopeSpans { spans: (0..BATCH).map(span).collect(), ..Default::default() }];
    let resource_spans =
        vec![ResourceSpans { resource: Some(resource()), scope_spans, ..Default::default() }];
    ExportTraceServiceRequest { resource_spans }
}

fn logs(batch: u64) -> ExportLogsServiceRequest {
    let record = |n: u64| LogRecord {
        time_unix_nano: NOW - n,
        severity_number: if n.is_multiple_of(8) { 17 } else { 9 },
        body: Some(AnyValue {
            value: Some(Value::StringValue("could not read the answer of the store".into())),
        }),
        attributes: vec![
            text("shop.asset.id", format!("product-{}", n % 24)),
            pair("shop.asset.version", Value::IntValue(3)),
            pair("attempt", Value::IntValue(4)),
            text("error.type", "unparseable"),
            text(
                "exception.message",
                "control character (\\u000b) found while parsing a string at line 1 column 45",
            ),
        ],
        trace_id: u128::from(batch + 1).to_be_bytes().to_vec(),
        span_id: (n + 1).to_be_bytes().to_vec(),
        ..Default::default()
    };
    let scope_logs = vec![ScopeLogs { log_records: (0..BATCH).map(record).collect(), ..Default::default() }];
    let resource_logs = vec![ResourceLogs { resource: Some(resource()), scope_logs, ..Default::default() }];
    ExportLogsServiceRequest { resource_logs }
}
