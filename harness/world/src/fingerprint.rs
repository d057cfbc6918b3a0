//! A hash over everything that happened, in order. Two runs with the same hash were the same run.

use std::sync::{Arc, Mutex, PoisonError};

use chassis::TelemetrySink;
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use prost::Message;
use xxhash_rust::xxh3::Xxh3;

/// The hash so far. Clones are the same hash.
#[derive(Clone, Default)]
pub struct Fingerprint(Arc<Mutex<Xxh3>>);

impl Fingerprint {
    /// Takes in what happened next.
    pub fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).update(bytes);
    }

    /// The hash of all that was taken in.
    pub fn value(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).digest()
    }
}

/// Takes in all telemetry on its way to where it goes.
pub struct Fingerprinted<S> {
    /// Where it goes.
    pub sink: S,
    /// What takes it in.
    pub fingerprint: Fingerprint,
}

impl<S: TelemetrySink> TelemetrySink for Fingerprinted<S> {
    fn logs(&self, batch: ExportLogsServiceRequest) {
        self.fingerprint.add(&batch.encode_to_vec());
        self.sink.logs(batch);
    }

    fn traces(&self, batch: ExportTraceServiceRequest) {
        self.fingerprint.add(&batch.encode_to_vec());
        self.sink.traces(batch);
    }

    fn metrics(&self, batch: ExportMetricsServiceRequest) {
        self.fingerprint.add(&batch.encode_to_vec());
        self.sink.metrics(batch);
    }

    fn dropped(&self) -> u64 {
        self.sink.dropped()
    }
}
