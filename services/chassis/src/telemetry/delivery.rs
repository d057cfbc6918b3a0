//! How one batch reaches the backend, over gRPC or HTTP. Teaches which failures are worth another attempt: OTLP lists them,
//! and a batch that was refused for what it says would be refused again.

use std::{io::Write, time::Duration};

use ::http::{HeaderName, HeaderValue, Request, StatusCode, Uri, header, uri::PathAndQuery};
use bytes::{Buf, BufMut, Bytes};
use flate2::{Compression, write::GzEncoder};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::{sleep, timeout};
use tonic::{
    Code, Status,
    client::Grpc,
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;

use super::variables::{Destination, Protocol};

/// Attempts to deliver one batch; the pause before the second is a second, and doubles, unless the backend names one.
pub const ATTEMPTS_MAX: u32 = 3;

/// The longest pause that a backend can ask for: others wait behind the batch, in a queue that holds seconds.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

/// How long opening a connection to the backend may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// For good.
    Refused,
    /// For now; the backend may have said for how long.
    NotNow(Option<Duration>),
}

/// What is sent, in the order of the exporter's senders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Logs,
    Traces,
    Metrics,
}

impl Signal {
    pub(crate) const ALL: [Self; 3] = [Self::Logs, Self::Traces, Self::Metrics];

    /// The call of gRPC that takes it.
    fn call(self) -> PathAndQuery {
        PathAndQuery::from_static(match self {
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        })
    }
}

pub(crate) struct Sender {
    transport: Transport,
    headers: Vec<(HeaderName, HeaderValue)>,
    timeout: Duration,
    is_compressed: bool,
}

enum Transport {
    Grpc { channel: Channel, call: PathAndQuery },
    Http { client: Box<Client<HttpConnector, Full<Bytes>>>, uri: Uri },
}

impl Sender {
    /// A sender of one signal to `destination`. Connecting is left to the first call: a backend that is not there yet is no reason not
    /// to start.
    pub(crate) fn new(destination: Destination, signal: Signal) -> Self {
        let Destination { protocol, uri, headers, timeout, is_compressed } = destination;
        let transport = match protocol {
            Protocol::Grpc => {
                let channel = Endpoint::from(uri).connect_timeout(CONNECT_TIMEOUT).connect_lazy();
                Transport::Grpc { channel, call: signal.call() }
            }
            Protocol::Http => {
                Transport::Http { client: Box::new(Client::builder(TokioExecutor::new()).build_http()), uri }
            }
        };
        Self { transport, headers, timeout, is_compressed }
    }

    /// Delivers a message in at most [`ATTEMPTS_MAX`] attempts, and says whether it arrived.
    pub(crate) async fn deliver(&self, message: &Bytes) -> bool {
        for attempt in 1..=ATTEMPTS_MAX {
            let sent = timeout(self.timeout, self.send(message)).await.unwrap_or(Err(Failure::NotNow(None)));
            match sent {
                Ok(()) => return true,
                Err(Failure::Refused) => return false,
                Err(Failure::NotNow(after)) if attempt < ATTEMPTS_MAX => {
                    let backoff = Duration::from_secs(1 << (attempt - 1));
                    sleep(after.unwrap_or(backoff).min(RETRY_AFTER_MAX)).await;
                }
                Err(Failure::NotNow(_)) => {}
            }
        }
        false
    }

    async fn send(&self, message: &Bytes) -> Result<(), Failure> {
        match &self.transport {
            Transport::Grpc { channel, call } => {
                let called = self.call(channel.clone(), call.clone(), message.clone()).await;
                called.map_err(|status| failure_of_call(&status))
            }
            Transport::Http { client, uri } => self.post(client, uri, message.clone()).await,
        }
    }

    async fn call(&self, channel: Channel, call: PathAndQuery, message: Bytes) -> Result<(), Status> {
        let mut grpc = Grpc::new(channel);
        if self.is_compressed {
            grpc = grpc.send_compressed(CompressionEncoding::Gzip);
        }
        let mut request = tonic::Request::new(message);
        *request.metadata_mut() = MetadataMap::from_headers(self.headers.iter().cloned().collect());
        grpc.ready().await.map_err(|error| Status::unknown(format!("the channel is not ready: {error}")))?;
        grpc.unary(request, call, Written).await.map(drop)
    }

    async fn post(
        &self,
        client: &Client<HttpConnector, Full<Bytes>>,
        uri: &Uri,
        message: Bytes,
    ) -> Result<(), Failure> {
        let mut request = Request::post(uri.clone()).header(header::CONTENT_TYPE, "application/x-protobuf");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut body = message;
        if self.is_compressed {
            request = request.header(header::CONTENT_ENCODING, "gzip");
            body = gzip(&body).into();
        }
        let request = request.body(Full::new(body)).expect("every part was checked before");
        let answer = client.request(request).await.map_err(|_| Failure::NotNow(None))?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(failure_of_answer(answer.status(), answer.headers().get(header::RETRY_AFTER)))
    }
}

/// Messages that are written down already. What is answered is not read: nobody here could act on it.
#[derive(Clone, Copy, Debug)]
struct Written;

impl Codec for Written {
    type Encode = Bytes;
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Written {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Written {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        buffer.advance(buffer.remaining());
        Ok(Some(()))
    }
}

/// The statuses of HTTP that OTLP says to try again, and the pause if one is named in seconds.
fn failure_of_answer(status: StatusCode, retry_after: Option<&HeaderValue>) -> Failure {
    match status.as_u16() {
        429 | 503 => {
            let after_s = retry_after.and_then(|after| after.to_str().ok()?.trim().parse().ok());
            Failure::NotNow(after_s.map(Duration::from_secs))
        }
        502 | 504 => Failure::NotNow(None),
        _ => Failure::Refused,
    }
}

/// The codes of gRPC that OTLP says to try again, and the pause if one is named.
fn failure_of_call(status: &Status) -> Failure {
    let after = status.get_details_retry_info().and_then(|info| info.retry_delay);
    match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => Failure::NotNow(after),
        // Only a backend that names a pause can recover from this one.
        Code::ResourceExhausted if after.is_some() => Failure::NotNow(after),
        // No answer at all: the connection broke.
        _ if std::error::Error::source(status).is_some() => Failure::NotNow(None),
        _ => Failure::Refused,
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail")
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn only_what_the_protocol_lists_is_tried_again() {
        let check = |status: u16, after: Option<&'static str>, expected: Failure| {
            let after = after.map(HeaderValue::from_static);
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(failure_of_answer(status, after.as_ref()), expected, "{status} {after:?}");
        };
        for status in [400, 401, 404, 408, 413, 500, 501] {
            check(status, Some("3"), Failure::Refused);
        }
        check(429, Some("3"), Failure::NotNow(Some(Duration::from_secs(3))));
        check(503, Some(" 0 "), Failure::NotNow(Some(Duration::ZERO)));
        check(503, Some("Fri, 31 Dec 1999 23:59:59 GMT"), Failure::NotNow(None));
        check(502, Some("3"), Failure::NotNow(None));
        check(504, None, Failure::NotNow(None));
        for code in [Code::InvalidArgument, Code::Unknown, Code::Unimplemented, Code::ResourceExhausted] {
            assert_eq!(failure_of_call(&Status::new(code, "")), Failure::Refused, "{code:?}");
        }
        for code in [Code::Unavailable, Code::DeadlineExceeded, Code::Aborted, Code::DataLoss] {
            assert_eq!(failure_of_call(&Status::new(code, "")), Failure::NotNow(None), "{code:?}");
        }
    }

    #[test]
    fn a_backend_that_is_full_says_when_to_come_back() {
        let details = ErrorDetails::with_retry_info(Some(Duration::from_millis(2_500)));
        let full = Status::with_error_details(Code::ResourceExhausted, "full", details);
        assert_eq!(failure_of_call(&full), Failure::NotNow(Some(Duration::from_millis(2_500))));
    }
}
