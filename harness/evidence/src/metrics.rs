//! Metrics: families by name, series by sender and attributes. Teaches a limit on cardinality that still adds up.
//!
//! Beyond [`CARDINALITY_MAX`] attribute sets of one metric of one sender, points go to one series with the attribute
//! `otel.metric.overflow=true`, as the metrics SDK of OpenTelemetry specifies: sums stay right, only the detail is
//! lost.

use std::collections::BTreeMap;
use std::mem::size_of;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};

use crate::dictionary::Dictionary;
use crate::limits::{CARDINALITY_MAX, Limits, METRIC_NAMES_MAX, METRICS_PERCENT, SERIES_MAX, WORD_BYTES_MAX};
use crate::points::{Point, readings};
use crate::series::{Family, Series, SeriesKey};
use crate::skew::Window;
use crate::time::UnixTime;
use crate::track::{Recorded, Told};
use crate::usage::{Refusal, SignalUsage};
use crate::value::{Attributes, Resource, Scope, Value};

/// Points are looked through for age this often: it costs a look at every series.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// All metrics of one world.
pub(crate) struct MetricStore {
    pub(crate) usage: SignalUsage,
    pub(crate) families: BTreeMap<Arc<str>, Family>,
    pub(crate) series: usize,
    /// How many series each sender has of each metric.
    cardinality: BTreeMap<(Arc<str>, Arc<Resource>), usize>,
    bytes_max: usize,
    next_sweep: UnixTime,
}

impl MetricStore {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            usage: SignalUsage::default(),
            families: BTreeMap::new(),
            series: 0,
            cardinality: BTreeMap::new(),
            bytes_max: limits.share(METRICS_PERCENT),
            next_sweep: UnixTime::default(),
        }
    }

    /// Takes the points of one request.
    pub(crate) fn take(
        &mut self,
        request: &ExportMetricsServiceRequest,
        window: Window,
        words: &mut Dictionary,
    ) {
        for from_resource in &request.resource_metrics {
            let resource = words.resource(from_resource.resource.as_ref());
            for from_scope in &from_resource.scope_metrics {
                let scope = words.scope(from_scope.scope.as_ref());
                for metric in &from_scope.metrics {
                    let points = count(metric);
                    self.usage.received += points;
                    let taken = match &resource {
                        Some(resource) => self.take_metric(metric, resource, &scope, window, words),
                        None => Err(Refusal::TooManyResources),
                    };
                    if let Err(reason) = taken {
                        self.usage.refuse(reason, points);
                    }
                }
            }
        }
        if window.now >= self.next_sweep {
            self.next_sweep = window.now.plus(SWEEP_EVERY);
            self.usage.evicted.by_age += self.drop_older_than(window.oldest);
        }
        self.families.retain(|_, family| {
            let stays = !family.series.is_empty();
            self.usage.bytes -= if stays { 0 } else { family.bytes };
            stays
        });
        self.usage.cut += words.take_cut();
    }

    fn take_metric(
        &mut self,
        metric: &Metric,
        resource: &Arc<Resource>,
        scope: &Scope,
        window: Window,
        words: &mut Dictionary,
    ) -> Result<(), Refusal> {
        if metric.name.len() > 2 * WORD_BYTES_MAX {
            return Err(Refusal::Malformed);
        }
        words.take_charge();
        let readings = readings(metric)?;
        let name = match self.families.get_key_value(metric.name.as_str()) {
            Some((_, known)) if known.kind != readings.kind || *known.unit != *metric.unit => {
                return Err(Refusal::Conflict);
            }
            Some((name, _)) => Arc::clone(name),
            None if self.families.len() >= METRIC_NAMES_MAX => return Err(Refusal::TooManySeries),
            None => {
                let (unit, description) = (words.text(&metric.unit), words.text(&metric.description));
                let name = words.text(&metric.name);
                let bytes = words.take_charge() + size_of::<Family>();
                self.usage.bytes += bytes;
                let family =
                    Family { kind: readings.kind, unit, description, series: BTreeMap::new(), bytes };
                self.families.insert(Arc::clone(&name), family);
                name
            }
        };
        for point in readings.points {
            let taken = point.and_then(|point| {
                words.take_charge();
                let attributes = words.attributes(point.attributes);
                let key = SeriesKey { resource: Arc::clone(resource), scope: scope.clone(), attributes };
                self.take_point(&name, key, point, readings.told, window, words)
            });
            if let Err(reason) = taken {
                self.usage.refuse(reason, 1);
            }
        }
        Ok(())
    }

    fn take_point(
        &mut self,
        name: &Arc<str>,
        key: SeriesKey,
        point: Point<'_>,
        told: Told,
        window: Window,
        words: &mut Dictionary,
    ) -> Result<(), Refusal> {
        let told_time = Some(point.time).filter(|time| *time > 0);
        let (time, clamped) = window.place(told_time).ok_or(Refusal::TooOld)?;
        let family = self.families.get_mut(name).ok_or(Refusal::TooManySeries)?;
        let sender = (Arc::clone(name), Arc::clone(&key.resource));
        let mut of_sender = self.cardinality.get(&sender).copied().unwrap_or(0);
        let is_known = family.series.contains_key(&key);
        // One place of each limit is for the overflow series itself.
        let fits = of_sender + 1 < CARDINALITY_MAX && self.series + METRIC_NAMES_MAX < SERIES_MAX;
        let (key, told) = if is_known || fits {
            (key, told)
        } else {
            let overflow = vec![(words.text("otel.metric.overflow"), Value::Bool(true))];
            let told = if told == Told::Level { Told::Level } else { Told::Part };
            (SeriesKey { attributes: Attributes::new(overflow), ..key }, told)
        };
        if !is_known && !family.series.contains_key(&key) {
            if self.series >= SERIES_MAX {
                return Err(Refusal::TooManySeries);
            }
            let own = key.attributes.bytes() + words.take_charge();
            let series = Series::new(&point.reading, own);
            of_sender += 1;
            self.cardinality.insert(sender, of_sender);
            self.series += 1;
            self.usage.bytes += series.bytes;
            family.series.insert(key.clone(), series);
        }
        let series = family.series.get_mut(&key).expect("it was there or has just been put there");
        let (recorded, bytes) = series.record(told, time, point.start, point.reading)?;
        match recorded {
            Recorded::New => {
                self.usage.held += 1;
                self.usage.bytes += bytes;
            }
            Recorded::Duplicate => self.usage.duplicates += 1,
            Recorded::Folded => self.usage.folded += 1,
        }
        self.usage.clamped += u64::from(clamped);
        if self.usage.bytes > self.bytes_max {
            self.shrink();
        }
        Ok(())
    }

    /// Makes room for a tenth of the share at once, because looking for the oldest points costs a look at every series.
    fn shrink(&mut self) {
        let series = self.families.values().flat_map(|family| family.series.values());
        let firsts = series.filter_map(Series::first_time);
        let oldest = firsts.min().unwrap_or_default();
        let newest = self.last_time();
        let step = Duration::from_nanos((newest.nanos() - oldest.nanos()) / 8 + 1);
        let mut before = oldest.plus(step);
        while self.usage.bytes > self.bytes_max / 10 * 9 && self.series > 0 {
            self.usage.evicted.by_bytes += self.drop_older_than(before);
            before = before.plus(step);
        }
    }

    /// When the metric was last told.
    pub(crate) fn last_time_of(&self, name: &str) -> Option<UnixTime> {
        self.families.get(name)?.series.values().filter_map(Series::last_time).max()
    }

    fn last_time(&self) -> UnixTime {
        let series = self.families.values().flat_map(|family| family.series.values());
        series.filter_map(Series::last_time).max().unwrap_or_default()
    }

    /// Drops points, and series without points; returns how many points.
    fn drop_older_than(&mut self, oldest: UnixTime) -> u64 {
        let mut dropped = 0;
        for (name, family) in &mut self.families {
            family.series.retain(|key, series| {
                let (points, bytes) = series.drop_older_than(oldest);
                dropped += points;
                self.usage.bytes -= bytes;
                let stays = series.last_time().is_some();
                if !stays {
                    self.series -= 1;
                    self.usage.bytes -= series.bytes;
                    let of_sender = (Arc::clone(name), Arc::clone(&key.resource));
                    if let Some(count) = self.cardinality.get_mut(&of_sender) {
                        *count -= 1;
                        if *count == 0 {
                            self.cardinality.remove(&of_sender);
                        }
                    }
                }
                stays
            });
        }
        self.usage.held -= dropped;
        dropped
    }
}

fn count(metric: &Metric) -> u64 {
    let points = match &metric.data {
        None => 0,
        Some(Data::Gauge(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Histogram(data)) => data.data_points.len(),
        Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(Data::Summary(data)) => data.data_points.len(),
    };
    points as u64
}
