//! The chassis from outside: serving, calling, killing, on both networks.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, routing::get};
use chassis::{
    App, Blocking, CallError, Chassis, Clock, Host, LatentFault, Level, Logs, Network, Peer, Service,
    Switches, Wait, host::Surroundings,
};
use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, sleep, timeout},
};

/// A service whose `/slow` never answers; it counts the requests that were dropped.
#[derive(Clone, Default)]
struct Slow {
    starts: Arc<AtomicU32>,
    entered: Arc<AtomicU32>,
    dropped: Arc<AtomicU32>,
}

struct CountsDrop(Arc<AtomicU32>);

impl Drop for CountsDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Service for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    async fn start(&self, _: Chassis) -> io::Result<App> {
        self.starts.fetch_add(1, Ordering::SeqCst);
        let slow = |State(slow): State<Slow>| async move {
            slow.entered.fetch_add(1, Ordering::SeqCst);
            let _counts = CountsDrop(slow.dropped);
            std::future::pending::<()>().await;
        };
        let router = Router::new().route("/slow", get(slow)).route("/quick", get(|| async { "quick" }));
        Ok(router.with_state(self.clone()).into())
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
        let service = Slow::default();
        let clock = Clock::real();
        let switches = Switches::new(LatentFault::ALL, Level::Dark);
        let surroundings = Surroundings {
            network: network.clone(),
            clock: clock.clone(),
            logs: Logs::off(),
            sink: None,
            blocking: Blocking::Inline,
            compute: None,
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
        [Self::on(Network::Tcp).await, Self::on(Network::in_memory(Duration::from_millis(1), 0)).await]
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
async fn a_second_listener_at_an_address_is_refused() {
    for bench in Bench::both().await {
        let taken = bench.network.bind(bench.peer.authority()).await;
        assert_eq!(taken.unwrap_err().kind(), io::ErrorKind::AddrInUse);
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
async fn a_client_that_never_finishes_its_request_is_cut_off() {
    let bench = Bench::on(Network::in_memory(Duration::from_millis(1), 0)).await;
    let mut loris = bench.network.connect("client", bench.peer.authority()).await.unwrap();
    loris.write_all(b"GET /quick HTTP/1.1\r\nx-slow: ").await.unwrap();
    let start = Instant::now();
    let mut rest = Vec::new();
    loris.read_to_end(&mut rest).await.unwrap();
    let waited = start.elapsed();
    assert!((chassis::serve::HEAD_TIMEOUT..chassis::serve::HEAD_TIMEOUT * 2).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn beyond_its_connections_a_service_still_tells_that_it_lives() {
    let bench = Bench::on(Network::in_memory(Duration::from_millis(1), 0)).await;
    let mut held = Vec::new();
    for _ in 0..chassis::serve::CONNECTIONS_MAX {
        held.push(bench.network.connect("client", bench.peer.authority()).await.unwrap());
    }
    let status = async |path| bench.peer.get(path, SHORT).await.unwrap().status;
    assert_eq!(status("/quick").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status("/healthz").await, StatusCode::OK);
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
