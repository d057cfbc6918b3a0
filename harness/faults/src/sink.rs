//! Where the telemetry of a simulated shop goes: nowhere, but for a hash of all of it.

use chassis::TelemetrySink;
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use world::fingerprint::{Fingerprint, Fingerprinted};

struct Nowhere;

impl TelemetrySink for Nowhere {
    fn logs(&self, _: ExportLogsServiceRequest) {}
    fn traces(&self, _: ExportTraceServiceRequest) {}
    fn metrics(&self, _: ExportMetricsServiceRequest) {}
}

/// A sink that hashes what it is told.
pub(super) struct Told(Fingerprinted<Nowhere>);

impl Default for Told {
    fn default() -> Self {
        Self(Fingerprinted { sink: Nowhere, fingerprint: Fingerprint::default() })
    }
}

impl Told {
    /// A hash of all that was told.
    pub(super) fn hash(&self) -> u64 {
        self.0.fingerprint.value()
    }
}

impl TelemetrySink for Told {
    fn logs(&self, batch: ExportLogsServiceRequest) {
        self.0.logs(batch);
    }

    fn traces(&self, batch: ExportTraceServiceRequest) {
        self.0.traces(batch);
    }

    fn metrics(&self, batch: ExportMetricsServiceRequest) {
        self.0.metrics(batch);
    }
}
