//! Sends a team's telemetry to its evidence store, and to a backend of its own if the facilitator names one.

use std::io;

use chassis::{
    TelemetrySink,
    telemetry::{Batch, export::Exporter},
};
use evidence::Evidence;
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

    /// Sends to this backend too from now on; none stops that.
    pub fn forward(&self, endpoint: Option<&str>) -> io::Result<()> {
        let exporter = endpoint.map(Exporter::over_http).transpose()?;
        *self.exporter.lock() = exporter;
        Ok(())
    }

    /// Checks the address of a backend.
    pub fn check(endpoint: Option<&str>) -> io::Result<()> {
        endpoint.map(Exporter::over_http).transpose().map(drop)
    }
}

impl TelemetrySink for Tee {
    fn take(&self, batch: Batch) {
        if let Some(exporter) = &*self.exporter.lock() {
            exporter.take(batch.clone());
        }
        self.observed.take(batch);
    }
}
