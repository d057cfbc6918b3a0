//! Telemetry of a world, straight into its evidence store: the same structures as over the network, without it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use chassis::TelemetrySink;
use evidence::{Evidence, Limits};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::KeyValue,
};
use serde::Serialize;

use crate::{announce::PIPELINE, elsewhere::OPERATIONS, shop::CUSTOMERS};

/// What counts as a change in a shop: what somebody published, and what was started, released or configured.
const CHANGE_EVENTS: [&str; 2] = ["shop.asset.", "service."];

/// Who tells of a shop: its services, its customers and those who ask the health checks. What others send to the same
/// evidence cannot take their place.
const OWN_SERVICES: [&str; 6] = ["web-front", "cache", "content-store", CUSTOMERS, OPERATIONS, PIPELINE];

/// The limits of one world's evidence.
pub fn limits() -> Limits {
    Limits {
        change_events: CHANGE_EVENTS.map(str::to_owned).into(),
        own_services: OWN_SERVICES.map(str::to_owned).into(),
        ..Limits::default()
    }
}

/// An evidence store as a place where telemetry goes.
pub struct Observed(pub Evidence);

impl TelemetrySink for Observed {
    fn logs(&self, batch: ExportLogsServiceRequest) {
        self.0.take_logs(&batch);
    }

    fn traces(&self, batch: ExportTraceServiceRequest) {
        self.0.take_traces(&batch);
    }

    fn metrics(&self, batch: ExportMetricsServiceRequest) {
        self.0.take_metrics(&batch);
    }
}

/// Telemetry as lines of OTLP's JSON, a batch each, apart by signal. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<[String; SIGNALS.len()]>>);

/// The signals, as their files are named.
const SIGNALS: [&str; 3] = ["logs", "metrics", "traces"];

impl Lines {
    /// The lines of each signal so far.
    pub fn by_signal(&self) -> Vec<(&'static str, String)> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        SIGNALS.into_iter().zip(lines.iter().cloned()).collect()
    }

    fn add(&self, signal: usize, batch: &impl Serialize) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines[signal] += &serde_json::to_string(batch).expect("a batch holds nothing that JSON cannot");
        lines[signal].push('\n');
    }
}

impl TelemetrySink for Lines {
    fn logs(&self, batch: ExportLogsServiceRequest) {
        self.add(0, &batch);
    }

    fn metrics(&self, batch: ExportMetricsServiceRequest) {
        self.add(1, &batch);
    }

    fn traces(&self, batch: ExportTraceServiceRequest) {
        self.add(2, &batch);
    }
}

/// The way that telemetry takes to where it goes. It runs over the same network as all else, and shares its fate.
pub(crate) struct OnItsWay {
    sink: Arc<dyn TelemetrySink>,
    lost: AtomicBool,
}

impl OnItsWay {
    pub(crate) fn new(sink: Arc<dyn TelemetrySink>) -> Self {
        Self { sink, lost: AtomicBool::new(false) }
    }

    pub(crate) fn lose(&self, lost: bool) {
        self.lost.store(lost, Ordering::Relaxed);
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

impl TelemetrySink for OnItsWay {
    fn logs(&self, batch: ExportLogsServiceRequest) {
        if !self.is_lost() {
            self.sink.logs(batch);
        }
    }

    fn traces(&self, batch: ExportTraceServiceRequest) {
        if !self.is_lost() {
            self.sink.traces(batch);
        }
    }

    fn metrics(&self, batch: ExportMetricsServiceRequest) {
        if !self.is_lost() {
            self.sink.metrics(batch);
        }
    }

    fn dropped(&self) -> u64 {
        self.sink.dropped()
    }

    fn resource_attributes(&self) -> &[KeyValue] {
        self.sink.resource_attributes()
    }
}
