//! The protocol over streamable HTTP, for clients that present the token.

use std::sync::Arc;

use axum::Router;
use chassis::{
    TaskGroup,
    network::Listener,
    operator::guarded,
    serve::{Hosts, Limits, Protocol, Serving, serve_router},
};
use rmcp::transport::{
    StreamableHttpServerConfig, StreamableHttpService,
    streamable_http_server::session::local::LocalSessionManager,
};
use tokio_util::sync::CancellationToken;

use crate::{desk::Desk, lines::LINE_BYTES_MAX, server::Server};

/// The path at which the protocol is served.
pub const PATH: &str = "/mcp";

/// Serves the protocol at [`PATH`] until `stop`. It answers only on loopback host names.
pub async fn serve(listener: Listener, desk: Arc<Desk>, token: String, stop: CancellationToken) {
    let serving = Serving {
        protocol: Protocol::Http1,
        limits: Limits::default(),
        hosts: Hosts::default(),
        has_date: true,
    };
    let (router, tasks) = (router(desk, &token, stop.clone()), TaskGroup::default());
    serve_router(listener, router.into(), serving, tasks.clone(), stop).await;
    tasks.kill().await;
}

fn router(desk: Arc<Desk>, token: &str, stop: CancellationToken) -> Router {
    let bytes_max = usize::try_from(LINE_BYTES_MAX).unwrap_or(usize::MAX);
    let config = StreamableHttpServerConfig::default()
        .with_cancellation_token(stop)
        .with_max_request_body_bytes(bytes_max)
        .enforce_origin_validation();
    let server = Server::new(desk);
    let service =
        StreamableHttpService::new(move || Ok(server.clone()), Arc::<LocalSessionManager>::default(), config);
    guarded(Router::new().route_service(PATH, service), token)
}
