//! Metrics: lines, rates, quantiles and limits, and the alerts on them.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::time::Duration;

use crate::support::{
    CUMULATIVE, DELTA, World, buckets, gauge, histogram, metrics, number, pair, sum, text, time,
};
use evidence::{Function, MetricKind, MetricQuery, QueryError, Refusal, UnixTime};
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Metric, NumberDataPoint, metric::Data,
};

fn question(name: &str, function: Function, from: f64, to: f64, step: f64) -> MetricQuery {
    MetricQuery {
        name: name.to_owned(),
        function,
        service: None,
        attributes: Vec::new(),
        by: Some(Vec::new()),
        from: time(from),
        to: time(to),
        step: Duration::from_secs_f64(step),
        window: Duration::from_secs_f64(step),
    }
}

/// The values of the only line, by second.
fn line(world: &World, query: &MetricQuery) -> Vec<(f64, f64)> {
    let answer = world.evidence.metric(query).unwrap().unwrap();
    assert_eq!(answer.lines.len(), 1, "{answer:?}");
    answer.lines[0].points.iter().map(|(at, value)| (at.seconds_since(time(0.0)), *value)).collect()
}

#[test]
fn a_rate_is_the_same_from_totals_and_from_differences_and_over_a_restart() {
    let world = World::default();
    let route = [("http.route", "/")];
    for (second, total, difference, restarted) in
        [(0.0, 0, 0, 0), (10.0, 50, 50, 50), (20.0, 70, 20, 70), (30.0, 170, 100, 100), (40.0, 170, 0, 100)]
    {
        world.go_to(second);
        let start = if second < 25.0 { 0.0 } else { 25.0 };
        let told = vec![
            sum("total", "1", CUMULATIVE, vec![number(0.0, second, total, &route)]),
            sum("difference", "1", DELTA, vec![number(0.0, second, difference, &route)]),
            sum("restarted", "1", CUMULATIVE, vec![number(start, second, restarted, &route)]),
        ];
        world.evidence.take_metrics(&metrics("web-front", told));
    }
    for name in ["total", "difference", "restarted"] {
        let rate = line(&world, &question(name, Function::Rate, 10.0, 40.0, 10.0));
        assert_eq!(rate, [(10.0, 5.0), (20.0, 2.0), (30.0, 10.0), (40.0, 0.0)], "{name}");
        let rate = line(&world, &question(name, Function::Rate, 40.0, 40.0, 40.0));
        assert_eq!(rate, [(40.0, 170.0 / 40.0)], "{name}");
    }
}

#[test]
fn lines_are_told_apart_or_added_up_as_asked() {
    let world = World::default();
    for (service, second, hits, misses) in
        [("cache", 0.0, 0, 0), ("other", 0.0, 0, 0), ("cache", 10.0, 30, 10), ("other", 10.0, 5, 5)]
    {
        world.go_to(second);
        let points = vec![
            number(0.0, second, hits, &[("outcome", "hit"), ("zone", "a")]),
            number(0.0, second, misses, &[("outcome", "miss"), ("zone", "a")]),
        ];
        world
            .evidence
            .take_metrics(&metrics(service, vec![sum("requests", "{request}", CUMULATIVE, points)]));
    }
    let last = |query: &MetricQuery| -> Vec<(String, f64)> {
        let lines = world.evidence.metric(query).unwrap().unwrap().lines.into_iter();
        lines
            .map(|line| {
                (line.labels.into_values().collect::<Vec<_>>().join(" "), line.points.last().unwrap().1)
            })
            .collect()
    };
    let any = question("requests", Function::Range, 10.0, 10.0, 1.0);
    let named = |pairs: &[(&str, f64)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect::<Vec<_>>()
    };
    let by = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let hit = vec![("outcome".to_owned(), "hit".to_owned())];
    assert_eq!(last(&any), named(&[("", 50.0)]));
    assert_eq!(
        last(&MetricQuery { by: by(&["outcome"]), ..any.clone() }),
        named(&[("hit", 35.0), ("miss", 15.0)])
    );
    assert_eq!(
        last(&MetricQuery { service: Some("other".into()), attributes: hit.clone(), ..any.clone() }),
        named(&[("", 5.0)])
    );
    let each = named(&[
        ("hit 1 cache a", 30.0),
        ("miss 1 cache a", 10.0),
        ("hit 1 other a", 5.0),
        ("miss 1 other a", 5.0),
    ]);
    assert_eq!(last(&MetricQuery { by: None, ..any.clone() }).len(), 4);
    for line in each {
        assert!(last(&MetricQuery { by: None, ..any.clone() }).contains(&line), "{line:?}");
    }
    let ratio = MetricQuery {
        function: Function::Ratio(hit),
        by: by(&["service.name"]),
        window: Duration::from_secs(10),
        ..any
    };
    assert_eq!(last(&ratio), named(&[("cache", 0.75), ("other", 0.5)]));
}

#[test]
fn a_gauge_is_shown_until_it_is_stale() {
    let world = World::default();
    world.go_to(10.0);
    world.evidence.take_metrics(&metrics(
        "cache",
        vec![gauge("permits.held", "{permit}", vec![number(0.0, 10.0, 64, &[])])],
    ));
    let shown = line(&world, &question("permits.held", Function::Range, 0.0, 200.0, 50.0));
    assert_eq!(shown, [(50.0, 64.0), (100.0, 64.0)]);
}

#[test]
fn a_gauge_of_an_instance_ends_when_another_has_followed_it() {
    let world = World::default();
    let tell = |instance: &str, second: f64, permits: i64| {
        world.go_to(second);
        let told = gauge("permits.held", "{permit}", vec![number(0.0, second, permits, &[])]);
        let mut request = metrics("cache", vec![told]);
        let resource = request.resource_metrics[0].resource.as_mut().unwrap();
        resource.attributes.retain(|attribute| attribute.key != "service.instance.id");
        resource.attributes.push(pair("service.instance.id", text(instance)));
        world.evidence.take_metrics(&request);
    };
    // The first instance is gone when the second begins. The third reports beside the second.
    for (instance, second, permits) in
        [("1", 10.0, 64), ("2", 20.0, 1), ("3", 30.0, 2), ("2", 40.0, 1), ("3", 40.0, 2)]
    {
        tell(instance, second, permits);
    }
    let shown = line(&world, &question("permits.held", Function::Range, 10.0, 50.0, 10.0));
    assert_eq!(shown, [(10.0, 64.0), (20.0, 1.0), (30.0, 3.0), (40.0, 3.0), (50.0, 3.0)]);
    let scraped = world.evidence.exposition();
    assert!(!scraped.contains(" 64"), "{scraped}");
}

/// The expected values are computed by hand, with the formula that the query documents.
#[test]
fn quantiles_are_those_worked_out_by_hand() {
    let check = |bounds: &[f64], counts: &[u64], q: f64, expected: Option<f64>| {
        let world = World::default();
        world.go_to(10.0);
        let zero = vec![0; counts.len()];
        for (second, counts) in [(1.0, zero.as_slice()), (10.0, counts)] {
            let told = histogram("duration", "s", vec![buckets(second, bounds, counts, &[])]);
            world.evidence.take_metrics(&metrics("web-front", vec![told]));
        }
        let query = question("duration", Function::Quantile(q), 10.0, 10.0, 9.0);
        let answer = world.evidence.metric(&query).unwrap().unwrap();
        let value = answer.lines[0].points.first().map(|point| point.1);
        let close = match (value, expected) {
            (Some(value), Some(expected)) => (value - expected).abs() < 1e-9,
            (value, expected) => value == expected,
        };
        assert!(close, "{counts:?} q={q}: {value:?}, expected {expected:?}");
    };
    let bounds = [0.1, 0.5, 1.0];
    // Rank 50 of 100: 40 below 0.1, the next 40 in (0.1, 0.5]: 0.1 + 0.4 * 10 / 40.
    check(&bounds, &[40, 40, 15, 5], 0.5, Some(0.2));
    // Rank 90: ten of fifteen in (0.5, 1].
    check(&bounds, &[40, 40, 15, 5], 0.9, Some(0.5 + 0.5 * 10.0 / 15.0));
    // Beyond the last bound only that bound is known.
    check(&bounds, &[40, 40, 15, 5], 0.99, Some(1.0));
    // The first bucket begins at zero.
    check(&bounds, &[40, 40, 15, 5], 0.2, Some(0.05));
    check(&bounds, &[40, 40, 15, 5], 0.0, Some(0.0));
    check(&bounds, &[0, 0, 10, 0], 0.0, Some(0.5));
    check(&[-1.0, 1.0], &[10, 0, 0], 0.5, Some(-1.0));
    check(&[], &[7], 0.5, None);
    check(&bounds, &[0, 0, 0, 0], 0.5, None);
}

#[test]
fn a_wrong_question_is_told_from_one_without_an_answer() {
    let world = World::default();
    world.evidence.take_metrics(&metrics("s", vec![gauge("level", "1", vec![number(0.0, 0.0, 1, &[])])]));
    let ask = |name, function, step| world.evidence.metric(&question(name, function, 0.0, 100.0, step));
    assert_eq!(ask("unknown", Function::Range, 1.0), Ok(None));
    assert_eq!(ask("level", Function::Quantile(1.5), 1.0), Err(QueryError::Quantile));
    assert_eq!(ask("level", Function::Rate, 1.0), Err(QueryError::Function { kind: MetricKind::Gauge }));
    assert!(matches!(ask("level", Function::Range, 0.01), Err(QueryError::Points)));
    let for_ever = MetricQuery { to: UnixTime::MAX, ..question("level", Function::Range, 0.0, 0.0, 1e9) };
    assert!(world.evidence.metric(&for_ever).is_ok());
}

#[test]
fn points_that_cannot_be_are_refused_and_counted() {
    let world = World::default();
    world.go_to(100.0);
    let double = |value: f64| NumberDataPoint {
        value: Some(opentelemetry_proto::tonic::metrics::v1::number_data_point::Value::AsDouble(value)),
        ..number(0.0, 50.0, 0, &[])
    };
    let data = |data| Metric { name: "other".into(), data, ..Default::default() };
    let exponential = ExponentialHistogram {
        data_points: vec![ExponentialHistogramDataPoint::default(); 3],
        ..Default::default()
    };
    let told = vec![
        sum(
            "a",
            "1",
            CUMULATIVE,
            vec![number(0.0, 50.0, 5, &[]), number(0.0, 50.0, 5, &[]), number(0.0, 40.0, 5, &[])],
        ),
        sum("a", "s", CUMULATIVE, vec![number(0.0, 60.0, 5, &[])]),
        sum(
            "b",
            "1",
            CUMULATIVE,
            vec![double(f64::NAN), double(-1.0), NumberDataPoint { value: None, ..double(0.0) }],
        ),
        sum("c", "1", 0, vec![double(1.0)]),
        histogram(
            "d",
            "s",
            vec![buckets(50.0, &[1.0, 1.0], &[1, 2, 3], &[]), buckets(50.0, &[1.0], &[1], &[])],
        ),
        gauge("e", "1", vec![NumberDataPoint { flags: 1, ..double(1.0) }, number(0.0, 200.0, 1, &[])]),
        data(Some(Data::ExponentialHistogram(exponential))),
        data(None),
    ];
    let taken = world.evidence.take_metrics(&metrics("s", told));
    let usage = world.evidence.usage().metrics;
    let refused: Vec<(Refusal, u64)> =
        usage.refused.iter().map(|(reason, count)| (*reason, *count)).collect();
    assert_eq!(refused, [(Refusal::OutOfOrder, 1), (Refusal::Malformed, 7), (Refusal::Unsupported, 3)]);
    assert_eq!((taken.refused, usage.duplicates, usage.clamped, usage.held), (11, 1, 1, 3));
    assert_eq!(usage.received, usage.held + usage.duplicates + taken.refused);
}

#[test]
fn a_million_attribute_sets_stay_bounded_and_add_up() {
    let world = World::small(16 * 1024 * 1024);
    for batch in 0..100_u32 {
        let second = f64::from(batch);
        world.go_to(second);
        let point = |n| number(0.0, second, 1, &[("user.id", &format!("{batch}-{n}"))]);
        let points = (0..10_000).map(point).collect();
        world.evidence.take_metrics(&metrics("s", vec![sum("logins", "1", DELTA, points)]));
    }
    let usage = world.evidence.usage();
    assert_eq!((usage.metrics.received, usage.series), (1_000_000, 2_000));
    assert!(usage.bytes <= usage.bytes_max, "{usage:?}");
    assert_eq!(usage.metrics.received, usage.metrics.held + usage.metrics.folded);
    // 1,999 sets have their own series, and one series holds the running total of the rest: 10,000 a second after the first second.
    let overflow = vec![("otel.metric.overflow".to_owned(), "true".to_owned())];
    for (function, expected) in [(Function::Range, 508_001.0), (Function::Rate, 10_000.0)] {
        let attributes = overflow.clone();
        let query = MetricQuery { attributes, ..question("logins", function, 50.0, 50.0, 10.0) };
        assert_eq!(line(&world, &query), [(50.0, expected)]);
    }
    assert!(world.evidence.exposition().contains("otel_metric_overflow=\"true\""));
}

#[test]
fn old_points_leave_and_names_are_bounded() {
    let world = World::small(4 * 1024 * 1024);
    for second in 0..3_000_u32 {
        world.go_to(f64::from(second));
        let points =
            (0..50).map(|n| number(0.0, f64::from(second), i64::from(second), &[("n", &n.to_string())]));
        world.evidence.take_metrics(&metrics("s", vec![sum("busy", "1", CUMULATIVE, points.collect())]));
    }
    let usage = world.evidence.usage();
    assert!(usage.metrics.evicted.by_bytes > 0 && usage.bytes <= usage.bytes_max, "{usage:?}");
    assert_eq!(usage.metrics.received, usage.metrics.held + usage.metrics.evicted.by_bytes);
    // What remains gives the same results as before.
    let busy = MetricQuery { by: Some(vec![]), ..question("busy", Function::Rate, 2_999.0, 2_999.0, 10.0) };
    assert_eq!(line(&world, &busy), [(2_999.0, 50.0)]);

    let names =
        (0..2_000).map(|n| gauge(&format!("name-{n}"), "1", vec![number(0.0, 2_999.0, 1, &[])])).collect();
    let taken = world.evidence.take_metrics(&metrics("s", names));
    assert_eq!((taken.refused, world.evidence.metrics().len()), (1_001, 1_000));
}

/// Ten visits a second, all of them failing from second 300 to second 360.
#[test]
fn alerts_fire_soon_after_the_loss_and_are_resolved_soon_after_the_end() {
    let world = World::default();
    let (mut served, mut failed) = (0, 0);
    for second in 0..=900_u32 {
        let second = f64::from(second);
        world.go_to(second);
        let is_down = (300.0..360.0).contains(&second);
        (served, failed) = if is_down { (served, failed + 10) } else { (served + 10, failed) };
        let points = vec![
            number(0.0, second, served, &[("http.route", "/"), ("outcome", "served")]),
            number(0.0, second, failed, &[("http.route", "/"), ("outcome", "failed")]),
        ];
        world.evidence.take_metrics(&metrics(
            "customers",
            vec![sum("shop.customer.visits", "{visit}", CUMULATIVE, points)],
        ));
    }
    let alerts = world.evidence.alerts();
    let history: Vec<_> =
        alerts.history.iter().map(|e| (e.rule.as_str(), e.firing, e.time.seconds_since(time(0.0)))).collect();
    assert_eq!(
        history,
        [
            // 10 of the last 600 visits failed, 1.67 %: a burn rate of 16.7. In the last five seconds it was a fifth.
            ("fast-burn", true, 300.0),
            // 10 of all 3,000 visits: a burn rate of 3.3, enough for the slowest rule. For the middle one 20 of 3,010
            // are, with 6.6.
            ("leak", true, 300.0),
            ("slow-burn", true, 301.0),
            // The last failures are reported at 359 s. They leave the short windows of 5 s, 30 s and 6 min.
            ("fast-burn", false, 364.0),
            ("slow-burn", false, 389.0),
            ("leak", false, 719.0),
        ]
    );
    assert!(alerts.rules.iter().all(|alert| !alert.firing && alert.since.is_some()));
}
