//! OTLP's JSON, turned record by record into the protobuf that it stands for. Teaches that one odd value must not cost
//! its neighbours: each record is read by itself, so that whatever is wrong with it stays with it.
//!
//! The mapping is that of protobuf (`ProtoJSON`) with OTLP's own rules: ids are hexadecimal, enums are numbers, unknown
//! fields are ignored. A field that is `null` is not there; a number may be a text; `NaN` and the infinities are texts.
//! Names as the definition has them (`log_records`) are read, too, as OpenTelemetry's collector does.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::RequestError;
use super::numbers::{double, integer};
use super::path::{Path, Step, shown};
use super::schema::{Field, Kind, Message, Role};
use super::wire::{put_bytes, put_fixed32, put_fixed64, put_varint};
use crate::refusals::Unread;

/// Values in one JSON message: one record of them all, as a tree, takes some tens of bytes for each.
const VALUES_MAX: usize = 500_000;
/// Steps to a value in one record: an array in an array adds three, a map in a map four. It ends before protobuf would.
const DEPTH_MAX: usize = 64;

/// Turns a message into protobuf, and says what could not be read.
pub(super) fn to_protobuf(body: &[u8], message: &'static Message) -> Result<(Vec<u8>, Unread), RequestError> {
    if body.starts_with(b"\xef\xbb\xbf") {
        return Err(RequestError::Malformed(
            "line 1 column 1: expected {, found a byte order mark; JSON begins without one".to_owned(),
        ));
    }
    if values(body) > VALUES_MAX {
        return Err(RequestError::UnfoldsTooFar);
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        RequestError::Malformed(format!("byte {}: expected UTF-8, found another byte", error.valid_up_to()))
    })?;
    let raw: &RawValue = serde_json::from_str(text)
        .map_err(|error| RequestError::Malformed(format!("expected JSON: {error}")))?;
    let mut reader = Reader { path: Path::default(), unread: Unread::default() };
    let (bytes, _) = reader.holder(raw, message).unwrap_or_default();
    Ok((bytes, reader.unread))
}

/// How many values there are, texts left out.
fn values(body: &[u8]) -> usize {
    let (mut count, mut in_text, mut escaped) = (0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b',' | b'{' | b'[' if !in_text => count += 1,
            _ => {}
        }
    }
    count
}

struct Reader {
    path: Path,
    unread: Unread,
}

impl Reader {
    /// What holds records, with how many good ones it holds; none if it cannot be read, or says something wrong of them.
    fn holder(&mut self, raw: &RawValue, message: &'static Message) -> Option<(Vec<u8>, u64)> {
        let Ok(Members(members)) = serde_json::from_str(raw.get()) else {
            self.unread.places += 1;
            self.unread.say(|| self.path.reason("an object", &shown(raw.get())));
            return None;
        };
        let (mut bytes, mut good, mut is_chosen, mut wrong) = (Vec::new(), 0, false, None);
        for (name, value) in members {
            let Some(field) = message.named(&name) else {
                if value.get().starts_with(['{', '[']) {
                    self.unread.ignored += 1;
                    let place = self.path.to_string();
                    self.unread.say(|| format!("{place}: ignored {}, a field unknown to OTLP", shown(&name)));
                }
                continue;
            };
            if value.get() == "null" {
                continue;
            }
            let depth = self.path.enter(Step::Field(field.name));
            if field.one_of && std::mem::replace(&mut is_chosen, true) {
                wrong.get_or_insert_with(|| self.path.reason("one kind of data", "a second"));
            } else if let Some(inner) = field.of_records() {
                good += self.children(value, field, inner, &mut bytes);
            } else if let Err(reason) = self.apart(value, |path, value| put(value, field, path, &mut bytes)) {
                wrong.get_or_insert(reason);
            }
            self.path.leave(depth);
        }
        match wrong {
            None => Some((bytes, good)),
            Some(reason) => {
                self.unread.records += good;
                self.unread.places += u64::from(good == 0);
                self.unread.say(|| reason);
                None
            }
        }
    }

    /// The records, or the holders of records, in one field; how many good ones.
    fn children(
        &mut self,
        raw: &RawValue,
        field: &'static Field,
        inner: &'static Message,
        bytes: &mut Vec<u8>,
    ) -> u64 {
        if !field.many {
            return self.child(raw, field, inner, bytes);
        }
        let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
            self.unread.places += 1;
            self.unread.say(|| self.path.reason("an array", &shown(raw.get())));
            return 0;
        };
        let mut good = 0;
        for (place, element) in elements.into_iter().enumerate() {
            let depth = self.path.enter(Step::Element(place));
            good += self.child(element, field, inner, bytes);
            self.path.leave(depth);
        }
        good
    }

    fn child(
        &mut self,
        raw: &RawValue,
        field: &'static Field,
        inner: &'static Message,
        bytes: &mut Vec<u8>,
    ) -> u64 {
        if inner.role == Role::Holder {
            let Some((own, good)) = self.holder(raw, inner) else { return 0 };
            put_bytes(field.tag, &own, bytes);
            return good;
        }
        let before = bytes.len();
        match self.apart(raw, |path, value| put_one(value, field, path, bytes)) {
            Ok(()) => {
                self.unread.readable += 1;
                1
            }
            Err(reason) => {
                bytes.truncate(before);
                self.unread.records += 1;
                self.unread.say(|| reason);
                0
            }
        }
    }

    /// Reads one value by itself; if something is wrong with it, says where.
    fn apart(
        &mut self,
        raw: &RawValue,
        read: impl FnOnce(&mut Path, &Value) -> Result<(), Wrong>,
    ) -> Result<(), String> {
        let depth = self.path.depth();
        let value = serde_json::from_str(raw.get()).map_err(|error| format!("{}: {error}", self.path))?;
        let read = read(&mut self.path, &value);
        let reason = read.map_err(|wrong| self.path.reason(wrong.expected, &wrong.found));
        self.path.leave(depth);
        reason
    }
}

/// A value that is not what its field takes. The path stays where it was found.
struct Wrong {
    expected: &'static str,
    found: String,
}

fn wrong(expected: &'static str, found: &Value) -> Wrong {
    Wrong { expected, found: shown(&found.to_string()) }
}

/// Puts a field: one value, or each of an array.
fn put(value: &Value, field: &'static Field, path: &mut Path, bytes: &mut Vec<u8>) -> Result<(), Wrong> {
    match value {
        Value::Null => Ok(()),
        Value::Array(elements) if field.many => {
            for (place, element) in elements.iter().enumerate() {
                let depth = path.enter(Step::Element(place));
                put_one(element, field, path, bytes)?;
                path.leave(depth);
            }
            Ok(())
        }
        _ if field.many => Err(wrong("an array", value)),
        _ => put_one(value, field, path, bytes),
    }
}

#[expect(clippy::cast_sign_loss, reason = "a varint is the number's bits")]
fn put_one(value: &Value, field: &'static Field, path: &mut Path, bytes: &mut Vec<u8>) -> Result<(), Wrong> {
    let tag = field.tag;
    match field.kind {
        Kind::Message(message) => put_bytes(tag, &inner(value, message, path)?, bytes),
        Kind::Text => put_bytes(tag, text("a text", value)?.as_bytes(), bytes),
        Kind::Id(length) => {
            let expected = if length == 16 { "32 hexadecimal digits" } else { "16 hexadecimal digits" };
            let id = crate::ids::from_hex(text(expected, value)?).ok_or_else(|| wrong(expected, value))?;
            put_bytes(tag, &id, bytes);
        }
        Kind::Bytes => {
            // Protobuf takes both alphabets, with and without padding.
            let text = text("base64", value)?.replace('-', "+").replace('_', "/");
            put_bytes(tag, &BASE64.decode(text).map_err(|_| wrong("base64", value))?, bytes);
        }
        Kind::Bool => {
            put_varint(tag, value.as_bool().ok_or_else(|| wrong("true or false", value))?.into(), bytes);
        }
        Kind::Double => {
            put_fixed64(tag, double(value).ok_or_else(|| wrong("a number", value))?.to_bits(), bytes);
        }
        Kind::Enum => {
            let number: i32 = whole("a number (OTLP's JSON has no names of enums)", value)?;
            put_varint(tag, i64::from(number) as u64, bytes);
        }
        Kind::Int32 => put_varint(tag, i64::from(whole::<i32>(INT32, value)?) as u64, bytes),
        Kind::SInt32 => {
            let number: i32 = whole(INT32, value)?;
            put_varint(tag, u64::from(((number << 1) ^ (number >> 31)) as u32), bytes);
        }
        Kind::UInt32 => put_varint(tag, u64::from(whole::<u32>(UINT32, value)?), bytes),
        Kind::Fixed32 => put_fixed32(tag, whole(UINT32, value)?, bytes),
        Kind::Int64 => put_varint(tag, whole::<i64>(INT64, value)? as u64, bytes),
        Kind::UInt64 => put_varint(tag, whole(UINT64, value)?, bytes),
        Kind::Fixed64 => put_fixed64(tag, whole(UINT64, value)?, bytes),
        Kind::SFixed64 => put_fixed64(tag, whole::<i64>(INT64, value)? as u64, bytes),
    }
    Ok(())
}

const INT32: &str = "an integer of 32 bits";
const UINT32: &str = "an integer from 0, of 32 bits";
const INT64: &str = "an integer of 64 bits";
const UINT64: &str = "an integer from 0, of 64 bits";

fn whole<N: TryFrom<i128>>(expected: &'static str, value: &Value) -> Result<N, Wrong> {
    integer(value).ok_or_else(|| wrong(expected, value))
}

/// The fields of one message.
fn inner(value: &Value, message: &'static Message, path: &mut Path) -> Result<Vec<u8>, Wrong> {
    let members = value.as_object().ok_or_else(|| wrong("an object", value))?;
    if path.depth() > DEPTH_MAX + HOLDERS_DEPTH {
        return Err(Wrong { expected: "values that lie less deep", found: "one value too deep".to_owned() });
    }
    let (mut bytes, mut is_chosen) = (Vec::new(), false);
    for (name, value) in members {
        let Some(field) = message.named(name).filter(|_| !value.is_null()) else { continue };
        let depth = path.enter(Step::Field(field.name));
        if field.one_of && std::mem::replace(&mut is_chosen, true) {
            return Err(Wrong { expected: "one value", found: "a second".to_owned() });
        }
        put(value, field, path, &mut bytes)?;
        path.leave(depth);
    }
    Ok(bytes)
}

/// The steps to a point of a metric, the deepest record: four lists with their places, and the kind of data.
const HOLDERS_DEPTH: usize = 9;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn text<'a>(expected: &'static str, value: &'a Value) -> Result<&'a str, Wrong> {
    value.as_str().ok_or_else(|| wrong(expected, value))
}

/// The members of an object, each as it stands there.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
