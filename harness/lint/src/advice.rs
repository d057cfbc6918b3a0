//! What a character breaks, and what to write instead. `glyphfall characters` measures which places break, and a test compares this table
//! with the measurement.

use content_store::characters::SpecialCharacter;
use serde::Serialize;

/// An output format that shows text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The content store's envelope. If it is broken, the cache has nothing to show.
    Json,
    Html,
    Script,
    Xml,
}

impl Place {
    pub fn words(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Html => "HTML",
            Self::Script => "script",
            Self::Xml => "XML",
        }
    }
}

/// Why a character is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Below U+0020: not allowed raw in JSON (RFC 8259, section 7), nor at all in XML 1.0 (section 2.2).
    Control,
    /// U+007F to U+009F: an error in HTML (section 13.2.3.5).
    LateControl,
    /// U+FFFE and U+FFFF, which XML 1.0 forbids, and HTML too.
    ForbiddenNoncharacter,
    /// Any other noncharacter: an error in HTML.
    Noncharacter,
    /// A byte that is not UTF-8, which JSON has to be (RFC 8259, section 8.1).
    NotUtf8,
}

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::Control, Self::LateControl, Self::ForbiddenNoncharacter, Self::Noncharacter, Self::NotUtf8];

    pub(crate) fn of(character: &SpecialCharacter) -> Self {
        match code(character) {
            None => Self::NotUtf8,
            Some(0..=0x1f) => Self::Control,
            Some(0x7f..=0x9f) => Self::LateControl,
            Some(0xfffe..=0xffff) => Self::ForbiddenNoncharacter,
            Some(_) => Self::Noncharacter,
        }
    }

    /// The rule, in a sentence.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Control => "JSON has no raw control characters, and XML has none at all",
            Self::LateControl => "HTML has no control characters from U+007F to U+009F",
            Self::ForbiddenNoncharacter => "XML and HTML have no U+FFFE and U+FFFF",
            Self::Noncharacter => "HTML has no noncharacters",
            Self::NotUtf8 => "A text is UTF-8 throughout",
        }
    }
}

/// The places that would show something broken, or nothing.
pub(crate) fn breaks(character: &SpecialCharacter) -> &'static [Place] {
    use Place::{Html, Json, Script, Xml};
    match (Kind::of(character), code(character)) {
        // HTML replaces U+0000, so a script never sees it.
        (_, Some(0x0)) => &[Json, Html, Xml],
        // HTML treats U+000C as white space.
        (_, Some(0xc)) => &[Json, Script, Xml],
        (Kind::Control, _) => &[Json, Html, Script, Xml],
        (Kind::NotUtf8, _) => &[Json],
        (Kind::ForbiddenNoncharacter, _) => &[Html, Xml],
        (Kind::LateControl | Kind::Noncharacter, _) => &[Html],
    }
}

/// What to write instead of a character. `byte` is its first byte.
pub(crate) fn instead(character: &SpecialCharacter, byte: u8) -> String {
    let code = code(character);
    let wanted = match code {
        None => windows_1252(u32::from(byte)),
        Some(0xb | 0xc | 0x85) => return "write a line feed (U+000A)".to_owned(),
        Some(code) => windows_1252(code).filter(|_| code >= 0x80),
    };
    match (wanted, code) {
        (Some(c), None) => {
            format!("save the text as UTF-8: in Windows-1252 this is {c} (U+{:04X})", u32::from(c))
        }
        (Some(c), Some(_)) => format!("write {c} (U+{:04X}), which Windows-1252 has here", u32::from(c)),
        (None, None) => "save the text as UTF-8".to_owned(),
        (None, Some(_)) => "remove it".to_owned(),
    }
}

fn code(character: &SpecialCharacter) -> Option<u32> {
    character.character.map(u32::from)
}

/// What a word processor meant by a byte, or by a character that was decoded from one without regard to its encoding.
fn windows_1252(code: u32) -> Option<char> {
    match code {
        0x80..=0x9f => WINDOWS_1252.chars().nth(code as usize - 0x80).filter(|c| *c != NOTHING),
        0xa0..=0xff => char::from_u32(code),
        _ => None,
    }
}

/// The characters 0x80 to 0x9F of Windows-1252, by the WHATWG's Encoding Standard. Five of them are undefined.
const WINDOWS_1252: &str = "€·‚ƒ„…†‡ˆ‰Š‹Œ·Ž··‘’“”•–—˜™š›œ·žŸ";
const NOTHING: char = '·';
