//! Checks content before it is published. Teaches the cheapest repair of all: telling the author, while the author is still there.
//!
//! There is one rule, and it is the repaired content store's: [`content_store::characters`] says which characters not every place can
//! carry. Here they get a line and a column, what they would break, and what to write instead.
//!
//! # Layout
//!
//! - [`lint()`]: a text of any length, block by block. [`place`]: lines and columns.
//! - [`advice`]: what a character breaks, and what to write instead. [`sarif`]: findings as other tools read them.

pub mod place;
pub mod advice;
pub mod sarif;

use std::io::{self, ErrorKind, Read};

pub use content_store::characters::SPECIAL_CHARACTERS_MAX;
use content_store::characters::{SpecialCharacter, is_renderable, unrenderable};
use serde::Serialize;

use crate::{
    advice::{Kind, Place as Broken},
    place::Place,
};

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 256 * 1024;

/// Bytes that are looked at together: few enough to stay in the fastest memory.
const GLANCE_BYTES: usize = 4 * 1024;

/// A character that the repaired content store would refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    #[serde(flatten)]
    pub place: Place,
    #[serde(flatten)]
    pub character: SpecialCharacter,
    pub kind: Kind,
    /// Where the shop would show something broken, or nothing.
    pub breaks: &'static [Broken],
    pub instead: String,
}

impl Finding {
    /// The character by code point and name, or the byte.
    pub fn named(&self) -> String {
        let SpecialCharacter { code_point, byte, name, .. } = &self.character;
        let code = code_point.as_deref().or(byte.as_deref()).unwrap_or_default();
        format!("{code} {name}")
    }

    /// What it would break and what to write instead, in a sentence.
    pub fn advice(&self) -> String {
        let breaks: Vec<_> = self.breaks.iter().map(|place| place.words()).collect();
        format!("breaks {}; {}", breaks.join(", "), self.instead)
    }
}

/// Reads a text to its end and tells every finding, in order. `goes_on` is asked before each block.
///
/// # Errors
///
/// What reading failed with. All that was found before has been told.
pub fn lint(
    mut text: impl Read,
    mut found: impl FnMut(Finding),
    mut goes_on: impl FnMut() -> bool,
) -> io::Result<()> {
    let mut block = vec![0; BLOCK_BYTES];
    let (mut place, mut kept) = (Place::default(), 0);
    while goes_on() {
        let read = match text.read(&mut block[kept..]) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        let is_end = read == 0;
        let filled = kept + read;
        let whole = if is_end { filled } else { filled - unfinished(&block[..filled]) };
        for part in parts(&block[..whole]) {
            check(part, &mut place, &mut found);
        }
        block.copy_within(whole..filled, 0);
        kept = filled - whole;
        if is_end {
            break;
        }
    }
    Ok(())
}

/// Parts of a block, each cut where no character is cut.
fn parts(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (start, _) = rest.split_at(rest.len().min(GLANCE_BYTES));
        let whole = if start.len() == rest.len() { start.len() } else { start.len() - unfinished(start) };
        let (part, after) = rest.split_at(whole);
        rest = after;
        Some(part)
    })
}

/// Checks whole characters, and moves `place` behind them.
fn check(text: &[u8], place: &mut Place, found: &mut impl FnMut(Finding)) {
    let mut done = 0;
    if !is_plain(text) && !is_renderable(text) {
        for character in unrenderable(text) {
            place.pass(&text[done..character.offset]);
            done = character.offset;
            let kind = Kind::of(&character);
            let instead = advice::instead(&character, text[done]);
            let character = SpecialCharacter { offset: place.offset, ..character };
            let breaks = advice::breaks(&character);
            found(Finding { place: *place, character, kind, breaks, instead });
        }
    }
    place.pass(&text[done..]);
}

/// Whether it is all printable ASCII, with tabs and line breaks: a shortcut, as nearly all texts are, and the compiler makes it fast.
fn is_plain(text: &[u8]) -> bool {
    text.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r'))
}

/// Bytes at the end that may begin a character whose rest comes later.
fn unfinished(text: &[u8]) -> usize {
    let start = text.len().saturating_sub(3);
    let last = text[start..].iter().rposition(|byte| !matches!(byte, 0x80..=0xbf)).map(|place| start + place);
    let Some(last) = last else { return 0 };
    let needs = match text[last] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let has = text.len() - last;
    if has < needs { has } else { 0 }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use content_store::characters::first_unrenderable;
    use proptest::prelude::*;

    use super::*;

    fn all(text: impl Read) -> Vec<Finding> {
        let mut findings = Vec::new();
        lint(text, |finding| findings.push(finding), || true).expect("memory can be read");
        findings
    }

    #[test]
    fn findings_have_line_and_column_as_editors_count_them() {
        let check = |text: &[u8], expected: &[(usize, usize, usize)]| {
            let found: Vec<_> = all(text)
                .iter()
                .map(|found| (found.place.line, found.place.column, found.place.offset))
                .collect();
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

    /// Hands out a text in pieces of any length.
    struct Pieces(VecDeque<Vec<u8>>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(mut piece) = self.0.pop_front() else { return Ok(0) };
            let rest = piece.split_off(piece.len().min(buffer.len()));
            buffer[..piece.len()].copy_from_slice(&piece);
            if !rest.is_empty() {
                self.0.push_front(rest);
            }
            Ok(piece.len())
        }
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_the_repaired_store_refuses(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let offsets: Vec<_> = all(&*text).iter().map(|found| found.place.offset).collect();
            let refused: Vec<_> = unrenderable(&text).map(|character| character.offset).collect();
            prop_assert_eq!(&offsets, &refused);
            prop_assert_eq!(offsets.is_empty(), first_unrenderable(&text).is_none());
        }

        #[test]
        fn where_a_text_is_cut_changes_nothing(pieces in proptest::collection::vec("[a-zé漢🎉\n\u{b}\u{85}]{1,9}", 1..9), cuts in proptest::collection::vec(1_usize..7, 1..60)) {
            let whole = pieces.concat().into_bytes();
            let (mut cut, mut rest) = (VecDeque::new(), &*whole);
            for length in cuts {
                let (piece, after) = rest.split_at(length.min(rest.len()));
                cut.extend((!piece.is_empty()).then(|| piece.to_vec()));
                rest = after;
            }
            cut.extend((!rest.is_empty()).then(|| rest.to_vec()));
            prop_assert_eq!(all(Pieces(cut)), all(&*whole));
        }
    }

    #[test]
    fn characters_across_blocks_are_whole() {
        let mut text = "é".repeat(BLOCK_BYTES).into_bytes();
        text.insert(0, b'a');
        text.push(0x0b);
        let found = all(&*text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place.column, BLOCK_BYTES + 2);
    }
}
