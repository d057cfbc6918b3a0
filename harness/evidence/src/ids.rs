//! The ids that connect spans, links and log records. Teaches to reject a malformed id on arrival rather than to store it.

use std::fmt;
use std::str::FromStr;

/// A trace: sixteen bytes, not all zero, written as 32 hexadecimal digits (W3C Trace Context).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId([u8; 16]);

/// A span within its trace: eight bytes, not all zero, written as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId([u8; 8]);

/// Not a valid id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} hexadecimal digits, not all zero")]
pub struct NotAnId {
    digits: usize,
}

macro_rules! id {
    ($name:ident, $bytes:literal) => {
        impl $name {
            /// From the bytes of a message; `None` if the length is wrong or all bytes are zero.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                let bytes: [u8; $bytes] = bytes.try_into().ok()?;
                (bytes != [0; $bytes]).then_some(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&const_hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let bytes = (text.len() == 2 * $bytes).then(|| from_hex(text)).flatten();
                bytes.and_then(|bytes| Self::from_bytes(&bytes)).ok_or(NotAnId { digits: 2 * $bytes })
            }
        }

        crate::as_text!($name);
    };
}

id!(TraceId, 16);
id!(SpanId, 8);

/// Decodes hexadecimal digits, two for each byte, without a `0x` prefix.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    const_hex::decode(text).ok().filter(|_| !text.starts_with("0x"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_a_wrong_one_does_not() {
        let text = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(text.parse::<TraceId>().map(|id| id.to_string()), Ok(text.to_owned()));
        for wrong in [
            "",
            "00000000000000000000000000000000",
            "4bf92f3577b34da6a3ce929d0e0e473",
            "4bf92f3577b34da6a3ce929d0e0e47+6",
            "äööööööööö",
        ] {
            assert!(wrong.parse::<TraceId>().is_err(), "{wrong}");
        }
        assert_eq!(SpanId::from_bytes(&[0; 8]), None);
        assert_eq!(SpanId::from_bytes(&[1; 7]), None);
    }
}
