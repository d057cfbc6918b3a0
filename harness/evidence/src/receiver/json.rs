//! Converts OTLP's JSON to the equivalent protobuf, record by record. Teaches that one bad value must not cost its neighbours: each
//! record is parsed by itself, so that an error affects only that record.
//!
//! The mapping is protobuf's (`ProtoJSON`) with OTLP's own rules: ids are hexadecimal, enums are numbers, unknown fields are
//! ignored. A field that is `null` counts as missing. A number may be a string; `NaN` and the infinities are strings. The names of
//! the definition (`log_records`) are accepted too, as by OpenTelemetry's collector.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use prost::encoding as wire;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use super::schema::{Field, Kind, Message, Role};
use super::wire::put_bytes;
use super::{RequestError, told};
use crate::refusals::Unread;

/// The most values in one JSON message. If one record holds them all, its tree takes some tens of bytes for each.
const VALUES_MAX: usize = 500_000;
/// The greatest nesting of messages within one record: an array in an array adds two, a map in a map three. It is below protobuf's
/// limit.
const DEPTH_MAX: usize = 48;
/// The most characters of a wrong value to show in a reason.
const SHOWN_CHARS_MAX: usize = 40;
/// Whole floats below this are converted to integers. The conversion is exact up to 2 to the power of 127, but no field holds more
/// than this.
const WHOLE_BELOW: f64 = 1e30;

/// Converts a message to protobuf, and reports what could not be read.
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
    let mut unread = Unread::default();
    let (bytes, _) = holder(raw, message, "", &mut unread).unwrap_or_default();
    Ok((bytes, unread))
}

/// The number of values; text content does not count.
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

/// Converts a message that holds records. Returns it with the number of good records; `None` if it cannot be read, or if one of its
/// own fields is wrong.
fn holder(
    raw: &RawValue,
    message: &'static Message,
    place: &str,
    unread: &mut Unread,
) -> Option<(Vec<u8>, u64)> {
    let Ok(Members(members)) = serde_json::from_str(raw.get()) else {
        unread.lose_place(|| Wrong::new("an object", raw.get()).within(place).to_string());
        return None;
    };
    let (mut bytes, mut good, mut is_chosen, mut wrong) = (Vec::new(), 0, false, None);
    for (name, value) in members {
        let Some(field) = message.named(&name) else {
            if value.get().starts_with(['{', '[']) {
                let place = told(place);
                unread.ignore(|| format!("{place}: ignored {}, a field unknown to OTLP", shown(&name)));
            }
            continue;
        };
        if value.get() == "null" {
            continue;
        }
        let place = format!("{place}.{}", field.name);
        let put = if field.one_of && std::mem::replace(&mut is_chosen, true) {
            Err(Wrong::new("one kind of data", "a second"))
        } else if let Some(inner) = field.of_records() {
            good += children(value, field, inner, &place, &mut bytes, unread);
            Ok(())
        } else {
            apart(value, |value| put(value, field, DEPTH_MAX, &mut bytes))
        };
        if let Err(found) = put {
            wrong.get_or_insert(found.within(&place));
        }
    }
    let Some(wrong) = wrong else { return Some((bytes, good)) };
    unread.records += good;
    unread.places += u64::from(good == 0);
    unread.say(|| wrong.to_string());
    None
}

/// Converts the records, or their holders, in one field. Returns the number of good records.
fn children(
    raw: &RawValue,
    field: &Field,
    inner: &'static Message,
    place: &str,
    bytes: &mut Vec<u8>,
    unread: &mut Unread,
) -> u64 {
    if !field.many {
        return child(raw, field, inner, place, bytes, unread);
    }
    let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        unread.lose_place(|| Wrong::new("an array", raw.get()).within(place).to_string());
        return 0;
    };
    let elements = elements.into_iter().enumerate();
    elements.map(|(n, element)| child(element, field, inner, &format!("{place}[{n}]"), bytes, unread)).sum()
}

fn child(
    raw: &RawValue,
    field: &Field,
    inner: &'static Message,
    place: &str,
    bytes: &mut Vec<u8>,
    unread: &mut Unread,
) -> u64 {
    if inner.role == Role::Holder {
        let Some((own, good)) = holder(raw, inner, place, unread) else { return 0 };
        put_bytes(field.tag, &own, bytes);
        return good;
    }
    let before = bytes.len();
    match apart(raw, |value| put_one(value, field, DEPTH_MAX, bytes)) {
        Ok(()) => {
            unread.readable += 1;
            1
        }
        Err(wrong) => {
            bytes.truncate(before);
            unread.records += 1;
            unread.say(|| wrong.within(place).to_string());
            0
        }
    }
}

/// Parses one value by itself.
fn apart(raw: &RawValue, put: impl FnOnce(&Value) -> Result<(), Wrong>) -> Result<(), Wrong> {
    let value = serde_json::from_str(raw.get());
    put(&value.map_err(|error| Wrong { place: String::new(), reason: error.to_string() })?)
}

/// A value that its field does not accept, and its place.
struct Wrong {
    place: String,
    reason: String,
}

impl Wrong {
    fn new(expected: &str, found: &str) -> Self {
        Self { place: String::new(), reason: format!("expected {expected}, found {}", shown(found)) }
    }

    /// Puts an outer step before the place.
    fn within(mut self, step: &str) -> Self {
        self.place.insert_str(0, step);
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", told(&self.place), self.reason)
    }
}

fn wrong(expected: &str, found: &Value) -> Wrong {
    Wrong::new(expected, &found.to_string())
}

/// The beginning of a value as the message has it. Control characters are escaped, because a terminal would obey them.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(SHOWN_CHARS_MAX) {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// Encodes a field: one value, or each element of an array.
fn put(value: &Value, field: &Field, depth: usize, bytes: &mut Vec<u8>) -> Result<(), Wrong> {
    match value {
        Value::Null => Ok(()),
        Value::Array(elements) if field.many => elements.iter().enumerate().try_for_each(|(n, element)| {
            put_one(element, field, depth, bytes).map_err(|wrong| wrong.within(&format!("[{n}]")))
        }),
        _ if field.many => Err(wrong("an array", value)),
        _ => put_one(value, field, depth, bytes),
    }
}

fn put_one(value: &Value, field: &Field, depth: usize, bytes: &mut Vec<u8>) -> Result<(), Wrong> {
    let tag = field.tag;
    match field.kind {
        Kind::Message(message) => put_bytes(tag, &inner(value, message, depth)?, bytes),
        Kind::Text => put_bytes(tag, text("a text", value)?.as_bytes(), bytes),
        Kind::Id(length) => {
            let expected = if length == 16 { "32 hexadecimal digits" } else { "16 hexadecimal digits" };
            let id = crate::ids::from_hex(text(expected, value)?).ok_or_else(|| wrong(expected, value))?;
            put_bytes(tag, &id, bytes);
        }
        Kind::Bytes => {
            // ProtoJSON allows both base64 alphabets, with and without padding.
            let text = text("base64", value)?.replace('-', "+").replace('_', "/");
            put_bytes(tag, &BASE64.decode(text).map_err(|_| wrong("base64", value))?, bytes);
        }
        Kind::Bool => {
            let is_true = value.as_bool().ok_or_else(|| wrong("true or false", value))?;
            wire::bool::encode(tag, &is_true, bytes);
        }
        Kind::Double => {
            let number = double(value).ok_or_else(|| wrong("a number", value))?;
            wire::double::encode(tag, &number, bytes);
        }
        Kind::Enum => {
            let expected = "a number (OTLP's JSON has no names of enums)";
            wire::int32::encode(tag, &whole(expected, value)?, bytes);
        }
        Kind::Int32 => wire::int32::encode(tag, &whole(INT32, value)?, bytes),
        Kind::SInt32 => wire::sint32::encode(tag, &whole(INT32, value)?, bytes),
        Kind::UInt32 => wire::uint32::encode(tag, &whole(UINT32, value)?, bytes),
        Kind::Fixed32 => wire::fixed32::encode(tag, &whole(UINT32, value)?, bytes),
        Kind::Int64 => wire::int64::encode(tag, &whole(INT64, value)?, bytes),
        Kind::UInt64 => wire::uint64::encode(tag, &whole(UINT64, value)?, bytes),
        Kind::Fixed64 => wire::fixed64::encode(tag, &whole(UINT64, value)?, bytes),
        Kind::SFixed64 => wire::sfixed64::encode(tag, &whole(INT64, value)?, bytes),
    }
    Ok(())
}

const INT32: &str = "an integer of 32 bits";
const UINT32: &str = "an integer from 0, of 32 bits";
const INT64: &str = "an integer of 64 bits";
const UINT64: &str = "an integer from 0, of 64 bits";

/// Encodes the fields of one message.
fn inner(value: &Value, message: &'static Message, depth: usize) -> Result<Vec<u8>, Wrong> {
    let members = value.as_object().ok_or_else(|| wrong("an object", value))?;
    let too_deep = || Wrong::new("values that lie less deep", "one value too deep");
    let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
    let (mut bytes, mut is_chosen) = (Vec::new(), false);
    for (name, value) in members {
        let Some(field) = message.named(name).filter(|_| !value.is_null()) else { continue };
        let put = if field.one_of && std::mem::replace(&mut is_chosen, true) {
            Err(Wrong::new("one value", "a second"))
        } else {
            put(value, field, depth, &mut bytes)
        };
        put.map_err(|wrong| wrong.within(&format!(".{}", field.name)))?;
    }
    Ok(bytes)
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn text<'a>(expected: &str, value: &'a Value) -> Result<&'a str, Wrong> {
    value.as_str().ok_or_else(|| wrong(expected, value))
}

/// A whole number in range. A fraction of zero is allowed.
fn whole<N: TryFrom<i128>>(expected: &str, value: &Value) -> Result<N, Wrong> {
    let number = number(value).and_then(|number| number.as_i128().or_else(|| whole_float(number.as_f64()?)));
    number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| wrong(expected, value))
}

#[expect(clippy::cast_possible_truncation, reason = "it is whole and within bounds")]
fn whole_float(float: f64) -> Option<i128> {
    (float.fract() == 0.0 && float.abs() < WHOLE_BELOW).then_some(float as i128)
}

fn double(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        _ => number(value)?.as_f64(),
    }
}

/// A JSON number, or a string that holds one.
fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The members of an object, unparsed and in order.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_as_protobuf_has_them() {
        for (value, as_whole, as_float) in [
            (json!(7), Some(7), Some(7.0)),
            (json!("7"), Some(7), Some(7.0)),
            (json!(-7.0), Some(-7), Some(-7.0)),
            (json!("1.5"), None, Some(1.5)),
            (json!(1.796e18), Some(1_796_000_000_000_000_000), Some(1.796e18)),
            (json!("1e3"), Some(1_000), Some(1_000.0)),
            (json!(u64::MAX), None, Some(18_446_744_073_709_551_615.0)),
            (json!("-Infinity"), None, Some(f64::NEG_INFINITY)),
            (json!("inf"), None, None),
            (json!("1e999"), None, None),
            (json!(" 7"), None, None),
            (json!(""), None, None),
            (json!("0x7"), None, None),
            (json!(true), None, None),
            (json!([]), None, None),
        ] {
            assert_eq!((whole::<i64>(INT64, &value).ok(), double(&value)), (as_whole, as_float), "{value}");
        }
        assert!(double(&json!("NaN")).is_some_and(f64::is_nan));
    }
}
