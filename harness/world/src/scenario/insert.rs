//! Special characters and bytes, as a scenario file writes them: `U+000B` is a character, `0x93` a byte, several may stand side
//! by side with spaces between, and anything else is text as it is.

use serde::{Deserialize, Serialize};

/// Bytes that get into a text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Insert {
    written: String,
    bytes: Vec<u8>,
}

impl Insert {
    /// The bytes themselves.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How the file writes them.
    pub fn written(&self) -> &str {
        &self.written
    }
}

impl TryFrom<String> for Insert {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        let is_coded = |word: &str| word.starts_with("U+") || word.starts_with("0x");
        if written.is_empty() {
            return Err("nothing to insert: expected U+000B, 0x93, or text".into());
        }
        if !written.split(' ').all(is_coded) {
            return Ok(Self { bytes: written.clone().into_bytes(), written });
        }
        let mut bytes = Vec::new();
        for word in written.split(' ') {
            let digits = &word[2..];
            if word.starts_with("0x") {
                let byte = u8::from_str_radix(digits, 16);
                bytes
                    .push(byte.map_err(|_| format!("'{word}' is no byte: expected two digits, as in 0x93"))?);
            } else {
                let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                let character = character.ok_or_else(|| {
                    format!("'{word}' is no character: expected a code point, as in U+000B")
                })?;
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        Ok(Self { written, bytes })
    }
}

impl From<Insert> for String {
    fn from(insert: Insert) -> Self {
        insert.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_bytes_and_texts_are_told_apart() {
        let check = |written: &str, expected: Result<&[u8], &str>| {
            let insert = Insert::try_from(written.to_owned());
            match expected {
                Ok(bytes) => assert_eq!(insert.unwrap().bytes(), bytes, "{written}"),
                Err(message) => assert!(insert.unwrap_err().contains(message), "{written}"),
            }
        };
        check("U+000B", Ok(b"\x0b"));
        check("0x93 0x94", Ok(b"\x93\x94"));
        check("U+0041 0x0A", Ok(b"A\n"));
        check("</script>", Ok(b"</script>"));
        check("20 % off U+000B", Ok(b"20 % off U+000B"));
        check("U+D800", Err("'U+D800' is no character"));
        check("0x1FF", Err("'0x1FF' is no byte"));
        check("", Err("nothing to insert"));
    }
}
