//! Points of metrics as they come, checked before they are believed. Teaches that figures that contradict each other
//! are turned away where they come in.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, DataPointFlags, HistogramDataPoint, Metric, NumberDataPoint, metric::Data,
    number_data_point::Value,
};

use crate::limits::BUCKETS_MAX;
use crate::series::MetricKind;
use crate::track::{Counts, Told};
use crate::usage::Refusal;

/// The points of one metric.
pub(crate) struct Readings<'a> {
    pub(crate) kind: MetricKind,
    pub(crate) told: Told,
    pub(crate) points: Vec<Result<Point<'a>, Refusal>>,
}

/// One point.
pub(crate) struct Point<'a> {
    pub(crate) time: u64,
    pub(crate) start: u64,
    pub(crate) attributes: &'a [KeyValue],
    pub(crate) reading: Reading,
}

/// What it says.
pub(crate) enum Reading {
    Number(f64),
    Histogram { bounds: Vec<f64>, counts: Counts },
}

/// Reads the points of a metric.
///
/// # Errors
///
/// If it is of a kind that is not kept, or has no data.
pub(crate) fn readings(metric: &Metric) -> Result<Readings<'_>, Refusal> {
    let cumulative_or_delta = |temporality: i32| match AggregationTemporality::try_from(temporality) {
        Ok(AggregationTemporality::Cumulative) => Ok(Told::Total),
        Ok(AggregationTemporality::Delta) => Ok(Told::Difference),
        _ => Err(Refusal::Malformed),
    };
    match metric.data.as_ref().ok_or(Refusal::Malformed)? {
        Data::Gauge(gauge) => {
            let points = gauge.data_points.iter().map(|point| number(point, false));
            Ok(Readings { kind: MetricKind::Gauge, told: Told::Level, points: points.collect() })
        }
        Data::Sum(sum) => {
            let told = match (cumulative_or_delta(sum.aggregation_temporality)?, sum.is_monotonic) {
                // A total that may fall is a level: there is no telling a fall from a restart.
                (Told::Total, false) => Told::Level,
                (told, _) => told,
            };
            let kind = if sum.is_monotonic { MetricKind::Counter } else { MetricKind::Gauge };
            let points = sum.data_points.iter().map(|point| number(point, sum.is_monotonic));
            Ok(Readings { kind, told, points: points.collect() })
        }
        Data::Histogram(data) => {
            let told = cumulative_or_delta(data.aggregation_temporality)?;
            let points = data.data_points.iter().map(histogram);
            Ok(Readings { kind: MetricKind::Histogram, told, points: points.collect() })
        }
        Data::ExponentialHistogram(_) | Data::Summary(_) => Err(Refusal::Unsupported),
    }
}

fn number(point: &NumberDataPoint, only_grows: bool) -> Result<Point<'_>, Refusal> {
    let value = match point.value {
        Some(Value::AsDouble(value)) => value,
        Some(Value::AsInt(value)) => value as f64,
        None => return Err(Refusal::Malformed),
    };
    if !value.is_finite() || (only_grows && value < 0.0) || has_no_value(point.flags) {
        return Err(Refusal::Malformed);
    }
    Ok(Point {
        time: point.time_unix_nano,
        start: point.start_time_unix_nano,
        attributes: &point.attributes,
        reading: Reading::Number(value),
    })
}

fn histogram(point: &HistogramDataPoint) -> Result<Point<'_>, Refusal> {
    let bounds = &point.explicit_bounds;
    let buckets: Box<[u64]> = match point.bucket_counts.as_slice() {
        // A histogram may come without buckets: then one bucket holds everything.
        [] if bounds.is_empty() => Box::from([point.count]),
        counts => Box::from(counts),
    };
    let ascending =
        bounds.windows(2).all(|pair| pair[0] < pair[1]) && bounds.iter().all(|bound| bound.is_finite());
    let sum = point.sum.unwrap_or(0.0);
    let fits = buckets.len() == bounds.len() + 1 && buckets.len() <= BUCKETS_MAX;
    if !ascending || !fits || !sum.is_finite() || has_no_value(point.flags) {
        return Err(Refusal::Malformed);
    }
    Ok(Point {
        time: point.time_unix_nano,
        start: point.start_time_unix_nano,
        attributes: &point.attributes,
        reading: Reading::Histogram { bounds: bounds.clone(), counts: Counts { sum, buckets } },
    })
}

/// The sender says that there is nothing to say.
fn has_no_value(flags: u32) -> bool {
    flags & DataPointFlags::NoRecordedValueMask as u32 != 0
}
