//! Decodes bytes into messages. Teaches that a limit on input bytes does not limit the decoded size, and that one bad record is no
//! reason to lose its neighbours.
//!
//! An empty log record takes two bytes on the wire and two hundred in memory, so sixteen megabytes of them would decode to more
//! than a gigabyte. A first pass over the bytes therefore adds up the size of the decoded structures. Only if this pass or the
//! decoding finds the message malformed does a slower pass decode each record by itself and keep the good ones.

use super::schema::{Field, Kind, Message, Role};
use super::signal::Signal;
use super::wire::{Fields, put_bytes};
use super::{RequestError, UNFOLDED_BYTES_MAX, json, told};
use crate::refusals::Unread;

/// The greatest nesting of messages, below the hundred at which prost gives up.
const DEPTH_MAX: usize = 64;

/// The readable part of a message, and counts of the rest.
#[derive(Debug)]
pub(crate) struct Decoded<M> {
    pub(crate) message: M,
    pub(crate) unread: Unread,
}

/// Decodes a protobuf message.
pub(crate) fn protobuf<S: Signal>(bytes: &[u8]) -> Result<Decoded<S>, RequestError> {
    match unfold(bytes, S::SCHEMA).and_then(|unread| Ok(Decoded { message: S::decode(bytes)?, unread })) {
        Ok(decoded) => Ok(decoded),
        Err(RequestError::Malformed(_)) => {
            let mut unread = Unread::default();
            let (good, _) = sift(bytes, S::SCHEMA, "", &mut unread)?;
            decode_good(&good, unread)
        }
        Err(error) => Err(error),
    }
}

/// Decodes a JSON message.
pub(crate) fn json<S: Signal>(bytes: &[u8]) -> Result<Decoded<S>, RequestError> {
    let (good, unread) = json::to_protobuf(bytes, S::SCHEMA)?;
    decode_good(&good, unread)
}

/// Decodes the readable part of a message. It may still be too large.
fn decode_good<S: Signal>(bytes: &[u8], unread: Unread) -> Result<Decoded<S>, RequestError> {
    unfold(bytes, S::SCHEMA)?;
    Ok(Decoded { message: S::decode(bytes)?, unread })
}

/// Adds up the decoded size of a message, and notes unknown fields that may hold records.
fn unfold(bytes: &[u8], message: &'static Message) -> Result<Unread, RequestError> {
    let mut unread = Unread::default();
    walk(bytes, message, DEPTH_MAX, &mut UNFOLDED_BYTES_MAX.clone(), &mut unread)?;
    Ok(unread)
}

/// Subtracts the decoded size of the message from `bytes_left`.
fn walk(
    bytes: &[u8],
    message: &'static Message,
    depth: usize,
    bytes_left: &mut usize,
    unread: &mut Unread,
) -> Result<(), RequestError> {
    if depth == 0 {
        let reason = format!("expected messages {DEPTH_MAX} deep at most, found deeper ones");
        return Err(RequestError::Malformed(reason));
    }
    for raw in Fields(bytes) {
        let raw = raw?;
        let Some(content) = raw.content else { continue };
        match message.tagged(raw.tag) {
            Some(field) => {
                let cost = cost(field, content.len());
                *bytes_left = bytes_left.checked_sub(cost).ok_or(RequestError::UnfoldsTooFar)?;
                if let Kind::Message(inner) = field.kind {
                    walk(content, inner, depth - 1, bytes_left, unread)?;
                }
            }
            None if message.role == Role::Holder => ignore(unread, raw.tag, message),
            None => {}
        }
    }
    Ok(())
}

fn ignore(unread: &mut Unread, tag: u32, message: &Message) {
    unread.ignore(|| format!("ignored field {tag} of {}, which is unknown to OTLP", message.name));
}

/// The decoded size of one length-delimited field, without the fields inside it.
fn cost(field: &Field, length: usize) -> usize {
    match field.kind {
        Kind::Message(inner) => inner.bytes,
        Kind::Text if field.many => size_of::<String>(),
        // Packed varints: each becomes eight bytes.
        Kind::UInt64 => length.saturating_mul(size_of::<u64>()),
        _ => 0,
    }
}

/// The readable bytes of a message that holds records, and how many records they hold. Each record is decoded by itself.
fn sift(
    bytes: &[u8],
    message: &'static Message,
    place: &str,
    unread: &mut Unread,
) -> Result<(Vec<u8>, u64), RequestError> {
    let (mut own, mut children, mut good, mut number) = (Vec::new(), Vec::new(), 0, 0);
    for raw in Fields(bytes) {
        let raw = raw?;
        let child = raw.content.and_then(|content| {
            let field = message.tagged(raw.tag)?;
            Some((field, field.of_records()?, content))
        });
        let Some((field, inner, content)) = child else {
            if raw.content.is_some() && message.tagged(raw.tag).is_none() {
                ignore(unread, raw.tag, message);
            }
            own.extend_from_slice(raw.whole);
            continue;
        };
        let mut place = format!("{place}.{}", field.name);
        if field.many {
            place = format!("{place}[{number}]");
            number += 1;
        }
        good += sift_child(content, field, inner, &place, &mut children, unread);
    }
    match (message.check)(&own) {
        Ok(()) => Ok(([own, children].concat(), good)),
        Err(error) => {
            unread.records += good;
            Err(error.into())
        }
    }
}

/// Keeps one record, or the readable part of a message that holds records. Returns the number of good records.
fn sift_child(
    bytes: &[u8],
    field: &Field,
    inner: &'static Message,
    place: &str,
    kept: &mut Vec<u8>,
    unread: &mut Unread,
) -> u64 {
    let before = unread.records;
    let sifted = if inner.role == Role::Holder {
        sift(bytes, inner, place, unread)
    } else {
        let alone = unfold(bytes, inner);
        alone.and_then(|_| Ok((inner.check)(bytes)?)).map(|()| (bytes.to_vec(), 1))
    };
    match sifted {
        Ok((own, good)) => {
            put_bytes(field.tag, &own, kept);
            unread.readable += u64::from(inner.role == Role::Record);
            good
        }
        Err(error) => {
            if inner.role == Role::Record {
                unread.records += 1;
            } else if unread.records == before {
                unread.places += 1;
            }
            let reason = match error {
                RequestError::Malformed(reason) => reason,
                error => error.to_string(),
            };
            unread.say(|| format!("{}: {reason}", told(place)));
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::common::v1 as common;
    use opentelemetry_proto::tonic::logs::v1 as logs;
    use prost::Message as _;

    use super::*;
    use crate::receiver::schema::LOG_RECORD;

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
            let decoded = protobuf::<ExportLogsServiceRequest>(&request(records));
            let count =
                decoded.map(|decoded| decoded.message.resource_logs[0].scope_logs[0].log_records.len());
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
        let walked = unfold(&record.encode_to_vec(), &LOG_RECORD);
        assert!(matches!(walked, Err(RequestError::Malformed(_))), "{walked:?}");
    }

    #[test]
    fn json_is_bounded_by_its_values() {
        let wide = format!("[{}1]", "1,".repeat(500_000));
        let text = format!("{{\"a\":\"{}\\\"{}\"}}", "[,".repeat(600_000), "{".repeat(100));
        for (input, expected) in [
            (wide, Some(RequestError::UnfoldsTooFar)),
            ("[".repeat(1_000_000), Some(RequestError::UnfoldsTooFar)),
            (text, None),
            ("{\"a\":1}".to_owned(), None),
        ] {
            assert_eq!(json::<ExportLogsServiceRequest>(input.as_bytes()).err(), expected, "{input:.20}");
        }
    }
}
