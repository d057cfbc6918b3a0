//! OTLP over HTTP and gRPC, from anyone. Teaches that a receiver is a place where strangers decide how much work you
//! have, so that everything they send has an end: bodies, what bodies inflate to, what that unfolds to, how many at
//! once, and for how long.
//!
//! [`http_router`] is for port 4318 (HTTP/1.1 suffices), [`grpc_router`] for port 4317, whose server must speak HTTP/2
//! without TLS (`hyper_util::server::conn::auto::Builder` with the feature `http2`, or hyper's `http2::Builder`). The
//! caller serves them.

mod schema;

mod path;
mod wire;

mod numbers;

mod json;

mod decode;

mod signal;

mod grpc;
mod http;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio::sync::Semaphore;

use crate::Evidence;

/// What a compressed body may have. Exporters send some tens of kilobytes at a time.
pub const COMPRESSED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What a body may have that came uncompressed or was inflated; inflating stops there.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What the structures of one message may take, not counting their texts: two bytes on the wire can unfold to two
/// hundred.
pub const UNFOLDED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Requests that are read and decoded at one time; more of them wait, holding no more than their headers.
pub const REQUESTS_AT_ONCE_MAX: usize = 8;
/// A request that takes longer, its waiting included, is given up: the default time-out of OTLP's exporters.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);

/// `POST /v1/logs`, `/v1/metrics` and `/v1/traces`: protobuf or JSON, plain or gzip, answered in kind.
pub fn http_router(evidence: Evidence) -> Router {
    let gate = Gate::new(&evidence, http::refuse);
    http::routes(evidence).layer(middleware::from_fn_with_state(gate, pass))
}

/// The `Export` calls of the three collector services of OTLP, plain or gzip.
pub fn grpc_router(evidence: Evidence) -> Router {
    let gate = Gate::new(&evidence, grpc::refuse);
    grpc::routes(evidence).layer(middleware::from_fn_with_state(gate, pass))
}

/// Why a whole request was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("the body is larger than a body may be")]
    TooLarge,
    #[error("the message is no such OTLP message: {0}")]
    Malformed(String),
    #[error("the message unfolds to more structures than a message may")]
    UnfoldsTooFar,
    #[error("the body is not the gzip that its header says")]
    BadGzip,
    #[error("send application/x-protobuf or application/json, plain or with Content-Encoding gzip")]
    Unsupported,
    #[error("the body did not arrive")]
    Broken,
    #[error("the request took too long")]
    TooSlow,
}

impl RequestError {
    /// The word that it is counted by.
    fn word(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Malformed(_) => "malformed",
            Self::UnfoldsTooFar => "unfolds_too_far",
            Self::BadGzip => "bad_gzip",
            Self::Unsupported => "unsupported",
            Self::Broken => "broken",
            Self::TooSlow => "too_slow",
        }
    }
}

/// Lets some requests pass at one time.
#[derive(Clone)]
struct Gate {
    evidence: Evidence,
    permits: Arc<Semaphore>,
    refuse: fn(&RequestError) -> Response,
}

impl Gate {
    fn new(evidence: &Evidence, refuse: fn(&RequestError) -> Response) -> Self {
        Self { evidence: evidence.clone(), permits: Arc::new(Semaphore::new(REQUESTS_AT_ONCE_MAX)), refuse }
    }
}

async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let answer = async {
        let _permit = gate.permits.acquire().await.expect("the semaphore is never closed");
        next.run(request).await
    };
    tokio::time::timeout(REQUEST_TIME_MAX, answer).await.unwrap_or_else(|_| {
        gate.evidence.count_refused_request(RequestError::TooSlow.word());
        (gate.refuse)(&RequestError::TooSlow)
    })
}
