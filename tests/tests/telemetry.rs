//! The telemetry contract: the signals that arrive at each level. No signal reveals the answer, and the level changes nothing for
//! customers.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use chassis::{LatentFault, Level, TelemetrySink, telemetry::Batch};
use evidence::{Evidence, TraceQuery, UnixTime};
use glyphfall_tests::stage::{RESTART_CACHE, Stage};
use incident::Route;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    metrics::v1::{Metric, NumberDataPoint, metric::Data, number_data_point::Value},
};
use world::{ShopOptions, observed::Observed};

/// All telemetry that left a shop.
#[derive(Default)]
struct Left {
    logs: Mutex<Vec<ExportLogsServiceRequest>>,
    traces: Mutex<Vec<ExportTraceServiceRequest>>,
    metrics: Mutex<Vec<ExportMetricsServiceRequest>>,
}

impl TelemetrySink for Left {
    fn take(&self, batch: Batch) {
        match batch {
            Batch::Logs(logs) => self.logs.lock().unwrap().push(logs),
            Batch::Traces(traces) => self.traces.lock().unwrap().push(traces),
            Batch::Metrics(metrics) => self.metrics.lock().unwrap().push(metrics),
        }
    }
}

impl Left {
    /// The newest value of one service's metric, summed over its series.
    fn newest(&self, of: &str, name: &str) -> Option<f64> {
        let batches = self.metrics.lock().unwrap();
        let resources = batches.iter().rev().flat_map(|batch| &batch.resource_metrics);
        let own = resources.filter(|metrics| service(&metrics.resource.as_ref().unwrap().attributes) == of);
        let mut metrics = own.flat_map(|metrics| &metrics.scope_metrics).flat_map(|scope| &scope.metrics);
        let points = match metrics.find(|metric| metric.name == name)?.data.as_ref()? {
            Data::Gauge(gauge) => &gauge.data_points,
            Data::Sum(sum) => &sum.data_points,
            _ => return None,
        };
        let value = |point: &NumberDataPoint| match point.value {
            Some(Value::AsDouble(value)) => value,
            Some(Value::AsInt(value)) => value as f64,
            None => 0.0,
        };
        Some(points.iter().map(value).sum())
    }

    /// One line for each distinct signal, without values: service, signal, name, and the names of its attributes.
    fn matrix(&self) -> BTreeSet<String> {
        let mut matrix = BTreeSet::new();
        for logs in self.logs.lock().unwrap().iter().flat_map(|batch| &batch.resource_logs) {
            let service = service(&logs.resource.as_ref().unwrap().attributes);
            for log in logs.scope_logs.iter().flat_map(|scope| &scope.log_records) {
                let signal = if log.event_name.is_empty() { "log" } else { "change" };
                let body = text(log.body.as_ref());
                // Text after a comma holds values, such as a number of attempts.
                let name =
                    if log.event_name.is_empty() { body.split(',').next().unwrap() } else { &log.event_name };
                let trace = if log.trace_id.is_empty() { "" } else { " +trace" };
                matrix.insert(format!("{service} {signal} '{name}'{}{trace}", names(&log.attributes)));
            }
        }
        let mut spans = BTreeMap::new();
        for resource in self.traces.lock().unwrap().iter().flat_map(|batch| &batch.resource_spans) {
            let service = service(&resource.resource.as_ref().unwrap().attributes);
            for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
                spans.insert(span.span_id.clone(), (format!("{service} '{}'", span.name), span.clone()));
            }
        }
        for (whole_name, span) in spans.values() {
            let link = if span.links.is_empty() { "" } else { " +link" };
            matrix.insert(format!("span {whole_name}{}{link}", names(&span.attributes)));
            // A parent span that never ends is never exported: a hanging page outlives the incident.
            if let Some((parent, _)) = spans.get(&span.parent_span_id) {
                matrix.insert(format!("edge {parent} > {whole_name}"));
            }
        }
        for metrics in self.metrics.lock().unwrap().iter().flat_map(|batch| &batch.resource_metrics) {
            let service = service(&metrics.resource.as_ref().unwrap().attributes);
            for metric in metrics.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
                matrix.insert(format!("{service} metric {} {}{}", metric.name, metric.unit, labels(metric)));
            }
        }
        matrix
    }

    /// All telemetry as text, for searching.
    fn text(&self) -> String {
        format!(
            "{:?}{:?}{:?}",
            self.logs.lock().unwrap(),
            self.traces.lock().unwrap(),
            self.metrics.lock().unwrap()
        )
    }
}

type Attributes = [opentelemetry_proto::tonic::common::v1::KeyValue];

fn service(resource: &Attributes) -> String {
    text(resource.iter().find(|attribute| attribute.key == "service.name").unwrap().value.as_ref())
}

fn text(value: Option<&opentelemetry_proto::tonic::common::v1::AnyValue>) -> String {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        other => format!("{other:?}"),
    }
}

fn names(attributes: &Attributes) -> String {
    let names: BTreeSet<_> = attributes.iter().map(|attribute| format!(" {}", attribute.key)).collect();
    names.into_iter().collect()
}

fn labels(metric: &Metric) -> String {
    let points: Vec<&Attributes> = match metric.data.as_ref().unwrap() {
        Data::Gauge(gauge) => gauge.data_points.iter().map(|point| &point.attributes[..]).collect(),
        Data::Sum(sum) => sum.data_points.iter().map(|point| &point.attributes[..]).collect(),
        Data::Histogram(histogram) => {
            histogram.data_points.iter().map(|point| &point.attributes[..]).collect()
        }
        other => panic!("no metric of ours is of this kind: {other:?}"),
    };
    names(&points.concat())
}

/// Plays the story's incident up to its last remedy, at one level. Returns its telemetry, and the customers' visits up to the first remedy.
async fn incident(level: Level) -> (Arc<Left>, String) {
    let left = Arc::new(Left::default());
    let mut shop = ShopOptions::in_virtual_time(21);
    shop.level = level;
    shop.surroundings.sink = Some(Arc::clone(&left) as Arc<dyn TelemetrySink>);
    let stage = Stage::of(shop).await;
    stage.pass(20).await;
    stage.publish().await.unwrap();
    stage.pass(40).await;
    let met = what_customers_met(&stage);
    stage.act(RESTART_CACHE).await;
    stage.pass(10).await;
    stage.roll_back().await;
    stage.act(RESTART_CACHE).await;
    stage.pass(10).await;
    stage.world.finish().await;
    (left, met)
}

/// Every ended visit by second and route, and the total duration.
fn what_customers_met(stage: &Stage) -> String {
    let record = stage.world.record();
    let seconds = (0..stage.second()).flat_map(|second| Route::ALL.iter().map(move |route| (second, *route)));
    let tallies = seconds.map(|(second, route)| record.tally(Some(route), second, second + 1));
    let latency_us = stage.world.customers().latency_us();
    format!("{:?}{:?}", tallies.collect::<Vec<_>>(), latency_us.iter_recorded().collect::<Vec<_>>())
}

#[tokio::test(start_paused = true)]
async fn what_arrives_at_each_level_is_what_the_contract_says() {
    let mut before = BTreeSet::new();
    let own = world::observed::limits();
    for level in Level::ALL {
        let (left, _) = incident(level).await;
        let matrix = left.matrix();
        // The evidence store must know every service as its own: otherwise foreign senders could displace its telemetry.
        let senders =
            matrix.iter().filter_map(|line| line.strip_prefix("span ").or(Some(line))?.split(' ').next());
        let mut senders = senders.filter(|sender| *sender != "edge");
        assert!(senders.all(|sender| own.own_services.iter().any(|own| own == sender)), "{matrix:?}");
        let added: Vec<_> = matrix.difference(&before).cloned().collect();
        insta::assert_snapshot!(format!("adds-{}", level.name()), added.join("\n"));
        before = matrix;
    }
}

#[tokio::test(start_paused = true)]
async fn in_the_dark_nothing_tells_a_cause_an_asset_a_version_or_a_trace() {
    let (left, _) = incident(Level::Dark).await;
    let text = left.text();
    assert!(text.contains("could not fill"), "something is logged");
    for forbidden in ["promo-banner", "control character", "exception", "shop.asset", "attempt"] {
        assert!(!text.contains(forbidden), "{forbidden}");
    }
    assert!(left.traces.lock().unwrap().is_empty() && left.metrics.lock().unwrap().is_empty());
    for logs in left.logs.lock().unwrap().iter().flat_map(|batch| &batch.resource_logs) {
        for scope in &logs.scope_logs {
            assert_eq!(scope.scope.as_ref().unwrap().name, "");
            assert!(scope.log_records.iter().all(|log| log.trace_id.is_empty() && log.attributes.is_empty()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_level_gives_the_answer_away_and_none_changes_what_customers_meet() {
    let mut met_before = None;
    for level in Level::ALL {
        let (left, met) = incident(level).await;
        let text = left.text().to_lowercase();
        for forbidden in [
            "glyphfall",
            "fault",
            "switch",
            "inject",
            "scenario",
            "special-character",
            "invalid-rendering",
            "repair",
            "poor-error-handling",
            "missing-health-check",
            "inadequate-telemetry",
            "latent",
            "responder",
        ] {
            assert!(!text.contains(forbidden), "{} tells '{forbidden}'", level.name());
        }
        assert_eq!(*met_before.get_or_insert_with(|| met.clone()), met, "at {}", level.name());
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_home_page_can_be_followed_from_the_front_to_the_store() {
    let mut shop = ShopOptions::in_virtual_time(22);
    let clock = shop.surroundings.clock.clone();
    let evidence = Evidence::new(world::observed::limits(), move || clock.wall());
    shop.level = Level::Changes;
    shop.surroundings.sink = Some(Arc::new(Observed(evidence.clone())));
    let stage = Stage::of(shop).await;
    stage.pass(20).await;
    stage.publish().await.unwrap();
    // Only the first requests get a permit. Later ones just wait for one.
    let soon = evidence.now().plus(Duration::from_secs(2));
    stage.pass(60).await;
    let query = TraceQuery {
        route: Some("/".into()),
        failed: true,
        to: Some(soon),
        limit: 200,
        ..TraceQuery::default()
    };
    let failing = evidence.traces(&query).traces;
    let whole =
        failing.iter().find(|trace| trace.services.len() == 3).expect("one page's own request got a permit");
    let trace = evidence.trace(whole.trace_id).unwrap();
    let chain: Vec<_> = trace.spans.iter().map(|span| (span.service.as_str(), span.name.as_str())).collect();
    for hop in [
        ("web-front", "GET /"),
        ("cache", "GET /fragments/{id}"),
        ("cache", "fill attempt"),
        ("content-store", "GET /assets/{id}/versions/{version}"),
    ] {
        assert!(chain.contains(&hop), "{hop:?} in {chain:?}");
    }
    let attempts = trace.spans.iter().filter(|span| span.name == "fill attempt");
    let numbers: Vec<_> =
        attempts.clone().map(|span| span.attributes["shop.cache.fill.attempt"].clone()).collect();
    assert_eq!(numbers, [1, 2, 4, 8, 16, 32], "attempts are thinned");
    for attempt in attempts {
        assert_eq!(attempt.attributes["shop.asset.id"], "promo-banner");
        assert_eq!(attempt.attributes["shop.asset.version"], 2);
        assert_eq!(attempt.attributes["error.type"], "unreadable");
    }
    let changes = evidence.changes(UnixTime::default(), evidence.now()).changes;
    let published = changes.iter().find(|change| change.what == "shop.asset.published").unwrap();
    assert_eq!((published.which.as_str(), published.version.as_deref()), ("promo-banner", Some("2")));
    assert!(
        evidence.alerts().rules.iter().any(|rule| rule.firing),
        "customers' availability raised an alert"
    );
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_copes_tells_what_it_left_out_and_whom_it_went_around() {
    for (repaired, metric) in [
        (LatentFault::PoorErrorHandling, "shop.page.parts.left_out"),
        (LatentFault::MissingHealthCheck, "shop.upstream.ejected"),
    ] {
        let left = Arc::new(Left::default());
        let mut shop = ShopOptions::in_virtual_time(24);
        (shop.level, shop.repaired) = (Level::Metrics, vec![repaired]);
        shop.surroundings.sink = Some(Arc::clone(&left) as Arc<dyn TelemetrySink>);
        let stage = Stage::of(shop).await;
        stage.pass(10).await;
        assert!(
            left.newest("web-front", metric).is_none_or(|value| value < 0.5),
            "{metric} of a healthy shop"
        );
        stage.publish().await.unwrap();
        // A restarted cache has no last good banner to show instead.
        stage.act(RESTART_CACHE).await;
        stage.pass(40).await;
        assert!(left.newest("web-front", metric).unwrap_or_default() >= 1.0, "{metric} in the outage");
    }
}

#[tokio::test(start_paused = true)]
async fn a_level_turned_while_the_shop_runs_takes_effect_within_a_second() {
    let left = Arc::new(Left::default());
    let mut shop = ShopOptions::in_virtual_time(23);
    shop.surroundings.sink = Some(Arc::clone(&left) as Arc<dyn TelemetrySink>);
    let stage = Stage::of(shop).await;
    stage.pass(10).await;
    assert!(left.traces.lock().unwrap().is_empty() && left.metrics.lock().unwrap().is_empty());
    stage.world.shop().set_level(Level::Changes);
    let before = stage.second();
    while left.traces.lock().unwrap().is_empty() {
        stage.pass(1).await;
    }
    assert!(stage.second() - before <= 2, "a second, and the second until records leave");
    stage.publish().await.unwrap();
    stage.pass(3).await;
    assert!(left.matrix().iter().any(|line| line.contains("shop.asset.published")));
    assert!(!left.metrics.lock().unwrap().is_empty());
    // Switch back to `dark`: telemetry already under way may still leave, but nothing new.
    stage.world.shop().set_level(Level::Dark);
    stage.pass(12).await;
    left.traces.lock().unwrap().clear();
    left.metrics.lock().unwrap().clear();
    stage.pass(10).await;
    assert!(left.traces.lock().unwrap().is_empty() && left.metrics.lock().unwrap().is_empty());
}
