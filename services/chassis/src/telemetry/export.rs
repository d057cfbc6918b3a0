//! OTLP over the network, for a service that runs as a process of its own. Teaches that a backend that is down or slow
//! must never slow a customer: batches wait in a bounded queue, leave on a thread of their own, and are dropped when it is
//! full.
//!
//! The standard variables are read here, also those that the SDK leaves to others: `OTEL_SDK_DISABLED`,
//! `OTEL_{LOGS,TRACES,METRICS}_EXPORTER`, `OTEL_EXPORTER_OTLP_{ENDPOINT,PROTOCOL,HEADERS,TIMEOUT}` and the same by signal,
//! `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_METRIC_EXPORT_INTERVAL`, `OTEL_PROPAGATORS`. Nothing is exported unless an endpoint is named.

use std::{
    env, io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use ::http::{HeaderName, HeaderValue, Request, Uri, header};
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{ExportLogsServiceRequest, logs_service_client::LogsServiceClient},
        metrics::v1::{ExportMetricsServiceRequest, metrics_service_client::MetricsServiceClient},
        trace::v1::{ExportTraceServiceRequest, trace_service_client::TraceServiceClient},
    },
    common::v1::KeyValue,
};
use prost::Message;
use tokio::{
    runtime,
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};
use tonic::{
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};

use super::{
    METRICS_INTERVAL, TelemetrySink,
    records::{Value, attribute},
};

/// Batches that wait for the backend; each holds at most a second's records. More are dropped and counted.
pub const BATCHES_MAX: usize = 32;

/// Attempts to deliver one batch; the pause before the second is a second, and doubles.
pub const ATTEMPTS_MAX: u32 = 3;

/// How long one attempt may take, unless `OTEL_EXPORTER_OTLP_TIMEOUT` says otherwise (the specification's default).
pub const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// Hands batches to a thread that delivers them.
#[derive(Clone, Debug)]
pub struct Exporter {
    queue: mpsc::Sender<Batch>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Batch {
    Logs(ExportLogsServiceRequest),
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
    /// Answered when everything before it has been dealt with.
    Flush(oneshot::Sender<()>),
}

impl Exporter {
    /// An exporter as the environment asks for it; none if it names no endpoint or switches export off.
    ///
    /// # Errors
    ///
    /// When a variable cannot be understood; the message names it.
    pub fn from_environment() -> io::Result<Option<Self>> {
        if variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let routes =
            [Route::of("LOGS", "logs")?, Route::of("TRACES", "traces")?, Route::of("METRICS", "metrics")?];
        if routes.iter().all(Option::is_none) {
            return Ok(None);
        }
        let (queue, batches) = mpsc::channel(BATCHES_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("otlp-export".to_owned())
            .spawn(move || runtime.block_on(deliver(batches, routes, &lost)))?;
        Ok(Some(Self { queue, dropped }))
    }

    /// Waits until what was handed over has been dealt with, at most for `patience`.
    pub async fn flush(&self, patience: Duration) {
        let (done, is_done) = oneshot::channel();
        let flushed = async {
            if self.queue.send(Batch::Flush(done)).await.is_ok() {
                let _ = is_done.await;
            }
        };
        let _ = timeout(patience, flushed).await;
    }

    fn hand_over(&self, batch: Batch) {
        if self.queue.try_send(batch).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl TelemetrySink for Exporter {
    fn logs(&self, batch: ExportLogsServiceRequest) {
        self.hand_over(Batch::Logs(batch));
    }

    fn traces(&self, batch: ExportTraceServiceRequest) {
        self.hand_over(Batch::Traces(batch));
    }

    fn metrics(&self, batch: ExportMetricsServiceRequest) {
        self.hand_over(Batch::Metrics(batch));
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

async fn deliver(mut batches: mpsc::Receiver<Batch>, routes: [Option<Route>; 3], dropped: &AtomicU64) {
    let [logs, traces, metrics] = routes;
    while let Some(batch) = batches.recv().await {
        let delivered = match batch {
            Batch::Logs(batch) => attempt(logs.as_ref(), async |route| route.logs(batch.clone()).await).await,
            Batch::Traces(batch) => {
                attempt(traces.as_ref(), async |route| route.traces(batch.clone()).await).await
            }
            Batch::Metrics(batch) => {
                attempt(metrics.as_ref(), async |route| route.metrics(batch.clone()).await).await
            }
            Batch::Flush(done) => {
                // Whoever asked may have lost patience.
                let _ = done.send(());
                true
            }
        };
        if !delivered {
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn attempt(route: Option<&Route>, send: impl AsyncFn(&Route) -> bool) -> bool {
    // A signal that is switched off is dealt with by leaving it out.
    let Some(route) = route else { return true };
    for attempt in 0..ATTEMPTS_MAX {
        if attempt > 0 {
            sleep(Duration::from_secs(1 << (attempt - 1))).await;
        }
        if timeout(route.timeout, send(route)).await.unwrap_or(false) {
            return true;
        }
    }
    false
}

/// Where one signal goes, and how.
struct Route {
    transport: Transport,
    headers: Vec<(HeaderName, HeaderValue)>,
    timeout: Duration,
}

enum Transport {
    Grpc(Channel),
    Http { client: Box<Client<HttpConnector, Full<Bytes>>>, uri: Uri },
}

impl Route {
    fn of(signal: &str, path: &str) -> io::Result<Option<Self>> {
        let by_signal = |name: &str| {
            variable(&format!("OTEL_EXPORTER_OTLP_{signal}_{name}"))
                .or_else(|| variable(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        let wrong = |name: &str, value: &str, expected: &str| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("OTEL_EXPORTER_OTLP_{name} is '{value}': {expected}"),
            )
        };
        match variable(&format!("OTEL_{signal}_EXPORTER")).as_deref() {
            Some("none") => return Ok(None),
            None | Some("otlp") => {}
            Some(other) => {
                let message = format!("OTEL_{signal}_EXPORTER is '{other}'; there are: otlp, none");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
        }
        let Some(endpoint) = by_signal("ENDPOINT") else { return Ok(None) };
        let own_endpoint = variable(&format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")).is_some();
        if !endpoint.starts_with("http://") {
            return Err(wrong(
                "ENDPOINT",
                &endpoint,
                "it must begin with http://; put a collector beside the service for TLS",
            ));
        }
        let uri_of = |text: &str| {
            text.parse::<Uri>().map_err(|error| wrong("ENDPOINT", &endpoint, &error.to_string()))
        };
        let transport = match by_signal("PROTOCOL").as_deref() {
            None | Some("grpc") => {
                // Connecting is left to the first call: a backend that is not there yet is no reason not to start.
                let channel = Endpoint::from(uri_of(&endpoint)?);
                Transport::Grpc(channel.connect_timeout(Duration::from_secs(2)).connect_lazy())
            }
            Some("http/protobuf") => {
                // A signal's own endpoint is taken as it is; the common one is the base of all three.
                let base = endpoint.trim_end_matches('/');
                let uri =
                    if own_endpoint { uri_of(&endpoint)? } else { uri_of(&format!("{base}/v1/{path}"))? };
                Transport::Http { client: Box::new(Client::builder(TokioExecutor::new()).build_http()), uri }
            }
            Some(other) => return Err(wrong("PROTOCOL", other, "there are: grpc, http/protobuf")),
        };
        let timeout = match by_signal("TIMEOUT") {
            None => EXPORT_TIMEOUT,
            Some(text) => Duration::from_millis(
                text.parse().map_err(|_| wrong("TIMEOUT", &text, "it counts milliseconds"))?,
            ),
        };
        let pairs = by_signal("HEADERS").unwrap_or_default();
        let headers = pairs.split(',').filter(|pair| !pair.trim().is_empty()).map(|pair| {
            let named = pair
                .split_once('=')
                .and_then(|(name, value)| Some((name.trim().parse().ok()?, value.trim().parse().ok()?)));
            named.ok_or_else(|| wrong("HEADERS", pair, "write name=value, with commas between"))
        });
        Ok(Some(Self { transport, headers: headers.collect::<io::Result<_>>()?, timeout }))
    }

    async fn logs(&self, batch: ExportLogsServiceRequest) -> bool {
        match &self.transport {
            Transport::Grpc(channel) => {
                LogsServiceClient::new(channel.clone()).export(self.grpc(batch)).await.is_ok()
            }
            Transport::Http { client, uri } => self.post(client, uri, &batch).await,
        }
    }

    async fn traces(&self, batch: ExportTraceServiceRequest) -> bool {
        match &self.transport {
            Transport::Grpc(channel) => {
                TraceServiceClient::new(channel.clone()).export(self.grpc(batch)).await.is_ok()
            }
            Transport::Http { client, uri } => self.post(client, uri, &batch).await,
        }
    }

    async fn metrics(&self, batch: ExportMetricsServiceRequest) -> bool {
        match &self.transport {
            Transport::Grpc(channel) => {
                MetricsServiceClient::new(channel.clone()).export(self.grpc(batch)).await.is_ok()
            }
            Transport::Http { client, uri } => self.post(client, uri, &batch).await,
        }
    }

    fn grpc<T>(&self, batch: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(batch);
        *request.metadata_mut() = MetadataMap::from_headers(self.headers.iter().cloned().collect());
        request
    }

    async fn post(
        &self,
        client: &Client<HttpConnector, Full<Bytes>>,
        uri: &Uri,
        batch: &impl Message,
    ) -> bool {
        let mut request = Request::post(uri.clone()).header(header::CONTENT_TYPE, "application/x-protobuf");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = Full::new(Bytes::from(batch.encode_to_vec()));
        let request = request.body(body).expect("every part was checked before");
        client.request(request).await.is_ok_and(|answer| answer.status().is_success())
    }
}

/// Whether contexts travel from hop to hop: `OTEL_PROPAGATORS` can take `tracecontext`, the only kind here, off the list.
pub(crate) fn propagates() -> bool {
    variable("OTEL_PROPAGATORS").is_none_or(|list| list.split(',').any(|kind| kind.trim() == "tracecontext"))
}

/// How often metrics are read.
pub(crate) fn metrics_interval() -> Duration {
    let interval_ms = variable("OTEL_METRIC_EXPORT_INTERVAL").and_then(|text| text.parse().ok());
    interval_ms.filter(|ms| *ms > 0).map_or(METRICS_INTERVAL, Duration::from_millis)
}

/// What `OTEL_RESOURCE_ATTRIBUTES` adds to every resource, as `name=value` with commas between.
pub(crate) fn resource_attributes() -> Vec<KeyValue> {
    let pairs = variable("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    let pairs = pairs.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| attribute(name.trim(), Value::Text(value.trim().to_owned()))).collect()
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}
