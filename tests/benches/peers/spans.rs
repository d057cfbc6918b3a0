//! Batches of spans as an exporter sends them: 512 spans per batch, eight attributes per span, eight spans per trace.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};

/// The default batch size of OpenTelemetry's exporters.
pub(crate) const BATCH: u64 = 512;
const SPANS_PER_TRACE: u64 = 8;

/// The end of the spans, since 1970.
pub(crate) const TIME: Duration = Duration::from_secs(1_772_442_000);

/// The receiving store's clock, which stands still.
pub(crate) fn clock() -> SystemTime {
    UNIX_EPOCH + TIME
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

/// One batch. Each number gives different traces.
pub(crate) fn batch(number: u64) -> ExportTraceServiceRequest {
    let now = u64::try_from(TIME.as_nanos()).expect("nanoseconds of this century fit");
    let span = |n: u64| {
        let (trace, id) = ((number * BATCH + n) / SPANS_PER_TRACE + 1, n % SPANS_PER_TRACE + 1);
        let fails = trace.is_multiple_of(50) && id == 1;
        let mut attributes = vec![
            text("http.request.method", "GET"),
            text("http.route", "/p/{product}"),
            text("url.path", format!("/p/{}", n % 24)),
            text("server.address", "127.0.0.1"),
            text("shop.asset.id", format!("product-{}", n % 24)),
            pair("http.response.status_code", Value::IntValue(if fails { 500 } else { 200 })),
            pair("server.port", Value::IntValue(8_080)),
            pair("shop.asset.version", Value::IntValue(3)),
        ];
        attributes.extend(fails.then(|| text("error.type", "500")));
        Span {
            trace_id: u128::from(trace).to_be_bytes().to_vec(),
            span_id: id.to_be_bytes().to_vec(),
            parent_span_id: if id == 1 { Vec::new() } else { (id - 1).to_be_bytes().to_vec() },
            name: format!("GET /fragments/{}", id % 4),
            kind: 2,
            start_time_unix_nano: now - 50_000_000,
            end_time_unix_nano: now - n * 1_000,
            attributes,
            ..Default::default()
        }
    };
    let scope_spans = vec![ScopeSpans { spans: (0..BATCH).map(span).collect(), ..Default::default() }];
    let resource_spans =
        vec![ResourceSpans { resource: Some(resource()), scope_spans, ..Default::default() }];
    ExportTraceServiceRequest { resource_spans }
}
