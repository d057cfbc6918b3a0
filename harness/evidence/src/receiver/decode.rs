//! From bytes to messages. Teaches that a limit on what comes in is no limit on what it becomes, and that one bad record
//! is no reason to lose its neighbours.
//!
//! An empty log record takes two bytes on the wire and two hundred in memory, so that sixteen megabytes of them would
//! unfold to more than a gigabyte. So the bytes are walked once before they are decoded, adding up the structures that
//! they would become. Only if that or the decoding finds fault are they sifted: each record by itself, the good ones kept.

use super::path::{Path, Step};
use super::schema::{Field, Kind, Message, Role};
use super::signal::Signal;
use super::wire::{Fields, put_bytes};
use super::{RequestError, UNFOLDED_BYTES_MAX, json};
use crate::refusals::Unread;

/// Depth of messages, below the hundred at which prost gives up.
const DEPTH_MAX: usize = 64;

/// A message without what of it could not be read.
#[derive(Debug)]
pub(crate) struct Decoded<M> {
    pub(crate) message: M,
    pub(crate) unread: Unread,
}

/// Decodes a protobuf message.
pub(crate) fn protobuf<S: Signal>(bytes: &[u8]) -> Result<Decoded<S>, RequestError> {
    let mut unfolding = Unfolding::default();
    match unfolding.walk(bytes, S::SCHEMA, DEPTH_MAX).and_then(|()| Ok(S::decode(bytes)?)) {
        Ok(message) => Ok(Decoded { message, unread: unfolding.unread }),
        Err(Fault::TooMuch) => Err(RequestError::UnfoldsTooFar),
        Err(Fault::Wrong(_)) => {
            let mut sieve = Sieve::default();
            let (good, _) =
                sieve.holder(bytes, S::SCHEMA).map_err(|error| RequestError::Malformed(error.to_string()))?;
            decode_good(&good, sieve.unread)
        }
    }
}

/// Decodes a JSON message.
pub(crate) fn json<S: Signal>(bytes: &[u8]) -> Result<Decoded<S>, RequestError> {
    let (good, unread) = json::to_protobuf(bytes, S::SCHEMA)?;
    decode_good(&good, unread)
}

/// The message without its unreadable parts; it may still be too large.
fn decode_good<S: Signal>(bytes: &[u8], unread: Unread) -> Result<Decoded<S>, RequestError> {
    let fault = |fault| match fault {
        Fault::TooMuch => RequestError::UnfoldsTooFar,
        Fault::Wrong(reason) => RequestError::Malformed(reason),
    };
    Unfolding::default().walk(bytes, S::SCHEMA, DEPTH_MAX).map_err(fault)?;
    let message = S::decode(bytes).map_err(|error| fault(error.into()))?;
    Ok(Decoded { message, unread })
}

/// Why bytes are no such message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("it unfolds too far")]
    TooMuch,
    #[error("{0}")]
    Wrong(String),
}

impl From<prost::DecodeError> for Fault {
    fn from(error: prost::DecodeError) -> Self {
        Self::Wrong(error.to_string())
    }
}

impl From<&'static str> for Fault {
    fn from(found: &'static str) -> Self {
        Self::Wrong(format!("expected fields of protobuf, found {found}"))
    }
}

/// Adds up what bytes would become, and notes fields that may hold records without being known.
struct Unfolding {
    bytes_left: usize,
    unread: Unread,
}

impl Default for Unfolding {
    fn default() -> Self {
        Self { bytes_left: UNFOLDED_BYTES_MAX, unread: Unread::default() }
    }
}

impl Unfolding {
    /// Takes what the message would become from what is left.
    fn walk(&mut self, bytes: &[u8], message: &'static Message, depth: usize) -> Result<(), Fault> {
        if depth == 0 {
            return Err(Fault::Wrong(format!(
                "expected messages {DEPTH_MAX} deep at most, found deeper ones"
            )));
        }
        for raw in Fields(bytes) {
            let raw = raw?;
            let Some(content) = raw.content else { continue };
            match message.tagged(raw.tag) {
                Some(field) => {
                    let cost = cost(field, content.len());
                    self.bytes_left = self.bytes_left.checked_sub(cost).ok_or(Fault::TooMuch)?;
                    if let Kind::Message(inner) = field.kind {
                        self.walk(content, inner, depth - 1)?;
                    }
                }
                None if message.role == Role::Holder => ignore(&mut self.unread, raw.tag, message),
                None => {}
            }
        }
        Ok(())
    }
}

fn ignore(unread: &mut Unread, tag: u32, message: &Message) {
    unread.ignored += 1;
    unread.say(|| format!("ignored field {tag} of {}, which is unknown to OTLP", message.name));
}

/// What one field takes that has a length of its own.
fn cost(field: &Field, length: usize) -> usize {
    match field.kind {
        Kind::Message(inner) => inner.bytes,
        Kind::Text if field.many => size_of::<String>(),
        // A run of varints: each becomes eight bytes.
        Kind::UInt64 => length.saturating_mul(size_of::<u64>()),
        _ => 0,
    }
}

/// Keeps the records that can be read, each by itself.
#[derive(Default)]
struct Sieve {
    path: Path,
    unread: Unread,
}

impl Sieve {
    /// The readable bytes of a message that holds records, and how many records they hold.
    fn holder(&mut self, bytes: &[u8], message: &'static Message) -> Result<(Vec<u8>, u64), Fault> {
        let (mut own, mut children, mut good, mut place) = (Vec::new(), Vec::new(), 0, 0);
        for raw in Fields(bytes) {
            let raw = raw?;
            let child = raw.content.and_then(|content| {
                let field = message.tagged(raw.tag)?;
                Some((field, field.of_records()?, content))
            });
            let Some((field, inner, content)) = child else {
                if raw.content.is_some() && message.tagged(raw.tag).is_none() {
                    ignore(&mut self.unread, raw.tag, message);
                }
                own.extend_from_slice(raw.whole);
                continue;
            };
            let depth = self.path.enter(Step::Field(field.name));
            if field.many {
                self.path.enter(Step::Element(place));
                place += 1;
            }
            good += self.child(content, field, inner, &mut children);
            self.path.leave(depth);
        }
        match (message.check)(&own) {
            Ok(()) => Ok(([own, children].concat(), good)),
            Err(error) => {
                self.unread.records += good;
                Err(error.into())
            }
        }
    }

    fn child(&mut self, bytes: &[u8], field: &Field, inner: &'static Message, kept: &mut Vec<u8>) -> u64 {
        if inner.role == Role::Holder {
            let before = self.unread.records;
            return match self.holder(bytes, inner) {
                Ok((own, good)) => {
                    put_bytes(field.tag, &own, kept);
                    good
                }
                Err(error) => {
                    self.unread.places += u64::from(self.unread.records == before);
                    self.say(&error);
                    0
                }
            };
        }
        let alone = Unfolding::default().walk(bytes, inner, DEPTH_MAX);
        match alone.and_then(|()| Ok((inner.check)(bytes)?)) {
            Ok(()) => {
                put_bytes(field.tag, bytes, kept);
                self.unread.readable += 1;
                1
            }
            Err(error) => {
                self.unread.records += 1;
                self.say(&error);
                0
            }
        }
    }

    fn say(&mut self, error: &Fault) {
        let path = &self.path;
        self.unread.say(|| format!("{path}: {error}"));
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
        let walked = Unfolding::default().walk(&record.encode_to_vec(), &LOG_RECORD, DEPTH_MAX);
        assert!(matches!(walked, Err(Fault::Wrong(_))), "{walked:?}");
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
