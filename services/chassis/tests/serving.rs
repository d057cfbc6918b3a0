//! The chassis from outside: serving, calling, killing, on both networks.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, routing::get};
use bytes::Bytes;
use chassis::{
    Answer, App, CallError, Chassis, Clock, Host, LatentFault, Level, Logs, Network, Peer, Program, Settings,
    Switches, TaskGroup, TelemetrySink, Wait,
    host::Surroundings,
    serve::{
        Hosts, Limits, Protocol, Serving,
        limits::{ANSWER_TIMEOUT, BODY_CUT_OFF, HEAD_TIMEOUT},
        serve_router,
    },
    simulation::{
        Trouble,
        link::{Conditions, DOUBLED_WITHIN},
    },
    telemetry::Batch,
};
use http::{Method, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

#[path = "../examples/greeter.rs"]
#[expect(dead_code, reason = "a test has a main of its own")]
mod greeter;

/// A service whose `/slow` never answers; it counts the requests that were dropped.
#[derive(Clone, Default)]
struct Slow {
    starts: Arc<AtomicU32>,
    entered: Arc<AtomicU32>,
    dropped: Arc<AtomicU32>,
    fails_to_reset: Arc<AtomicBool>,
    starts_slowly: Arc<AtomicBool>,
    fails_to_start: Arc<AtomicBool>,
}

struct CountsDrop(Arc<AtomicU32>);

impl Drop for CountsDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Program for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    async fn start(&self, _: Chassis) -> io::Result<App> {
        self.starts.fetch_add(1, Ordering::SeqCst);
        if self.starts_slowly.load(Ordering::SeqCst) {
            sleep(Duration::from_secs(2)).await;
        }
        if self.fails_to_start.load(Ordering::SeqCst) {
            return Err(io::Error::other("the database is gone"));
        }
        let slow = |State(slow): State<Slow>| async move {
            slow.entered.fetch_add(1, Ordering::SeqCst);
            let _counts = CountsDrop(slow.dropped);
            std::future::pending::<()>().await;
        };
        let router = Router::new().route("/slow", get(slow)).route("/quick", get(|| async { "quick" }));
        Ok(router.with_state(self.clone()).into())
    }

    async fn reset(&self) -> io::Result<()> {
        if self.fails_to_reset.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is full"));
        }
        Ok(())
    }
}

struct Bench {
    service: Slow,
    host: Arc<Host<Slow>>,
    peer: Arc<Peer>,
    network: Network,
    chassis: Chassis,
}

impl Bench {
    async fn on(network: Network) -> Self {
        Self::telling(network, None).await
    }

    async fn telling(network: Network, sink: Option<Arc<dyn TelemetrySink>>) -> Self {
        let service = Slow::default();
        let clock = Clock::real();
        let switches = Switches::new(LatentFault::ALL, Level::Dark);
        let surroundings = Surroundings {
            network: network.clone(),
            clock: clock.clone(),
            logs: Logs::off(),
            sink,
            compute: None,
            settings: Settings::default(),
            seed: 1,
        };
        let host = Arc::new(Host::new(
            service.clone(),
            surroundings,
            switches.clone(),
            "127.0.0.1:0".parse().unwrap(),
        ));
        let address = host.start().await.unwrap();
        let chassis = Chassis::of_caller("caller", network.clone(), clock, 7);
        Self { service, host, peer: Arc::new(Peer::new(&chassis, address)), network, chassis }
    }

    async fn both() -> [Self; 2] {
        [Self::on(Network::tcp(0)).await, Self::on(Network::in_memory(Duration::from_millis(1), 0)).await]
    }

    async fn until_dropped(&self) {
        until_counted(&self.service.dropped).await;
    }

    async fn until_entered(&self) {
        until_counted(&self.service.entered).await;
    }
}

async fn until_counted(count: &AtomicU32) {
    let counted = async {
        while count.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(5), counted).await.expect("it happens");
}

const SHORT: Wait = Wait::AtMost(Duration::from_millis(100));

#[tokio::test]
async fn health_answers_and_the_address_comes_back_after_a_restart() {
    for bench in Bench::both().await {
        for path in ["/healthz", "/quick"] {
            assert_eq!(bench.peer.get(path, SHORT).await.unwrap().status, StatusCode::OK);
        }
        bench.host.restart().await.unwrap();
        bench.peer.close_connections();
        let again = Peer::new(&bench.chassis, bench.peer.authority().clone());
        assert_eq!(again.get("/quick", SHORT).await.unwrap().status, StatusCode::OK);
        assert_eq!(bench.service.starts.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn whoever_gives_up_takes_the_work_along() {
    for bench in Bench::both().await {
        let given_up = bench.peer.get("/slow", SHORT).await;
        assert!(matches!(given_up, Err(CallError::TimedOut { .. })), "{given_up:?}");
        bench.until_dropped().await;
    }
}

#[tokio::test]
async fn a_kill_breaks_the_connections_and_drops_what_was_under_way() {
    for bench in Bench::both().await {
        let peer = Arc::clone(&bench.peer);
        let waiting = bench.chassis.clone();
        let (answer, answered) = tokio::sync::oneshot::channel();
        waiting.tasks.spawn(async move { answer.send(peer.get("/slow", Wait::Forever).await) });
        bench.until_entered().await;
        bench.host.kill().await;
        bench.until_dropped().await;
        let broken = timeout(Duration::from_secs(5), answered).await.unwrap().unwrap();
        assert!(matches!(broken, Err(CallError::Broken { .. })), "{broken:?}");
        assert!(
            bench.network.connect("client", bench.peer.authority()).await.is_err(),
            "nobody listens any more"
        );
    }
}

#[tokio::test]
async fn closing_the_connections_fails_the_calls_under_way_and_no_later_one() {
    for bench in Bench::both().await {
        let closes = async {
            bench.until_entered().await;
            bench.peer.close_connections();
        };
        let (called, ()) = tokio::join!(bench.peer.get("/slow", Wait::Forever), closes);
        assert!(matches!(called, Err(CallError::Closed { .. })), "{called:?}");
        assert_eq!(bench.peer.get("/quick", SHORT).await.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_call_says_how_its_connection_failed() {
    for bench in Bench::both().await {
        let kind = async |change: fn(&mut Conditions)| {
            bench.network.change("caller", bench.peer.authority(), |link| {
                link.mend();
                change(link);
            });
            let answer = bench.peer.get("/quick", Wait::AtMost(Duration::from_secs(5))).await;
            answer.map_err(|error| error.kind()).unwrap_err()
        };
        // Slower than a connection may take to open, and quick enough for the call.
        assert_eq!(kind(|link| link.delay = Duration::from_millis(1_200)).await, "connection_timeout");
        assert_eq!(kind(|link| link.resets = 1.0).await, "connection_reset");
        assert_eq!(kind(|link| link.expired = true).await, "certificate_invalid");
        bench.host.kill().await;
        assert_eq!(kind(|_| ()).await, "connection_refused");
    }
}

#[tokio::test]
async fn a_second_listener_at_an_address_is_refused() {
    for bench in Bench::both().await {
        let taken = bench.network.bind(bench.peer.authority()).await;
        assert_eq!(taken.map(drop).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_in_memory_takes_its_latency_in_virtual_time() {
    let bench = Bench::on(Network::in_memory(Duration::from_millis(7), 0)).await;
    let start = Instant::now();
    bench.peer.get("/quick", Wait::Forever).await.unwrap();
    // The connection, the request and the answer each travel once.
    assert_eq!(start.elapsed().as_millis() / 7, 3, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_handed_over_whole_is_answered_as_one_that_comes_in_bytes() {
    let network = Network::in_memory(Duration::from_millis(1), 0);
    let address: http::uri::Authority = "listener:80".parse().unwrap();
    let listener = network.bind(&address).await.unwrap();
    let told = async |request: http::Request<axum::body::Body>| {
        let mut headers: Vec<String> =
            request.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        format!("{:?} {:?} {} {headers:?}", request.version(), request.method(), request.uri())
    };
    let (router, tasks) = (plain().route("/told", axum::routing::any(told)), TaskGroup::default());
    let serving = serving(Protocol::Http1, 8);
    tasks.spawn(serve_router(listener, router.into(), serving, tasks.clone(), CancellationToken::new()));
    let peer = Peer::new(&Chassis::of_caller("caller", network.clone(), Clock::real(), 7), address.clone());
    // The first comes before the service has begun to look for whole requests.
    peer.get("/quick", Wait::Forever).await.unwrap();
    for (method, path, body) in [
        ("GET", "/told?one=%20two", ""),
        ("POST", "/told", ""),
        ("PUT", "/told", "text"),
        ("DELETE", "/told", ""),
        ("HEAD", "/quick", ""),
        ("GET", "/large", ""),
        ("POST", "/body", "what is sent"),
        ("GET", "/nowhere", ""),
        ("HEAD", "/nowhere", ""),
        ("PUT", "/quick", "x"),
    ] {
        let call = async || {
            let request = http::Request::builder().method(method).uri(path).header("x-shop", "one");
            let mut answer = peer.send(request.body(body.into()).unwrap(), Wait::Forever).await.unwrap();
            // Bytes need to say where they end.
            answer.headers.remove("content-length");
            (answer.status, answer.headers, answer.body)
        };
        let whole = call().await;
        // A link that might lose something carries bytes.
        network.change("caller", &address, |link| link.resets = f64::MIN_POSITIVE);
        assert_eq!(call().await, whole, "{method} {path}");
        network.change("caller", &address, |link| link.resets = 0.0);
    }
    tasks.kill().await;
}

#[tokio::test(start_paused = true)]
async fn whole_requests_meet_what_happens_to_links() {
    let bench = Bench::on(Network::in_memory(Duration::from_millis(1), 0)).await;
    let (network, address) = (&bench.network, bench.peer.authority());
    let quick = async || bench.peer.get("/quick", SHORT).await.map(|answer| answer.status);
    // The first comes before the service has begun to look for whole requests.
    for _ in 0..2 {
        quick().await.unwrap();
    }
    // A certificate is shown when a connection opens: one that is in use goes on, and ends when it has been idle for too long.
    network.change("caller", address, |link| link.expired = true);
    quick().await.unwrap();
    sleep(chassis::client::IDLE_TIMEOUT + Duration::from_secs(1)).await;
    assert!(matches!(quick().await, Err(CallError::Broken { .. })));
    network.change("caller", address, |link| link.expired = false);
    quick().await.unwrap();
    network.suspend("slow", address, true);
    assert!(matches!(quick().await, Err(CallError::TimedOut { .. })));
    let (waiting, ()) = tokio::join!(bench.peer.get("/quick", Wait::Forever), async {
        sleep(Duration::from_secs(60)).await;
        network.suspend("slow", address, false);
    });
    assert_eq!(waiting.unwrap().status, StatusCode::OK);
    network.change("caller", address, |link| link.delay = Duration::from_millis(300));
    assert!(matches!(quick().await, Err(CallError::TimedOut { .. })));
    network.change("caller", address, Conditions::mend);
    quick().await.unwrap();
    network.change("caller", address, |link| link.trouble = Trouble { lost: 1.0, ..Trouble::default() });
    assert!(matches!(quick().await, Err(CallError::TimedOut { .. })));
    network.change("caller", address, |link| link.trouble = Trouble { doubled: 1.0, ..Trouble::default() });
    assert!(matches!(bench.peer.get("/slow", SHORT).await, Err(CallError::TimedOut { .. })));
    sleep(DOUBLED_WITHIN * 2).await;
    assert_eq!(bench.service.entered.load(Ordering::SeqCst), 2, "it came twice");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stood_still_has_a_successor_that_does_not() {
    for bench in [Network::in_memory(Duration::from_millis(1), 0), Network::tcp(0)] {
        let bench = Bench::on(bench).await;
        bench.network.suspend("slow", bench.peer.authority(), true);
        bench.host.restart().await.unwrap();
        let wrong = bench.network.links().wrong();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

/// What is sent once, what is sent then again and again, and after which time the connection ends.
type Unfinished = (&'static [u8], &'static [u8], Duration);

#[tokio::test(start_paused = true)]
async fn a_client_that_never_finishes_is_cut_off_in_time() {
    const H2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let one: &[Unfinished] = &[
        (b"", b"", HEAD_TIMEOUT),
        (b"GET /quick HTTP/1.1\r\nx-slow: ", b"", HEAD_TIMEOUT),
        (b"GET /quick HTTP/1.1\r\nx-slow: ", b"a", HEAD_TIMEOUT),
        (b"GET /quick HTTP/1.1\r\nhost: localhost\r\n\r\n", b"", HEAD_TIMEOUT),
        (b"POST /body HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999\r\n\r\nhalf", b"", BODY_CUT_OFF),
        (b"POST /body HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999\r\n\r\nhalf", b"a", BODY_CUT_OFF),
        (b"GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n", b"", ANSWER_TIMEOUT),
    ];
    // Where both are spoken, the first bytes decide; none may come.
    let two: &[Unfinished] = &[
        (b"", b"", HEAD_TIMEOUT),
        (b"PRI * HT", b"", HEAD_TIMEOUT),
        (H2, b"", HEAD_TIMEOUT),
        (b"GET /quick HTTP/1.1\r\nx-slow: ", b"a", HEAD_TIMEOUT),
    ];
    for (protocol, rows) in [(Protocol::Http1, one), (Protocol::Http1And2, two)] {
        let network = Network::in_memory(Duration::from_millis(1), 0);
        let address = "listener:80".parse().unwrap();
        let listener = network.bind(&address).await.unwrap();
        let (serving, tasks) = (serving(protocol, 8), TaskGroup::default());
        tasks.spawn(serve_router(listener, plain().into(), serving, tasks.clone(), CancellationToken::new()));
        for (first, again, expected) in rows {
            let connection = network.connect("client", &address).await.unwrap();
            let (mut reads, mut writes) = tokio::io::split(connection);
            let start = Instant::now();
            let is_large = first.starts_with(b"GET /large");
            let sends = async {
                writes.write_all(first).await.unwrap();
                while writes.write_all(again).await.is_ok() {
                    sleep(Duration::from_secs(1)).await;
                }
            };
            let ends = async {
                if is_large {
                    // Reads nothing until the server has given up.
                    sleep(expected.saturating_add(Duration::from_secs(1))).await;
                }
                let mut rest = Vec::new();
                let _ = reads.read_to_end(&mut rest).await;
                rest.len()
            };
            let read = tokio::select! {
                () = sends => 0,
                read = ends => read,
            };
            let waited = start.elapsed();
            let said = String::from_utf8_lossy(first);
            assert!(
                (*expected..*expected * 2).contains(&waited),
                "{protocol:?} {said:?} {again:?}: {waited:?}"
            );
            assert!(!is_large || read < LARGE, "the answer was sent whole to a client that did not read it");
        }
        tasks.kill().await;
    }
}

/// Larger than what a link in memory holds.
const LARGE: usize = 4 << 20;

fn plain() -> Router {
    Router::new()
        .route("/quick", get(|| async { "quick" }))
        .route("/large", get(|| async { vec![b'a'; LARGE] }))
        .route("/body", axum::routing::post(|body: String| async { body }))
}

fn serving(protocol: Protocol, connections: usize) -> Serving {
    let limits = Limits { connections, reserved: 1 };
    Serving { protocol, limits, hosts: Hosts::default().and("listener"), has_date: false }
}

#[tokio::test(start_paused = true)]
async fn when_no_place_is_free_whoever_keeps_the_server_waiting_longest_gives_way() {
    let network = Network::in_memory(Duration::from_millis(1), 0);
    let address: http::uri::Authority = "listener:80".parse().unwrap();
    let listener = network.bind(&address).await.unwrap();
    let events = async || {
        let forever = futures_util::stream::pending::<Result<bytes::Bytes, io::Error>>();
        ([("content-type", "text/event-stream")], axum::body::Body::from_stream(forever))
    };
    let router = plain().route("/events", get(events));
    let (tasks, stop) = (TaskGroup::default(), CancellationToken::new());
    let served =
        serve_router(listener, router.into(), serving(Protocol::Http1, 4), tasks.clone(), stop.clone());
    tasks.spawn(served);
    // A stream of events, which says nothing for minutes, while others come, stay silent and are given up for new ones.
    let mut stream = network.connect("client", &address).await.unwrap();
    stream.write_all(b"GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut head = vec![0; 512];
    let count = stream.read(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..count]).into_owned();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("x-accel-buffering: no"), "{head}");
    for _ in 0..100 {
        let mut silent = Vec::new();
        for _ in 0..6 {
            silent.push(network.connect("client", &address).await.unwrap());
        }
        let caller = Chassis::of_caller("caller", network.clone(), Clock::real(), 7);
        let peer = Peer::new(&caller, address.clone());
        for path in ["/quick", "/healthz"] {
            assert_eq!(peer.get(path, SHORT).await.unwrap().status, StatusCode::OK);
        }
        sleep(Duration::from_secs(2)).await;
    }
    let still_open = timeout(Duration::from_secs(60), stream.read(&mut [0; 64])).await;
    assert!(still_open.is_err(), "a quiet stream of events lives on: {still_open:?}");
    // Told to stop, the server ends the stream, and does not wait for it.
    let start = Instant::now();
    stop.cancel();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn beyond_its_connections_a_service_still_tells_that_it_lives() {
    let bench = Bench::on(Network::in_memory(Duration::from_millis(1), 0)).await;
    let mut held = Vec::new();
    for _ in 0..chassis::serve::CONNECTIONS_MAX {
        let mut connection = bench.network.connect("client", bench.peer.authority()).await.unwrap();
        connection.write_all(b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        held.push(connection);
    }
    let all_entered = async {
        while usize::try_from(bench.service.entered.load(Ordering::SeqCst)).unwrap()
            < chassis::serve::CONNECTIONS_MAX
        {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(5), all_entered).await.unwrap();
    let status = async |path| bench.peer.get(path, SHORT).await.unwrap().status;
    assert_eq!(status("/quick").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status("/healthz").await, StatusCode::OK);
    let wrong = bench.peer.call(Method::POST, "/healthz", Bytes::new(), SHORT).await.unwrap();
    assert!(detail(&wrong, 405).contains("It takes GET and HEAD."));
    drop(held);
    bench.peer.close_connections();
    sleep(Duration::from_secs(6)).await;
    assert_eq!(status("/quick").await, StatusCode::OK);
}

#[tokio::test]
async fn the_operator_port_needs_its_token_and_turns_the_switches() {
    let bench = Bench::on(Network::in_memory(Duration::from_millis(1), 0)).await;
    let address = bench.host.open_operator_port(&"operator:80".parse().unwrap(), "secret").await.unwrap();
    let operator = Peer::new(&bench.chassis, address);
    let send = async |method: &str, path: &str, token: &str, body: &'static str| {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        let answer = operator.send(request.body(body.into()).unwrap(), SHORT).await.unwrap();
        (answer.status.as_u16(), String::from_utf8(answer.body.to_vec()).unwrap())
    };
    assert_eq!(send("GET", "/switches", "wrong", "").await.0, 401);
    assert_eq!(send("PUT", "/switches", "secret", "{").await.0, 400);
    assert_eq!(send("PUT", "/switches", "secret", r#"{"no":1}"#).await.0, 422);
    let turned =
        send("PUT", "/switches", "secret", r#"{"level":"logs","faults_present":["missing-health-check"]}"#);
    let expected = r#"{"level":"logs","faults_present":["missing-health-check","inadequate-telemetry"]}"#;
    assert_eq!(turned.await, (200, expected.into()));
    assert_eq!(send("POST", "/reset", "secret", "").await.0, 204);
    assert_eq!(bench.host.switches().faults_present(), LatentFault::ALL);
    assert_eq!(bench.service.starts.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_reset_that_fails_says_so_and_leaves_a_service_that_runs() {
    let bench = Bench::on(Network::in_memory(Duration::from_millis(1), 0)).await;
    bench.service.fails_to_reset.store(true, Ordering::SeqCst);
    assert_eq!(bench.host.reset().await.unwrap_err().to_string(), "the disk is full");
    assert!(bench.host.running().await.is_some());
    bench.peer.close_connections();
    assert_eq!(bench.peer.get("/quick", SHORT).await.unwrap().status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn what_an_operator_began_is_done_even_if_the_operator_hangs_up() {
    let bench = Bench::on(Network::in_memory(Duration::from_millis(1), 0)).await;
    let address = bench.host.open_operator_port(&"operator:80".parse().unwrap(), "secret").await.unwrap();
    bench.service.starts_slowly.store(true, Ordering::SeqCst);
    let operator = Peer::new(&bench.chassis, address);
    for (path, starts) in [("/restart", 2), ("/reset", 3)] {
        let request = http::Request::post(path).header("authorization", "Bearer secret");
        operator.send(request.body(Bytes::new()).unwrap(), SHORT).await.unwrap_err();
        assert!(bench.host.running().await.is_some(), "{path}");
        assert_eq!(bench.service.starts.load(Ordering::SeqCst), starts);
        // Noted by the task that did it, once it has.
        sleep(Duration::from_millis(1)).await;
        assert_eq!(bench.host.journal().after(0).entries.len(), starts as usize - 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_end_nobody_waited_for_is_not_taken_for_one_that_runs() {
    let bench = Bench::on(Network::in_memory(Duration::from_millis(1), 0)).await;
    let killed = timeout(Duration::ZERO, bench.host.kill()).await;
    assert!(killed.is_err(), "a kill takes its tasks' next turn");
    assert!(bench.host.running().await.is_none());
    bench.host.start().await.unwrap();
    assert_eq!(bench.service.starts.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_body_is_late_is_told_so_before_it_is_cut_off() {
    let bench = Bench::on(Network::in_memory(Duration::from_millis(1), 0)).await;
    let address = bench.host.open_operator_port(&"operator:80".parse().unwrap(), "secret").await.unwrap();
    let mut connection = bench.network.connect("client", &address).await.unwrap();
    let head = "PUT /switches HTTP/1.1\r\nhost: operator\r\nauthorization: Bearer secret\r\n\
                content-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(str::from_utf8(&answer), Ok("HTTP/1.1 408"));
}

/// Counts the starts that telemetry tells of.
#[derive(Default)]
struct StartsTold(AtomicU32);

impl TelemetrySink for StartsTold {
    fn take(&self, batch: Batch) {
        let Batch::Logs(logs) = batch else { return };
        let scopes = logs.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
        let records = scopes.flat_map(|scope| &scope.log_records);
        let starts = records.filter(|record| record.event_name == "service.started").count();
        self.0.fetch_add(u32::try_from(starts).unwrap(), Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn telemetry_tells_of_a_start_only_if_the_service_has_started() {
    let told = Arc::new(StartsTold::default());
    let bench =
        Bench::telling(Network::in_memory(Duration::from_millis(1), 0), Some(Arc::clone(&told) as _)).await;
    bench.host.switches().set_level(Level::RICHEST);
    // Long enough for records to leave meanwhile.
    bench.service.starts_slowly.store(true, Ordering::SeqCst);
    for (fails, starts) in [(true, 0), (false, 1)] {
        bench.service.fails_to_start.store(fails, Ordering::SeqCst);
        assert_eq!(bench.host.restart().await.is_err(), fails);
        sleep(Duration::from_secs(2)).await;
        assert_eq!(told.0.load(Ordering::SeqCst), starts);
    }
}

/// What problem details say.
#[track_caller]
fn detail(answer: &Answer, status: u16) -> String {
    assert_eq!(
        (answer.status.as_u16(), answer.headers["content-type"].to_str().unwrap()),
        (status, "application/problem+json")
    );
    let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(problem["status"], status, "{problem}");
    problem["detail"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn every_error_of_a_service_leaves_as_problem_details() {
    let bench = Bench::on(Network::in_memory(Duration::from_millis(1), 0)).await;
    for (method, path, status, says) in [
        ("GET", "/nowhere", 404, ""),
        ("GET", "/%FF", 404, ""),
        ("POST", "/quick", 405, "It takes GET and HEAD."),
        ("OPTIONS", "/quick", 405, "It takes GET and HEAD."),
        ("TRACE", "/quick", 405, "It takes GET and HEAD."),
        ("BREW", "/quick", 405, "It takes GET and HEAD."),
        ("DELETE", "/healthz", 405, "It takes GET and HEAD."),
    ] {
        let answer = bench.peer.call(method.parse().unwrap(), path, Bytes::new(), SHORT).await.unwrap();
        let said = detail(&answer, status);
        assert!(said.contains(says), "{method} {path}: {said}");
        assert_eq!(answer.headers.contains_key("allow"), status == 405, "{method} {path}");
    }
    let answer = bench.peer.call(Method::HEAD, "/nowhere", Bytes::new(), SHORT).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.len()), (404, 0));
}

#[tokio::test(start_paused = true)]
async fn the_operator_port_refuses_what_it_does_not_understand_and_says_why() {
    let bench = Bench::on(Network::in_memory(Duration::from_millis(1), 0)).await;
    let address = bench.host.open_operator_port(&"operator:80".parse().unwrap(), "secret").await.unwrap();
    let operator = Peer::new(&bench.chassis, address);
    let send = async |request: &str, scheme: &str, content_type: &str, body: Bytes| {
        let (method, path) = request.split_once(' ').unwrap();
        let request = http::Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("{scheme}secret"));
        let request = request.header("content-type", content_type).body(body).unwrap();
        operator.send(request, SHORT).await.unwrap()
    };
    for scheme in ["Bearer ", "bearer ", "BEARER ", "bEARER   "] {
        assert_eq!(send("GET /switches", scheme, "", Bytes::new()).await.status, 200, "{scheme}");
    }
    for scheme in ["", "Bearer", "Bearer\t", "Basic ", "Bearer x", "Bearer,"] {
        let answer = send("GET /switches", scheme, "", Bytes::new()).await;
        assert!(detail(&answer, 401).contains("needs credentials"), "{scheme}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    let before = bench.host.switches().faults_present();
    for (request, content_type, body, status, says) in [
        ("PUT /switches", "application/json", r#"["changes", []]"#, 422, "expected an object"),
        ("PUT /switches", "application/json", "[]", 422, "expected an object"),
        ("PUT /switches", "application/json", "null", 422, "expected an object"),
        ("PUT /switches", "application/json", r#"{"level": "loud"}"#, 422, "loud"),
        ("PUT /switches", "application/json", r#"{"level": ["logs"]}"#, 400, ""),
        ("PUT /switches", "application/json", "", 400, "EOF"),
        ("PUT /switches", "text/plain", "{}", 415, "application/json"),
        ("PATCH /switches", "", "", 405, "It takes GET, HEAD and PUT."),
        ("GET /restart", "", "", 405, "It takes POST."),
        ("POST /nowhere", "", "", 404, "nothing at this path"),
    ] {
        let answer = send(request, "Bearer ", content_type, Bytes::from(body.to_owned())).await;
        let said = detail(&answer, status);
        assert!(said.contains(says), "{request} {body:.40}: {said}");
    }
    assert_eq!(bench.host.switches().faults_present(), before);
}

#[tokio::test(start_paused = true)]
async fn a_service_in_thirty_lines_answers_as_its_example_says() {
    let network = Network::in_memory(Duration::ZERO, 1);
    let surroundings = Surroundings {
        network: network.clone(),
        clock: Clock::virtual_from(std::time::UNIX_EPOCH),
        logs: Logs::off(),
        sink: None,
        compute: None,
        settings: Settings::default(),
        seed: 1,
    };
    let address: http::uri::Authority = "greeter:80".parse().unwrap();
    let host = Host::new(greeter::Greeter, surroundings, Switches::new([], Level::Dark), address.clone());
    host.start().await.unwrap();
    let caller = Chassis::of_caller("caller", network, Clock::virtual_from(std::time::UNIX_EPOCH), 1);
    let answer = Peer::new(&caller, address).get("/ada", Wait::AtMost(Duration::from_secs(1))).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"Hello, ada.\n"[..]));
    host.stop().await;
}
