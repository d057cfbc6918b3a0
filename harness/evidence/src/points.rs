//! Validates incoming points of metrics. Teaches to refuse contradictory values on arrival.

use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, DataPointFlags, HistogramDataPoint, Metric, NumberDataPoint, metric::Data,
    number_data_point::Value,
};

use crate::limits::BUCKETS_MAX;
use crate::refusals::Refused;
use crate::series::{Bounds, MetricKind};
use crate::track::{Counts, Temporality};
use crate::usage::Refusal;
use crate::value::Float;

pub(crate) struct Readings<'a> {
    pub(crate) kind: MetricKind,
    pub(crate) temporality: Temporality,
    pub(crate) points: Vec<Result<Point<'a>, Refused>>,
}

pub(crate) struct Point<'a> {
    pub(crate) time: u64,
    pub(crate) start: u64,
    pub(crate) attributes: &'a [KeyValue],
    pub(crate) reading: Reading,
}

pub(crate) enum Reading {
    Number(f64),
    Histogram { bounds: Bounds, counts: Counts },
}

impl Reading {
    pub(crate) fn bounds(&self) -> Bounds {
        match self {
            Self::Number(_) => Bounds(Arc::default()),
            Self::Histogram { bounds, .. } => bounds.clone(),
        }
    }
}

const fn malformed(expected: &'static str) -> Refused {
    (Refusal::Malformed, expected)
}

pub(crate) const NAME_TOO_LONG: Refused = malformed("name: expected at most 192 bytes");
const NO_DATA: Refused = malformed("data: expected a gauge, a sum or a histogram");
const NO_TEMPORALITY: Refused =
    malformed("aggregationTemporality: expected 1 (differences) or 2 (running totals)");
const NO_NUMBER: Refused =
    malformed("value: expected a number in asDouble or asInt, and neither NaN nor infinity");
const FALLS: Refused = malformed("value: expected a number from 0 in a sum that only grows");
const NO_VALUE: Refused = malformed("flags: expected a value, not that there is none");
const NO_HISTOGRAM: Refused =
    malformed("bucketCounts: expected one more than ascending explicitBounds, 256 at most, and a finite sum");
const NOT_KEPT: Refused =
    (Refusal::Unsupported, "data: expected a gauge, a sum or a histogram with explicit bounds");

/// Validates the points of a metric.
///
/// # Errors
///
/// If the metric has no data, or is of a kind that is not kept.
pub(crate) fn readings(metric: &Metric) -> Result<Readings<'_>, Refused> {
    let cumulative_or_delta = |temporality: i32| match AggregationTemporality::try_from(temporality) {
        Ok(AggregationTemporality::Cumulative) => Ok(Temporality::Cumulative),
        Ok(AggregationTemporality::Delta) => Ok(Temporality::Delta),
        _ => Err(NO_TEMPORALITY),
    };
    let (kind, temporality, points) = match metric.data.as_ref().ok_or(NO_DATA)? {
        Data::Gauge(gauge) => {
            let points = gauge.data_points.iter().map(|point| number(point, false));
            (MetricKind::Gauge, Temporality::Gauge, points.collect())
        }
        Data::Sum(sum) => {
            let temporality = match (cumulative_or_delta(sum.aggregation_temporality)?, sum.is_monotonic) {
                // A total that may fall is a gauge: a fall cannot be distinguished from a restart.
                (Temporality::Cumulative, false) => Temporality::Gauge,
                (temporality, _) => temporality,
            };
            let kind = if sum.is_monotonic { MetricKind::Counter } else { MetricKind::Gauge };
            let points = sum.data_points.iter().map(|point| number(point, sum.is_monotonic));
            (kind, temporality, points.collect())
        }
        Data::Histogram(data) => {
            let temporality = cumulative_or_delta(data.aggregation_temporality)?;
            (MetricKind::Histogram, temporality, data.data_points.iter().map(histogram).collect())
        }
        Data::ExponentialHistogram(_) | Data::Summary(_) => return Err(NOT_KEPT),
    };
    Ok(Readings { kind, temporality, points })
}

fn number(point: &NumberDataPoint, only_grows: bool) -> Result<Point<'_>, Refused> {
    if has_no_value(point.flags) {
        return Err(NO_VALUE);
    }
    let value = match point.value {
        Some(Value::AsDouble(value)) if value.is_finite() => value,
        Some(Value::AsInt(value)) => value as f64,
        _ => return Err(NO_NUMBER),
    };
    if only_grows && value < 0.0 {
        return Err(FALLS);
    }
    Ok(Point {
        time: point.time_unix_nano,
        start: point.start_time_unix_nano,
        attributes: &point.attributes,
        reading: Reading::Number(value),
    })
}

fn histogram(point: &HistogramDataPoint) -> Result<Point<'_>, Refused> {
    let bounds = &point.explicit_bounds;
    let buckets: Box<[u64]> = match point.bucket_counts.as_slice() {
        // A histogram may have no bounds and no buckets: one bucket then holds all observations.
        [] if bounds.is_empty() => Box::from([point.count]),
        counts => Box::from(counts),
    };
    let ascending =
        bounds.windows(2).all(|pair| pair[0] < pair[1]) && bounds.iter().all(|bound| bound.is_finite());
    let sum = point.sum.unwrap_or(0.0);
    let fits = buckets.len() == bounds.len() + 1 && buckets.len() <= BUCKETS_MAX;
    if has_no_value(point.flags) {
        return Err(NO_VALUE);
    }
    if !ascending || !fits || !sum.is_finite() {
        return Err(NO_HISTOGRAM);
    }
    Ok(Point {
        time: point.time_unix_nano,
        start: point.start_time_unix_nano,
        attributes: &point.attributes,
        reading: Reading::Histogram {
            bounds: Bounds(bounds.iter().copied().map(Float).collect()),
            counts: Counts { sum, buckets },
        },
    })
}

/// The sender flags the point as having no value.
fn has_no_value(flags: u32) -> bool {
    flags & DataPointFlags::NoRecordedValueMask as u32 != 0
}
