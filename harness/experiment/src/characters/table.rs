//! The specimens. Teaches where special characters come from: word processors, old encodings, careless programs, other
//! scripts than one's own, and people who try to break things.

use std::{borrow::Cow, fmt::Write};

use serde::Serialize;

/// The kind of trouble that a specimen stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Invisible commands to machines that are long gone.
    Controls,
    /// Characters that end a word, a line or a paragraph.
    Separators,
    /// Quotes and dashes, as bytes of Windows-1252 and as characters.
    Quotes,
    /// Bytes that are not valid UTF-8.
    BrokenUtf8,
    /// Halves of UTF-16 pairs, which UTF-8 forbids.
    Surrogates,
    /// Code points that will never be characters.
    Noncharacters,
    /// Commands that change the direction of the text after them.
    Bidirectional,
    /// Characters without a width.
    ZeroWidth,
    /// Marks upon marks.
    Combining,
    /// One picture made of many code points.
    Emoji,
    /// Text that one of the readers may take for markup or code.
    Markup,
    /// Not in the table: somebody asked for it.
    Asked,
}

impl Group {
    pub const ALL: [Self; 11] = [
        Self::Controls,
        Self::Separators,
        Self::Quotes,
        Self::BrokenUtf8,
        Self::Surrogates,
        Self::Noncharacters,
        Self::Bidirectional,
        Self::ZeroWidth,
        Self::Combining,
        Self::Emoji,
        Self::Markup,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Controls => "Controls",
            Self::Separators => "Separators",
            Self::Quotes => "Quotes, as Windows-1252 (cp1252) and as UTF-8",
            Self::BrokenUtf8 => "Broken UTF-8",
            Self::Surrogates => "Surrogates",
            Self::Noncharacters => "Noncharacters",
            Self::Bidirectional => "Bidirectional",
            Self::ZeroWidth => "Zero width",
            Self::Combining => "Combining",
            Self::Emoji => "Emoji",
            Self::Markup => "Markup",
            Self::Asked => "Asked for",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specimen {
    /// The common name, in the table at most 19 characters.
    pub name: Cow<'static, str>,
    pub group: Group,
    pub bytes: Vec<u8>,
}

impl Specimen {
    /// Its code points, as in `U+000B`; `None` if the bytes are not UTF-8.
    pub fn code_points(&self) -> Option<Vec<String>> {
        let text = std::str::from_utf8(&self.bytes).ok()?;
        Some(text.chars().map(|character| format!("U+{:04X}", u32::from(character))).collect())
    }

    /// Its bytes in hexadecimal, as in `93 94`.
    pub fn hexadecimal(&self) -> String {
        let mut text = String::new();
        for byte in &self.bytes {
            let space = if text.is_empty() { "" } else { " " };
            write!(text, "{space}{byte:02X}").expect("writing to a string cannot fail");
        }
        text
    }
}

pub fn specimens() -> Vec<Specimen> {
    let mut all = Vec::new();
    let mut group = |group, members: &[(&'static str, &[u8])]| {
        let specimen = |(name, bytes): &(&'static str, &[u8])| {
            let (name, bytes) = (Cow::Borrowed(*name), bytes.to_vec());
            Specimen { name, group, bytes }
        };
        all.extend(members.iter().map(specimen));
    };
    group(Group::Controls, CONTROLS);
    group(Group::Separators, SEPARATORS);
    group(Group::Quotes, QUOTES);
    group(Group::BrokenUtf8, BROKEN_UTF8);
    group(Group::Surrogates, SURROGATES);
    group(Group::Noncharacters, NONCHARACTERS);
    group(Group::Bidirectional, BIDIRECTIONAL);
    group(Group::ZeroWidth, ZERO_WIDTH);
    let flood = format!("e{}", "\u{301}".repeat(FLOOD_MARKS));
    let mixed: String = ('\u{300}'..='\u{36f}').collect::<String>().repeat(FLOOD_ROUNDS);
    group(
        Group::Combining,
        &[
            ("e acute, composed", "\u{e9}".as_bytes()),
            ("e acute, apart", "e\u{301}".as_bytes()),
            ("200 accents on an e", flood.as_bytes()),
            ("every mark, 8 times", mixed.as_bytes()),
            ("widest ligature", "\u{fdfd}".as_bytes()),
        ],
    );
    group(Group::Emoji, EMOJI);
    group(Group::Markup, MARKUP);
    all
}

/// Accents on one letter: taller than any page.
const FLOOD_MARKS: usize = 200;

/// Times that all 112 combining marks are piled up: about two kilobytes on one letter.
const FLOOD_ROUNDS: usize = 8;

type Members = &'static [(&'static str, &'static [u8])];

const CONTROLS: Members = &[
    ("null", b"\0"),
    ("bell", b"\x07"),
    ("backspace", b"\x08"),
    ("tab", b"\t"),
    ("vertical tab", b"\x0b"),
    ("form feed", b"\x0c"),
    ("escape", b"\x1b"),
    ("unit separator", b"\x1f"),
    ("delete", b"\x7f"),
    ("padding character", "\u{80}".as_bytes()),
    ("program command", "\u{9f}".as_bytes()),
];

const SEPARATORS: Members = &[
    ("line feed", b"\n"),
    ("carriage return", b"\r"),
    ("return, line feed", b"\r\n"),
    ("next line", "\u{85}".as_bytes()),
    ("line separator", "\u{2028}".as_bytes()),
    ("paragraph separator", "\u{2029}".as_bytes()),
    ("no-break space", "\u{a0}".as_bytes()),
    ("ideographic space", "\u{3000}".as_bytes()),
];

const QUOTES: Members = &[
    ("double, cp1252", b"\x93on sale\x94"),
    ("single, cp1252", b"\x91on sale\x92"),
    ("dash, cp1252", b"\x96"),
    ("euro, cp1252", b"\x80"),
    ("double, curly", "\u{201c}on sale\u{201d}".as_bytes()),
    ("double, read twice", "\u{e2}\u{20ac}\u{153}".as_bytes()),
    ("double, straight", b"\""),
    ("apostrophe", b"'"),
];

const BROKEN_UTF8: Members = &[
    ("continuation alone", b"\x80\xbf"),
    ("cut short", b"\xe2\x82"),
    ("overlong slash", b"\xc0\xaf"),
    ("overlong null", b"\xc0\x80"),
    ("UTF-16 byte order", b"\xff\xfe"),
    ("beyond U+10FFFF", b"\xf4\x90\x80\x80"),
    ("five bytes", b"\xf8\x88\x80\x80\x80"),
    ("Latin-1 e acute", b"\xe9"),
];

const SURROGATES: Members = &[
    ("high surrogate", b"\xed\xa0\x80"),
    ("low surrogate", b"\xed\xb0\x80"),
    ("pair (CESU-8)", b"\xed\xa0\xbd\xed\xb8\x80"),
    ("escaped surrogate", br"\ud800"),
];

const NONCHARACTERS: Members = &[
    ("swapped byte order", "\u{fffe}".as_bytes()),
    ("last of plane 0", "\u{ffff}".as_bytes()),
    ("process internal", "\u{fdd0}".as_bytes()),
    ("last of plane 1", "\u{1ffff}".as_bytes()),
    ("last of all", "\u{10ffff}".as_bytes()),
];

const BIDIRECTIONAL: Members = &[
    ("right-to-left mark", "\u{200f}".as_bytes()),
    ("RTL override", "\u{202e}".as_bytes()),
    ("LTR override", "\u{202d}".as_bytes()),
    ("isolate, not closed", "\u{2067}".as_bytes()),
    ("Arabic letter mark", "\u{61c}".as_bytes()),
];

const ZERO_WIDTH: Members = &[
    ("zero width space", "\u{200b}".as_bytes()),
    ("non-joiner", "\u{200c}".as_bytes()),
    ("word joiner", "\u{2060}".as_bytes()),
    ("byte order mark", "\u{feff}".as_bytes()),
    ("soft hyphen", "\u{ad}".as_bytes()),
    ("invisible tag", "\u{e0041}".as_bytes()),
];

const EMOJI: Members = &[
    ("family", "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}".as_bytes()),
    ("flag of two letters", "\u{1f1eb}\u{1f1f7}".as_bytes()),
    ("flag of six tags", "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}".as_bytes()),
    ("skin tone", "\u{1f44d}\u{1f3fd}".as_bytes()),
    ("keycap", "1\u{fe0f}\u{20e3}".as_bytes()),
    ("private use logo", "\u{f8ff}".as_bytes()),
];

const MARKUP: Members = &[
    ("bold, never closed", b"<b>15 % off"),
    ("paragraph closed", b"</p>"),
    ("script in the text", b"<script>alert(1)</script>"),
    ("end of script", b"</script>"),
    ("script in a comment", b"<!--<script>"),
    ("plain text for ever", b"<plaintext>"),
    ("less than", b"a < b"),
    ("ampersand", b"Knives & boards"),
    ("entity", b"&copy;"),
    ("entity, unfinished", b"&notit"),
    ("end of CDATA", b"]]>"),
    ("document type", b"<!DOCTYPE html>"),
    ("end of JSON string", br#""};alert(1);//"#),
    ("backslash", br"C:\sale"),
    ("template expression", b"{{7*7}}"),
];
