//! Sends a team's telemetry to its evidence store, and to a backend of its own if the facilitator names one.

use std::io;

use chassis::{TelemetrySink, telemetry::export::Exporter};
use evidence::Evidence;
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use parking_lot::Mutex;
use world::observed::Observed;

pub struct Tee {
    observed: Observed,
    exporter: Mutex<Option<Exporter>>,
}

impl Tee {
    pub fn new(evidence: Evidence) -> Self {
        Self { observed: Observed(evidence), exporter: Mutex::default() }
    }

    /// Sends to this backend too from now on, or to none.
    pub fn forward(&self, endpoint: Option<&str>) -> io::Result<()> {
        let exporter = endpoint.map(Exporter::over_http).transpose()?;
        *self.exporter.lock() = exporter;
        Ok(())
    }

    /// Checks the address of a backend.
    pub fn check(endpoint: Option<&str>) -> io::Result<()> {
        endpoint.map(Exporter::over_http).transpose().map(drop)
    }

    fn exporter(&self) -> Option<Exporter> {
        self.exporter.lock().clone()
    }
}

impl TelemetrySink for Tee {
    fn logs(&self, batch: ExportLogsServiceRequest) {
        if let Some(exporter) = self.exporter() {
            exporter.logs(batch.clone());
        }
        self.observed.logs(batch);
    }

    fn traces(&self, batch: ExportTraceServiceRequest) {
        if let Some(exporter) = self.exporter() {
            exporter.traces(batch.clone());
        }
        self.observed.traces(batch);
    }

    fn metrics(&self, batch: ExportMetricsServiceRequest) {
        if let Some(exporter) = self.exporter() {
            exporter.metrics(batch.clone());
        }
        self.observed.metrics(batch);
    }
}
