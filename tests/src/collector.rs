//! An evidence store that receives OTLP on loopback, as a backend for exporters.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use axum::{
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use chassis::Clock;
use evidence::{Evidence, api, receiver};
use tokio::{net::TcpListener, task::JoinSet};

/// A running backend. Dropping it stops it.
#[derive(Debug)]
pub struct Collector {
    /// The received telemetry.
    pub evidence: Evidence,
    grpc_port: u16,
    http_port: u16,
    api_port: u16,
    counts: Arc<Counts>,
    _served: JoinSet<()>,
}

impl Collector {
    /// Listens on free ports.
    ///
    /// # Panics
    ///
    /// When the machine has none.
    pub async fn start() -> Self {
        let clock = Clock::real();
        Self::of(Evidence::new(world::observed::limits(), move || clock.wall())).await
    }

    /// Listens on free ports, with a clock fixed at `time`, for telemetry recorded then.
    ///
    /// # Panics
    ///
    /// When the machine has no free ports.
    pub async fn start_at(time: SystemTime) -> Self {
        Self::of(Evidence::new(world::observed::limits(), move || time)).await
    }

    async fn of(evidence: Evidence) -> Self {
        let counts = Arc::new(Counts::default());
        let mut served = JoinSet::new();
        let mut ports = [0; 3];
        let routers = [
            receiver::grpc_router(evidence.clone()),
            receiver::http_router(evidence.clone()),
            api::router(evidence.clone()),
        ];
        for (port, router) in ports.iter_mut().zip(routers) {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
            *port = listener.local_addr().expect("a bound socket has an address").port();
            let counter = middleware::from_fn_with_state(Arc::clone(&counts), count);
            let router = router.layer(counter);
            served.spawn(async move {
                axum::serve(listener, router).await.expect("it serves until it is dropped");
            });
        }
        let [grpc_port, http_port, api_port] = ports;
        Self { evidence, grpc_port, http_port, api_port, counts, _served: served }
    }

    /// The endpoint for OTLP over gRPC.
    pub fn grpc(&self) -> String {
        format!("http://127.0.0.1:{}", self.grpc_port)
    }

    /// The endpoint for OTLP over HTTP.
    pub fn http(&self) -> String {
        format!("http://127.0.0.1:{}", self.http_port)
    }

    /// The number of requests so far.
    pub fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::Relaxed)
    }

    /// The number of requests with a compressed body so far.
    pub fn compressed(&self) -> u64 {
        self.counts.compressed.load(Ordering::Relaxed)
    }

    /// The port for queries, and for Prometheus scrapes.
    pub fn api_port(&self) -> u16 {
        self.api_port
    }
}

/// Requests so far.
#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    compressed: AtomicU64,
}

async fn count(State(counts): State<Arc<Counts>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let encoding = headers.get("content-encoding").or(headers.get("grpc-encoding"));
    counts.requests.fetch_add(1, Ordering::Relaxed);
    if encoding.is_some_and(|encoding| encoding == "gzip") {
        counts.compressed.fetch_add(1, Ordering::Relaxed);
    }
    next.run(request).await
}
