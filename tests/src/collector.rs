//! An evidence store that takes OTLP on loopback, as a backend for whoever exports.

use chassis::Clock;
use evidence::{Evidence, api, receiver};
use tokio::{net::TcpListener, task::JoinSet};

/// A running backend; it ends when dropped.
#[derive(Debug)]
pub struct Collector {
    /// What arrived.
    pub evidence: Evidence,
    grpc_port: u16,
    http_port: u16,
    api_port: u16,
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
        let evidence = Evidence::new(world::observed::limits(), move || clock.wall());
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
            served.spawn(async move {
                axum::serve(listener, router).await.expect("it serves until it is dropped");
            });
        }
        let [grpc_port, http_port, api_port] = ports;
        Self { evidence, grpc_port, http_port, api_port, _served: served }
    }

    /// Where it takes OTLP over gRPC.
    pub fn grpc(&self) -> String {
        format!("http://127.0.0.1:{}", self.grpc_port)
    }

    /// Where it takes OTLP over HTTP.
    pub fn http(&self) -> String {
        format!("http://127.0.0.1:{}", self.http_port)
    }

    /// The port on which it answers questions, and Prometheus.
    pub fn api_port(&self) -> u16 {
        self.api_port
    }
}
