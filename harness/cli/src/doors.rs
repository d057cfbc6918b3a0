//! Where evidence comes in (OTLP) and where it is asked for.

use std::io;

use axum::Router;
use chassis::run::{explain, loopback};
use evidence::{Evidence, api, receiver};
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
    doors.serve("the incident room", ports.room_port, api::router(evidence.clone())).await?;
    doors.serve("OTLP over gRPC", ports.otlp_grpc_port, receiver::grpc_router(evidence.clone())).await?;
    doors.serve("OTLP over HTTP", ports.otlp_http_port, receiver::http_router(evidence.clone())).await?;
    Ok(doors)
}

impl Doors {
    async fn serve(&mut self, what: &str, port: u16, router: Router) -> io::Result<()> {
        let address = loopback(port);
        let listener =
            TcpListener::bind(address.as_str()).await.map_err(|error| explain(&error, what, &address))?;
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
