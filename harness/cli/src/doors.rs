//! Where evidence comes in (OTLP) and where it is asked for.

use std::{io, net::SocketAddr};

use axum::Router;
use chassis::run::explain;
use evidence::{Evidence, api, receiver};
use http::uri::Authority;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::options::DoorPorts;

/// The open doors of one evidence store.
pub(crate) struct Doors {
    served: JoinSet<io::Result<()>>,
    stop: CancellationToken,
}

/// Opens all three: questions over HTTP, OTLP over gRPC and over HTTP.
pub(crate) async fn open(evidence: &Evidence, ports: &DoorPorts) -> io::Result<Doors> {
    let mut doors = Doors { served: JoinSet::new(), stop: CancellationToken::new() };
    let at = |port| {
        let written = Authority::try_from(SocketAddr::new(ports.bind, port).to_string());
        written.expect("an address and a port form an authority")
    };
    doors.serve("the incident room", &at(ports.room_port), api::router(evidence.clone())).await?;
    doors.serve("OTLP over gRPC", &at(ports.otlp_grpc_port), receiver::grpc_router(evidence.clone())).await?;
    doors.serve("OTLP over HTTP", &at(ports.otlp_http_port), receiver::http_router(evidence.clone())).await?;
    Ok(doors)
}

impl Doors {
    /// Opens one more.
    pub(crate) async fn serve(&mut self, what: &str, address: &Authority, router: Router) -> io::Result<()> {
        let bound = TcpListener::bind(address.as_str()).await;
        let listener = bound.map_err(|error| explain(&error, what, address))?;
        let stop = self.stop.clone().cancelled_owned();
        self.served.spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stop).await });
        Ok(())
    }

    /// Closes all doors; whoever still follows is cut off.
    pub(crate) async fn close(mut self) {
        self.stop.cancel();
        self.served.shutdown().await;
    }
}
