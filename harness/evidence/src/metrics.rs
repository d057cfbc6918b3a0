//! Stores metrics: families by name, kind and unit; series by sender and attributes. Teaches that no sender owns a name, and a
//! cardinality limit that keeps sums right.
//!
//! A name reported as two kinds is two families, so the first sender of a name cannot keep others from using it.
//!
//! Beyond [`CARDINALITY_MAX`] attribute sets of one metric of one sender, points go to one series with the attribute
//! `otel.metric.overflow=true`, as the specification of OpenTelemetry's metrics SDK says: sums stay right, only the detail is lost.
//! `room` describes what happens if there is no place for another series at all.

use std::collections::BTreeMap;
use std::mem::size_of;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};

use crate::dictionary::Dictionary;
use crate::evidence::Intake;
use crate::limits::{CARDINALITY_MAX, Limits, METRICS_PERCENT, WORD_BYTES_MAX};
use crate::points::{NAME_TOO_LONG, Point, readings};
use crate::refusals::{Refusals, Refused, TOO_MANY_SERIES, TOO_OLD};
use crate::series::{Family, MetricId, Series, SeriesKey};
use crate::skew::Window;
use crate::time::UnixTime;
use crate::track::{Recorded, Temporality};
use crate::usage::SignalUsage;
use crate::value::{Attributes, Resource, Scope, Value};

/// How often to drop old points. Each sweep visits every series.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

pub(crate) struct MetricStore {
    pub(crate) usage: SignalUsage,
    pub(crate) families: BTreeMap<MetricId, Family>,
    pub(crate) series: usize,
    /// How many of the series are strangers'.
    pub(crate) strangers: usize,
    /// How many series each sender has of each metric.
    pub(crate) cardinality: BTreeMap<(Arc<str>, Arc<Resource>), usize>,
    pub(crate) bytes_max: usize,
    next_sweep: UnixTime,
    /// The number of points recorded so far. It orders series by their last point.
    turn: u64,
    /// Whether this request has searched for abandoned series already: the search looks at every series.
    pub(crate) has_looked: bool,
}

/// The context of a point: its metric, its sender and its temporality.
struct Context<'a> {
    metric: &'a Metric,
    id: &'a MetricId,
    resource: &'a Arc<Resource>,
    scope: &'a Arc<Scope>,
    temporality: Temporality,
    window: Window,
}

impl MetricStore {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            usage: SignalUsage::default(),
            families: BTreeMap::new(),
            series: 0,
            strangers: 0,
            cardinality: BTreeMap::new(),
            bytes_max: limits.share(METRICS_PERCENT),
            next_sweep: UnixTime::default(),
            turn: 0,
            has_looked: false,
        }
    }

    pub(crate) fn take(&mut self, request: &ExportMetricsServiceRequest, by: Intake<'_>) -> Refusals {
        let Intake { window, limits, words, .. } = by;
        let mut refusals = Refusals::default();
        self.has_looked = false;
        for (r, from_resource) in request.resource_metrics.iter().enumerate() {
            let resource = words.resource(from_resource.resource.as_ref(), limits);
            for (s, from_scope) in from_resource.scope_metrics.iter().enumerate() {
                let scope = words.scope(from_scope.scope.as_ref());
                for (m, metric) in from_scope.metrics.iter().enumerate() {
                    let (data, points) = count(metric);
                    self.usage.received += points;
                    let place = || format!("resourceMetrics[{r}].scopeMetrics[{s}].metrics[{m}]");
                    let refuse = |reason, point: Option<usize>| match point {
                        Some(point) => {
                            refusals.refuse(reason, 1, || format!("{}.{data}.dataPoints[{point}]", place()));
                        }
                        None => refusals.refuse(reason, points, place),
                    };
                    self.take_metric(metric, &resource, &scope, window, words, refuse);
                }
            }
        }
        if window.now >= self.next_sweep {
            self.next_sweep = window.now.plus(SWEEP_EVERY);
            self.usage.evicted.by_age += self.drop_older_than(window.oldest, |_| true);
        }
        self.usage.cut += words.take_cut();
        refusals
    }

    /// Records the points of one metric. Calls `refuse` with the index of a refused point, or without one if all are refused.
    fn take_metric(
        &mut self,
        metric: &Metric,
        resource: &Arc<Resource>,
        scope: &Arc<Scope>,
        window: Window,
        words: &mut Dictionary,
        mut refuse: impl FnMut(Refused, Option<usize>),
    ) {
        if metric.name.len() > 2 * WORD_BYTES_MAX {
            return refuse(NAME_TOO_LONG, None);
        }
        let readings = match readings(metric) {
            Ok(readings) => readings,
            Err(reason) => return refuse(reason, None),
        };
        words.begin_row();
        let (name, unit) = (words.text(&metric.name), words.text(&metric.unit));
        let id = MetricId { name, kind: readings.kind, unit };
        let context = Context { metric, id: &id, resource, scope, temporality: readings.temporality, window };
        for (place, point) in readings.points.into_iter().enumerate() {
            if let Err(reason) = point.and_then(|point| self.take_point(&context, point, words)) {
                refuse(reason, Some(place));
            }
        }
    }

    fn take_point(
        &mut self,
        context: &Context<'_>,
        point: Point<'_>,
        words: &mut Dictionary,
    ) -> Result<(), Refused> {
        let told_time = Some(point.time).filter(|time| *time > 0);
        let (time, clamped) = context.window.place(told_time).ok_or(TOO_OLD)?;
        words.begin_row();
        let key = SeriesKey {
            resource: Arc::clone(context.resource),
            scope: Arc::clone(context.scope),
            attributes: words.attributes(point.attributes),
            bounds: point.reading.bounds(),
        };
        let (key, temporality) = self.place(context, key, words)?;
        self.turn += 1;
        let family = self.families.get_mut(context.id).expect("a place was found in it");
        let series = family.series.get_mut(&key).expect("it was there or has just been put there");
        let (recorded, bytes) = series.record(temporality, time, point.start, point.reading, self.turn)?;
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

    /// Finds or creates the series for a point: its own, or the overflow series of its sender.
    fn place(
        &mut self,
        context: &Context<'_>,
        key: SeriesKey,
        words: &mut Dictionary,
    ) -> Result<(SeriesKey, Temporality), Refused> {
        let is_known = |store: &Self, key: &SeriesKey| {
            store.families.get(context.id).is_some_and(|family| family.series.contains_key(key))
        };
        if is_known(self, &key) {
            return Ok((key, context.temporality));
        }
        let sender = (Arc::clone(&context.id.name), Arc::clone(context.resource));
        let of_sender = self.cardinality.get(&sender).copied().unwrap_or(0);
        // One place of each limit is kept for the overflow series itself.
        if of_sender + 1 < CARDINALITY_MAX
            && self.has_room(context.id, &key.resource, false, context.window.now)
        {
            self.insert(context, key.clone(), sender, words);
            return Ok((key, context.temporality));
        }
        let overflow = vec![(words.text("otel.metric.overflow"), Value::Bool(true))];
        let key = SeriesKey { attributes: Attributes::new(overflow), ..key };
        let temporality = context.temporality.shared();
        if !is_known(self, &key) {
            if !self.has_room(context.id, &key.resource, true, context.window.now) {
                return Err(TOO_MANY_SERIES);
            }
            self.insert(context, key.clone(), sender, words);
        }
        Ok((key, temporality))
    }

    fn insert(
        &mut self,
        context: &Context<'_>,
        key: SeriesKey,
        sender: (Arc<str>, Arc<Resource>),
        words: &mut Dictionary,
    ) {
        if !self.families.contains_key(context.id) {
            let description = words.text(&context.metric.description);
            let texts = context.id.name.len() + context.id.unit.len() + words.take_charge();
            let bytes = size_of::<(MetricId, Family)>() + texts;
            self.usage.bytes += bytes;
            self.families.insert(
                context.id.clone(),
                Family { description, series: BTreeMap::new(), own_series: 0, bytes },
            );
        }
        let is_own = key.resource.is_own;
        let family = self.families.get_mut(context.id).expect("it was there or has just been put there");
        if is_own && family.own_series == 0 {
            // The description comes from an own service, even if a stranger used the name first.
            family.description = words.text(&context.metric.description);
        }
        let series = Series::new(context.id.kind, &key.bounds, key.attributes.bytes() + words.take_charge());
        *self.cardinality.entry(sender).or_default() += 1;
        self.series += 1;
        self.strangers += usize::from(!is_own);
        self.usage.bytes += series.bytes;
        family.own_series += usize::from(is_own);
        family.series.insert(key, series);
    }

    /// All families. Those with series of own services come first.
    pub(crate) fn own_first(&self) -> impl Iterator<Item = (&MetricId, &Family)> {
        let (own, strangers): (Vec<_>, Vec<_>) =
            self.families.iter().partition(|(_, family)| family.own_series > 0);
        own.into_iter().chain(strangers)
    }

    /// The families of one name.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = (&MetricId, &Family)> {
        let first = MetricId::first_of(name);
        self.families.range(first.clone()..).take_while(move |(id, _)| id.name == first.name)
    }

    /// Resolves a name to one family. Only series that `is_wanted` accepts count. A family with own services' series comes before
    /// one with strangers' alone; among equals, the most recent point decides.
    pub(crate) fn family(
        &self,
        name: &str,
        is_wanted: impl Fn(&SeriesKey) -> bool,
    ) -> Option<(&MetricId, &Family)> {
        self.named(name).max_by_key(|(_, family)| {
            let wanted = family.series.iter().filter(|(key, _)| is_wanted(key));
            wanted.map(|(key, series)| (key.resource.is_own, series.turn)).max()
        })
    }
}

/// The name of a metric's data in OTLP's JSON, and its number of points.
fn count(metric: &Metric) -> (&'static str, u64) {
    let (data, points) = match &metric.data {
        None => ("data", 0),
        Some(Data::Gauge(data)) => ("gauge", data.data_points.len()),
        Some(Data::Sum(data)) => ("sum", data.data_points.len()),
        Some(Data::Histogram(data)) => ("histogram", data.data_points.len()),
        Some(Data::ExponentialHistogram(data)) => ("exponentialHistogram", data.data_points.len()),
        Some(Data::Summary(data)) => ("summary", data.data_points.len()),
    };
    (data, points as u64)
}
