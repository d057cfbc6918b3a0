//! OTLP over gRPC, on tonic's server with a codec of our own. Teaches that generated code makes decisions, too: tonic's codec would
//! decode before anyone can check the size, report a malformed message as an internal error, and report a message that is too large
//! as one to retry.

use std::marker::PhantomData;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Buf;
use http::{HeaderMap, HeaderValue, header};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::Grpc;
use tonic::{Code, Status};
use tower::service_fn;

use super::decode::{self, Decoded};
use super::signal::{Signal, take};
use super::{BODY_BYTES_MAX, RequestError};
use crate::Evidence;
use crate::problem::{no_such_method, no_such_path};

pub(super) fn routes(evidence: Evidence) -> Router {
    Router::new()
        .route(ExportLogsServiceRequest::CALL, post(export::<ExportLogsServiceRequest>))
        .route(ExportMetricsServiceRequest::CALL, post(export::<ExportMetricsServiceRequest>))
        .route(ExportTraceServiceRequest::CALL, post(export::<ExportTraceServiceRequest>))
        .fallback(no_such_call)
        .method_not_allowed_fallback(no_such_method)
        .with_state(evidence)
}

/// gRPC answers an unknown method with a status, not with 404.
async fn no_such_call(headers: HeaderMap) -> Response {
    let content_type = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if content_type.starts_with(b"application/grpc") {
        respond(Status::unimplemented("there is no such call"))
    } else {
        no_such_path().await.into_response()
    }
}

/// An error as gRPC sends it, in the headers.
pub(super) fn refuse(error: &RequestError) -> Response {
    respond(status(error))
}

async fn export<S: Signal>(State(evidence): State<Evidence>, request: Request) -> Response {
    let store = evidence.clone();
    let service = service_fn(move |request: tonic::Request<Decoded<S>>| {
        let taken = take(&request.into_inner(), &store);
        async move { taken.map(|taken| tonic::Response::new(S::answer(taken))).map_err(|error| status(&error)) }
    });
    // One limit applies to the body as received and to the inflated one; tonic stops inflating there.
    let mut grpc = Grpc::new(Looking::<S>(PhantomData))
        .accept_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(BODY_BYTES_MAX);
    let mut response = grpc.unary(service, request).await.map(Body::new);
    let code = response.headers().get(Status::GRPC_STATUS).map(|code| Code::from_bytes(code.as_bytes()));
    if let Some(code) = code.filter(|code| *code != Code::Ok) {
        let word = match code {
            Code::OutOfRange | Code::ResourceExhausted => RequestError::TooLarge.word(),
            Code::InvalidArgument => RequestError::Malformed(String::new()).word(),
            Code::Unimplemented => RequestError::Unsupported.word(),
            _ => RequestError::Broken.word(),
        };
        evidence.count_refused_request(word);
        let plainly = match code {
            // OTLP senders would retry on that code.
            Code::OutOfRange => Some(Code::ResourceExhausted),
            // tonic reports a truncated frame or an unknown compression as an internal error, although nothing here is broken.
            Code::Internal => Some(Code::InvalidArgument),
            _ => None,
        };
        if let Some(plainly) = plainly {
            response.headers_mut().insert(Status::GRPC_STATUS, HeaderValue::from(plainly as i32));
        }
    }
    response
}

fn respond(status: Status) -> Response {
    status.into_http::<tonic::body::Body>().map(Body::new)
}

fn status(error: &RequestError) -> Status {
    Status::new(error.terms().2, error.to_string())
}

/// A codec that checks the decoded size of a message before it decodes the message.
struct Looking<S>(PhantomData<S>);

impl<S: Signal> Codec for Looking<S> {
    type Encode = S::Answer;
    type Decode = Decoded<S>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self(PhantomData)
    }

    fn decoder(&mut self) -> Self {
        Self(PhantomData)
    }
}

impl<S: Signal> Encoder for Looking<S> {
    type Item = S::Answer;
    type Error = Status;

    fn encode(&mut self, answer: S::Answer, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        answer.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl<S: Signal> Decoder for Looking<S> {
    type Item = Decoded<S>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Decoded<S>>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        decode::protobuf(&bytes).map(Some).map_err(|error| status(&error))
    }
}
