//! One series of a metric, of any kind. Teaches to distinguish the kinds in one place, so that the rest of the code need not.

use std::collections::BTreeMap;
use std::mem::size_of;
use std::sync::Arc;

use crate::points::Reading;
use crate::refusals::Refused;
use crate::time::UnixTime;
use crate::track::{Counts, Recorded, Temporality, Track};
use crate::value::{Attributes, Float, Resource, Scope};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    /// A value as it is now: gauges, and sums that can fall.
    Gauge,
    /// A sum that only grows.
    Counter,
    /// Counts by bucket with explicit bounds.
    Histogram,
}

/// The identity of a metric. A name that senders report with two kinds or units is two metrics.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MetricId {
    pub(crate) name: Arc<str>,
    pub(crate) kind: MetricKind,
    pub(crate) unit: Arc<str>,
}

impl MetricId {
    /// The smallest possible id with this name.
    pub(crate) fn first_of(name: &str) -> Self {
        Self { name: name.into(), kind: MetricKind::Gauge, unit: "".into() }
    }
}

/// All series of one metric.
pub(crate) struct Family {
    pub(crate) description: Arc<str>,
    pub(crate) series: BTreeMap<SeriesKey, Series>,
    /// How many of the series belong to own services.
    pub(crate) own_series: usize,
    pub(crate) bytes: usize,
}

impl Family {
    /// For each instance that has stopped reporting: when the next instance of its service began. Its last values are outdated from
    /// then on.
    pub(crate) fn followed(&self) -> BTreeMap<&Resource, UnixTime> {
        let mut told: BTreeMap<&Resource, (UnixTime, UnixTime)> = BTreeMap::new();
        for (key, series) in self.series.iter().filter(|(key, _)| key.resource.instance.is_some()) {
            let (Some(first), Some(last)) = (series.first_time(), series.last_time()) else { continue };
            let told = told.entry(&key.resource).or_insert((first, last));
            *told = (told.0.min(first), told.1.max(last));
        }
        let mut begun: BTreeMap<&str, Vec<UnixTime>> = BTreeMap::new();
        for (resource, (first, _)) in &told {
            begun.entry(&resource.service).or_default().push(*first);
        }
        for begun in begun.values_mut() {
            begun.sort_unstable();
        }
        let followed = told.into_iter().filter_map(|(resource, (_, last))| {
            let begun = &begun[&*resource.service];
            Some((resource, *begun.get(begun.partition_point(|first| *first <= last))?))
        });
        followed.collect()
    }
}

/// The identity of a series. A sender that changes its bucket bounds begins a new series.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeriesKey {
    pub(crate) resource: Arc<Resource>,
    pub(crate) scope: Arc<Scope>,
    pub(crate) attributes: Attributes,
    pub(crate) bounds: Bounds,
}

/// The bounds of a histogram's buckets; a number has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bounds(pub(crate) Arc<[Float]>);

pub(crate) struct Series {
    pub(crate) track: AnyTrack,
    /// The bytes of the series without its points, and the bytes of its points.
    pub(crate) bytes: usize,
    pub(crate) points_bytes: usize,
    /// The store's turn when its last point arrived.
    pub(crate) turn: u64,
}

pub(crate) enum AnyTrack {
    Number(Track<f64>),
    Histogram(Track<Counts>),
}

impl Series {
    /// A series without points. `own` is the bytes of its key.
    pub(crate) fn new(kind: MetricKind, bounds: &Bounds, own: usize) -> Self {
        let track = match kind {
            MetricKind::Gauge | MetricKind::Counter => AnyTrack::Number(Track::new()),
            MetricKind::Histogram => AnyTrack::Histogram(Track::new()),
        };
        // Count the bounds three times: once for the key, and once each for the total at the last restart and the last value since.
        let bounds = 3 * size_of::<f64>() * bounds.0.len();
        // Count the struct twice: once for the series, once for its entries in the tree and in the count of its sender.
        let bytes = 2 * size_of::<(SeriesKey, Self)>() + bounds + own;
        Self { track, bytes, points_bytes: 0, turn: 0 }
    }

    /// Records a point. Returns how it was recorded, and the bytes of a new point.
    pub(crate) fn record(
        &mut self,
        temporality: Temporality,
        time: UnixTime,
        start: u64,
        reading: Reading,
        turn: u64,
    ) -> Result<(Recorded, usize), Refused> {
        self.turn = turn;
        let (recorded, bytes) = match (&mut self.track, reading) {
            (AnyTrack::Number(track), Reading::Number(value)) => {
                (track.record(temporality, time, start, value)?, crate::track::point_bytes(&value))
            }
            (AnyTrack::Histogram(track), Reading::Histogram { counts, .. }) => {
                let bytes = crate::track::point_bytes(&counts);
                (track.record(temporality, time, start, counts)?, bytes)
            }
            _ => unreachable!("a metric's kind tells it from others"),
        };
        if matches!(recorded, Recorded::New) {
            self.points_bytes += bytes;
        }
        Ok((recorded, bytes))
    }

    pub(crate) fn first_time(&self) -> Option<UnixTime> {
        match &self.track {
            AnyTrack::Number(track) => track.first_time(),
            AnyTrack::Histogram(track) => track.first_time(),
        }
    }

    pub(crate) fn last_time(&self) -> Option<UnixTime> {
        match &self.track {
            AnyTrack::Number(track) => track.last().map(|(time, _)| time),
            AnyTrack::Histogram(track) => track.last().map(|(time, _)| time),
        }
    }

    pub(crate) fn drop_older_than(&mut self, oldest: UnixTime) -> (u64, usize) {
        let (points, bytes) = match &mut self.track {
            AnyTrack::Number(track) => track.drop_older_than(oldest),
            AnyTrack::Histogram(track) => track.drop_older_than(oldest),
        };
        self.points_bytes -= bytes;
        (points, bytes)
    }

    /// The increase, in observations for a histogram; see [`Track::increase`].
    pub(crate) fn increase(&self, from: UnixTime, to: UnixTime) -> Option<f64> {
        match &self.track {
            AnyTrack::Number(track) => track.increase(from, to),
            AnyTrack::Histogram(track) => track.increase(from, to).map(|counts| counts.count() as f64),
        }
    }

    /// The last value between `oldest` and `time`, in observations for a histogram.
    pub(crate) fn level(&self, time: UnixTime, oldest: UnixTime) -> Option<f64> {
        match &self.track {
            AnyTrack::Number(track) => track.at(time, oldest).copied(),
            AnyTrack::Histogram(track) => track.at(time, oldest).map(|counts| counts.count() as f64),
        }
    }
}
