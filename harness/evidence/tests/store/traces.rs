//! Traces: order, critical path, links, retention.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use crate::support::{World, at, failed, linked, pairs, server, span, spans, time};
use evidence::{Limits, Refusal, Relation, Sort, TraceOrder, TraceQuery, TraceView, waterfall};

fn id(trace: u128) -> evidence::TraceId {
    evidence::TraceId::from_bytes(&trace.to_be_bytes()).unwrap()
}

/// A failing home page: the front asks the cache for the banner and gives up. The cache fills the banner in a task of its own.
fn failing_page(world: &World) -> TraceView {
    world.go_to(20.0);
    let page = failed(server(span(1, 1, 0, "GET /", 0.0, 10.0), "/"), "no banner within 10 s");
    let call = span(1, 2, 1, "GET /fragments/{id}", 0.1, 10.0);
    let copy = span(1, 5, 1, "GET /fragments/{id}", 0.1, 0.3);
    world.evidence.take_traces(&spans("web-front", vec![call, copy, page]));
    let wait = server(span(1, 3, 2, "GET /fragments/{id}", 0.2, 9.9), "/fragments/{id}");
    let fill = linked(span(2, 1, 0, "fill", 0.5, 12.0), 1, 3);
    let mut attempt = failed(span(2, 2, 1, "attempt", 0.6, 0.9), "control character (\u{b}) in a string");
    attempt.attributes = pairs(&[("shop.asset.id", "promo-banner"), ("shop.asset.version", "2")]);
    world.evidence.take_traces(&spans("cache", vec![attempt, fill, wait]));
    let fetch =
        server(span(2, 3, 2, "GET /assets/{id}/versions/{n}", 0.65, 0.8), "/assets/{id}/versions/{n}");
    world.evidence.take_traces(&spans("content-store", vec![fetch]));
    world.evidence.trace(id(1)).unwrap()
}

#[test]
fn a_trace_is_shown_with_the_work_that_it_caused() {
    let view = failing_page(&World::default());
    let seen: Vec<_> = view
        .spans
        .iter()
        .map(|s| (s.depth, s.relation, s.service.as_str(), s.name.as_str(), s.critical))
        .collect();
    assert_eq!(
        seen,
        [
            (0, Relation::Root, "web-front", "GET /", true),
            (1, Relation::Child, "web-front", "GET /fragments/{id}", true),
            (2, Relation::Child, "cache", "GET /fragments/{id}", true),
            (3, Relation::Linked, "cache", "fill", false),
            (4, Relation::Child, "cache", "attempt", false),
            (5, Relation::Child, "content-store", "GET /assets/{id}/versions/{n}", false),
            (1, Relation::Child, "web-front", "GET /fragments/{id}", false),
        ]
    );
    assert_eq!(view.services, ["cache", "content-store", "web-front"]);
    assert!(view.failed);
    assert!((view.duration_s - 10.0).abs() < 1e-6);
    // The fill's own trace links to its origin.
    let fill = World::default();
    failing_page(&fill);
    let view = fill.evidence.trace(id(2)).unwrap();
    assert_eq!((view.spans[0].name.as_str(), view.spans[0].links[0].trace_id), ("fill", id(1)));
}

#[test]
fn a_trace_is_drawn_in_eighty_columns() {
    let drawn = waterfall::draw(&failing_page(&World::default()));
    assert!(drawn.lines().all(|line| line.chars().count() <= 80), "{drawn}");
    assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'), "{drawn:?}");
    insta::assert_snapshot!(drawn);
}

/// Computed by hand: root [0, 10] with children a [1, 6], b [4, 8] and c [2, 3]. Below b is d [5, 12], which outlives its parent.
#[test]
fn the_critical_path_and_self_times_are_those_worked_out_by_hand() {
    let world = World::default();
    world.go_to(20.0);
    let of_root = vec![
        span(9, 1, 0, "root", 0.0, 10.0),
        span(9, 2, 1, "a", 1.0, 6.0),
        span(9, 3, 1, "b", 4.0, 8.0),
        span(9, 4, 1, "c", 2.0, 3.0),
        span(9, 5, 3, "d", 5.0, 12.0),
    ];
    world.evidence.take_traces(&spans("s", of_root));
    let view = world.evidence.trace(id(9)).unwrap();
    let path: Vec<_> =
        view.critical_path.iter().map(|s| (s.name.as_str(), s.offset_s, s.duration_s)).collect();
    let expected =
        [("root", 0.0, 1.0), ("a", 1.0, 3.0), ("b", 4.0, 1.0), ("d", 5.0, 3.0), ("root", 8.0, 2.0)];
    assert_eq!(path, expected);
    assert!((path.iter().map(|step| step.2).sum::<f64>() - 10.0).abs() < 1e-9);
    let own: Vec<_> = view.spans.iter().map(|s| (s.name.as_str(), s.self_s)).collect();
    // The children a, b and c cover [1, 8] of the root's ten seconds; d covers three of b's four.
    assert_eq!(own, [("root", 3.0), ("a", 5.0), ("c", 1.0), ("b", 1.0), ("d", 7.0)].map(|pair| pair));
}

#[test]
fn odd_traces_are_shown_whole() {
    let world = World::default();
    world.go_to(20.0);
    let ring =
        vec![span(1, 1, 2, "a", 0.0, 1.0), span(1, 2, 1, "b", 0.0, 1.0), span(1, 3, 3, "self", 0.0, 1.0)];
    let orphan = span(1, 4, 99, "orphan", 0.0, 1.0);
    world.evidence.take_traces(&spans("s", [ring, vec![orphan]].concat()));
    let names: Vec<String> = world.evidence.trace(id(1)).unwrap().spans.into_iter().map(|s| s.name).collect();
    assert_eq!(names, ["a", "b", "self", "orphan"]);

    // A chain deeper than a trace may be, and two traces that link to each other.
    let chain: Vec<_> = (1..=2_000).map(|n| span(2, n, n - 1, "deeper", 0.0, 1.0)).collect();
    let taken = world.evidence.take_traces(&spans("s", chain));
    let reason = "976 beyond the spans of one trace, the first at resourceSpans[0].scopeSpans[0].spans[1024].traceId: \
                  expected no more spans of this trace";
    assert_eq!((taken.refused, taken.reasons.as_str()), (976, reason));
    let view = world.evidence.trace(id(2)).unwrap();
    assert_eq!((view.spans.len(), view.truncated, view.critical_path.len()), (1_000, true, 1));
    world.evidence.take_traces(&spans("s", vec![linked(span(3, 1, 0, "here", 0.0, 1.0), 4, 1)]));
    world.evidence.take_traces(&spans("s", vec![linked(span(4, 1, 0, "there", 0.0, 1.0), 3, 1)]));
    assert_eq!(world.evidence.trace(id(3)).unwrap().spans.len(), 2);
}

#[test]
fn duplicates_skewed_and_nameless_spans_are_counted() {
    let world = World::default();
    world.go_to(100.0);
    let one = span(1, 1, 0, "one", 10.0, 11.0);
    let ahead = span(1, 2, 0, "ahead", 1_000.0, 1_002.0);
    let backwards = span(1, 3, 0, "backwards", 50.0, 40.0);
    let old = opentelemetry_proto::tonic::trace::v1::Span {
        start_time_unix_nano: 5,
        ..span(1, 4, 0, "old", 1.0, 2.0)
    };
    let no_id = span(0, 5, 0, "no id", 1.0, 2.0);
    let taken = world.evidence.take_traces(&spans("s", vec![one.clone(), one, ahead, backwards, old, no_id]));
    let reasons = "1 too old, the first at resourceSpans[0].scopeSpans[0].spans[4].startTimeUnixNano: \
                   expected a time no older than evidence is kept; \
                   1 without a valid id, the first at resourceSpans[0].scopeSpans[0].spans[5].traceId: \
                   expected 16 bytes (32 hexadecimal digits), not all zero";
    assert_eq!((taken.refused, taken.reasons.as_str()), (2, reasons));
    let usage = world.evidence.usage().spans;
    assert_eq!((usage.received, usage.held, usage.duplicates, usage.clamped), (6, 3, 1, 2));
    assert_eq!(usage.refused.get(&Refusal::NoId), Some(&1));
    let view = world.evidence.trace(id(1)).unwrap();
    let durations: Vec<_> = view.spans.iter().map(|s| (s.name.as_str(), s.duration_s)).collect();
    assert_eq!(durations, [("one", 1.0), ("backwards", 0.0), ("ahead", 2.0)]);
    // The span was fifteen minutes ahead, so it was moved to end now.
    assert!((view.start.seconds_since(time(10.0))).abs() < 1e-9);
    assert!((view.duration_s - 90.0).abs() < 1e-9);
}

#[test]
fn first_failures_outlive_the_storm_with_their_whole_trace() {
    let world = World::small(1024 * 1024);
    failing_page(&world);
    for trace in 100_u128..5_100 {
        let page = failed(server(span(trace, 1, 0, "GET /", 13.0, 14.0), "/"), "no banner within 10 s");
        world.evidence.take_traces(&spans("web-front", vec![span(trace, 2, 1, "inner", 13.0, 13.5), page]));
    }
    let usage = world.evidence.usage();
    assert!(usage.spans.evicted.by_bytes > 5_000 && usage.bytes <= usage.bytes_max, "{usage:?}");
    assert_eq!(usage.spans.received, usage.spans.held + usage.spans.evicted.by_bytes);
    assert_eq!(world.evidence.trace(id(1)).map(|view| view.spans.len()), Some(7));
    assert!(world.evidence.trace(id(300)).is_none());
    assert!(world.evidence.trace(id(5_099)).is_some());
}

#[test]
fn traces_are_found_by_what_is_asked() {
    let world = World::default();
    failing_page(&world);
    world.evidence.take_traces(&spans(
        "web-front",
        vec![server(span(3, 1, 0, "GET /checkout", 15.0, 15.2), "/checkout")],
    ));
    let find = |query: TraceQuery| -> Vec<_> {
        world.evidence.traces(&query).traces.into_iter().map(|found| (found.name, found.failure)).collect()
    };
    let any = TraceQuery::default;
    let (page, fill) = ("GET /".to_owned(), "fill".to_owned());
    let page_failure = Some("web-front GET /: no banner within 10 s".to_owned());
    let fill_failure = Some("cache attempt: control character (\u{b}) in a string".to_owned());
    let checkout = ("GET /checkout".to_owned(), None);
    let (page, fill) = ((page, page_failure), (fill, fill_failure));
    for (query, expected) in [
        (any(), vec![checkout.clone(), fill.clone(), page.clone()]),
        (
            TraceQuery { order: TraceOrder::Slowest, ..any() },
            vec![fill.clone(), page.clone(), checkout.clone()],
        ),
        (TraceQuery { failed: true, ..any() }, vec![fill.clone(), page.clone()]),
        (TraceQuery { route: Some("/".into()), ..any() }, vec![page]),
        (TraceQuery { service: Some("content-store".into()), ..any() }, vec![fill.clone()]),
        (TraceQuery { attributes: vec![("shop.asset.version".into(), "2".into())], ..any() }, vec![fill]),
        (TraceQuery { from: Some(time(15.0)), ..any() }, vec![checkout.clone()]),
        (TraceQuery { limit: 1, ..any() }, vec![checkout]),
    ] {
        assert_eq!(find(query.clone()), expected, "{query:?}");
    }
    assert!(world.evidence.traces(&TraceQuery { limit: 1, ..any() }).truncated);
}

#[test]
fn a_figure_leads_to_the_traces_behind_it() {
    let world = World::new(Limits { bytes_max: 256 * 1024, ..Limits::default() });
    world.go_to(200.0);
    for n in 0_u32..600 {
        let from = f64::from(n) / 10.0;
        let took = if n == 250 { 9.0 } else { 0.01 };
        let page = server(span(u128::from(n) + 1, 1, 0, "GET /", from, from + took), "/");
        let page = if n >= 550 { failed(page, "no") } else { page };
        world.evidence.take_traces(&spans("web-front", vec![page]));
    }
    let slow = world.evidence.requests(Sort::Slow, Some("web-front"), Some("/"), time(0.0), time(100.0));
    assert_eq!((slow[0].trace_id, slow[0].held), (id(251), false));
    assert!((slow[0].duration_s - 9.0).abs() < 1e-6);
    let failed = world.evidence.requests(Sort::Failed, None, Some("/"), time(0.0), time(100.0));
    assert_eq!(failed.iter().map(|link| link.trace_id).collect::<Vec<_>>(), [551, 552, 553, 554].map(id));
    assert!(failed.iter().all(|link| link.held && link.failed));
    assert_eq!(world.evidence.requests(Sort::Failed, None, Some("/checkout"), time(0.0), time(100.0)), []);
    assert_eq!(world.evidence.requests(Sort::Failed, None, None, time(0.0), time(55.0)), []);
    assert_eq!(at(0.0), crate::support::EPOCH * 1_000_000_000);
}
