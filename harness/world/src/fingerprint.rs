//! A hash over everything that happened, in order. Two runs with the same hash were the same run.

use std::sync::Arc;

use chassis::{TelemetrySink, telemetry::Batch};
use parking_lot::Mutex;
use xxhash_rust::xxh3::Xxh3;

/// The hash so far. Clones share one hash.
#[derive(Clone, Default)]
pub struct Fingerprint(Arc<Mutex<Xxh3>>);

impl Fingerprint {
    /// Hashes what happened next.
    pub fn add(&self, bytes: &[u8]) {
        self.0.lock().update(bytes);
    }

    pub fn value(&self) -> u64 {
        self.0.lock().digest()
    }
}

/// A sink that hashes all telemetry and passes it on.
pub struct Fingerprinted<S> {
    pub sink: S,
    pub fingerprint: Fingerprint,
}

impl<S: TelemetrySink> TelemetrySink for Fingerprinted<S> {
    fn take(&self, batch: Batch) {
        self.fingerprint.add(&batch.to_bytes());
        self.sink.take(batch);
    }

    fn dropped(&self) -> u64 {
        self.sink.dropped()
    }
}
