//! Whatever structures arrive, nothing panics and all bounds hold. `tests/tests/fuzz` covers bytes and queries of every kind.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use crate::support::{self, World, at, gauge, histogram, logs, metrics, spans, sum};
use evidence::{Function, LogQuery, MetricQuery, Sort, TraceQuery, UnixTime, Usage, waterfall};
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::{
    HistogramDataPoint, Metric, NumberDataPoint, number_data_point,
};
use opentelemetry_proto::tonic::trace::v1::{Span, Status, span::Event, span::Link};
use proptest::collection::vec;
use proptest::prelude::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]", "\\PC{0,200}", ".{0,20}", Just("service.name".to_owned()), Just("x".repeat(20_000))]
}

fn value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        text().prop_map(Value::StringValue),
        any::<bool>().prop_map(Value::BoolValue),
        any::<i64>().prop_map(Value::IntValue),
        any::<f64>().prop_map(Value::DoubleValue),
        vec(any::<u8>(), 0..40).prop_map(Value::BytesValue),
        any::<i32>().prop_map(Value::StringValueStrindex),
    ];
    let one = |value: Value| AnyValue { value: Some(value) };
    let leaf = prop_oneof![Just(AnyValue { value: None }), leaf.prop_map(one)];
    leaf.prop_recursive(12, 40, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(move |values| one(Value::ArrayValue(ArrayValue { values }))),
            vec((text(), inner), 0..4).prop_map(move |pairs| {
                let values = pairs.into_iter().map(|(key, value)| support::pair(&key, value)).collect();
                one(Value::KvlistValue(KeyValueList { values }))
            }),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec((text(), proptest::option::of(value())), 0..6).prop_map(|pairs| {
        pairs.into_iter().map(|(key, value)| KeyValue { key, value, ..Default::default() }).collect()
    })
}

/// Times around now, and any others.
fn nanos() -> impl Strategy<Value = u64> {
    prop_oneof![(0..200_u32).prop_map(|s| at(f64::from(s))), any::<u64>(), Just(0), Just(u64::MAX)]
}

fn id(bytes: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![(0..4_u8).prop_map(move |n| vec![n; bytes]), vec(any::<u8>(), 0..20)]
}

pub(crate) fn log_record() -> impl Strategy<Value = LogRecord> {
    let strategy =
        (nanos(), nanos(), any::<i32>(), proptest::option::of(value()), attributes(), id(16), id(8), text());
    strategy.prop_map(
        |(
            time_unix_nano,
            observed_time_unix_nano,
            severity_number,
            body,
            attributes,
            trace_id,
            span_id,
            event_name,
        )| {
            LogRecord {
                time_unix_nano,
                observed_time_unix_nano,
                severity_number,
                body,
                attributes,
                trace_id,
                span_id,
                event_name,
                ..Default::default()
            }
        },
    )
}

pub(crate) fn span() -> impl Strategy<Value = Span> {
    let link = (id(16), id(8), attributes()).prop_map(|(trace_id, span_id, attributes)| Link {
        trace_id,
        span_id,
        attributes,
        ..Default::default()
    });
    let event = (nanos(), text(), attributes()).prop_map(|(time_unix_nano, name, attributes)| Event {
        time_unix_nano,
        name,
        attributes,
        ..Default::default()
    });
    let ids = (id(16), id(8), id(8));
    let rest = (
        text(),
        any::<i32>(),
        nanos(),
        nanos(),
        attributes(),
        vec(link, 0..3),
        vec(event, 0..3),
        any::<i32>(),
        text(),
    );
    (ids, rest).prop_map(
        |(
            (trace_id, span_id, parent_span_id),
            (name, kind, start, end, attributes, links, events, code, message),
        )| Span {
            trace_id,
            span_id,
            parent_span_id,
            name,
            kind,
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes,
            links,
            events,
            status: Some(Status { code, message }),
            ..Default::default()
        },
    )
}

pub(crate) fn metric() -> impl Strategy<Value = Metric> {
    let number = (attributes(), nanos(), nanos(), any::<f64>(), any::<u32>()).prop_map(
        |(attributes, start, time, value, flags)| NumberDataPoint {
            attributes,
            start_time_unix_nano: start,
            time_unix_nano: time,
            value: Some(number_data_point::Value::AsDouble(value)),
            flags: flags & 2,
            ..Default::default()
        },
    );
    let buckets = (attributes(), nanos(), nanos(), vec(any::<u64>(), 0..6), vec(any::<f64>(), 0..5))
        .prop_map(|(attributes, start, time, bucket_counts, explicit_bounds)| HistogramDataPoint {
            attributes,
            start_time_unix_nano: start,
            time_unix_nano: time,
            count: 7,
            sum: Some(1.5),
            bucket_counts,
            explicit_bounds,
            ..Default::default()
        });
    let number = number.boxed();
    prop_oneof![
        (text(), text(), 0..4_i32, vec(number.clone(), 0..4))
            .prop_map(|(name, unit, temporality, points)| sum(&name, &unit, temporality, points)),
        (text(), text(), vec(number, 0..4)).prop_map(|(name, unit, points)| gauge(&name, &unit, points)),
        (text(), text(), vec(buckets, 0..4)).prop_map(|(name, unit, points)| histogram(&name, &unit, points)),
    ]
}

/// Runs every query.
fn ask_everything(world: &World) {
    let evidence = &world.evidence;
    let found = evidence.logs(&LogQuery { text: Some("a".into()), ..LogQuery::default() });
    serde_json::to_string(&found).unwrap();
    serde_json::to_string(&evidence.changes(UnixTime::default(), UnixTime::MAX)).unwrap();
    for trace in evidence.traces(&TraceQuery::default()).traces {
        let drawn = waterfall::draw(&evidence.trace(trace.trace_id).unwrap());
        assert!(drawn.lines().all(|line| line.chars().count() <= 80), "{drawn}");
        assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'), "{drawn:?}");
    }
    for metric in evidence.metrics() {
        for function in [Function::Range, Function::Rate, Function::Quantile(0.9), Function::Ratio(vec![])] {
            let (from, to, step) =
                (support::time(0.0), support::time(200.0), std::time::Duration::from_secs(20));
            let (name, service, attributes, by, window) = (metric.name.clone(), None, vec![], None, step);
            evidence
                .metric(&MetricQuery { name, function, service, attributes, by, from, to, step, window })
                .ok();
        }
    }
    evidence.requests(Sort::Slow, None, None, UnixTime::default(), UnixTime::MAX);
    evidence.alerts();
    let page = evidence.exposition();
    assert!(page.lines().all(|line| line.starts_with('#') || line.contains(' ')), "{page}");
}

pub(crate) fn check_bounds(usage: &Usage) {
    assert!(usage.bytes <= usage.bytes_max, "{usage:?}");
    for signal in [&usage.logs, &usage.metrics, &usage.spans] {
        let refused: u64 = signal.refused.values().sum();
        let gone = signal.evicted.by_age + signal.evicted.by_bytes + signal.evicted.by_newcomers;
        let gone = gone + refused + signal.duplicates + signal.folded;
        assert_eq!(signal.received, signal.held + gone, "{signal:?}");
        assert!(signal.held > 0 || signal.bytes == 0, "{signal:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Structures of every kind, in a store so small that it evicts most of them.
    #[test]
    fn any_structures_are_kept_within_bounds(
        batches in vec((vec(log_record(), 0..20), vec(span(), 0..20), vec(metric(), 0..10), text()), 1..6),
    ) {
        let world = World::small(100_000);
        for (second, (log_records, some_spans, some_metrics, service)) in (0..).step_by(40).zip(batches) {
            world.go_to(f64::from(second));
            world.evidence.take_logs(&logs(&service, log_records));
            world.evidence.take_traces(&spans(&service, some_spans));
            world.evidence.take_metrics(&metrics(&service, some_metrics));
            check_bounds(&world.evidence.usage());
        }
        ask_everything(&world);
        // After everything has expired, one more round leaves nothing behind.
        world.go_to(100_000.0);
        world.evidence.take_logs(&logs("s", vec![]));
        world.evidence.take_traces(&spans("s", vec![]));
        world.evidence.take_metrics(&metrics("s", vec![]));
        check_bounds(&world.evidence.usage());
    }
}
