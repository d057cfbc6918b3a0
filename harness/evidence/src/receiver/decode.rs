//! From bytes to messages. Teaches that a limit on what comes in is no limit on what it becomes.
//!
//! An empty log record takes two bytes on the wire and two hundred in memory, so that sixteen megabytes of them would
//! unfold to more than a gigabyte. So the bytes are walked once before they are decoded, adding up the structures that
//! they would become. JSON is bounded by its number of values and its depth instead.

use std::mem::size_of;

use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::{
    logs::v1 as logs, metrics::v1 as metrics, resource::v1 as resource, trace::v1 as trace,
};
use serde::de::DeserializeOwned;

use super::{RequestError, UNFOLDED_BYTES_MAX};

/// Depth of messages, below the hundred at which prost gives up.
const DEPTH_MAX: usize = 64;
/// Values in one JSON message. The deserializer keeps some of them twice, at 32 to 64 bytes each.
const JSON_VALUES_MAX: usize = 500_000;
/// Depth of one JSON message: attributes lie at ten, and each array in an array adds three. Values that lie deep are
/// copied once for each array or map of attributes above them.
const JSON_DEPTH_MAX: usize = 32;

/// What one kind of message takes in memory, and which of its fields hold messages.
pub(crate) struct Shape {
    bytes: usize,
    fields: &'static [(usize, &'static Shape)],
    /// Whether it is a run of varints, each of which becomes eight bytes.
    is_varints: bool,
}

/// Decodes a protobuf message.
pub(crate) fn protobuf<M: prost::Message + Default>(bytes: &[u8], shape: &Shape) -> Result<M, RequestError> {
    unfold(bytes, shape, &mut UNFOLDED_BYTES_MAX.clone(), DEPTH_MAX)?;
    M::decode(bytes).map_err(|_| RequestError::Malformed)
}

/// Decodes a JSON message.
pub(crate) fn json<M: DeserializeOwned>(bytes: &[u8]) -> Result<M, RequestError> {
    let (mut values, mut depth, mut in_text, mut escaped) = (0, 0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => (values, depth) = (values + 1, depth + 1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if values > JSON_VALUES_MAX || depth > JSON_DEPTH_MAX {
            return Err(RequestError::UnfoldsTooFar);
        }
    }
    serde_json::from_slice(bytes).map_err(|_| RequestError::Malformed)
}

/// Takes what the message would become from what is left.
fn unfold(mut bytes: &[u8], shape: &Shape, left: &mut usize, depth: usize) -> Result<(), RequestError> {
    if depth == 0 {
        return Err(RequestError::UnfoldsTooFar);
    }
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let length = match key & 7 {
            0 => {
                varint(&mut bytes)?;
                0
            }
            1 => 8,
            2 => varint(&mut bytes)?,
            5 => 4,
            // Groups are no part of OTLP.
            _ => return Err(RequestError::Malformed),
        };
        let (field, rest) = bytes.split_at_checked(length).ok_or(RequestError::Malformed)?;
        bytes = rest;
        let known = shape.fields.iter().find(|(tag, _)| key & 7 == 2 && *tag == key >> 3);
        if let Some((_, inner)) = known {
            let cost = if inner.is_varints { field.len().saturating_mul(inner.bytes) } else { inner.bytes };
            *left = left.checked_sub(cost).ok_or(RequestError::UnfoldsTooFar)?;
            if !inner.fields.is_empty() {
                unfold(field, inner, left, depth - 1)?;
            }
        }
    }
    Ok(())
}

fn varint(bytes: &mut &[u8]) -> Result<usize, RequestError> {
    prost::decode_length_delimiter(bytes).map_err(|_| RequestError::Malformed)
}

const fn message<M>(fields: &'static [(usize, &'static Shape)]) -> Shape {
    Shape { bytes: size_of::<M>(), fields, is_varints: false }
}

// The numbers are the tags of the fields in opentelemetry-proto 1.x.

pub(crate) static LOGS: Shape = message::<()>(&[(1, &RESOURCE_LOGS)]);
pub(crate) static METRICS: Shape = message::<()>(&[(1, &RESOURCE_METRICS)]);
pub(crate) static TRACES: Shape = message::<()>(&[(1, &RESOURCE_SPANS)]);

static RESOURCE_LOGS: Shape = message::<logs::ResourceLogs>(&[(1, &RESOURCE), (2, &SCOPE_LOGS)]);
static SCOPE_LOGS: Shape = message::<logs::ScopeLogs>(&[(1, &SCOPE), (2, &LOG_RECORD)]);
static LOG_RECORD: Shape = message::<logs::LogRecord>(&[(5, &ANY_VALUE), (6, &KEY_VALUE)]);

static RESOURCE_SPANS: Shape = message::<trace::ResourceSpans>(&[(1, &RESOURCE), (2, &SCOPE_SPANS)]);
static SCOPE_SPANS: Shape = message::<trace::ScopeSpans>(&[(1, &SCOPE), (2, &SPAN)]);
static SPAN: Shape = message::<trace::Span>(&[(9, &KEY_VALUE), (11, &SPAN_EVENT), (13, &SPAN_LINK)]);
static SPAN_EVENT: Shape = message::<trace::span::Event>(&[(3, &KEY_VALUE)]);
static SPAN_LINK: Shape = message::<trace::span::Link>(&[(4, &KEY_VALUE)]);

static RESOURCE_METRICS: Shape = message::<metrics::ResourceMetrics>(&[(1, &RESOURCE), (2, &SCOPE_METRICS)]);
static SCOPE_METRICS: Shape = message::<metrics::ScopeMetrics>(&[(1, &SCOPE), (2, &METRIC)]);
static METRIC: Shape = message::<metrics::Metric>(&[
    (5, &NUMBERS),
    (7, &NUMBERS),
    (9, &HISTOGRAM),
    (10, &EXPONENTIAL),
    (11, &SUMMARY),
    (12, &KEY_VALUE),
]);
static NUMBERS: Shape = message::<()>(&[(1, &NUMBER_POINT)]);
static NUMBER_POINT: Shape = message::<metrics::NumberDataPoint>(&[(5, &EXEMPLAR), (7, &KEY_VALUE)]);
static HISTOGRAM: Shape = message::<()>(&[(1, &HISTOGRAM_POINT)]);
static HISTOGRAM_POINT: Shape = message::<metrics::HistogramDataPoint>(&[(8, &EXEMPLAR), (9, &KEY_VALUE)]);
static EXPONENTIAL: Shape = message::<()>(&[(1, &EXPONENTIAL_POINT)]);
static EXPONENTIAL_POINT: Shape = message::<metrics::ExponentialHistogramDataPoint>(&[
    (1, &KEY_VALUE),
    (8, &BUCKETS),
    (9, &BUCKETS),
    (11, &EXEMPLAR),
]);
static BUCKETS: Shape = message::<()>(&[(2, &VARINTS)]);
static SUMMARY: Shape = message::<()>(&[(1, &SUMMARY_POINT)]);
static SUMMARY_POINT: Shape = message::<metrics::SummaryDataPoint>(&[(6, &QUANTILE), (7, &KEY_VALUE)]);
static QUANTILE: Shape = message::<metrics::summary_data_point::ValueAtQuantile>(&[]);
static EXEMPLAR: Shape = message::<metrics::Exemplar>(&[(7, &KEY_VALUE)]);

static RESOURCE: Shape = message::<resource::Resource>(&[(1, &KEY_VALUE), (3, &ENTITY)]);
static ENTITY: Shape = message::<common::EntityRef>(&[(3, &TEXT), (4, &TEXT)]);
static SCOPE: Shape = message::<common::InstrumentationScope>(&[(3, &KEY_VALUE)]);
static KEY_VALUE: Shape = message::<common::KeyValue>(&[(2, &ANY_VALUE)]);
static ANY_VALUE: Shape = message::<common::AnyValue>(&[(5, &ARRAY), (6, &MAP)]);
static ARRAY: Shape = message::<()>(&[(1, &ANY_VALUE)]);
static MAP: Shape = message::<()>(&[(1, &KEY_VALUE)]);
static TEXT: Shape = message::<String>(&[]);
static VARINTS: Shape = Shape { bytes: size_of::<u64>(), fields: &[], is_varints: true };

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use prost::Message as _;

    use super::*;

    fn request(records: usize) -> Vec<u8> {
        let log_records = vec![logs::LogRecord::default(); records];
        let scope_logs = vec![logs::ScopeLogs { log_records, ..Default::default() }];
        let resource_logs = vec![logs::ResourceLogs { scope_logs, ..Default::default() }];
        ExportLogsServiceRequest { resource_logs }.encode_to_vec()
    }

    #[test]
    fn what_unfolds_too_far_is_refused_before_it_does() {
        let fits = UNFOLDED_BYTES_MAX / size_of::<logs::LogRecord>() - 2;
        for (records, expected) in
            [(10, Ok(10)), (fits, Ok(fits)), (fits + 2, Err(RequestError::UnfoldsTooFar))]
        {
            let decoded = protobuf::<ExportLogsServiceRequest>(&request(records), &LOGS);
            let count = decoded.map(|message| message.resource_logs[0].scope_logs[0].log_records.len());
            assert_eq!(count, expected, "{} bytes", request(records).len());
        }
    }

    #[test]
    fn a_value_in_a_value_in_a_value_ends() {
        let mut value = common::AnyValue::default();
        for _ in 0..60 {
            let array = common::ArrayValue { values: vec![value] };
            value = common::AnyValue { value: Some(common::any_value::Value::ArrayValue(array)) };
        }
        let record = logs::LogRecord { body: Some(value), ..Default::default() };
        assert_eq!(
            unfold(&record.encode_to_vec(), &LOG_RECORD, &mut usize::MAX.clone(), DEPTH_MAX),
            Err(RequestError::UnfoldsTooFar)
        );
    }

    #[test]
    fn json_is_bounded_by_values_and_depth() {
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        let wide = format!("[{}1]", "1,".repeat(JSON_VALUES_MAX));
        let text = format!("\"{}\\\"{}\"", "[,".repeat(JSON_VALUES_MAX), "{".repeat(100));
        for (input, expected) in [
            (deep, Some(RequestError::UnfoldsTooFar)),
            (wide, Some(RequestError::UnfoldsTooFar)),
            (text, None),
            ("[".to_owned(), Some(RequestError::Malformed)),
            ("{\"a\":1}".to_owned(), None),
        ] {
            assert_eq!(json::<serde_json::Value>(input.as_bytes()).err(), expected, "{input:.20}");
        }
    }
}
