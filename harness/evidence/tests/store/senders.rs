//! Many senders to one store: none owns a name, none fills a table for good, and the shop's own services always find a place.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::BTreeSet;
use std::time::Duration;

use crate::structures::check_bounds;
use crate::support::{
    self, CUMULATIVE, World, buckets, event, failed, gauge, histogram, log, logs, metrics, number, pairs,
    server, span, spans, sum,
};
use evidence::{Function, Limits, LogQuery, MetricQuery, TraceQuery, UnixTime};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;

fn world_of_cache(bytes_max: usize) -> World {
    let own_services = vec!["cache".to_owned()];
    World::new(Limits { bytes_max, own_services, ..Limits::default() })
}

fn question(name: &str, service: Option<&str>, function: Function) -> MetricQuery {
    let (from, to, step) = (support::time(100.0), support::time(100.0), Duration::from_secs(100));
    let (name, service) = (name.to_owned(), service.map(str::to_owned));
    MetricQuery {
        name,
        service,
        function,
        attributes: vec![],
        by: Some(vec![]),
        from,
        to,
        step,
        window: step,
    }
}

fn value(world: &World, query: &MetricQuery) -> Option<f64> {
    world.evidence.metric(query).unwrap().and_then(|answer| Some(answer.lines.first()?.points.first()?.1))
}

#[test]
fn a_name_belongs_to_nobody() {
    let world = world_of_cache(1 << 26);
    world.go_to(100.0);
    let name = "http.server.request.duration";
    let taken = gauge(name, "ms", vec![number(0.0, 100.0, 1, &[])]);
    world.evidence.take_metrics(&metrics("first", vec![taken]));
    let own = histogram(name, "s", vec![buckets(100.0, &[0.1], &[3, 1], &[])]);
    let told = world.evidence.take_metrics(&metrics("cache", vec![own]));
    assert_eq!((told.refused, world.evidence.usage().metrics.held), (0, 2));
    let units: Vec<String> = world.evidence.metrics().into_iter().map(|metric| metric.unit).collect();
    assert_eq!(units, ["ms", "s"]);
    // A query by name alone gets own services' values. A query by service gets that sender's.
    for (service, expected) in [(None, 4.0), (Some("cache"), 4.0), (Some("first"), 1.0)] {
        assert_eq!(value(&world, &question(name, service, Function::Range)), Some(expected), "{service:?}");
    }
}

#[test]
fn strangers_do_not_ring_the_alarm() {
    let visits = |service: &str, second: f64, served, lost| {
        let points = vec![
            number(0.0, second, served, &[("outcome", "served")]),
            number(0.0, second, lost, &[("outcome", "failed")]),
        ];
        metrics(service, vec![sum("shop.customer.visits", "{visit}", CUMULATIVE, points)])
    };
    for (own, expected) in [("cache", false), ("stranger", true)] {
        let world = World::new(Limits { own_services: vec![own.to_owned()], ..Limits::default() });
        for (second, so_far) in [(1.0, 100), (2.0, 200), (3.0, 300)] {
            world.go_to(second);
            world.evidence.take_metrics(&visits("cache", second, so_far, 0));
            world.evidence.take_metrics(&visits("stranger", second, 0, so_far));
        }
        assert_eq!(world.evidence.alerts().rules[0].firing, expected, "{own}");
    }
}

/// A process of a service without an instance id; it sends only the attributes that its SDK detects.
fn process(service: &str, pid: i64) -> Resource {
    let mut attributes = pairs(&[("service.name", service)]);
    attributes.push(support::pair("process.pid", support::int(pid)));
    Resource { attributes, ..Default::default() }
}

#[test]
fn short_lived_senders_keep_nobody_out() {
    let world = world_of_cache(1 << 26);
    world.go_to(10.0);
    for pid in 0..2_000 {
        let mut request = logs("curl", vec![log(1.0, 9, "once")]);
        request.resource_logs[0].resource = Some(process("curl", pid));
        assert_eq!(world.evidence.take_logs(&request).refused, 0, "{pid}");
    }
    let mut restarted = logs("cache", vec![log(2.0, 9, "started")]);
    restarted.resource_logs[0].resource = Some(process("cache", 2_000));
    assert_eq!(world.evidence.take_logs(&restarted).refused, 0);
    let of_cache = LogQuery { service: Some("cache".into()), ..LogQuery::default() };
    assert_eq!(world.evidence.logs(&of_cache).logs.len(), 1);
    check_bounds(&world.evidence.usage());
}

/// Strangers fill every table. What own services reported before and report afterwards stays.
#[test]
fn strangers_take_no_place_from_own_services() {
    let world = world_of_cache(4 << 20);
    world.go_to(100.0);
    let tell = |n: u32, service: &str, many: u32| {
        let names = (0..many).map(|m| format!("{service}-{n}-{m}")).collect::<Vec<_>>();
        let points = |name: &str| vec![number(0.0, 100.0 + f64::from(n), 1, &[("of", name)])];
        let gauges = names.iter().map(|name| gauge(name, "1", points(name))).collect();
        let told = names.iter().enumerate().map(|(m, name)| {
            let second = 100.0 + f64::from(n) + m as f64 / 1e3;
            [event(second, name, &[]), log(second, 17, name)]
        });
        let told: Vec<_> = told.flatten().collect();
        let requests = names.iter().enumerate().map(|(m, name)| {
            let trace = u128::from(n) << 32 | m as u128 | 1 << 100 | u128::from(service == "cache") << 110;
            failed(server(span(trace, 1, 0, name, 100.0, 100.0), &format!("/{name}")), "no")
        });
        let requests = requests.collect();
        world.go_to(100.0 + f64::from(n));
        world.evidence.take_metrics(&metrics(service, gauges)).refused
            + world.evidence.take_logs(&logs(service, told)).refused
            + world.evidence.take_traces(&spans(service, requests)).refused
    };
    let own = |world: &World| {
        let evidence = &world.evidence;
        let service = || Some("cache".to_owned());
        let changes = evidence.changes(UnixTime::default(), UnixTime::MAX).changes;
        let (from, to) = (UnixTime::default(), UnixTime::MAX);
        (
            evidence.logs(&LogQuery { service: service(), limit: 1_000, ..LogQuery::default() }).logs.len(),
            changes.iter().filter(|change| change.service == "cache").count(),
            evidence
                .traces(&TraceQuery { service: service(), limit: 1_000, ..TraceQuery::default() })
                .traces
                .len(),
            evidence.metrics().iter().filter(|metric| metric.name.starts_with("cache-")).count(),
            evidence.requests(evidence::Sort::Failed, Some("cache"), None, from, to).len(),
        )
    };
    assert_eq!(tell(0, "cache", 20), 0);
    assert_eq!(own(&world), (40, 20, 20, 20, 20));
    for n in 1..60 {
        assert_eq!(tell(n, &format!("stranger-{n}"), 500), 0, "strangers give way to each other");
        check_bounds(&world.evidence.usage());
    }
    assert_eq!(tell(60, "cache", 20), 0);
    assert_eq!(own(&world), (80, 40, 40, 40, 40));
    let usage = world.evidence.usage();
    assert!(usage.metrics.evicted.by_newcomers > 0, "{usage:?}");
    let last = LogQuery { service: Some("stranger-59".into()), ..LogQuery::default() };
    assert!(!world.evidence.logs(&last).logs.is_empty(), "the newest strangers are there");
}

#[test]
fn instances_that_are_gone_leave_their_series_to_new_ones() {
    let world = World::default();
    let mut second = 0.0;
    for instance in 0..60 {
        second += 400.0;
        world.go_to(second);
        let points = |m: u32| (0..400).map(move |n| number(second, second, 1, &[("n", &format!("{m}-{n}"))]));
        let told = (0..2).map(|m| sum(&format!("m{m}"), "1", CUMULATIVE, points(m).collect())).collect();
        let mut request = metrics("cache", told);
        request.resource_metrics[0].resource = Some(process("cache", instance));
        assert_eq!(world.evidence.take_metrics(&request).refused, 0, "{instance}");
        let page = world.evidence.exposition();
        assert!(!page.contains("otel_metric_overflow"), "instance {instance} keeps its detail");
    }
    check_bounds(&world.evidence.usage());
}

#[test]
fn a_restart_with_other_bounds_begins_anew() {
    let world = World::default();
    let name = "request.duration";
    let told = |start: f64, second: f64, bounds: &[f64], counts: &[u64]| {
        let mut point = buckets(second, bounds, counts, &[("http.route", "/")]);
        point.start_time_unix_nano = support::at(start);
        metrics("cache", vec![histogram(name, "s", vec![point])])
    };
    for (start, second, bounds, counts) in [
        (0.0, 10.0, &[0.1, 1.0][..], &[0, 0, 0][..]),
        (0.0, 20.0, &[0.1, 1.0], &[4, 0, 0]),
        (50.0, 60.0, &[0.5, 2.0, 5.0], &[0, 0, 0, 0]),
        (50.0, 100.0, &[0.5, 2.0, 5.0], &[0, 8, 0, 0]),
    ] {
        world.go_to(second);
        assert_eq!(world.evidence.take_metrics(&told(start, second, bounds, counts)).refused, 0, "{second}");
    }
    let rate = MetricQuery { window: Duration::from_secs(90), ..question(name, None, Function::Rate) };
    assert_eq!(value(&world, &rate), Some(12.0 / 90.0));
    // Half of the eight observations lie below the middle of the second of the new buckets.
    let median =
        MetricQuery { window: Duration::from_secs(50), ..question(name, None, Function::Quantile(0.5)) };
    assert_eq!(value(&world, &median), Some(1.25));
    let page = world.evidence.exposition();
    assert_eq!(page.matches("request_duration_seconds_count").count(), 1, "{page}");
    assert!(page.contains("le=\"5\"") && !page.contains("le=\"0.1\""), "{page}");
}

/// Whatever senders report, no two lines of the page have the same name and labels: Prometheus would refuse the whole page.
#[test]
fn no_two_lines_have_the_same_labels() {
    let world = World::default();
    world.go_to(60.0);
    let point = |attributes: &[(&str, &str)]| vec![number(0.0, 60.0, 1, attributes)];
    let counted = |attributes: &[(&str, &str)]| vec![sum("hits", "1", CUMULATIVE, point(attributes))];
    let from = |resource: &[(&str, &str)], scope: &[(&str, &str)], told| {
        let mut request = metrics("cache", told);
        let from_resource = &mut request.resource_metrics[0];
        from_resource.resource = Some(Resource { attributes: pairs(resource), ..Default::default() });
        let scope = InstrumentationScope { name: "m".into(), attributes: pairs(scope), ..Default::default() };
        from_resource.scope_metrics[0].scope = Some(scope);
        request
    };
    let host = |name| [("service.name", "cache"), ("host.name", name)];
    let bare = [("service.name", "cache")];
    let again = [("service.name", "cache"), ("service.instance.id", "1")];
    let newer = [("service.name", "cache"), ("service.instance.id", "1"), ("service.version", "2")];
    let told: [(ExportMetricsServiceRequest, usize); 14] = [
        (from(&host("a"), &[], counted(&[])), 1),
        (from(&host("b"), &[], counted(&[])), 1),
        (from(&bare, &[], counted(&[])), 1),
        (from(&bare, &[("shard", "1")], counted(&[])), 1),
        (from(&bare, &[("shard", "2")], counted(&[])), 1),
        (from(&bare, &[], counted(&[("job", "mine")])), 1),
        (from(&bare, &[], counted(&[("instance", "mine"), ("otel.scope.name", "mine")])), 1),
        // To Prometheus these are one series each, as an earlier one.
        (from(&bare, &[], counted(&[("empty", "")])), 0),
        (from(&again, &[], counted(&[])), 1),
        (from(&newer, &[], counted(&[])), 0),
        // Another metric of the same name there, of the same kind and of others.
        (from(&bare, &[], vec![sum("hits.total", "1", CUMULATIVE, point(&[]))]), 1),
        (from(&bare, &[], vec![gauge("hits.total", "", point(&[]))]), 1),
        (from(&bare, &[], vec![histogram("hits", "", vec![buckets(60.0, &[1.0], &[1, 1], &[])])]), 4),
        (
            from(&[("service.name", "")], &[], vec![histogram("h", "", vec![buckets(60.0, &[], &[1], &[])])]),
            3,
        ),
    ];
    let mut lines = 0;
    for (place, (request, more)) in told.into_iter().enumerate() {
        assert_eq!(world.evidence.take_metrics(&request).refused, 0, "{place}");
        lines += more;
        let page = world.evidence.exposition();
        let samples = page.lines().filter(|line| !line.starts_with('#') && !line.starts_with("target_info"));
        let series: Vec<&str> = samples.map(|line| line.rsplit_once(' ').unwrap().0).collect();
        let different: BTreeSet<&&str> = series.iter().collect();
        assert_eq!((series.len(), different.len()), (lines, lines), "{place}: {page}");
        let types: Vec<&str> = page.lines().filter(|line| line.starts_with("# TYPE")).collect();
        assert_eq!(types.iter().collect::<BTreeSet<_>>().len(), types.len(), "{page}");
    }
}
