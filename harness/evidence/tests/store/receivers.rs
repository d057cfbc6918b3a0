//! OTLP over HTTP and gRPC, from honest and from hostile senders.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::io::Write as _;
use std::time::Duration;

use crate::support::{CUMULATIVE, World, log, logs, metrics, number, span, spans, sum};
use axum::Router;
use axum::body::{Body, Bytes};
use evidence::{Evidence, LogQuery, receiver};
use flate2::{Compression, write::GzEncoder};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message;
use tokio::task::JoinSet;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};
use tower::ServiceExt as _;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn post(
    router: &Router,
    path: &str,
    content_type: &str,
    encoding: &str,
    body: impl Into<Body>,
) -> (StatusCode, String, Bytes) {
    let request =
        Request::post(path).header("content-type", content_type).header("content-encoding", encoding);
    let answer = router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (status, content_type) =
        (answer.status(), answer.headers()["content-type"].to_str().unwrap().to_owned());
    (status, content_type, answer.into_body().collect().await.unwrap().to_bytes())
}

fn refused(evidence: &Evidence, reason: &str) -> u64 {
    evidence.usage().requests_refused.get(reason).copied().unwrap_or(0)
}

#[tokio::test]
async fn http_takes_all_signals_in_every_encoding() {
    let World { evidence, .. } = World::default();
    let router = receiver::http_router(evidence.clone());
    let mut id = 0;
    for (content_type, encoding) in
        [(PROTOBUF, ""), (PROTOBUF, "gzip"), (JSON, "identity"), ("application/json; charset=utf-8", "gzip")]
    {
        id += 1;
        let log = logs("cache", vec![log(0.0, 9, "started")]);
        let point = number(0.0, 0.0, 1, &[("id", &id.to_string())]);
        let metric = metrics("cache", vec![sum("hits", "1", CUMULATIVE, vec![point])]);
        let span = spans("cache", vec![span(1, id, 0, "fill", 0.0, 0.0)]);
        let body = |protobuf: Vec<u8>, json: serde_json::Result<Vec<u8>>| {
            let bytes = if content_type == PROTOBUF { protobuf } else { json.unwrap() };
            if encoding == "gzip" { gzip(&bytes) } else { bytes }
        };
        for (path, body) in [
            ("/v1/logs", body(log.encode_to_vec(), serde_json::to_vec(&log))),
            ("/v1/metrics", body(metric.encode_to_vec(), serde_json::to_vec(&metric))),
            ("/v1/traces", body(span.encode_to_vec(), serde_json::to_vec(&span))),
        ] {
            let (status, answered_as, answer) = post(&router, path, content_type, encoding, body).await;
            let empty: &[u8] = if content_type == PROTOBUF { b"" } else { b"{}" };
            assert_eq!((status, &*answer), (StatusCode::OK, empty), "{path} {content_type} {encoding}");
            assert!(content_type.starts_with(&answered_as));
        }
    }
    let usage = evidence.usage();
    assert_eq!((usage.logs.held, usage.metrics.held, usage.spans.held), (4, 4, 4));
}

#[tokio::test]
async fn http_says_what_of_a_request_was_refused() {
    let World { evidence, .. } = World::default();
    let router = receiver::http_router(evidence.clone());
    let old = LogRecord { time_unix_nano: 1, ..log(0.0, 9, "old") };
    let request = logs("cache", vec![old, log(0.0, 9, "new")]);
    let (status, _, answer) = post(&router, "/v1/logs", PROTOBUF, "", request.encode_to_vec()).await;
    let partial = ExportLogsServiceResponse::decode(answer).unwrap().partial_success.unwrap();
    let reason = "1 too old, the first at resourceLogs[0].scopeLogs[0].logRecords[0].timeUnixNano: \
                  expected a time no older than evidence is kept";
    assert_eq!(
        (status, partial.rejected_log_records, partial.error_message.as_str()),
        (StatusCode::OK, 1, reason)
    );
    let (_, _, answer) = post(&router, "/v1/logs", JSON, "", serde_json::to_vec(&request).unwrap()).await;
    let json: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(json["partialSuccess"]["errorMessage"], reason);
}

/// `google.rpc.Status`, as far as it is sent.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

#[tokio::test]
async fn http_refuses_what_is_wrong_or_too_much() {
    let World { evidence, .. } = World::default();
    let router = receiver::http_router(evidence.clone());
    // A gigabyte of zeros in one megabyte; sixteen megabytes of empty records, two bytes each; fifty megabytes.
    let bomb = gzip(&vec![0; 1 << 30]);
    assert!(bomb.len() < receiver::COMPRESSED_BYTES_MAX);
    let scope_logs =
        vec![ScopeLogs { log_records: vec![LogRecord::default(); 2_000_000], ..Default::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..Default::default() }];
    let hollow = ExportLogsServiceRequest { resource_logs }.encode_to_vec();
    let unannounced = Body::from_stream(
        futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![0; 1 << 20])))
            .take_50(),
    );
    for (content_type, encoding, body, status, code, reason) in [
        (PROTOBUF, "", Body::from("no protobuf"), 400, 3, "malformed"),
        (JSON, "", Body::from("{\"resourceLogs\":7}"), 400, 3, "malformed"),
        (PROTOBUF, "gzip", Body::from("no gzip"), 400, 3, "bad_gzip"),
        (PROTOBUF, "gzip", Body::from(bomb), 413, 8, "too_large"),
        (PROTOBUF, "gzip", Body::from(vec![0; 5 << 20]), 413, 8, "too_large"),
        (PROTOBUF, "", Body::from(vec![0; 50_000_000]), 413, 8, "too_large"),
        (PROTOBUF, "", unannounced, 413, 8, "too_large"),
        (PROTOBUF, "", Body::from(hollow), 413, 8, "unfolds_too_far"),
        (JSON, "", Body::from("[".repeat(1_000_000)), 413, 8, "unfolds_too_far"),
        (PROTOBUF, "br", Body::empty(), 415, 3, "unsupported"),
        ("text/plain", "", Body::empty(), 415, 3, "unsupported"),
    ] {
        let before = refused(&evidence, reason);
        let (answered, answered_as, answer) = post(&router, "/v1/logs", content_type, encoding, body).await;
        assert_eq!(answered.as_u16(), status, "{reason}");
        let told = if answered_as == JSON {
            serde_json::from_slice::<serde_json::Value>(&answer).unwrap()["code"].as_i64().unwrap()
        } else {
            i64::from(RpcStatus::decode(answer).unwrap().code)
        };
        assert_eq!((told, refused(&evidence, reason)), (code, before + 1), "{reason}");
    }
    assert_eq!(evidence.usage().logs.received, 0);
}

trait Take50: Sized {
    fn take_50(self) -> futures_util::stream::Take<Self>;
}

impl<S: futures_util::Stream> Take50 for S {
    fn take_50(self) -> futures_util::stream::Take<Self> {
        futures_util::StreamExt::take(self, 50)
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up_and_holds_nobody_up() {
    let World { evidence, .. } = World::default();
    let router = receiver::http_router(evidence.clone());
    let mut requests = JoinSet::new();
    for _ in 0..receiver::REQUESTS_AT_ONCE_MAX {
        let router = router.clone();
        let silent = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        requests.spawn(async move { post(&router, "/v1/logs", PROTOBUF, "", silent).await.0 });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let honest = logs("cache", vec![log(0.0, 9, "started")]).encode_to_vec();
    let answered = post(&router, "/v1/logs", PROTOBUF, "", honest).await.0;
    assert_eq!(answered, StatusCode::OK);
    while let Some(status) = requests.join_next().await {
        assert_eq!(status.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    }
    assert_eq!(refused(&evidence, "too_slow"), receiver::REQUESTS_AT_ONCE_MAX as u64);
}

#[tokio::test]
async fn grpc_takes_all_signals_over_a_real_connection() {
    let World { evidence, .. } = World::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = receiver::grpc_router(evidence.clone());
    let mut server = JoinSet::new();
    server.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(router.clone());
            connections.spawn(async move {
                let builder = Builder::new(TokioExecutor::new());
                builder.serve_connection(TokioIo::new(stream), service).await.ok();
            });
        }
    });
    for encoding in [None, Some(CompressionEncoding::Gzip)] {
        macro_rules! send {
            ($client:ident, $request:expr) => {{
                let mut client = $client::connect(address.clone()).await.unwrap();
                if let Some(encoding) = encoding {
                    client = client.send_compressed(encoding).accept_compressed(encoding);
                }
                assert_eq!(client.export($request).await.unwrap().into_inner().partial_success, None);
            }};
        }
        let id = if encoding.is_some() { 1 } else { 2 };
        send!(LogsServiceClient, logs("cache", vec![log(0.0, 9, "started")]));
        let point = number(0.0, 0.0, 1, &[("id", &id.to_string())]);
        send!(MetricsServiceClient, metrics("cache", vec![sum("hits", "1", CUMULATIVE, vec![point])]));
        send!(TraceServiceClient, spans("cache", vec![span(1, id, 0, "fill", 0.0, 0.0)]));
    }
    let usage = evidence.usage();
    assert_eq!((usage.logs.held, usage.metrics.held, usage.spans.held), (2, 2, 2));
}

/// One gRPC message as it stands on the wire.
fn frame(message: &[u8], is_compressed: bool) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[u8::from(is_compressed)], &length[..], message].concat()
}

#[tokio::test]
async fn grpc_refuses_what_is_wrong_or_too_much() {
    let World { evidence, .. } = World::default();
    let router = receiver::grpc_router(evidence.clone());
    let scope_logs =
        vec![ScopeLogs { log_records: vec![LogRecord::default(); 2_000_000], ..Default::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..Default::default() }];
    let hollow = ExportLogsServiceRequest { resource_logs }.encode_to_vec();
    for (body, encoding, code, reason) in [
        (frame(b"no protobuf", false), "identity", Code::InvalidArgument, "malformed"),
        (frame(&gzip(&vec![0; 1 << 30]), true), "gzip", Code::ResourceExhausted, "too_large"),
        (frame(&vec![0; 50_000_000], false), "identity", Code::ResourceExhausted, "too_large"),
        (frame(&hollow, false), "identity", Code::ResourceExhausted, "too_large"),
        (frame(b"", false), "br", Code::Unimplemented, "unsupported"),
        // Truncated in the head of a frame, and in its message.
        (frame(b"", false)[..3].to_vec(), "identity", Code::InvalidArgument, "broken"),
        (frame(b"no protobuf", false)[..9].to_vec(), "identity", Code::InvalidArgument, "broken"),
    ] {
        let before = refused(&evidence, reason);
        let request = Request::post("/opentelemetry.proto.collector.logs.v1.LogsService/Export")
            .header("content-type", "application/grpc")
            .header("grpc-encoding", encoding);
        let answer = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = Status::from_header_map(answer.headers()).unwrap();
        assert_eq!((status.code(), refused(&evidence, reason)), (code, before + 1), "{reason}: {status:?}");
    }
    assert_eq!(evidence.usage().logs.received, 0);
}

#[tokio::test]
async fn grpc_says_what_of_a_request_was_refused() {
    let World { evidence, .. } = World::default();
    let mut client = LogsServiceClient::new(receiver::grpc_router(evidence.clone()));
    let old = LogRecord { time_unix_nano: 1, ..log(0.0, 9, "old") };
    let answer = client.export(logs("cache", vec![old, log(0.0, 9, "new")])).await.unwrap().into_inner();
    let reason = answer.partial_success.unwrap().error_message;
    assert!(reason.starts_with("1 too old, the first at resourceLogs[0]"), "{reason}");
    assert_eq!(evidence.logs(&LogQuery::default()).logs[0].body, "new");
    let empty = MetricsServiceClient::new(receiver::grpc_router(evidence.clone()))
        .export(ExportMetricsServiceRequest::default())
        .await;
    assert_eq!(empty.unwrap().into_inner().partial_success, None);
    let empty = TraceServiceClient::new(receiver::grpc_router(evidence))
        .export(ExportTraceServiceRequest::default())
        .await;
    assert_eq!(empty.unwrap().into_inner().partial_success, None);
}
