//! Where evidence comes in (OTLP) and where it is asked for.

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

use crate::options::DoorPorts;

/// How many doors there are at most: those of the evidence, and the operators' around a shop of `up`.
pub(crate) const DOORS: usize = 4;

/// The open doors of one evidence store.
pub(crate) struct Doors {
    /// Where evidence is asked for.
    pub(crate) room: Authority,
    /// Where OTLP comes in over gRPC and over HTTP.
    pub(crate) otlp_grpc: Authority,
    pub(crate) otlp_http: Authority,
    open: Opening,
}

/// What every door is opened with.
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
    ports: &DoorPorts,
    offset: u16,
    limits: Limits,
) -> anyhow::Result<Doors> {
    let open = Opening {
        limits,
        hosts: ports.hosts(),
        tasks: TaskGroup::default(),
        served: TaskTracker::new(),
        stop: CancellationToken::new(),
    };
    let at = |port| anyhow::Ok(SocketAddr::new(ports.bind, moved(port, offset)?));
    let http = Protocol::Http1;
    let router = api::router(evidence.clone());
    let room = open.door("the incident room", at(ports.room_port)?, http, router).await?;
    // Calls of gRPC need HTTP/2; health is asked by HTTP/1.1 as everywhere.
    let router = receiver::grpc_router(evidence.clone());
    let both = Protocol::Http1And2;
    let otlp_grpc = open.door("OTLP over gRPC", at(ports.otlp_grpc_port)?, both, router).await?;
    let router = receiver::http_router(evidence.clone());
    let otlp_http = open.door("OTLP over HTTP", at(ports.otlp_http_port)?, http, router).await?;
    Ok(Doors { room, otlp_grpc, otlp_http, open })
}

impl Opening {
    async fn door(
        &self,
        what: &str,
        address: SocketAddr,
        protocol: Protocol,
        router: Router,
    ) -> anyhow::Result<Authority> {
        let listener = listen(what, address).await?;
        let address = listener.address()?;
        let serving = Serving { protocol, limits: self.limits, hosts: self.hosts.clone(), has_date: true };
        let door = serve_router(listener, router.into(), serving, self.tasks.clone(), self.stop.clone());
        self.tasks.spawn(self.served.track_future(door));
        Ok(address)
    }
}

impl Doors {
    /// Opens one more.
    pub(crate) async fn serve(
        &self,
        what: &str,
        address: SocketAddr,
        router: Router,
    ) -> anyhow::Result<Authority> {
        self.open.door(what, address, Protocol::Http1, router).await
    }

    /// Closes all doors: what is under way may end, and whoever still follows is cut off.
    pub(crate) async fn close(self) {
        let Opening { tasks, served, stop, .. } = self.open;
        stop.cancel();
        served.close();
        let _ = timeout(DRAIN_TIMEOUT, served.wait()).await;
        tasks.kill().await;
    }
}

impl DoorPorts {
    fn hosts(&self) -> Hosts {
        self.allowed_hosts.clone().and_this_machine()
    }
}

/// A port moved up by `--port-offset`; 0 stays what it is, a free one.
pub(crate) fn moved(port: u16, offset: u16) -> anyhow::Result<u16> {
    if port == 0 {
        return Ok(0);
    }
    port.checked_add(offset)
        .ok_or_else(|| anyhow::anyhow!("--port-offset {offset} moves port {port} beyond {}", u16::MAX))
}

/// Listens at an address, or says what could not be opened and what to do about it.
pub(crate) async fn listen(what: &str, address: SocketAddr) -> io::Result<Listener> {
    let listener = TcpListener::bind(address).await;
    listener.map(Listener::Tcp).map_err(|error| explain(&error, what, &authority(address)))
}
