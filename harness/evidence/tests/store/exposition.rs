//! A snapshot of the page for Prometheus.

use crate::support::{CUMULATIVE, World, buckets, gauge, histogram, metrics, number, sum};
use opentelemetry_proto::tonic::metrics::v1::Metric;

fn world() -> World {
    let world = World::default();
    world.go_to(60.0);
    let visits = [("outcome", "served"), ("http.route", "/p/{product}")];
    let odd = [("path", "C:\\new\n\"x\""), ("a.b", "1"), ("a_b", "2"), ("le", "mine"), ("9lives", "yes")];
    let duration = [buckets(60.0, &[0.005, 1.0, 2.5], &[3, 4, 0, 1], &[("http.route", "/")])];
    let told = vec![
        sum("shop.customer.visits", "{visit}", CUMULATIVE, vec![number(0.0, 60.0, 1_234, &visits)]),
        gauge("shop.cache.hit_ratio", "1", vec![number(0.0, 60.0, 1, &odd)]),
        Metric {
            description: "Bytes \"held\"\nnow \\ here".into(),
            ..gauge("shop.cache.size", "By", vec![number(0.0, 60.0, 5, &[])])
        },
        histogram("http.server.request.duration", "s", duration.to_vec()),
        sum("same", "1", CUMULATIVE, vec![number(0.0, 60.0, 1, &[])]),
        sum("same.total", "1", CUMULATIVE, vec![number(0.0, 60.0, 2, &[])]),
    ];
    world.evidence.take_metrics(&metrics("web-front", told));
    world
}

#[test]
fn text_0_0_4() {
    insta::assert_snapshot!(world().evidence.exposition());
}

#[test]
fn what_is_no_longer_told_is_left_out() {
    let world = world();
    world.go_to(361.0);
    assert_eq!(world.evidence.exposition(), "");
}
