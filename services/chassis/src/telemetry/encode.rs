//! Records written down as OTLP's bytes, without making its structures first. Teaches what a structure costs that is made only to be
//! written down: for each text an allocation, and nine tenths of the time that a span takes to leave a process.
//!
//! The format is protobuf's (field numbers in `opentelemetry/proto`): a test holds the bytes against the structures' own.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{resource::v1::Resource, trace::v1::status::StatusCode};
use prost::{
    Message,
    encoding::{WireType, encode_key, encode_varint},
};

use super::records::{Attributes, LogRecord, Record, SAMPLED, SpanRecord, Value};

/// Room for one record; more is found when needed.
const RECORD_BYTES: usize = 320;

/// Logs and spans of one resource as two messages, grouped by scope; none where there is nothing.
pub(crate) fn encode(records: Vec<Record>, resource: &Resource) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let mut logs: BTreeMap<&str, Vec<LogRecord>> = BTreeMap::new();
    let mut spans: BTreeMap<&str, Vec<SpanRecord>> = BTreeMap::new();
    for record in records {
        match record {
            Record::Log(log) => logs.entry(log.scope).or_default().push(log),
            Record::Span(span) => spans.entry(span.scope).or_default().push(span),
        }
    }
    (message(&logs, resource, log_record), message(&spans, resource, span))
}

/// `Export{Logs,Trace}ServiceRequest`, whose shapes agree down to the records.
fn message<T>(
    scopes: &BTreeMap<&str, Vec<T>>,
    resource: &Resource,
    record: impl Fn(&mut Vec<u8>, &T),
) -> Option<Vec<u8>> {
    if scopes.is_empty() {
        return None;
    }
    let count: usize = scopes.values().map(Vec::len).sum();
    let mut out = Vec::with_capacity(count * RECORD_BYTES);
    nested(&mut out, 1, |out| {
        nested(out, 1, |out| resource.encode(out).expect("a vector takes every byte"));
        for (scope, records) in scopes {
            nested(out, 2, |out| {
                nested(out, 1, |out| text(out, 1, scope));
                for one in records {
                    nested(out, 2, |out| record(out, one));
                }
            });
        }
    });
    Some(out)
}

fn span(out: &mut Vec<u8>, span: &SpanRecord) {
    bytes(out, 1, &span.context.trace_id);
    bytes(out, 2, &span.context.span_id);
    if let Some(parent) = &span.parent_span_id {
        bytes(out, 4, parent);
    }
    fixed32(out, 16, SAMPLED);
    text(out, 5, span.own_name.map_or(span.name, |name| span.attributes.text(name)));
    number(out, 6, span.kind as u64);
    fixed64(out, 7, span.start_ns);
    fixed64(out, 8, span.end_ns);
    attributes(out, 9, &span.attributes);
    if let Some(origin) = span.link {
        nested(out, 13, |out| {
            bytes(out, 1, &origin.trace_id);
            bytes(out, 2, &origin.span_id);
            fixed32(out, 6, SAMPLED);
        });
    }
    if span.has_failed() {
        nested(out, 15, |out| number(out, 3, StatusCode::Error as u64));
    }
}

fn log_record(out: &mut Vec<u8>, log: &LogRecord) {
    fixed64(out, 1, log.time_ns);
    fixed64(out, 11, log.time_ns);
    number(out, 2, log.severity_number() as u64);
    text(out, 3, log.severity.as_str());
    nested(out, 5, |out| whole(out, 1, log.body.map_or("", |body| log.attributes.text(body)).as_bytes()));
    attributes(out, 6, &log.attributes);
    if let Some(context) = log.context {
        fixed32(out, 8, SAMPLED);
        bytes(out, 9, &context.trace_id);
        bytes(out, 10, &context.span_id);
    }
    if let Some(name) = log.event_name {
        text(out, 12, log.attributes.text(name));
    }
}

fn attributes(out: &mut Vec<u8>, tag: u32, attributes: &Attributes) {
    for (name, value) in attributes.values() {
        nested(out, tag, |out| {
            text(out, 1, name);
            nested(out, 2, |out| match value {
                // One of several: written even where it is empty, or nobody would know which it is.
                Value::Text(text) => whole(out, 1, attributes.text(*text).as_bytes()),
                Value::Bool(bool) => varint(out, 2, u64::from(*bool)),
                Value::Integer(integer) => varint(out, 3, integer.cast_unsigned()),
                Value::Double(double) => {
                    encode_key(4, WireType::SixtyFourBit, out);
                    out.extend(double.to_le_bytes());
                }
            });
        });
    }
}

/// A message within a message. How long it is, is known when it is written: one byte is kept free for that, and what needs two or more
/// moves it.
fn nested(out: &mut Vec<u8>, tag: u32, write: impl FnOnce(&mut Vec<u8>)) {
    encode_key(tag, WireType::LengthDelimited, out);
    let place = out.len();
    out.push(0);
    write(out);
    let length = out.len() - place - 1;
    if let Ok(short @ 0..128) = u8::try_from(length) {
        out[place] = short;
        return;
    }
    let mut prefix = Vec::with_capacity(LENGTH_BYTES_MAX);
    encode_varint(length as u64, &mut prefix);
    out.splice(place..=place, prefix);
}

/// The longest that the length of a message is.
const LENGTH_BYTES_MAX: usize = 10;

fn text(out: &mut Vec<u8>, tag: u32, text: &str) {
    bytes(out, tag, text.as_bytes());
}

fn bytes(out: &mut Vec<u8>, tag: u32, bytes: &[u8]) {
    if !bytes.is_empty() {
        whole(out, tag, bytes);
    }
}

fn whole(out: &mut Vec<u8>, tag: u32, bytes: &[u8]) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn number(out: &mut Vec<u8>, tag: u32, number: u64) {
    if number != 0 {
        varint(out, tag, number);
    }
}

fn varint(out: &mut Vec<u8>, tag: u32, number: u64) {
    encode_key(tag, WireType::Varint, out);
    encode_varint(number, out);
}

fn fixed32(out: &mut Vec<u8>, tag: u32, number: u32) {
    if number != 0 {
        encode_key(tag, WireType::ThirtyTwoBit, out);
        out.extend(number.to_le_bytes());
    }
}

fn fixed64(out: &mut Vec<u8>, tag: u32, number: u64) {
    if number != 0 {
        encode_key(tag, WireType::SixtyFourBit, out);
        out.extend(number.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::{
        collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
        trace::v1::span::SpanKind,
    };
    use proptest::prelude::*;
    use tracing::Level as Severity;

    use super::{
        super::{
            context::TraceContext,
            records::{self, ERROR_TYPE, Text},
        },
        *,
    };

    /// Attributes with a value of each kind, and the given text among them, long or empty.
    fn attributes_of(own: &str, number: i64, fails: bool) -> (Attributes, Text) {
        let mut attributes = Attributes::with_capacity(6);
        let text = attributes.keep(|texts| texts.push_str(own));
        attributes.push("own", Value::Text(text));
        attributes.push("integer", Value::Integer(number));
        attributes.push("double", Value::Double(number as f64 / 3.0));
        attributes.push("bool", Value::Bool(number % 2 == 0));
        if fails {
            attributes.push(ERROR_TYPE, Value::Text(text));
        }
        (attributes, text)
    }

    fn records_of(own: &str, number: i64, fails: bool, with_context: bool) -> Vec<Record> {
        let context =
            TraceContext { trace_id: number.to_le_bytes().repeat(2).try_into().unwrap(), span_id: [7; 8] };
        let (attributes, text) = attributes_of(own, number, fails);
        let span = SpanRecord {
            context,
            parent_span_id: with_context.then_some([9; 8]),
            scope: if fails { "http" } else { "cache" },
            name: "server",
            own_name: with_context.then_some(text),
            kind: if fails { SpanKind::Server } else { SpanKind::Internal },
            link: with_context.then_some(context),
            start_ns: number.unsigned_abs(),
            end_ns: u64::MAX,
            attributes,
        };
        let (attributes, text) = attributes_of(own, number, fails);
        let log = LogRecord {
            time_ns: number.unsigned_abs(),
            severity: if fails { Severity::ERROR } else { Severity::INFO },
            scope: if with_context { "cache" } else { "" },
            body: (!fails).then_some(text),
            event_name: with_context.then_some(text),
            context: with_context.then_some(context),
            attributes,
        };
        vec![Record::Span(span), Record::Log(log)]
    }

    proptest! {
        #[test]
        fn bytes_say_what_structures_say(
            texts in prop::collection::vec((".{0,300}", any::<i64>(), any::<bool>(), any::<bool>()), 0..8)
        ) {
            let all = || texts.iter().flat_map(|(own, number, fails, context)| records_of(own, *number, *fails, *context));
            let resource = records::resource("cache", "1.2.3", 4, &[]);
            let (logs, spans) = encode(all().collect(), &resource);
            let (expected_logs, expected_spans) = records::to_otlp(all(), &resource);
            prop_assert_eq!(logs.map(|bytes| ExportLogsServiceRequest::decode(&*bytes).unwrap()), expected_logs);
            prop_assert_eq!(spans.map(|bytes| ExportTraceServiceRequest::decode(&*bytes).unwrap()), expected_spans);
        }
    }
}
