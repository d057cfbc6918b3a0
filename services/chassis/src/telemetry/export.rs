//! OTLP over the network, for a service that runs as a process of its own. Teaches that a backend that is down or slow
//! must never slow a customer: batches wait in a bounded queue, leave on a thread of their own, and are dropped when it is
//! full.
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
    runtime,
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    Batch, TelemetrySink,
    delivery::{Sender, Signal},
    variables::{self, Destination},
};
use crate::environment::Environment;

/// Batches that wait for the backend: two seconds' records at full speed, some ten megabytes. More are dropped and counted.
pub const BATCHES_MAX: usize = 128;

#[derive(Clone, Debug)]
pub struct Exporter {
    queue: mpsc::Sender<Order>,
    dropped: Arc<AtomicU64>,
    resource_attributes: Vec<KeyValue>,
}

#[derive(Debug)]
enum Order {
    Deliver(Signal, Bytes),
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
        let senders = {
            // A channel of gRPC belongs to the runtime that it is made in.
            let _inside = runtime.enter();
            let mut signals = Signal::ALL.into_iter();
            destinations.map(|destination| {
                destination.zip(signals.next()).map(|(to, signal)| Sender::new(to, signal))
            })
        };
        let (queue, orders) = mpsc::channel(BATCHES_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        thread::Builder::new()
            .name("otlp-export".to_owned())
            .spawn(move || runtime.block_on(deliver(orders, senders, &lost)))?;
        Ok(Self { queue, dropped, resource_attributes })
    }

    /// Waits until what was handed over has been dealt with, at most for `patience`.
    pub async fn flush(&self, patience: Duration) {
        let (done, is_done) = oneshot::channel();
        let flushed = async {
            if self.queue.send(Order::Flush(done)).await.is_ok() {
                let _ = is_done.await;
            }
        };
        let _ = timeout(patience, flushed).await;
    }
}

impl TelemetrySink for Exporter {
    fn take(&self, batch: Batch) {
        let signal = match batch {
            Batch::Logs(_) => Signal::Logs,
            Batch::Traces(_) => Signal::Traces,
            Batch::Metrics(_) => Signal::Metrics,
        };
        if self.queue.try_send(Order::Deliver(signal, batch.to_bytes().into())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn resource_attributes(&self) -> &[KeyValue] {
        &self.resource_attributes
    }
}

async fn deliver(mut orders: mpsc::Receiver<Order>, senders: [Option<Sender>; 3], dropped: &AtomicU64) {
    while let Some(order) = orders.recv().await {
        match order {
            Order::Deliver(signal, message) => {
                // A signal that is switched off is dealt with by leaving it out.
                let Some(sender) = &senders[signal as usize] else { continue };
                if !sender.deliver(&message).await {
                    dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            // Whoever asked may have lost patience.
            Order::Flush(done) => _ = done.send(()),
        }
    }
}
