//! A shop's customers and the record of their visits. This much is known of any shop, whoever runs it.

use std::{sync::Arc, time::Duration};

use chassis::{Chassis, Clock};
use http::uri::Authority;
use incident::{EventKind, Recorder};
use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

use crate::{Customers, Mix};

/// Customers, their clock, and the record.
pub struct Trade {
    pub(crate) customers: Customers,
    pub(crate) clock: Clock,
    pub(crate) arrived_at: Instant,
    pub(crate) record: Arc<Mutex<Recorder>>,
}

impl Trade {
    /// Starts the arrivals now. These customers take the place of earlier ones, who began to arrive `ago` before.
    pub(crate) fn begin(
        visitor: &Chassis,
        web_front: &Authority,
        mix: &Mix,
        record: Recorder,
        ago: Duration,
    ) -> Self {
        let (clock, record) = (visitor.clock.clone(), Arc::new(Mutex::new(record)));
        let arrived_at = clock.now().checked_sub(ago).unwrap_or_else(|| clock.now());
        let customers = Customers::arrive(visitor, web_front, mix, Arc::clone(&record), arrived_at);
        Self { customers, clock, arrived_at, record }
    }

    /// The shop's own time: seconds since the customers arrived.
    pub fn at_s(&self) -> f64 {
        self.clock.now().duration_since(self.arrived_at).as_secs_f64()
    }

    pub fn customers(&self) -> &Customers {
        &self.customers
    }

    /// What has happened so far.
    pub fn record(&self) -> MutexGuard<'_, Recorder> {
        self.record.lock()
    }

    /// Records an event that happened now.
    pub fn note(&self, kind: EventKind) {
        let at_s = self.at_s();
        self.record().push(at_s, kind);
    }
}
