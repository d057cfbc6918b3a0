//! The meter of a service. The SDK aggregates; it is read at intervals, and what was read is stamped by the service's own
//! clock, because the SDK only knows the machine's.

use std::{
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use opentelemetry::{
    InstrumentationScope,
    metrics::{AsyncInstrument, Counter, Meter, MeterProvider},
};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{Metric, metric::Data},
    resource::v1::Resource,
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Temporality, data::ResourceMetrics,
        reader::MetricReader,
    },
};

use crate::clock::nanoseconds;

/// The meter of one run of a service, and the reader that knows what it counted.
pub(crate) struct Meters {
    reader: SharedReader,
    meter: Meter,
    started_at: SystemTime,
    // Dropping the provider would end the meter.
    _provider: SdkMeterProvider,
}

/// The SDK takes a reader for itself; this one is shared with who reads.
#[derive(Clone, Debug, Default)]
struct SharedReader(Arc<ManualReader>);

impl Meters {
    /// A meter; without a reader nothing is aggregated, and instruments cost next to nothing.
    pub(crate) fn new(service: &'static str, is_read: bool, started_at: SystemTime) -> Self {
        let reader = SharedReader::default();
        let provider = SdkMeterProvider::builder();
        let provider = if is_read { provider.with_reader(reader.clone()) } else { provider }.build();
        let scope = InstrumentationScope::builder(service).with_version(env!("CARGO_PKG_VERSION")).build();
        let meter = provider.meter_with_scope(scope);
        Self { reader, meter, started_at, _provider: provider }
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Counts what these say was lost, from now on: records before they left, batches afterwards.
    pub(crate) fn count_dropped(
        &self,
        records: impl Fn() -> u64 + Send + Sync + 'static,
        batches: impl Fn() -> u64 + Send + Sync + 'static,
    ) {
        let dropped = |name, unit| self.meter.u64_observable_counter(name).with_unit(unit);
        dropped("shop.telemetry.records.dropped", "{record}")
            .with_description("Log records and spans dropped because too many waited to leave")
            .with_callback(move |observer| observer.observe(records(), &[]))
            .build();
        dropped("shop.telemetry.batches.dropped", "{batch}")
            .with_description("Batches that the backend did not take in time")
            .with_callback(move |observer| observer.observe(batches(), &[]))
            .build();
    }

    /// Everything counted so far, as of `now`.
    pub(crate) fn read(&self, resource: &Resource, now: SystemTime) -> Option<ExportMetricsServiceRequest> {
        let mut read = ResourceMetrics::default();
        self.reader.collect(&mut read).ok()?;
        let mut request = ExportMetricsServiceRequest::from(&read);
        for metrics in &mut request.resource_metrics {
            metrics.resource = Some(resource.clone());
            for scope in &mut metrics.scope_metrics {
                // The SDK keeps its instruments and their attribute sets in hash maps.
                scope.metrics.sort_by(|one, other| one.name.cmp(&other.name));
                let (start_ns, now_ns) = (nanoseconds(self.started_at), nanoseconds(now));
                scope.metrics.iter_mut().for_each(|metric| stamp(metric, start_ns, now_ns));
            }
        }
        Some(request)
    }
}

impl MetricReader for SharedReader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, read: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(read)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}

/// A counter of things in `unit`.
pub fn counter(meter: &Meter, name: &'static str, unit: &'static str, about: &'static str) -> Counter<u64> {
    meter.u64_counter(name).with_unit(unit).with_description(about).build()
}

/// A value that is looked at whenever metrics are read, while there is one. The meter keeps `look` for as long as it lives: what
/// owns a meter must be held weakly in it, or neither would ever be dropped.
pub fn gauge(
    meter: &Meter,
    name: &'static str,
    unit: &'static str,
    about: &'static str,
    look: impl Fn() -> Option<f64> + Send + Sync + 'static,
) {
    let observe = move |observer: &dyn AsyncInstrument<f64>| {
        if let Some(value) = look() {
            observer.observe(value, &[]);
        }
    };
    let gauge = meter.f64_observable_gauge(name).with_unit(unit).with_description(about);
    gauge.with_callback(observe).build();
}

/// Sets the times of every point, and sorts points by their attributes.
fn stamp(metric: &mut Metric, start_ns: u64, now_ns: u64) {
    macro_rules! stamp_points {
        ($points:expr) => {{
            for point in $points.iter_mut() {
                point.attributes.sort_by(|one, other| one.key.cmp(&other.key));
                point.start_time_unix_nano = start_ns;
                point.time_unix_nano = now_ns;
            }
            $points.sort_by_cached_key(|point| format!("{:?}", point.attributes));
        }};
    }
    match &mut metric.data {
        Some(Data::Gauge(gauge)) => stamp_points!(gauge.data_points),
        Some(Data::Sum(sum)) => stamp_points!(sum.data_points),
        Some(Data::Histogram(histogram)) => stamp_points!(histogram.data_points),
        _ => {}
    }
}
