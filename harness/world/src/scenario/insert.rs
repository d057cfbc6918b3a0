//! Special characters and bytes, as a scenario file writes them. `U+000B` is a character and `0x93` a byte; several may follow each
//! other with spaces between. Anything else is literal text. The parser refuses likely mistakes: the name of a character, a code
//! point in another notation, and text mixed with code points.

use serde::{Deserialize, Serialize};

/// Bytes to insert into a text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Insert {
    written: String,
    bytes: Vec<u8>,
}

/// Prefixes of code points in other languages and notations.
const OTHER_SPELLINGS: [&str; 8] = ["u+", "\\u{", "\\u", "\\x", "&#x", "0X", "%u", "u-"];

impl Insert {
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The notation in the file.
    pub fn written(&self) -> &str {
        &self.written
    }
}

impl TryFrom<String> for Insert {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        let is_coded = |word: &&str| word.starts_with("U+") || word.starts_with("0x");
        if written.is_empty() {
            return Err("nothing to insert: expected U+000B, 0x93, or text".into());
        }
        let words: Vec<&str> = written.split(' ').collect();
        let coded = words.iter().filter(|word| is_coded(word)).count();
        if coded == 0 {
            only_text(&written, &words)?;
            return Ok(Self { bytes: written.clone().into_bytes(), written });
        }
        if coded < words.len() {
            return Err(format!(
                "'{written}' holds text and code points: expected one of them, as text is taken as it is"
            ));
        }
        let mut bytes = Vec::new();
        for word in words {
            let digits = &word[2..];
            if word.starts_with("0x") {
                let byte = u8::from_str_radix(digits, 16);
                bytes
                    .push(byte.map_err(|_| format!("'{word}' is no byte: expected two digits, as in 0x93"))?);
            } else {
                let character = code_point(word).ok_or_else(|| {
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

/// Refuses text that surely means a character.
fn only_text(written: &str, words: &[&str]) -> Result<(), String> {
    let meant = |character: char| {
        format!("expected U+{:04X}, as text is taken as it is; did you mean that?", u32::from(character))
    };
    if let Some(character) = named(written) {
        return Err(format!("'{written}' is the name of a character: {}", meant(character)));
    }
    let respelt = |word: &&str| {
        let start = OTHER_SPELLINGS.iter().find(|start| word.starts_with(**start))?;
        let digits = word[start.len()..].trim_end_matches([';', '}']);
        let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?;
        Some(format!("'{word}' is taken as text: {}", meant(character)))
    };
    words.iter().find_map(respelt).map_or(Ok(()), Err)
}

/// The character with this code point, written as in `U+000B`.
pub fn code_point(word: &str) -> Option<char> {
    let digits = word.strip_prefix("U+").or_else(|| word.strip_prefix("u+"))?;
    // `from_str_radix` would accept a sign.
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_plain).and_then(char::from_u32)
}

/// The name of a character in Unicode, in capitals; control characters have none.
pub fn name_of(character: char) -> Option<String> {
    unicode_names2::name(character).map(|name| name.to_string())
}

/// The character with this name: Unicode's own, or one of its aliases. People say 'tab' where Unicode says 'tabulation', and
/// 'null' as well as 'NUL'.
pub fn named(name: &str) -> Option<char> {
    // A single letter means itself, although Unicode gives some characters such a name.
    let name = name.trim();
    if name.chars().count() < 2 {
        return None;
    }
    let tabulation = name.to_lowercase().ends_with(" tab").then(|| format!("{name}ulation"));
    unicode_names2::character(name).or_else(|| unicode_names2::character(&tabulation?))
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
                Err(message) => {
                    let error = insert.unwrap_err();
                    assert!(error.contains(message), "{written}: {error}");
                }
            }
        };
        check("U+000B", Ok(b"\x0b"));
        check("0x93 0x94", Ok(b"\x93\x94"));
        check("U+0041 0x0A", Ok(b"A\n"));
        check("</script>", Ok(b"</script>"));
        check("15 % off", Ok(b"15 % off"));
        check("well chosen", Ok(b"well chosen"));
        check("C:\\sale", Ok(b"C:\\sale"));
        check(",", Ok(b","));
        check("U+D800", Err("'U+D800' is no character"));
        check("U++41", Err("'U++41' is no character"));
        check("0x1FF", Err("'0x1FF' is no byte"));
        check("", Err("nothing to insert"));
        check("20 % off U+000B", Err("holds text and code points"));
        for (name, expected) in [
            ("vertical tab", "U+000B"),
            ("VERTICAL TAB", "U+000B"),
            ("Line Tabulation", "U+000B"),
            ("null", "U+0000"),
            ("no-break space", "U+00A0"),
            ("zero width joiner", "U+200D"),
            ("u+000b", "U+000B"),
            ("\\u000b", "U+000B"),
            ("\\u{b}", "U+000B"),
            ("\\x0b", "U+000B"),
            ("&#xb;", "U+000B"),
            ("0X0B", "U+000B"),
        ] {
            check(name, Err(&format!("expected {expected}")));
        }
    }
}
