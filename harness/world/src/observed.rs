//! Telemetry of a world, straight into its evidence store: the same structures as over the network, without it.

use chassis::TelemetrySink;
use evidence::{Evidence, Limits};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};

use crate::{elsewhere::OPERATIONS, shop::CUSTOMERS};

/// What counts as a change in a shop: what somebody published, and what was started.
const CHANGE_EVENTS: [&str; 2] = ["shop.asset.", "service."];

/// Who tells of a shop: its services, its customers and those who ask the health checks. What others send to the same
/// evidence cannot take their place.
const OWN_SERVICES: [&str; 5] = ["web-front", "cache", "content-store", CUSTOMERS, OPERATIONS];

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
