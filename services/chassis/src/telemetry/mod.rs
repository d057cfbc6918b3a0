//! What leaves a service as telemetry. Teaches that instrumentation is written once, and the level decides what leaves.
//!
//! # Layout
//!
//! - [`levels`]: what leaves at which level: the one place where that is decided.
//! - [`context`]: trace and span ids, and how they travel from hop to hop (W3C Trace Context).
//! - [`layer`]: spans and events of `tracing`, turned into records of this service.
//! - `records`: records put together by whom they are from.
//! - [`metrics`]: the meter of a service, read at intervals.
//! - [`http`]: spans and durations of each request served and sent.
//! - [`export`]: OTLP over the network, for a service that runs as a process of its own. [`delivery`]: one batch of it.
//! - [`variables`]: the standard variables that decide where it goes.

pub mod levels;
pub mod context;
pub mod layer;
mod records;
pub mod metrics;
pub mod http;
pub mod export;
pub mod delivery;
pub mod variables;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use opentelemetry::metrics::Meter;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::KeyValue,
    resource::v1::Resource,
};
use parking_lot::Mutex;
use prost::Message;
use rand_chacha::ChaCha8Rng;
use tokio::{
    select,
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    clock::Clock,
    faults::Switches,
    tasks::{Blocking, TaskGroup},
};
use levels::Kind;
use metrics::Meters;
use records::Record;

/// Records that wait to leave. Half a second at full speed fits; more are dropped and counted, never waited for.
pub const RECORDS_MAX: usize = 32_768;

/// Records that leave together, as the specification's batches: small enough for a processor's cache, and far below the 4 MiB
/// that a receiver of gRPC takes at once.
pub const BATCH_RECORDS_MAX: usize = 512;

/// How often records leave that are fewer than a batch: often enough to watch live. A batch leaves at once: all of a busy second together
/// would keep the requests waiting that come meanwhile.
pub const FLUSH_INTERVAL: Duration = Duration::from_secs(1);

/// How often metrics are read, unless `OTEL_METRIC_EXPORT_INTERVAL` says otherwise. The specification's minute is too
/// long for incidents of minutes, and alerts are judged as customers' visits arrive.
pub const METRICS_INTERVAL: Duration = Duration::from_secs(2);

/// Telemetry of one signal that leaves together.
#[derive(Clone, Debug)]
pub enum Batch {
    Logs(ExportLogsServiceRequest),
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
}

impl Batch {
    /// As protobuf.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Logs(logs) => logs.encode_to_vec(),
            Self::Traces(traces) => traces.encode_to_vec(),
            Self::Metrics(metrics) => metrics.encode_to_vec(),
        }
    }
}

/// Where telemetry goes: a store in this process, or an exporter. Nothing here may wait.
pub trait TelemetrySink: Send + Sync + 'static {
    fn take(&self, batch: Batch);
    /// Batches that this place has lost.
    fn dropped(&self) -> u64 {
        0
    }
    /// What this place adds to the resource of its only sender; these win.
    fn resource_attributes(&self) -> &[KeyValue] {
        &[]
    }
}

/// The telemetry of one run of a service. Clones share it.
#[derive(Clone)]
pub struct Telemetry {
    shared: Arc<Shared>,
}

struct Shared {
    resource: Resource,
    switches: Switches,
    clock: Clock,
    ids: Mutex<ChaCha8Rng>,
    waiting: Mutex<Vec<Record>>,
    /// So many leave without waiting for the interval.
    enough: usize,
    is_enough: Notify,
    dropped: Arc<AtomicU64>,
    meters: Meters,
    sink: Option<Arc<dyn TelemetrySink>>,
}

impl Telemetry {
    /// Telemetry of one run of one release of `service`, told from other runs by `instance`; without a sink, nothing is recorded.
    pub fn new(
        service: &'static str,
        release: &str,
        instance: String,
        switches: Switches,
        clock: Clock,
        ids: ChaCha8Rng,
        sink: Option<Arc<dyn TelemetrySink>>,
    ) -> Self {
        let dropped = Arc::new(AtomicU64::new(0));
        let added = sink.as_ref().map_or(&[][..], |sink| sink.resource_attributes());
        let shared = Shared {
            resource: records::resource(service, release, instance, added),
            meters: Meters::new(service, sink.is_some(), clock.wall()),
            switches,
            ids: Mutex::new(ids),
            waiting: Mutex::default(),
            // In virtual time nobody is kept waiting by a large batch, and what leaves when is part of the result.
            enough: if clock.is_virtual() { RECORDS_MAX / 2 } else { BATCH_RECORDS_MAX },
            is_enough: Notify::new(),
            clock,
            dropped: Arc::clone(&dropped),
            sink,
        };
        let lost = shared.sink.clone();
        shared.meters.count_dropped(
            move || dropped.load(Ordering::Relaxed),
            move || lost.as_ref().map_or(0, |sink| sink.dropped()),
        );
        Self { shared: Arc::new(shared) }
    }

    pub fn meter(&self) -> &Meter {
        self.shared.meters.meter()
    }

    pub fn is_on(&self) -> bool {
        self.shared.sink.is_some()
    }

    pub fn leaves(&self, kind: Kind) -> bool {
        self.is_on() && levels::leaves(self.shared.switches.level(), kind)
    }

    /// Records that were dropped because too many waited.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Lets records and metrics leave at their intervals, in `tasks`.
    pub fn run_in(&self, tasks: &TaskGroup, metrics_interval: Duration) {
        if !self.is_on() {
            return;
        }
        let (telemetry, blocking) = (self.clone(), Blocking::under(self.clock()));
        tasks.spawn(async move {
            let mut metrics_at = Instant::now() + metrics_interval;
            loop {
                let records_at = Instant::now() + FLUSH_INTERVAL;
                // In virtual time metrics wait for the next records, as what leaves when is part of the result.
                let is_virtual = telemetry.clock().is_virtual();
                let wakes_at = if is_virtual { records_at } else { records_at.min(metrics_at) };
                select! {
                    biased;
                    () = telemetry.shared.is_enough.notified() => {}
                    () = sleep_until(wakes_at) => {}
                }
                let now = Instant::now();
                let with_metrics = now >= metrics_at;
                if with_metrics {
                    metrics_at = next_reading(metrics_at, metrics_interval, now);
                }
                let telemetry = telemetry.clone();
                blocking.run(move || telemetry.flush(with_metrics)).await;
            }
        });
    }

    /// Hands everything that waits to the sink, and the metrics as they stand if asked for.
    pub fn flush(&self, with_metrics: bool) {
        let Some(sink) = &self.shared.sink else { return };
        let waiting = {
            let mut waiting = self.shared.waiting.lock();
            let room = Vec::with_capacity(waiting.len());
            std::mem::replace(&mut *waiting, room)
        };
        let mut waiting = waiting.into_iter();
        while waiting.len() > 0 {
            let records = waiting.by_ref().take(BATCH_RECORDS_MAX);
            records::batches(records, &self.shared.resource).for_each(|batch| sink.take(batch));
        }
        if with_metrics && self.leaves(Kind::Metric) {
            let now = self.shared.clock.wall();
            if let Some(metrics) = self.shared.meters.read(&self.shared.resource, now) {
                sink.take(Batch::Metrics(metrics));
            }
        }
    }

    /// Lets a record wait until it leaves. Never blocks on anything but other records.
    pub(crate) fn push(&self, record: Record) {
        let mut waiting = self.shared.waiting.lock();
        if waiting.len() >= RECORDS_MAX {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.push(record);
        if waiting.len() == self.shared.enough {
            self.shared.is_enough.notify_one();
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    pub(crate) fn ids(&self) -> &Mutex<ChaCha8Rng> {
        &self.shared.ids
    }
}

/// When metrics are read after the reading that was due at `due`. A reading that is missed is left out: many at once would say the same.
fn next_reading(due: Instant, interval: Duration, now: Instant) -> Instant {
    let next = due + interval;
    if next > now { next } else { now + interval }
}

#[cfg(test)]
mod tests {
    use words::Level;

    use super::*;
    use crate::chance::rng;

    /// Notes when metrics are taken.
    #[derive(Default)]
    struct Taken(Mutex<Vec<Instant>>);

    impl TelemetrySink for Taken {
        fn take(&self, batch: Batch) {
            if matches!(batch, Batch::Metrics(_)) {
                self.0.lock().push(Instant::now());
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn metrics_are_read_as_often_as_the_variable_says() {
        for (interval_ms, clock, times) in [
            (500, Clock::real(), 20),
            (1_500, Clock::real(), 6),
            (2_000, Clock::real(), 5),
            (2_000, Clock::virtual_from(std::time::UNIX_EPOCH), 5),
        ] {
            let (taken, switches) = (Arc::new(Taken::default()), Switches::new([], Level::RICHEST));
            let sink = Some(Arc::clone(&taken) as Arc<dyn TelemetrySink>);
            let telemetry = Telemetry::new(
                "slow",
                "1",
                "slow-1".to_owned(),
                switches,
                clock.clone(),
                rng(1, "slow", "ids"),
                sink,
            );
            telemetry.meter().u64_counter("requests").build().add(1, &[]);
            let tasks = TaskGroup::default();
            telemetry.run_in(&tasks, Duration::from_millis(interval_ms));
            sleep_until(Instant::now() + Duration::from_millis(10_100)).await;
            tasks.kill().await;
            assert_eq!(taken.0.lock().len(), times, "{interval_ms} {clock:?}");
        }
    }

    #[test]
    fn readings_that_were_missed_are_left_out() {
        let due = Instant::now();
        let check = |late_ms, expected_ms| {
            let next = next_reading(due, Duration::from_millis(500), due + Duration::from_millis(late_ms));
            assert_eq!(next, due + Duration::from_millis(expected_ms), "{late_ms}");
        };
        check(0, 500);
        check(499, 500);
        check(500, 1_000);
        check(60_000, 60_500);
    }
}
