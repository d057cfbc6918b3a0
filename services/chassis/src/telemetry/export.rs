//! OTLP over the network, for a service that runs as a process of its own. Teaches that a backend that is down or slow
//! must never slow a customer: batches wait in bounded queues, leave on a thread of their own, and are dropped when
//! theirs is full. Each signal may have a backend of its own, and therefore has a queue of its own.
//!
//! Nothing is exported unless the environment names an endpoint ([`variables`]).

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use tokio::{
    join, runtime,
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    Batch, TelemetrySink,
    delivery::{Sender, Signal},
    variables::{self, Destination},
};
use crate::environment::Environment;

/// Batches of one signal that wait for its backend: two seconds' records at full speed, some ten megabytes. More are dropped and counted.
pub const BATCHES_MAX: usize = 128;

#[derive(Clone, Debug)]
pub struct Exporter {
    /// By signal; none for one that is switched off.
    queues: [Option<mpsc::Sender<Order>>; 3],
    counts: Arc<Counts>,
    resource_attributes: Vec<KeyValue>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Batches that were taken, and are neither delivered nor dropped.
    waiting: AtomicU64,
    dropped: AtomicU64,
}

#[derive(Debug)]
enum Order {
    Deliver(Bytes),
    /// Answered when everything before it has been dealt with.
    Flush(oneshot::Sender<()>),
}

impl Exporter {
    /// An exporter as the environment asks for it; none if it names no endpoint or switches export off.
    ///
    /// # Errors
    ///
    /// When a variable cannot be understood; the message names it.
    pub fn from_environment(environment: &Environment) -> io::Result<Option<Self>> {
        let is_disabled = variables::is_disabled(environment)?;
        let destinations = [
            variables::destination(environment, "LOGS", "logs")?,
            variables::destination(environment, "TRACES", "traces")?,
            variables::destination(environment, "METRICS", "metrics")?,
        ];
        let resource_attributes = variables::resource_attributes(environment)?;
        // Read whole first: what is wrong is named, whatever else would switch it off.
        if is_disabled || destinations.iter().all(Option::is_none) {
            return Ok(None);
        }
        Self::deliver_to(destinations, resource_attributes).map(Some)
    }

    /// An exporter of everything to one backend, by OTLP over HTTP; `endpoint` is the base of its three addresses.
    ///
    /// # Errors
    ///
    /// When the endpoint is no address that begins with `http://`.
    pub fn over_http(endpoint: &str) -> io::Result<Self> {
        let destination = |path| variables::over_http(endpoint, path).map(Some);
        let destinations = [destination("logs")?, destination("traces")?, destination("metrics")?];
        Self::deliver_to(destinations, Vec::new())
    }

    fn deliver_to(
        destinations: [Option<Destination>; 3],
        resource_attributes: Vec<KeyValue>,
    ) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let lanes = {
            // A channel of gRPC belongs to the runtime that it is made in.
            let _inside = runtime.enter();
            let mut signals = Signal::ALL.into_iter();
            destinations.map(|destination| {
                let sender = destination.zip(signals.next()).map(|(to, signal)| Sender::new(to, signal));
                sender.map(|sender| (sender, mpsc::channel(BATCHES_MAX)))
            })
        };
        let queues = lanes.each_ref().map(|lane| lane.as_ref().map(|(_, (queue, _))| queue.clone()));
        let counts = Arc::<Counts>::default();
        let [logs, traces, metrics] = lanes
            .map(|lane| deliver(lane.map(|(sender, (_, orders))| (sender, orders)), Arc::clone(&counts)));
        thread::Builder::new()
            .name("otlp-export".to_owned())
            .spawn(move || runtime.block_on(async { join!(logs, traces, metrics) }))?;
        Ok(Self { queues, counts, resource_attributes })
    }

    /// Waits until what was handed over has been dealt with, at most for `patience`. Says how many batches are left.
    pub async fn flush(&self, patience: Duration) -> u64 {
        let flushed = async {
            for queue in self.queues.iter().flatten() {
                let (done, is_done) = oneshot::channel();
                if queue.send(Order::Flush(done)).await.is_ok() {
                    let _ = is_done.await;
                }
            }
        };
        let _ = timeout(patience, flushed).await;
        self.counts.waiting.load(Ordering::Relaxed)
    }
}

impl TelemetrySink for Exporter {
    fn take(&self, batch: Batch) {
        let signal = match batch {
            Batch::Logs(_) => Signal::Logs,
            Batch::Traces(_) => Signal::Traces,
            Batch::Metrics(_) => Signal::Metrics,
        };
        let Some(queue) = &self.queues[signal as usize] else { return };
        self.counts.waiting.fetch_add(1, Ordering::Relaxed);
        if queue.try_send(Order::Deliver(batch.to_bytes().into())).is_err() {
            self.counts.waiting.fetch_sub(1, Ordering::Relaxed);
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }

    fn resource_attributes(&self) -> &[KeyValue] {
        &self.resource_attributes
    }
}

/// Delivers one signal, in the order in which it came. A signal that is switched off has nothing to deliver.
async fn deliver(lane: Option<(Sender, mpsc::Receiver<Order>)>, counts: Arc<Counts>) {
    let Some((sender, mut orders)) = lane else { return };
    while let Some(order) = orders.recv().await {
        match order {
            Order::Deliver(message) => {
                if !sender.deliver(&message).await {
                    counts.dropped.fetch_add(1, Ordering::Relaxed);
                }
                counts.waiting.fetch_sub(1, Ordering::Relaxed);
            }
            // Whoever asked may have lost patience.
            Order::Flush(done) => _ = done.send(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    #[tokio::test]
    async fn a_backend_that_never_answers_delays_no_other_signal() {
        let [dead, alive] = [
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
        ];
        let [to_dead, to_alive] =
            [&dead, &alive].map(|listener| format!("http://{}", listener.local_addr().unwrap()));
        let exporter = Exporter::from_environment(&Environment::from([
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", &to_dead),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &to_alive),
        ]));
        let exporter = exporter.unwrap().unwrap();
        for _ in 0..=BATCHES_MAX + 1 {
            exporter.take(Batch::Logs(ExportLogsServiceRequest::default()));
        }
        let dropped = exporter.dropped();
        assert!((1..=2).contains(&dropped), "{dropped}: one is under way at most");
        exporter.take(Batch::Metrics(ExportMetricsServiceRequest::default()));
        exporter.take(Batch::Traces(ExportTraceServiceRequest::default()));
        let (mut connection, _) = timeout(Duration::from_secs(5), alive.accept()).await.unwrap().unwrap();
        let mut head = [0; 1_024];
        assert!(connection.read(&mut head).await.unwrap() > 0);
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        let logs = (BATCHES_MAX + 2) as u64 - dropped;
        let only_logs_are_left = async { while exporter.flush(Duration::from_millis(10)).await != logs {} };
        timeout(Duration::from_secs(5), only_logs_are_left).await.unwrap();
    }
}
