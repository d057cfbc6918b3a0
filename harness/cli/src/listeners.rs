//! The listeners of the evidence store: OTLP over gRPC and over HTTP, and queries.

use std::{io, net::SocketAddr};

use axum::Router;
use chassis::{
    TaskGroup,
    address::authority,
    network::Listener,
    run::explain,
    serve::{DRAIN_TIMEOUT, Hosts, Limits, Protocol, Serving, serve_router},
};
use evidence::{Evidence, api, receiver};
use http::uri::Authority;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::ports::{ListenerArgs, moved};

/// The most listeners that a command opens: three of the evidence store, and the operator port around a shop of `up`.
pub(crate) const EVIDENCE_LISTENERS: usize = 4;

pub(crate) struct Listeners {
    limits: Limits,
    hosts: Hosts,
    tasks: TaskGroup,
    served: TaskTracker,
    stop: CancellationToken,
}

/// Opens all three listeners and returns their addresses: queries over HTTP, OTLP over gRPC, and OTLP over HTTP. Each accepts connections
/// within `limits`.
pub(crate) async fn open(
    evidence: &Evidence,
    args: &ListenerArgs,
    offset: u16,
    limits: Limits,
) -> anyhow::Result<(Listeners, [Authority; 3])> {
    let listeners = Listeners {
        limits,
        hosts: args.allowed_hosts.hosts(),
        tasks: TaskGroup::default(),
        served: TaskTracker::new(),
        stop: CancellationToken::new(),
    };
    let at = |port| anyhow::Ok(SocketAddr::new(args.bind, moved(port, offset)?));
    // gRPC needs HTTP/2. Health checks use HTTP/1.1, as on every port.
    let (http, both) = (Protocol::Http1, Protocol::Http1And2);
    let router = api::router(evidence.clone());
    let room = listeners.serve("the incident room", at(args.room_port)?, http, router).await?;
    let router = receiver::grpc_router(evidence.clone());
    let grpc = listeners.serve("OTLP over gRPC", at(args.otlp_grpc_port)?, both, router).await?;
    let router = receiver::http_router(evidence.clone());
    let otlp = listeners.serve("OTLP over HTTP", at(args.otlp_http_port)?, http, router).await?;
    Ok((listeners, [room, grpc, otlp]))
}

impl Listeners {
    pub(crate) async fn serve(
        &self,
        what: &str,
        address: SocketAddr,
        protocol: Protocol,
        router: Router,
    ) -> anyhow::Result<Authority> {
        let listener = listen(what, address).await?;
        let address = listener.address()?;
        let serving = Serving { protocol, limits: self.limits, hosts: self.hosts.clone(), has_date: true };
        let served = serve_router(listener, router.into(), serving, self.tasks.clone(), self.stop.clone());
        self.tasks.spawn(self.served.track_future(served));
        Ok(address)
    }
    /// Closes all listeners. Requests under way may finish; event streams are cut off.
    pub(crate) async fn close(self) {
        let Self { tasks, served, stop, .. } = self;
        stop.cancel();
        served.close();
        let _ = timeout(DRAIN_TIMEOUT, served.wait()).await;
        tasks.kill().await;
    }
}

/// Listens at an address. The error says what could not be opened, and what to do about it.
pub(crate) async fn listen(what: &str, address: SocketAddr) -> io::Result<Listener> {
    let listener = TcpListener::bind(address).await;
    listener.map(Listener::from).map_err(|error| explain(&error, what, &authority(address)))
}
