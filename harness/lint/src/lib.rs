//! Checks content before it is published. Teaches the cheapest repair of all: telling the author while the author is still at work.
//!
//! There is one rule, that of the repaired content store: [`content_store::characters`] defines which characters some places cannot carry.
//! This crate adds the line and column, the places that would break, and what to write instead.
//!
//! # Layout
//!
//! - [`lint()`]: checks a text of any length, line by line.
//! - [`advice`]: what a character breaks, and what to write instead. [`sarif`]: findings as other tools read them.

pub mod advice;
pub mod sarif;

use std::io::{self, BufRead};

pub use content_store::characters::SPECIAL_CHARACTERS_MAX;
use content_store::characters::{SpecialCharacter, unrenderable};
use serde::Serialize;

use crate::advice::{Kind, Place};

/// The character U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A character that the repaired content store would refuse.
///
/// Line and column count as in compilers and editors: both from one, one column for each character, and a new line after each line feed. A
/// byte order mark at the very start takes no column, because no editor shows it. A byte that is not UTF-8 takes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub line: usize,
    pub column: usize,
    #[serde(flatten)]
    pub character: SpecialCharacter,
    pub kind: Kind,
    /// Places where the shop would show something broken, or nothing.
    pub breaks: &'static [Place],
    pub instead: String,
}

impl Finding {
    /// The character by code point and name, or the byte.
    pub fn named(&self) -> String {
        let SpecialCharacter { code_point, byte, name, .. } = &self.character;
        let code = code_point.as_deref().or(byte.as_deref()).unwrap_or_default();
        format!("{code} {name}")
    }

    /// A sentence about what it would break, and what to write instead.
    pub fn advice(&self) -> String {
        let breaks: Vec<_> = self.breaks.iter().map(|place| place.words()).collect();
        format!("breaks {}; {}", breaks.join(", "), self.instead)
    }
}

/// Reads a text to its end and passes every finding to `found`, in order. `goes_on` is asked before each line.
///
/// # Errors
///
/// The read error. Findings before it have already been passed on.
pub fn lint(
    mut text: impl BufRead,
    mut found: impl FnMut(Finding),
    mut goes_on: impl FnMut() -> bool,
) -> io::Result<()> {
    let (mut line, mut begins, mut bytes) = (1, 0, Vec::new());
    while goes_on() && text.read_until(b'\n', &mut bytes)? > 0 {
        let is_marked = line == 1 && bytes.starts_with(BYTE_ORDER_MARK);
        let (mut column, mut passed) = (1, if is_marked { BYTE_ORDER_MARK.len() } else { 0 });
        for character in unrenderable(&bytes) {
            column += columns(&bytes[passed..character.offset]);
            passed = character.offset;
            let (kind, breaks) = (Kind::of(&character), advice::breaks(&character));
            let instead = advice::instead(&character, bytes[passed]);
            let character = SpecialCharacter { offset: begins + passed, ..character };
            found(Finding { line, column, character, kind, breaks, instead });
        }
        line += 1;
        begins += bytes.len();
        bytes.clear();
    }
    Ok(())
}

/// The number of columns: characters, and bytes that belong to none.
fn columns(text: &[u8]) -> usize {
    text.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use content_store::characters::is_renderable;

    use super::*;

    fn all(text: impl BufRead) -> Vec<Finding> {
        let mut findings = Vec::new();
        lint(text, |finding| findings.push(finding), || true).expect("memory can be read");
        findings
    }

    #[test]
    fn findings_have_line_and_column_as_editors_count_them() {
        let check = |text: &[u8], expected: &[(usize, usize, usize)]| {
            let found: Vec<_> =
                all(text).iter().map(|found| (found.line, found.column, found.character.offset)).collect();
            assert_eq!(found, expected, "{text:?}");
        };
        check(b"", &[]);
        check(b"plain\r\n\ttext\n", &[]);
        check(b"\x0b", &[(1, 1, 0)]);
        check(b"two\x0blines\nand\x0b", &[(1, 4, 3), (2, 4, 13)]);
        check(b"a\r\nb\r\n\tc\x0c", &[(3, 3, 8)]);
        check("\u{feff}a\0".as_bytes(), &[(1, 2, 4)]);
        check("\n\u{feff}a\0".as_bytes(), &[(2, 3, 5)]);
        check("漢字é🎉\u{85}".as_bytes(), &[(1, 5, 12)]);
        check(b"\x93quoted\x94", &[(1, 1, 0), (1, 8, 7)]);
        check(b"a\xe2\x82\nb\xff", &[(1, 2, 1), (1, 3, 2), (2, 2, 5)]);
        check("\u{fffe}\u{1ffff}x\u{7f}".as_bytes(), &[(1, 1, 0), (1, 2, 3), (1, 4, 8)]);
    }

    #[test]
    fn each_finding_says_what_to_write_instead() {
        let check = |text: &[u8], expected: &str| {
            let findings = all(text);
            assert_eq!(format!("{}: {}", findings[0].named(), findings[0].advice()), expected);
        };
        check(b"\x0b", "U+000B LINE TABULATION: breaks JSON, HTML, script, XML; write a line feed (U+000A)");
        check(b"\0", "U+0000 NULL: breaks JSON, HTML, XML; remove it");
        check(
            b"\x93",
            "0x93 BYTE THAT IS NOT UTF-8: breaks JSON; save the text as UTF-8: in Windows-1252 this is \u{201c} (U+201C)",
        );
        check(
            b"caf\xe9",
            "0xE9 BYTE THAT IS NOT UTF-8: breaks JSON; save the text as UTF-8: in Windows-1252 this is é (U+00E9)",
        );
        check(
            "\u{92}".as_bytes(),
            "U+0092 PRIVATE USE TWO: breaks HTML; write \u{2019} (U+2019), which Windows-1252 has here",
        );
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_the_repaired_store_refuses(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let offsets: Vec<_> = all(&*text).iter().map(|found| found.character.offset).collect();
            let refused: Vec<_> = unrenderable(&text).map(|character| character.offset).collect();
            prop_assert_eq!(&offsets, &refused);
            prop_assert_eq!(offsets.is_empty(), is_renderable(&text));
        }

        #[test]
        fn where_a_text_is_cut_changes_nothing(text in "[a-zé漢🎉\n\u{b}\u{85}]{1,60}", bytes in 1_usize..7) {
            let pieces = BufReader::with_capacity(bytes, text.as_bytes());
            prop_assert_eq!(all(pieces), all(text.as_bytes()));
        }
    }
}
