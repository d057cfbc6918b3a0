//! The listeners of the evidence store: OTLP over gRPC and HTTP, and queries.

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

/// The most listeners there are: those of the evidence store, and the operator port around a shop of `up`.
pub(crate) const EVIDENCE_LISTENERS: usize = 4;

pub(crate) struct Listeners {
    pub(crate) room: Authority,
    /// Where OTLP comes in over gRPC and over HTTP.
    pub(crate) otlp_grpc: Authority,
    pub(crate) otlp_http: Authority,
    open: Opening,
}

struct Opening {
    limits: Limits,
    hosts: Hosts,
    tasks: TaskGroup,
    served: TaskTracker,
    stop: CancellationToken,
}

/// Opens all three: questions over HTTP, OTLP over gRPC and over HTTP. Each takes what `limits` says.
pub(crate) async fn open(
    evidence: &Evidence,
    args: &ListenerArgs,
    offset: u16,
    limits: Limits,
) -> anyhow::Result<Listeners> {
    let open = Opening {
        limits,
        hosts: args.allowed_hosts.hosts(),
        tasks: TaskGroup::default(),
        served: TaskTracker::new(),
        stop: CancellationToken::new(),
    };
    let at = |port| anyhow::Ok(SocketAddr::new(args.bind, moved(port, offset)?));
    let http = Protocol::Http1;
    let router = api::router(evidence.clone());
    let room = open.listener("the incident room", at(args.room_port)?, http, router).await?;
    // Calls of gRPC need HTTP/2; health is asked by HTTP/1.1 as everywhere.
    let router = receiver::grpc_router(evidence.clone());
    let both = Protocol::Http1And2;
    let otlp_grpc = open.listener("OTLP over gRPC", at(args.otlp_grpc_port)?, both, router).await?;
    let router = receiver::http_router(evidence.clone());
    let otlp_http = open.listener("OTLP over HTTP", at(args.otlp_http_port)?, http, router).await?;
    Ok(Listeners { room, otlp_grpc, otlp_http, open })
}

impl Opening {
    async fn listener(
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
}

impl Listeners {
    pub(crate) async fn serve(
        &self,
        what: &str,
        address: SocketAddr,
        router: Router,
    ) -> anyhow::Result<Authority> {
        self.open.listener(what, address, Protocol::Http1, router).await
    }

    /// Closes all listeners: what is under way may end, and whoever still follows is cut off.
    pub(crate) async fn close(self) {
        let Opening { tasks, served, stop, .. } = self.open;
        stop.cancel();
        served.close();
        let _ = timeout(DRAIN_TIMEOUT, served.wait()).await;
        tasks.kill().await;
    }
}

/// Listens at an address, or says what could not be opened and what to do about it.
pub(crate) async fn listen(what: &str, address: SocketAddr) -> io::Result<Listener> {
    let listener = TcpListener::bind(address).await;
    listener.map(Listener::Tcp).map_err(|error| explain(&error, what, &authority(address)))
}
