//! Reads protobuf on the wire, field by field, beneath the generated structures.

use prost::DecodeError;
use prost::encoding::{
    DecodeContext, WireType, decode_key, decode_varint, encode_key, encode_varint, skip_field,
};

/// One field as it stands on the wire.
pub(super) struct Raw<'a> {
    pub(super) tag: u32,
    /// Key and value.
    pub(super) whole: &'a [u8],
    /// The content, if the field is length-delimited: a text, a message or packed numbers.
    pub(super) content: Option<&'a [u8]>,
}

/// The fields of one message, in order.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Raw<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn read(&mut self) -> Result<Raw<'a>, DecodeError> {
        let whole = self.0;
        let (tag, wire_type) = decode_key(&mut self.0)?;
        let value = self.0;
        skip_field(wire_type, tag, &mut self.0, DecodeContext::default())?;
        let mut content = None;
        if wire_type == WireType::LengthDelimited {
            let mut inner = &value[..value.len() - self.0.len()];
            decode_varint(&mut inner)?;
            content = Some(inner);
        }
        Ok(Raw { tag, whole: &whole[..whole.len() - self.0.len()], content })
    }
}

pub(super) fn put_bytes(tag: u32, inner: &[u8], bytes: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, bytes);
    encode_varint(inner.len() as u64, bytes);
    bytes.extend_from_slice(inner);
}
