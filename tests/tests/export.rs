//! A service in its own process exports telemetry as the standard variables say, and a dead backend does no harm.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use chassis::{Clock, Peer, Wait};
use evidence::{LogQuery, TraceId, TraceQuery, UnixTime};
use glyphfall_tests::{
    collector::Collector,
    process::{Process, free_port, output, program, token},
    up::peer,
};
use http::{Request, StatusCode};
use tokio::{net::TcpListener, task::JoinSet};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const READS: usize = 200;

/// A content store that exports to `endpoint`.
struct Store {
    process: Process,
    peer: Peer,
    token: String,
    _folder: tempfile::TempDir,
}

impl Store {
    async fn start(variables: &[(&str, &str)]) -> Self {
        let (port, token, folder) = (free_port(), token(), tempfile::tempdir().unwrap());
        let mut command = Command::new(program("content-store"));
        command
            .args(["--level", "changes", "--bind", &format!("127.0.0.1:{port}"), "--data"])
            .arg(folder.path());
        command.env("GLYPHFALL_EDITOR_TOKEN", &token).envs(variables.iter().copied());
        let mut process = Process::start(&mut command);
        process.until_listening(port).await;
        Self { process, peer: peer(port), token, _folder: folder }
    }

    async fn publish(&self) {
        let request = Request::put("/assets/page")
            .header("authorization", format!("Bearer {}", self.token))
            .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
        let answer = self.peer.send(request.body(Bytes::from_static(b"text")).unwrap(), WAIT).await.unwrap();
        assert_eq!(answer.status, StatusCode::CREATED);
    }

    async fn read(&self) {
        assert_eq!(self.peer.get("/assets/page", WAIT).await.unwrap().status, StatusCode::OK);
    }

    /// Ends the store with SIGTERM, as an orchestrator does. It must export its remaining telemetry first.
    async fn end(mut self) {
        self.process.signal("TERM");
        assert!(self.process.ended(Duration::from_secs(15)).await);
    }
}

const WAIT: Wait = Wait::AtMost(Duration::from_secs(5));

#[tokio::test]
async fn everything_arrives_by_both_protocols_even_when_the_service_is_told_to_stop() {
    let collector = Collector::start().await;
    for (protocol, endpoint) in [("grpc", collector.grpc()), ("http/protobuf", collector.http())] {
        collector.evidence.clear();
        let variables =
            [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
        let store = Store::start(&variables).await;
        store.publish().await;
        for _ in 0..READS {
            store.read().await;
        }
        store.end().await;
        let evidence = &collector.evidence;
        let changes = evidence.changes(UnixTime::default(), evidence.now()).changes;
        assert!(
            changes.iter().any(|change| change.what == "shop.asset.published"),
            "{protocol}: {changes:?}"
        );
        let trace = evidence.trace(TRACE.parse::<TraceId>().unwrap()).expect("the caller's trace goes on");
        assert!(trace.spans.iter().any(|span| span.name == "PUT /assets/{id}"), "{protocol}");
        let query = TraceQuery { route: Some("/assets/{id}".into()), limit: 1_000, ..TraceQuery::default() };
        assert_eq!(evidence.traces(&query).traces.len(), READS + 1, "{protocol}: each read and the publish");
        let lines =
            evidence.logs(&LogQuery { text: Some("answered".into()), limit: 1_000, ..LogQuery::default() });
        assert_eq!(lines.logs.len(), READS, "{protocol}: a line for each read");
        let metrics: Vec<_> = evidence.metrics().into_iter().map(|metric| metric.name).collect();
        assert!(metrics.contains(&"http.server.request.duration".to_owned()), "{protocol}: {metrics:?}");
    }
}

#[tokio::test]
async fn the_standard_variables_switch_signals_off() {
    let collector = Collector::start().await;
    let endpoint = collector.grpc();
    let check = async |variable: (&str, &str), traces: bool, logs: bool| {
        collector.evidence.clear();
        let store = Store::start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint), variable]).await;
        store.publish().await;
        store.read().await;
        store.end().await;
        let (found_traces, found_logs) = (
            collector.evidence.traces(&TraceQuery::default()),
            collector.evidence.logs(&LogQuery::default()),
        );
        assert_eq!(
            (!found_traces.traces.is_empty(), !found_logs.logs.is_empty()),
            (traces, logs),
            "{variable:?}"
        );
    };
    check(("OTEL_SDK_DISABLED", "false"), true, true).await;
    check(("OTEL_SDK_DISABLED", "true"), false, false).await;
    check(("OTEL_TRACES_EXPORTER", "none"), false, true).await;
    check(("OTEL_LOGS_EXPORTER", "none"), true, false).await;
}

#[tokio::test]
async fn batches_are_compressed_where_a_variable_says_so() {
    let collector = Collector::start().await;
    for (protocol, endpoint) in [("grpc", collector.grpc()), ("http/protobuf", collector.http())] {
        for (variable, value, some, all) in [
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", true, true),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip", true, false),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "none", false, false),
        ] {
            collector.evidence.clear();
            let (requests_before, compressed_before) = (collector.requests(), collector.compressed());
            let variables = [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                (variable, value),
            ];
            let store = Store::start(&variables).await;
            store.publish().await;
            store.end().await;
            let trace = collector.evidence.trace(TRACE.parse::<TraceId>().unwrap());
            assert!(trace.is_some(), "{protocol} {variable}={value}");
            let requests = collector.requests() - requests_before;
            let compressed = collector.compressed() - compressed_before;
            assert_eq!(
                (compressed > 0, compressed == requests),
                (some, all),
                "{protocol} {variable}={value}: {compressed} of {requests}"
            );
        }
    }
}

#[tokio::test]
async fn a_process_can_be_given_another_name() {
    let collector = Collector::start().await;
    let named = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=the%20store");
    let endpoint = collector.grpc();
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), named];
    for (variables, name) in [
        (variables.to_vec(), "the store"),
        ([&variables[..], &[("OTEL_SERVICE_NAME", "storehouse")]].concat(), "storehouse"),
    ] {
        collector.evidence.clear();
        let store = Store::start(&variables).await;
        store.publish().await;
        store.end().await;
        let trace = collector.evidence.trace(TRACE.parse::<TraceId>().unwrap()).unwrap();
        assert!(trace.spans.iter().all(|span| span.service == name), "{name}: {trace:?}");
    }
}

#[tokio::test]
async fn a_batch_is_sent_again_only_if_that_can_help() {
    for (status, attempts) in [
        (StatusCode::SERVICE_UNAVAILABLE, 2),
        (StatusCode::TOO_MANY_REQUESTS, 2),
        (StatusCode::BAD_GATEWAY, 2),
        (StatusCode::BAD_REQUEST, 1),
        (StatusCode::INTERNAL_SERVER_ERROR, 1),
    ] {
        let requests = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&requests);
        // The backend refuses the first attempt and asks for an immediate retry.
        let router = axum::Router::new().fallback(async move || {
            let is_first = counter.fetch_add(1, Ordering::Relaxed) == 0;
            (if is_first { status } else { StatusCode::OK }, [("retry-after", "0")])
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let mut served = JoinSet::new();
        served.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let store = Store::start(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_LOGS_EXPORTER", "none"),
            ("OTEL_METRICS_EXPORTER", "none"),
        ])
        .await;
        store.publish().await;
        store.end().await;
        assert_eq!(requests.load(Ordering::Relaxed), attempts, "{status}: one batch with one span");
    }
}

#[tokio::test]
async fn contexts_travel_unless_the_propagator_is_taken_off_the_list() {
    let collector = Collector::start().await;
    let endpoint = collector.grpc();
    for (propagators, goes_on) in [("tracecontext,baggage", true), ("none", false)] {
        collector.evidence.clear();
        let variables =
            [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_PROPAGATORS", propagators)];
        let store = Store::start(&variables).await;
        store.publish().await;
        store.end().await;
        let trace = collector.evidence.trace(TRACE.parse::<TraceId>().unwrap());
        assert_eq!(trace.is_some(), goes_on, "{propagators}");
    }
}

#[tokio::test]
async fn a_dead_or_silent_backend_slows_nobody() {
    let closed = format!("http://127.0.0.1:{}", free_port());
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    for endpoint in [closed, silent] {
        let store = Store::start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]).await;
        store.publish().await;
        let clock = Clock::real();
        for _ in 0..READS {
            store.read().await;
        }
        // If a read waited for the backend, it would take ten seconds.
        assert!(clock.elapsed() < Duration::from_secs(10), "{:?}", clock.elapsed());
        store.end().await;
    }
}

#[test]
fn a_variable_that_cannot_be_understood_is_named() {
    for (variable, value) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://example.org"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no-value"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zip"),
        ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "zip"),
        ("OTEL_RESOURCE_ATTRIBUTES", "no-value"),
        ("OTEL_LOGS_EXPORTER", "console"),
    ] {
        let mut command = Command::new(program("cache"));
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1").env(variable, value);
        let (code, _, error) = output(&mut command);
        assert!(code == 2 && error.contains(variable), "{variable}={value}: {code} {error}");
    }
}
