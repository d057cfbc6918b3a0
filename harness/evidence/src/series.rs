//! One series of a metric, whatever its kind. Teaches to tell kinds apart in one place, so that the rest need not.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::mem::size_of;
use std::sync::Arc;

use crate::points::Reading;
use crate::refusals::Refused;
use crate::time::UnixTime;
use crate::track::{Counts, Recorded, Temporality, Track};
use crate::value::{Attributes, Resource, Scope};

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

/// What identifies a metric: a name under which senders report two kinds or units is two metrics.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MetricId {
    pub(crate) name: Arc<str>,
    pub(crate) kind: MetricKind,
    pub(crate) unit: Arc<str>,
}

impl MetricId {
    /// The first that there can be of a name.
    pub(crate) fn first_of(name: &str) -> Self {
        Self { name: name.into(), kind: MetricKind::Gauge, unit: "".into() }
    }
}

/// All series of one metric.
pub(crate) struct Family {
    pub(crate) description: Arc<str>,
    pub(crate) series: BTreeMap<SeriesKey, Series>,
    /// How many of them are of own services.
    pub(crate) own_series: usize,
    pub(crate) bytes: usize,
}

impl Family {
    /// When instances that tell nothing any more were followed by another of their service. What they told last is no longer so.
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

/// What identifies a series of a metric. A sender that returns with other bounds begins a new series.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeriesKey {
    pub(crate) resource: Arc<Resource>,
    pub(crate) scope: Arc<Scope>,
    pub(crate) attributes: Attributes,
    pub(crate) bounds: Bounds,
}

/// The bounds of a histogram's buckets; a number has none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bounds(pub(crate) Arc<[f64]>);

impl Eq for Bounds {}

impl PartialOrd for Bounds {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bounds {
    fn cmp(&self, other: &Self) -> Ordering {
        let pairs = self.0.iter().zip(&*other.0).map(|(own, other)| own.total_cmp(other));
        pairs.fold(self.0.len().cmp(&other.0.len()), Ordering::then)
    }
}

pub(crate) struct Series {
    pub(crate) track: AnyTrack,
    /// What it costs without its points, and what they cost.
    pub(crate) bytes: usize,
    pub(crate) points_bytes: usize,
    /// The turn at which its last point arrived.
    pub(crate) turn: u64,
}

pub(crate) enum AnyTrack {
    Number(Track<f64>),
    Histogram(Track<Counts>),
}

impl Series {
    /// A series without points; `own` is what its key costs.
    pub(crate) fn new(kind: MetricKind, bounds: &Bounds, own: usize) -> Self {
        let track = match kind {
            MetricKind::Gauge | MetricKind::Counter => AnyTrack::Number(Track::new()),
            MetricKind::Histogram => AnyTrack::Histogram(Track::new()),
        };
        // Once for the bounds, once for the total at the last restart.
        let bounds = 2 * size_of::<f64>() * bounds.0.len();
        // Once for the series, once for its place in the tree and in the count of its sender.
        let bytes = 2 * size_of::<(SeriesKey, Self)>() + bounds + own;
        Self { track, bytes, points_bytes: 0, turn: 0 }
    }

    /// Records a point; what became of it, and what a new point costs.
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
            AnyTrack::Number(track) => track.last().map(|(time, _)| *time),
            AnyTrack::Histogram(track) => track.last().map(|(time, _)| *time),
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

    /// How much it grew, in observations if it is a histogram; see [`Track::increase`].
    pub(crate) fn increase(&self, from: UnixTime, to: UnixTime) -> Option<f64> {
        match &self.track {
            AnyTrack::Number(track) => track.increase(from, to),
            AnyTrack::Histogram(track) => track.increase(from, to).map(|counts| counts.count() as f64),
        }
    }

    /// The last value between `oldest` and `time`, in observations if it is a histogram.
    pub(crate) fn level(&self, time: UnixTime, oldest: UnixTime) -> Option<f64> {
        match &self.track {
            AnyTrack::Number(track) => track.at(time, oldest).copied(),
            AnyTrack::Histogram(track) => track.at(time, oldest).map(|counts| counts.count() as f64),
        }
    }
}
