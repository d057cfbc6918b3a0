//! HTTP requests in wire format for a router, and the rules for every answer.

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// Larger than any answer of a target.
const ANSWER_BYTES_MAX: usize = 8 * 1_024 * 1_024;

/// An answer, with its whole body.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Parses the bytes as a request; `None` if they have no valid head.
pub(crate) fn read(input: &[u8]) -> Option<Request<Bytes>> {
    let mut headers = [httparse::EMPTY_HEADER; 24];
    let mut parsed = httparse::Request::new(&mut headers);
    let Ok(httparse::Status::Complete(head)) = parsed.parse(input) else { return None };
    let mut request = Request::builder().method(parsed.method?).uri(parsed.path?);
    for header in parsed.headers {
        request = request.header(header.name, header.value);
    }
    request.body(Bytes::copy_from_slice(&input[head..])).ok()
}

/// Writes a request: `METHOD /path`, headers as `name: value`, and a body.
pub(crate) fn written(line: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let line = format!("{line} HTTP/1.1");
    let head = [&[line.as_str()][..], headers, &["\r\n"]].concat().join("\r\n");
    [head.as_bytes(), body.as_ref()].concat()
}

/// Adds a bearer token, unless the request has an authorization header.
pub(crate) fn with_token(mut request: Request<Bytes>, token: &str) -> Request<Bytes> {
    let value = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().entry(header::AUTHORIZATION).or_insert(value);
    request
}

pub(crate) async fn send(router: &Router, request: Request<Bytes>) -> Answer {
    let answer = router.clone().oneshot(request.map(Body::from)).await.unwrap();
    let (head, body) = answer.into_parts();
    // An event stream never ends, so do not read its body.
    let is_endless = head
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let body = if is_endless { Bytes::new() } else { body.collect().await.unwrap().to_bytes() };
    Answer { status: head.status, headers: head.headers, body }
}

impl Answer {
    /// Checks an answer: a client error explains itself, no request causes a server error, and the size is bounded.
    pub(crate) fn must_be_plain(&self, method: &Method) {
        let Self { status, headers, body } = self;
        let text = String::from_utf8_lossy(body);
        assert!(!status.is_server_error(), "{status}: {text}");
        assert!(body.len() <= ANSWER_BYTES_MAX, "{} bytes", body.len());
        if status.is_client_error() && method != Method::HEAD {
            let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
            assert_eq!(kind, Some(&b"application/problem+json"[..]), "{status}: {text}");
            let problem: Value = serde_json::from_slice(body).unwrap();
            assert_eq!(problem["status"], status.as_u16(), "{text}");
            assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{text}");
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }
}
