//! Queries on metrics: names, values, rates, and quantiles of histograms. Teaches how a rate and a quantile are computed.
//!
//! **Rate**: the increase in the window before each step, divided by the window. The increase spans restarts, and nothing is
//! extrapolated; see `track`.
//!
//! **Quantile**: as `histogram_quantile()` of Prometheus computes it, on the counts added in the window. Take the bucket that holds
//! the observation of rank `q * count`. Interpolate linearly from its lower to its upper bound, as if its observations were evenly
//! spread. The first bucket begins at zero if its upper bound is positive; otherwise the answer is that bound. The last bucket has
//! no upper bound; the answer is its lower bound.
//!
//! **Ratio**: the increase of the series with certain attributes, as a share of the increase of all selected series.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::{LINES_PER_ANSWER_MAX, POINTS_PER_LINE_MAX, ROWS_PER_ANSWER_MAX, VALUES_PER_ANSWER_MAX};
use crate::metrics::MetricStore;
use crate::series::{AnyTrack, Bounds, Family, MetricId, MetricKind, Series, SeriesKey};
use crate::time::UnixTime;
use crate::track::{Amount, Counts};
use crate::value::{Float, Resource};

/// How long a value stays valid: one and a half times the default export interval of OpenTelemetry's exporters. The values of an
/// instance end earlier if another instance of its service has replaced it.
const LOOK_BACK: Duration = Duration::from_secs(90);

/// The function to apply to a metric.
#[derive(Clone, Debug, PartialEq)]
pub enum Function {
    /// The values themselves: a gauge's level, a counter's total, a histogram's count.
    Range,
    /// The sum of a histogram's observations.
    Sum,
    /// Increase per second.
    Rate,
    /// The quantile: the value below which this share of the observations lies.
    Quantile(f64),
    /// The share of the increase that belongs to series with these attributes.
    Ratio(Vec<(String, String)>),
}

#[derive(Clone, Debug)]
pub struct MetricQuery {
    /// The metric's name as its sender gave it.
    pub name: String,
    pub function: Function,
    /// Only series of this `service.name`.
    pub service: Option<String>,
    /// Only series with these attributes.
    pub attributes: Vec<(String, String)>,
    /// Attributes to group by (`service.name` is one): series with equal values are added up. An empty list makes one line of all
    /// series; `None` makes a line for each series.
    pub by: Option<Vec<String>>,
    pub from: UnixTime,
    /// The last step is at this time or earlier.
    pub to: UnixTime,
    pub step: Duration,
    /// The look-back of rates, quantiles and ratios.
    pub window: Duration,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricAnswer {
    pub name: String,
    /// The sender's unit, before the function is applied.
    pub unit: String,
    pub kind: MetricKind,
    pub lines: Vec<Line>,
    /// Whether there are more.
    pub truncated: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The labels that distinguish it from the other lines.
    pub labels: BTreeMap<String, String>,
    /// Its values by time. A step without a known value has no point.
    pub points: Vec<(UnixTime, f64)>,
}

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The step is zero, or so short for the time range that a line would have too many points.
    #[error("step: a line may have {POINTS_PER_LINE_MAX} points at most")]
    Points,
    /// Too many series at too many steps.
    #[error("step: too many series at too many steps, ask for fewer")]
    Values,
    /// The quantile is not between 0 and 1.
    #[error("q: a quantile lies between 0 and 1")]
    Quantile,
    /// The function does not fit the kind of metric.
    #[error("function: it does not fit a metric of kind {kind:?}")]
    Function { kind: MetricKind },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricInfo {
    /// Its name as its sender gave it.
    pub name: String,
    pub unit: String,
    pub kind: MetricKind,
    /// The sender's description.
    pub description: String,
    pub series: usize,
    /// Their labels; not all of them if there are many.
    pub labels: Vec<BTreeMap<String, String>>,
    /// Whether some were left out.
    pub truncated: bool,
}

pub(crate) fn list(store: &MetricStore) -> Vec<MetricInfo> {
    let mut room = ROWS_PER_ANSWER_MAX;
    // Own services' labels take the room first.
    let info = |(id, family): (&MetricId, &Family)| {
        let shown = room.min(LINES_PER_ANSWER_MAX).min(family.series.len());
        room -= shown;
        let (own, strangers): (Vec<_>, Vec<_>) = family.series.keys().partition(|key| key.resource.is_own);
        let keys = own.into_iter().chain(strangers).take(shown);
        let info = MetricInfo {
            name: id.name.to_string(),
            unit: id.unit.to_string(),
            kind: id.kind,
            description: family.description.to_string(),
            series: family.series.len(),
            labels: keys.map(|key| labels(key, None)).collect(),
            truncated: shown < family.series.len(),
        };
        (id.clone(), info)
    };
    let infos: BTreeMap<_, _> = store.own_first().map(info).collect();
    infos.into_values().collect()
}

/// Answers a query; `None` if the metric is unknown.
pub(crate) fn answer(store: &MetricStore, query: &MetricQuery) -> Result<Option<MetricAnswer>, QueryError> {
    let steps = query.to.seconds_since(query.from).max(0.0) / query.step.as_secs_f64();
    if query.step.is_zero() || steps >= POINTS_PER_LINE_MAX as f64 {
        return Err(QueryError::Points);
    }
    let is_asked_for = |key: &SeriesKey| {
        query.service.as_deref().is_none_or(|service| service == &*key.resource.service)
            && key.attributes.have(&query.attributes)
    };
    let Some((id, family)) = store.family(&query.name, is_asked_for) else { return Ok(None) };
    check(&query.function, id.kind)?;

    let mut groups: BTreeMap<BTreeMap<String, String>, Vec<(&SeriesKey, &Series)>> = BTreeMap::new();
    for (key, series) in family.series.iter().filter(|(key, _)| is_asked_for(key)) {
        groups.entry(labels(key, query.by.as_deref())).or_default().push((key, series));
    }
    let series: usize = groups.values().map(Vec::len).sum();
    if steps * series as f64 > VALUES_PER_ANSWER_MAX {
        return Err(QueryError::Values);
    }
    let followed = family.followed();
    let truncated = groups.len() > LINES_PER_ANSWER_MAX;
    let mut groups: Vec<_> = groups.into_iter().collect();
    if truncated {
        // Strangers' lines are left out first.
        groups.sort_by_key(|(_, series)| !series.iter().any(|(key, _)| key.resource.is_own));
        groups.truncate(LINES_PER_ANSWER_MAX);
        groups.sort_by(|a, b| a.0.cmp(&b.0));
    }
    let lines = groups.into_iter().map(|(labels, series)| {
        let mut points = Vec::new();
        let mut time = query.from;
        while time <= query.to {
            points.extend(value(&series, &followed, query, time).map(|value| (time, value)));
            time = if time == UnixTime::MAX { break } else { time.plus(query.step) };
        }
        Line { labels, points }
    });
    let (name, unit) = (query.name.clone(), id.unit.to_string());
    Ok(Some(MetricAnswer { name, unit, kind: id.kind, lines: lines.collect(), truncated }))
}

/// The total increase of the series with these attributes in `(from, to]`; `None` if nothing is known. If own services report this
/// metric, strangers' series of the same name do not count.
pub(crate) fn increase(
    store: &MetricStore,
    name: &str,
    attributes: &[(String, String)],
    from: UnixTime,
    to: UnixTime,
) -> Option<f64> {
    let (_, family) = store.family(name, |_| true)?;
    let is_meant = |key: &SeriesKey| key.resource.is_own || family.own_series == 0;
    sum(family
        .series
        .iter()
        .filter(|(key, _)| is_meant(key) && key.attributes.have(attributes))
        .filter_map(|(_, series)| series.increase(from, to)))
}

/// The quantile by the formula above; `None` if there are no observations.
pub(crate) fn quantile(q: f64, bounds: &[Float], counts: &Counts) -> Option<f64> {
    let count = counts.count();
    if count == 0 {
        return None;
    }
    let rank = q * count as f64;
    let mut below: u64 = 0;
    for (place, own) in counts.buckets.iter().enumerate() {
        let up_to = below.saturating_add(*own);
        if up_to as f64 >= rank && *own > 0 {
            let lower = place.checked_sub(1).map(|before| bounds[before].0);
            return match (lower, bounds.get(place).map(|upper| upper.0)) {
                (lower, None) => lower,
                (None, Some(upper)) if upper <= 0.0 => Some(upper),
                (lower, Some(upper)) => {
                    let lower = lower.unwrap_or(0.0);
                    Some(lower + (upper - lower) * ((rank - below as f64) / *own as f64))
                }
            };
        }
        below = up_to;
    }
    bounds.last().map(|last| last.0)
}

fn check(function: &Function, kind: MetricKind) -> Result<(), QueryError> {
    match (function, kind) {
        (Function::Quantile(q), _) if !(0.0..=1.0).contains(q) => Err(QueryError::Quantile),
        (Function::Range, _)
        | (Function::Quantile(_) | Function::Sum, MetricKind::Histogram)
        | (Function::Rate | Function::Ratio(_), MetricKind::Counter | MetricKind::Histogram) => Ok(()),
        _ => Err(QueryError::Function { kind }),
    }
}

/// The value of one line at one time.
fn value(
    series: &[(&SeriesKey, &Series)],
    followed: &BTreeMap<&Resource, UnixTime>,
    query: &MetricQuery,
    time: UnixTime,
) -> Option<f64> {
    let (from, oldest) = (time.minus(query.window), time.minus(LOOK_BACK));
    let is_there =
        |(key, _): &&(&SeriesKey, &Series)| followed.get(&*key.resource).is_none_or(|since| time < *since);
    let there = series.iter().filter(is_there);
    let increases = || series.iter().filter_map(|(_, series)| series.increase(from, time));
    match &query.function {
        Function::Range => sum(there.filter_map(|(_, series)| series.level(time, oldest))),
        Function::Sum => sum(there.filter_map(|(_, series)| match &series.track {
            AnyTrack::Histogram(track) => track.at(time, oldest).map(|counts| counts.sum),
            AnyTrack::Number(_) => None,
        })),
        Function::Rate => Some(sum(increases())? / query.window.as_secs_f64()),
        Function::Ratio(of) => {
            let those = series.iter().filter(|(key, _)| key.attributes.have(of));
            let part = sum(those.filter_map(|(_, series)| series.increase(from, time))).unwrap_or(0.0);
            sum(increases()).filter(|all| *all > 0.0).map(|all| part / all)
        }
        Function::Quantile(q) => {
            // Histograms with different bounds cannot be added. The bounds with the most observations in the window win.
            let mut all: BTreeMap<&Bounds, Counts> = BTreeMap::new();
            for (key, series) in series {
                let AnyTrack::Histogram(track) = &series.track else { continue };
                let Some(counts) = track.increase(from, time) else { continue };
                let sum = all.get(&key.bounds).map(|sum| sum.plus(&counts));
                all.insert(&key.bounds, sum.unwrap_or(counts));
            }
            let (bounds, counts) = all.into_iter().max_by_key(|(_, counts)| counts.count())?;
            quantile(*q, &bounds.0, &counts)
        }
    }
}

fn sum(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

/// All labels of a series, or the values of the attributes in `by`. A missing attribute becomes an empty text.
fn labels(key: &SeriesKey, by: Option<&[String]>) -> BTreeMap<String, String> {
    let value = |name: &str| match name {
        "service.name" => key.resource.service.to_string(),
        "service.instance.id" => key.resource.instance.as_deref().unwrap_or_default().to_owned(),
        name => key.attributes.get(name).map(ToString::to_string).unwrap_or_default(),
    };
    let all = || {
        let own = key.attributes.iter().map(|(name, _)| name.to_string());
        ["service.name", "service.instance.id"].map(str::to_owned).into_iter().chain(own).collect()
    };
    let names: Vec<String> = by.map_or_else(all, <[String]>::to_vec);
    names.into_iter().map(|name| (name.clone(), value(&name))).collect()
}
