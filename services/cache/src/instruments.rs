//! What the cache counts. No semantic conventions exist for caches, so the names are the shop's own.

use chassis::telemetry::metrics::{counter, gauge};
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, Meter},
};
use tokio::time::Instant;

use crate::{
    fills::{Fills, Found},
    store::FetchError,
};

/// Bounds of the fill duration in seconds: a fill takes milliseconds, or it will not end.
const FILL_BOUNDS_S: [f64; 9] = [0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0];

#[derive(Debug)]
pub(crate) struct Instruments {
    requests: Counter<u64>,
    attempts_failed: Counter<u64>,
    fill_duration_s: Histogram<f64>,
}

impl Instruments {
    pub(crate) fn new(meter: &Meter) -> Self {
        let requested = "Requests for fragments, by how they were found";
        let failed = "Failed attempts of fills, by cause";
        Self {
            requests: counter(meter, "shop.cache.requests", "{request}", requested),
            attempts_failed: counter(meter, "shop.cache.fill.attempts.failed", "{attempt}", failed),
            fill_duration_s: meter
                .f64_histogram("shop.cache.fill.duration")
                .with_unit("s")
                .with_boundaries(FILL_BOUNDS_S.into())
                .with_description("How long fills took that have ended")
                .build(),
        }
    }

    pub(crate) fn requested(&self, found: Result<Found, &FetchError>) {
        let result = found.map_or("failed", Found::name);
        self.requests.add(1, &[KeyValue::new("shop.cache.result", result)]);
    }

    pub(crate) fn attempt_failed(&self, error: &FetchError) {
        self.attempts_failed.add(1, &[KeyValue::new("error.type", error.kind())]);
    }

    pub(crate) fn fill_ended(&self, began: Instant, error: Option<&FetchError>) {
        let error = error.map(|error| KeyValue::new("error.type", error.kind()));
        self.fill_duration_s.record(began.elapsed().as_secs_f64(), error.as_slice());
    }
}

/// Gauges that are read whenever metrics are read.
pub(crate) fn observe(fills: &Fills) {
    let observe = |name, unit, about, look: fn(&Fills) -> f64| {
        // The meter lives in what it looks at: held strongly, neither would ever be dropped.
        let alive = fills.downgrade();
        gauge(fills.meter(), name, unit, about, move || alive().map(|fills| look(&fills)));
    };
    observe("shop.cache.fill.permits.used", "{permit}", "Fill permits in use", |fills| {
        fills.permits().used() as f64
    });
    observe("shop.cache.fill.permits.limit", "{permit}", "Fill permits that there are", |fills| {
        fills.permits().limit() as f64
    });
    observe("shop.cache.fill.waiting", "{request}", "Requests that wait for a permit", |fills| {
        fills.permits().waiting() as f64
    });
    observe("shop.cache.fill.age", "s", "Age of the oldest fill under way", |fills| {
        fills.permits().oldest_age(Instant::now()).as_secs_f64()
    });
    observe("shop.cache.entries", "{fragment}", "Fragments in memory", |fills| {
        fills.fragments().count() as f64
    });
    observe("shop.cache.entries.fresh", "{fragment}", "Fragments in memory that are fresh", |fills| {
        fills.fragments().count_fresh(Instant::now()) as f64
    });
    observe("shop.ready", "1", "Whether the service says that it is ready", |fills| {
        f64::from(fills.ready().is_ok())
    });
}
