//! The protocol over streamable HTTP, for whoever bears the token.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use chassis::{
    Problem, TaskGroup,
    network::Listener,
    operator::is_bearer,
    serve::{Hosts, Limits, Protocol, Serving, serve_router},
};
use http::StatusCode;
use rmcp::transport::{
    StreamableHttpServerConfig, StreamableHttpService,
    streamable_http_server::session::local::LocalSessionManager,
};
use tokio_util::sync::CancellationToken;

use crate::{desk::Desk, lines::LINE_BYTES_MAX, server::Server};

/// Where the protocol is spoken.
pub const PATH: &str = "/mcp";

/// Serves the protocol at [`PATH`] until `stop`. It answers on loopback names alone.
pub async fn serve(listener: Listener, desk: Arc<Desk>, token: String, stop: CancellationToken) {
    let serving = Serving {
        protocol: Protocol::Http1,
        limits: Limits::default(),
        hosts: Hosts::default(),
        has_date: true,
    };
    let (router, tasks) = (router(desk, token, stop.clone()), TaskGroup::default());
    serve_router(listener, router.into(), serving, tasks.clone(), stop).await;
    tasks.kill().await;
}

fn router(desk: Arc<Desk>, token: String, stop: CancellationToken) -> Router {
    let bytes_max = usize::try_from(LINE_BYTES_MAX).unwrap_or(usize::MAX);
    let config = StreamableHttpServerConfig::default()
        .with_cancellation_token(stop)
        .with_max_request_body_bytes(bytes_max)
        .enforce_origin_validation();
    let server = Server::new(desk);
    let service =
        StreamableHttpService::new(move || Ok(server.clone()), Arc::<LocalSessionManager>::default(), config);
    Router::new().route_service(PATH, service).layer(from_fn_with_state(Arc::<str>::from(token), admit))
}

async fn admit(State(token): State<Arc<str>>, request: Request, next: Next) -> Response {
    if is_bearer(request.headers(), &token) {
        return next.run(request).await;
    }
    let detail =
        "This needs credentials: send 'Authorization: Bearer' with the token that was printed at start.";
    Problem::new(StatusCode::UNAUTHORIZED, detail).into_response()
}
