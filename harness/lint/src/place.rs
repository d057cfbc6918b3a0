//! Lines and columns, as compilers and editors count them: both from one, a column for each character, a line after each line feed.
//! A byte order mark at the very start has no column, since no editor shows it; a byte that is not UTF-8 has one.

use memchr::{memchr_iter, memrchr};
use serde::Serialize;

/// The character U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    /// Bytes before it; the character has it already.
    #[serde(skip)]
    pub offset: usize,
}

impl Default for Place {
    fn default() -> Self {
        Self { line: 1, column: 1, offset: 0 }
    }
}

impl Place {
    /// Moves behind these characters.
    pub(crate) fn pass(&mut self, text: &[u8]) {
        let shown = match self.offset {
            0 => text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text),
            _ => text,
        };
        self.offset += text.len();
        match memrchr(b'\n', shown) {
            Some(last) => {
                self.line += memchr_iter(b'\n', shown).count();
                self.column = 1 + characters(&shown[last + 1..]);
            }
            None => self.column += characters(shown),
        }
    }
}

/// Characters, and bytes that belong to none.
fn characters(text: &[u8]) -> usize {
    match std::str::from_utf8(text) {
        Ok(text) => text.chars().count(),
        Err(_) => text.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum(),
    }
}
