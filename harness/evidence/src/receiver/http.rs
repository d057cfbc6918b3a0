//! OTLP over HTTP. Teaches to stop at a limit, rather than to notice later that it was exceeded.

use std::io::Read;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use serde::Serialize;

use super::decode::{self, Decoded};
use super::signal::{Signal, take};
use super::{BODY_BYTES_MAX, COMPRESSED_BYTES_MAX, RequestError};
use crate::Evidence;
use crate::problem::{no_such_method, no_such_path};

pub(super) fn routes(evidence: Evidence) -> Router {
    Router::new()
        .route(ExportLogsServiceRequest::PATH, post(export::<ExportLogsServiceRequest>))
        .route(ExportMetricsServiceRequest::PATH, post(export::<ExportMetricsServiceRequest>))
        .route(ExportTraceServiceRequest::PATH, post(export::<ExportTraceServiceRequest>))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .with_state(evidence)
}

/// An error as OTLP specifies it: `google.rpc.Status`. It is JSON here, because the request's encoding may be the error.
pub(super) fn refuse(error: &RequestError) -> Response {
    error_response(error, Encoding::Json)
}

async fn export<S: Signal>(State(evidence): State<Evidence>, request: Request) -> Response {
    let encoding = Encoding::of(request.headers());
    let taken = match encoding {
        Some(encoding) => receive::<S>(request, encoding).await.and_then(|decoded| take(&decoded, &evidence)),
        None => Err(RequestError::Unsupported),
    };
    let encoding = encoding.unwrap_or(Encoding::Json);
    match taken {
        Ok(taken) => encoding.response(StatusCode::OK, &S::answer(taken)),
        Err(error) => {
            evidence.count_refused_request(error.word());
            error_response(&error, encoding)
        }
    }
}

async fn receive<S: Signal>(request: Request, encoding: Encoding) -> Result<Decoded<S>, RequestError> {
    let content_encoding =
        request.headers().get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    let bytes = match content_encoding.as_deref() {
        None | Some(b"" | b"identity") => collect(request.into_body(), BODY_BYTES_MAX).await?,
        Some(b"gzip" | b"x-gzip") => inflate(&collect(request.into_body(), COMPRESSED_BYTES_MAX).await?)?,
        Some(_) => return Err(RequestError::Unsupported),
    };
    match encoding {
        Encoding::Protobuf => decode::protobuf(&bytes),
        Encoding::Json => decode::json(&bytes),
    }
}

/// Reads a body up to its limit. A body that announces more is not read at all.
async fn collect(body: Body, bytes_max: usize) -> Result<Bytes, RequestError> {
    if HttpBody::size_hint(&body).lower() > bytes_max as u64 {
        return Err(RequestError::TooLarge);
    }
    let collected = Limited::new(body, bytes_max).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() { RequestError::TooLarge } else { RequestError::Broken }
    })
}

/// Inflates up to the limit and no block further: a decompression bomb costs no more than an honest body.
fn inflate(compressed: &[u8]) -> Result<Bytes, RequestError> {
    let mut bytes = Vec::new();
    let mut limited = MultiGzDecoder::new(compressed).take(BODY_BYTES_MAX as u64 + 1);
    limited.read_to_end(&mut bytes).map_err(|_| RequestError::BadGzip)?;
    if bytes.len() > BODY_BYTES_MAX { Err(RequestError::TooLarge) } else { Ok(bytes.into()) }
}

#[derive(Clone, Copy)]
enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/x-protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    fn response<M: prost::Message + Serialize>(self, status: StatusCode, message: &M) -> Response {
        let (content_type, body) = match self {
            Self::Protobuf => ("application/x-protobuf", message.encode_to_vec()),
            // An empty message is an empty object, because JSON's null is no value of a protobuf field.
            Self::Json if message.encoded_len() == 0 => ("application/json", b"{}".to_vec()),
            Self::Json => ("application/json", serde_json::to_vec(message).unwrap_or_default()),
        };
        (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
    }
}

/// `google.rpc.Status` without its details.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn error_response(error: &RequestError, encoding: Encoding) -> Response {
    let (_, status, code) = error.terms();
    let mut response = encoding.response(status, &Status { code: code as i32, message: error.to_string() });
    if *error == RequestError::TooLarge {
        // The rest of the body will not be read.
        response.headers_mut().insert(header::CONNECTION, http::HeaderValue::from_static("close"));
    }
    response
}
