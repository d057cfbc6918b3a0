//! OTLP over HTTP and gRPC, from anyone. Teaches that untrusted senders decide how much work a receiver has, unless everything is
//! bounded: bodies, inflated bodies, decoded messages, concurrent requests, and their duration.
//!
//! [`http_router`] is for port 4318 (HTTP/1.1 suffices), [`grpc_router`] for port 4317, whose server must speak HTTP/2
//! without TLS (`hyper_util::server::conn::auto::Builder` with the feature `http2`, or hyper's `http2::Builder`). The
//! caller serves them.

mod schema;
mod wire;
mod json;
mod decode;
mod signal;
mod grpc;
mod http;

use std::sync::Arc;
use std::time::Duration;

use ::http::StatusCode;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio::sync::Semaphore;
use tonic::Code;

use crate::Evidence;

/// The most bytes of a compressed body. Exporters send some tens of kilobytes at a time.
pub const COMPRESSED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The most bytes of an uncompressed or inflated body. Inflating stops there.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most bytes of one message's decoded structures, not counting their texts: two bytes on the wire can become two hundred.
pub const UNFOLDED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most requests to read and decode at once. Further requests wait, and hold only their headers.
pub const REQUESTS_AT_ONCE_MAX: usize = 8;
/// The timeout of a request, including its waiting: the default timeout of OTLP's exporters.
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

/// Why a whole request was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("the body is too large")]
    TooLarge,
    #[error("the message is not valid OTLP: {0}")]
    Malformed(String),
    #[error("the message expands to more structures than allowed")]
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
    /// The label that counts it, its HTTP status and its gRPC code.
    fn terms(&self) -> (&'static str, StatusCode, Code) {
        match self {
            Self::TooLarge => ("too_large", StatusCode::PAYLOAD_TOO_LARGE, Code::ResourceExhausted),
            Self::Malformed(_) => ("malformed", StatusCode::BAD_REQUEST, Code::InvalidArgument),
            Self::UnfoldsTooFar => {
                ("unfolds_too_far", StatusCode::PAYLOAD_TOO_LARGE, Code::ResourceExhausted)
            }
            Self::BadGzip => ("bad_gzip", StatusCode::BAD_REQUEST, Code::InvalidArgument),
            Self::Unsupported => ("unsupported", StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::InvalidArgument),
            Self::Broken => ("broken", StatusCode::BAD_REQUEST, Code::InvalidArgument),
            // The sender may retry, and OTLP uses 503 for that.
            Self::TooSlow => ("too_slow", StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable),
        }
    }

    fn word(&self) -> &'static str {
        self.terms().0
    }
}

impl From<prost::DecodeError> for RequestError {
    fn from(error: prost::DecodeError) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// A place in a message in terms of OTLP's JSON, such as `resourceLogs[0].scopeLogs[2]`. Strips the leading point of the path.
fn told(place: &str) -> &str {
    if place.is_empty() { "the message" } else { place.trim_start_matches('.') }
}

/// Limits how many requests run at once.
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
