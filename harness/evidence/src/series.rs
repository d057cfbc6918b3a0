//! One series of a metric, whatever its kind. Teaches to tell kinds apart in one place, so that the rest need not.

use std::collections::BTreeMap;
use std::mem::size_of;
use std::sync::Arc;

use crate::points::Reading;
use crate::time::UnixTime;
use crate::track::{Counts, Recorded, Told, Track};
use crate::usage::Refusal;
use crate::value::{Attributes, Resource, Scope};

/// What kind of metric it is.
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

/// All series of one metric.
pub(crate) struct Family {
    pub(crate) kind: MetricKind,
    pub(crate) unit: Arc<str>,
    pub(crate) description: Arc<str>,
    pub(crate) series: BTreeMap<SeriesKey, Series>,
    pub(crate) bytes: usize,
}

/// What tells one series of a metric from another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeriesKey {
    pub(crate) resource: Arc<Resource>,
    pub(crate) scope: Scope,
    pub(crate) attributes: Attributes,
}

/// The points of one series.
pub(crate) struct Series {
    pub(crate) track: AnyTrack,
    pub(crate) bytes: usize,
}

pub(crate) enum AnyTrack {
    Number(Track<f64>),
    Histogram { bounds: Arc<[f64]>, track: Track<Counts> },
}

impl Series {
    /// A series for readings like this one; `own` is what its key costs.
    pub(crate) fn new(reading: &Reading, own: usize) -> Self {
        let (track, bounds) = match reading {
            Reading::Number(_) => (AnyTrack::Number(Track::new()), 0),
            Reading::Histogram { bounds, .. } => {
                let track = AnyTrack::Histogram { bounds: bounds.as_slice().into(), track: Track::new() };
                // Once for the bounds, once for the total at the last restart.
                (track, 2 * size_of::<f64>() * bounds.len())
            }
        };
        // Once for the series, once for its place in the tree and in the count of its sender.
        Self { track, bytes: 2 * size_of::<(SeriesKey, Self)>() + bounds + own }
    }

    /// Records a point; what became of it, and what a new point costs.
    pub(crate) fn record(
        &mut self,
        told: Told,
        time: UnixTime,
        start: u64,
        reading: Reading,
    ) -> Result<(Recorded, usize), Refusal> {
        match (&mut self.track, reading) {
            (AnyTrack::Number(track), Reading::Number(value)) => {
                Ok((track.record(told, time, start, value)?, crate::track::point_bytes(&value)))
            }
            (AnyTrack::Histogram { bounds, track }, Reading::Histogram { bounds: told_bounds, counts }) => {
                if **bounds != *told_bounds {
                    return Err(Refusal::Conflict);
                }
                let bytes = crate::track::point_bytes(&counts);
                Ok((track.record(told, time, start, counts)?, bytes))
            }
            _ => Err(Refusal::Conflict),
        }
    }

    pub(crate) fn first_time(&self) -> Option<UnixTime> {
        match &self.track {
            AnyTrack::Number(track) => track.first_time(),
            AnyTrack::Histogram { track, .. } => track.first_time(),
        }
    }

    pub(crate) fn last_time(&self) -> Option<UnixTime> {
        match &self.track {
            AnyTrack::Number(track) => track.last().map(|(time, _)| *time),
            AnyTrack::Histogram { track, .. } => track.last().map(|(time, _)| *time),
        }
    }

    pub(crate) fn drop_older_than(&mut self, oldest: UnixTime) -> (u64, usize) {
        match &mut self.track {
            AnyTrack::Number(track) => track.drop_older_than(oldest),
            AnyTrack::Histogram { track, .. } => track.drop_older_than(oldest),
        }
    }

    /// How much it grew, in observations if it is a histogram; see [`Track::increase`].
    pub(crate) fn increase(&self, from: UnixTime, to: UnixTime) -> Option<f64> {
        match &self.track {
            AnyTrack::Number(track) => track.increase(from, to),
            AnyTrack::Histogram { track, .. } => track.increase(from, to).map(|counts| counts.count() as f64),
        }
    }

    /// The last value told up to `time` and not before `oldest`, in observations if it is a histogram.
    pub(crate) fn level(&self, time: UnixTime, oldest: UnixTime) -> Option<f64> {
        match &self.track {
            AnyTrack::Number(track) => track.at(time, oldest).copied(),
            AnyTrack::Histogram { track, .. } => track.at(time, oldest).map(|counts| counts.count() as f64),
        }
    }
}
