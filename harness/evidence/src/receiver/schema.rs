//! The messages of OTLP as one table: the JSON name of each field, its wire type, and the size in memory. Teaches to keep names,
//! tags and limits in one place, so that JSON and protobuf cannot drift apart.
//!
//! The tags are those of opentelemetry-proto 1.x.

use std::mem::size_of;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::{
    logs::v1 as logs, metrics::v1 as metrics, resource::v1 as resource, trace::v1 as trace,
};
use prost::DecodeError;

use self::Kind::{
    Bool, Bytes, Double, Enum, Fixed32, Fixed64, Id, Int32, Int64, SFixed64, SInt32, Text, UInt32, UInt64,
};
use self::Role::{Holder, Part, Record};

pub(crate) struct Message {
    pub(crate) name: &'static str,
    /// Its bytes in memory as an element of a list or in a box, without its texts.
    pub(crate) bytes: usize,
    pub(crate) role: Role,
    pub(crate) fields: &'static [Field],
    /// Fails unless these bytes are such a message.
    pub(crate) check: fn(&[u8]) -> Result<(), DecodeError>,
}

/// What a message contributes, and so what is lost if it cannot be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// One log record, one span, one point of a metric: what is counted, kept or refused.
    Record,
    /// A message that holds records.
    Holder,
    /// A part of a record, or of its holder's description.
    Part,
}

pub(crate) struct Field {
    pub(crate) tag: u32,
    /// Its name in JSON.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) many: bool,
    /// Whether it belongs to a `oneof`.
    pub(crate) one_of: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Bool,
    Double,
    /// OTLP accepts only the number, in JSON too.
    Enum,
    Int32,
    Int64,
    SInt32,
    UInt32,
    UInt64,
    Fixed32,
    Fixed64,
    SFixed64,
    /// Bytes that OTLP's JSON writes as this many pairs of hexadecimal digits.
    Id(usize),
    /// Bytes that JSON writes as base64.
    Bytes,
    Message(&'static Message),
}

impl Message {
    /// The field with this JSON name: `logRecords`, or `log_records` as in the definition.
    pub(crate) fn named(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name || is_snake_case_of(name, field.name))
    }

    /// The field with this tag.
    pub(crate) fn tagged(&self, tag: u32) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.tag == tag)
    }
}

impl Field {
    /// The message in this field, if that is a record or holds records.
    pub(crate) fn of_records(&self) -> Option<&'static Message> {
        match self.kind {
            Kind::Message(inner) if inner.role != Part => Some(inner),
            _ => None,
        }
    }
}

fn is_snake_case_of(name: &str, camel_case: &str) -> bool {
    let mut rest = name.chars();
    camel_case.chars().all(|c| {
        let underscore = !c.is_ascii_uppercase() || rest.next() == Some('_');
        underscore && rest.next() == Some(c.to_ascii_lowercase())
    }) && rest.next().is_none()
}

const fn one(tag: u32, name: &'static str, kind: Kind) -> Field {
    Field { tag, name, kind, many: false, one_of: false }
}

const fn many(tag: u32, name: &'static str, kind: Kind) -> Field {
    Field { tag, name, kind, many: true, one_of: false }
}

const fn choice(tag: u32, name: &'static str, kind: Kind) -> Field {
    Field { tag, name, kind, many: false, one_of: true }
}

fn check<M: prost::Message + Default>(bytes: &[u8]) -> Result<(), DecodeError> {
    M::decode(bytes).map(drop)
}

/// Declares messages with their size: `inline` is for a message that lies within another and needs no memory of its own.
macro_rules! messages {
    ($($name:ident: $type:ty, $role:ident, $cost:ident = [$($field:expr),* $(,)?];)*) => {
        $(pub(crate) static $name: Message = Message {
            name: stringify!($name),
            bytes: messages!($cost $type),
            role: $role,
            fields: &[$($field),*],
            check: check::<$type>,
        };)*
    };
    (sized $type:ty) => { size_of::<$type>() };
    (inline $type:ty) => { 0 };
}

/// A field that holds this message.
const fn of(message: &'static Message) -> Kind {
    Kind::Message(message)
}

messages! {
    LOGS: ExportLogsServiceRequest, Holder, inline = [many(1, "resourceLogs", of(&RESOURCE_LOGS))];
    RESOURCE_LOGS: logs::ResourceLogs, Holder, sized = [
        one(1, "resource", of(&RESOURCE)), many(2, "scopeLogs", of(&SCOPE_LOGS)), one(3, "schemaUrl", Text),
    ];
    SCOPE_LOGS: logs::ScopeLogs, Holder, sized = [
        one(1, "scope", of(&SCOPE)), many(2, "logRecords", of(&LOG_RECORD)), one(3, "schemaUrl", Text),
    ];
    LOG_RECORD: logs::LogRecord, Record, sized = [
        one(1, "timeUnixNano", Fixed64), one(2, "severityNumber", Enum), one(3, "severityText", Text),
        one(5, "body", of(&ANY_VALUE)), many(6, "attributes", of(&KEY_VALUE)),
        one(7, "droppedAttributesCount", UInt32), one(8, "flags", Fixed32), one(9, "traceId", Id(16)),
        one(10, "spanId", Id(8)), one(11, "observedTimeUnixNano", Fixed64), one(12, "eventName", Text),
    ];

    TRACES: ExportTraceServiceRequest, Holder, inline = [many(1, "resourceSpans", of(&RESOURCE_SPANS))];
    RESOURCE_SPANS: trace::ResourceSpans, Holder, sized = [
        one(1, "resource", of(&RESOURCE)), many(2, "scopeSpans", of(&SCOPE_SPANS)), one(3, "schemaUrl", Text),
    ];
    SCOPE_SPANS: trace::ScopeSpans, Holder, sized = [
        one(1, "scope", of(&SCOPE)), many(2, "spans", of(&SPAN)), one(3, "schemaUrl", Text),
    ];
    SPAN: trace::Span, Record, sized = [
        one(1, "traceId", Id(16)), one(2, "spanId", Id(8)), one(3, "traceState", Text),
        one(4, "parentSpanId", Id(8)), one(5, "name", Text), one(6, "kind", Enum),
        one(7, "startTimeUnixNano", Fixed64), one(8, "endTimeUnixNano", Fixed64),
        many(9, "attributes", of(&KEY_VALUE)), one(10, "droppedAttributesCount", UInt32),
        many(11, "events", of(&SPAN_EVENT)), one(12, "droppedEventsCount", UInt32),
        many(13, "links", of(&SPAN_LINK)), one(14, "droppedLinksCount", UInt32),
        one(15, "status", of(&STATUS)), one(16, "flags", Fixed32),
    ];
    SPAN_EVENT: trace::span::Event, Part, sized = [
        one(1, "timeUnixNano", Fixed64), one(2, "name", Text), many(3, "attributes", of(&KEY_VALUE)),
        one(4, "droppedAttributesCount", UInt32),
    ];
    SPAN_LINK: trace::span::Link, Part, sized = [
        one(1, "traceId", Id(16)), one(2, "spanId", Id(8)), one(3, "traceState", Text),
        many(4, "attributes", of(&KEY_VALUE)), one(5, "droppedAttributesCount", UInt32),
        one(6, "flags", Fixed32),
    ];
    STATUS: trace::Status, Part, inline = [one(2, "message", Text), one(3, "code", Enum)];

    METRICS: ExportMetricsServiceRequest, Holder, inline = [many(1, "resourceMetrics", of(&RESOURCE_METRICS))];
    RESOURCE_METRICS: metrics::ResourceMetrics, Holder, sized = [
        one(1, "resource", of(&RESOURCE)), many(2, "scopeMetrics", of(&SCOPE_METRICS)),
        one(3, "schemaUrl", Text),
    ];
    SCOPE_METRICS: metrics::ScopeMetrics, Holder, sized = [
        one(1, "scope", of(&SCOPE)), many(2, "metrics", of(&METRIC)), one(3, "schemaUrl", Text),
    ];
    METRIC: metrics::Metric, Holder, sized = [
        one(1, "name", Text), one(2, "description", Text), one(3, "unit", Text),
        choice(5, "gauge", of(&GAUGE)), choice(7, "sum", of(&SUM)), choice(9, "histogram", of(&HISTOGRAM)),
        choice(10, "exponentialHistogram", of(&EXPONENTIAL)), choice(11, "summary", of(&SUMMARY)),
        many(12, "metadata", of(&KEY_VALUE)),
    ];
    GAUGE: metrics::Gauge, Holder, inline = [many(1, "dataPoints", of(&NUMBER_POINT))];
    SUM: metrics::Sum, Holder, inline = [
        many(1, "dataPoints", of(&NUMBER_POINT)), one(2, "aggregationTemporality", Enum),
        one(3, "isMonotonic", Bool),
    ];
    NUMBER_POINT: metrics::NumberDataPoint, Record, sized = [
        one(2, "startTimeUnixNano", Fixed64), one(3, "timeUnixNano", Fixed64),
        choice(4, "asDouble", Double), many(5, "exemplars", of(&EXEMPLAR)), choice(6, "asInt", SFixed64),
        many(7, "attributes", of(&KEY_VALUE)), one(8, "flags", UInt32),
    ];
    HISTOGRAM: metrics::Histogram, Holder, inline = [
        many(1, "dataPoints", of(&HISTOGRAM_POINT)), one(2, "aggregationTemporality", Enum),
    ];
    HISTOGRAM_POINT: metrics::HistogramDataPoint, Record, sized = [
        one(2, "startTimeUnixNano", Fixed64), one(3, "timeUnixNano", Fixed64), one(4, "count", Fixed64),
        one(5, "sum", Double), many(6, "bucketCounts", Fixed64), many(7, "explicitBounds", Double),
        many(8, "exemplars", of(&EXEMPLAR)), many(9, "attributes", of(&KEY_VALUE)), one(10, "flags", UInt32),
        one(11, "min", Double), one(12, "max", Double),
    ];
    EXPONENTIAL: metrics::ExponentialHistogram, Holder, inline = [
        many(1, "dataPoints", of(&EXPONENTIAL_POINT)), one(2, "aggregationTemporality", Enum),
    ];
    EXPONENTIAL_POINT: metrics::ExponentialHistogramDataPoint, Record, sized = [
        many(1, "attributes", of(&KEY_VALUE)), one(2, "startTimeUnixNano", Fixed64),
        one(3, "timeUnixNano", Fixed64), one(4, "count", Fixed64), one(5, "sum", Double),
        one(6, "scale", SInt32), one(7, "zeroCount", Fixed64), one(8, "positive", of(&BUCKETS)),
        one(9, "negative", of(&BUCKETS)), one(10, "flags", UInt32), many(11, "exemplars", of(&EXEMPLAR)),
        one(12, "min", Double), one(13, "max", Double), one(14, "zeroThreshold", Double),
    ];
    BUCKETS: metrics::exponential_histogram_data_point::Buckets, Part, inline = [
        one(1, "offset", SInt32), many(2, "bucketCounts", UInt64),
    ];
    SUMMARY: metrics::Summary, Holder, inline = [many(1, "dataPoints", of(&SUMMARY_POINT))];
    SUMMARY_POINT: metrics::SummaryDataPoint, Record, sized = [
        one(2, "startTimeUnixNano", Fixed64), one(3, "timeUnixNano", Fixed64), one(4, "count", Fixed64),
        one(5, "sum", Double), many(6, "quantileValues", of(&QUANTILE)), many(7, "attributes", of(&KEY_VALUE)),
        one(8, "flags", UInt32),
    ];
    QUANTILE: metrics::summary_data_point::ValueAtQuantile, Part, sized = [
        one(1, "quantile", Double), one(2, "value", Double),
    ];
    EXEMPLAR: metrics::Exemplar, Part, sized = [
        one(2, "timeUnixNano", Fixed64), choice(3, "asDouble", Double), one(4, "spanId", Id(8)),
        one(5, "traceId", Id(16)), choice(6, "asInt", SFixed64), many(7, "filteredAttributes", of(&KEY_VALUE)),
    ];

    RESOURCE: resource::Resource, Part, sized = [
        many(1, "attributes", of(&KEY_VALUE)), one(2, "droppedAttributesCount", UInt32),
        many(3, "entityRefs", of(&ENTITY)),
    ];
    ENTITY: common::EntityRef, Part, sized = [
        one(1, "schemaUrl", Text), one(2, "type", Text), many(3, "idKeys", Text),
        many(4, "descriptionKeys", Text),
    ];
    SCOPE: common::InstrumentationScope, Part, sized = [
        one(1, "name", Text), one(2, "version", Text), many(3, "attributes", of(&KEY_VALUE)),
        one(4, "droppedAttributesCount", UInt32),
    ];
    KEY_VALUE: common::KeyValue, Part, sized = [
        one(1, "key", Text), one(2, "value", of(&ANY_VALUE)), one(3, "keyStrindex", Int32),
    ];
    ANY_VALUE: common::AnyValue, Part, sized = [
        choice(1, "stringValue", Text), choice(2, "boolValue", Bool), choice(3, "intValue", Int64),
        choice(4, "doubleValue", Double), choice(5, "arrayValue", of(&ARRAY)),
        choice(6, "kvlistValue", of(&MAP)), choice(7, "bytesValue", Bytes),
        choice(8, "stringValueStrindex", Int32),
    ];
    ARRAY: common::ArrayValue, Part, inline = [many(1, "values", of(&ANY_VALUE))];
    MAP: common::KeyValueList, Part, inline = [many(1, "values", of(&KEY_VALUE))];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_known_by_both_of_its_names() {
        for (name, expected) in [
            ("timeUnixNano", Some(1)),
            ("time_unix_nano", Some(1)),
            ("TimeUnixNano", None),
            ("time_unix_nano_", None),
            ("timeUnix_nano", None),
            ("time", None),
            ("", None),
        ] {
            assert_eq!(LOG_RECORD.named(name).map(|field| field.tag), expected, "{name}");
        }
    }
}
