//! The characters of a text that a reader cannot see, or a machine may not like. Teaches that 'plain text' is not plain:
//! what looks like a line break may be any of seven characters.

use serde::Serialize;

/// Most characters in one list: past a thousand it is the file that is wrong, not the character.
pub const SPECIAL_CHARACTERS_MAX: usize = 1_000;

/// A character, or a byte that belongs to none, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpecialCharacter {
    /// Bytes before it.
    pub offset: usize,
    /// None for a byte that is not UTF-8.
    #[serde(skip)]
    pub character: Option<char>,
    /// As in `U+000B`; none for a byte that is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_point: Option<String>,
    /// As in `0x93`: a byte that is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte: Option<String>,
    /// The name in the Unicode standard; for control characters, which have none, its alias there.
    pub name: String,
}

/// The special characters of a text, in order: everything that is invisible, ambiguous or not text at all.
pub fn special(text: &[u8]) -> impl Iterator<Item = SpecialCharacter> {
    scan(text, |c| is_unrenderable(c) || is_easily_missed(c))
}

/// The characters that not every place (JSON, HTML, XML) can carry, in order.
pub fn unrenderable(text: &[u8]) -> impl Iterator<Item = SpecialCharacter> {
    scan(text, is_unrenderable)
}

/// Whether there are none: sooner told than which they are.
pub fn is_renderable(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| !text.chars().any(is_unrenderable))
}

/// Controls other than tab, newline and return are not allowed in XML 1.0, noncharacters nowhere in interchange.
fn is_unrenderable(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || is_noncharacter(c)
}

/// Allowed everywhere, but a reader sees nothing, or something else.
fn is_easily_missed(c: char) -> bool {
    matches!(c,
        '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{1680}' | '\u{180e}' | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{feff}' | '\u{fff9}'..='\u{fffd}'
        | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e007f}' | '\u{f0000}'..='\u{10ffff}')
}

/// The last two of every plane, and 32 in the Arabic presentation forms (Unicode 23.7).
fn is_noncharacter(c: char) -> bool {
    (u32::from(c) & 0xfffe) == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

fn scan(text: &[u8], is_special: fn(char) -> bool) -> impl Iterator<Item = SpecialCharacter> {
    let mut chunk_offset = 0;
    text.utf8_chunks().flat_map(move |chunk| {
        let (valid, invalid) = (chunk.valid(), chunk.invalid());
        let offset = chunk_offset;
        let invalid_offset = offset + valid.len();
        chunk_offset = invalid_offset + invalid.len();
        let characters = valid.char_indices().filter(move |(_, c)| is_special(*c));
        let characters = characters.map(move |(index, c)| SpecialCharacter {
            offset: offset + index,
            character: Some(c),
            code_point: Some(format!("U+{:04X}", u32::from(c))),
            byte: None,
            name: name(c),
        });
        characters.chain(invalid.iter().enumerate().map(move |(index, byte)| SpecialCharacter {
            offset: invalid_offset + index,
            character: None,
            code_point: None,
            byte: Some(format!("0x{byte:02X}")),
            name: "BYTE THAT IS NOT UTF-8".to_owned(),
        }))
    })
}

fn name(c: char) -> String {
    let code = u32::from(c);
    match c {
        '\0'..='\x1f' => control(CONTROLS_C0, code),
        '\x7f' => "DELETE".to_owned(),
        '\u{80}'..='\u{9f}' => control(CONTROLS_C1, code - 0x80),
        _ if is_noncharacter(c) => "NONCHARACTER".to_owned(),
        _ => unicode_names2::name(c)
            .map_or_else(|| "PRIVATE USE OR UNASSIGNED".to_owned(), |name| name.to_string()),
    }
}

fn control(names: &str, index: u32) -> String {
    names.split(", ").nth(index as usize).expect("each list has 32 names").to_owned()
}

/// Names of U+0000 to U+001F: the first control alias of each in Unicode's `NameAliases.txt`.
const CONTROLS_C0: &str = "\
    NULL, START OF HEADING, START OF TEXT, END OF TEXT, END OF TRANSMISSION, ENQUIRY, ACKNOWLEDGE, \
    ALERT, BACKSPACE, CHARACTER TABULATION, LINE FEED, LINE TABULATION, FORM FEED, CARRIAGE RETURN, \
    SHIFT OUT, SHIFT IN, DATA LINK ESCAPE, DEVICE CONTROL ONE, DEVICE CONTROL TWO, DEVICE CONTROL THREE, \
    DEVICE CONTROL FOUR, NEGATIVE ACKNOWLEDGE, SYNCHRONOUS IDLE, END OF TRANSMISSION BLOCK, CANCEL, END \
    OF MEDIUM, SUBSTITUTE, ESCAPE, INFORMATION SEPARATOR FOUR, INFORMATION SEPARATOR THREE, INFORMATION \
    SEPARATOR TWO, INFORMATION SEPARATOR ONE";

/// Names of U+0080 to U+009F, from the same file; four of them are listed there as figments of no standard.
const CONTROLS_C1: &str = "\
    PADDING CHARACTER, HIGH OCTET PRESET, BREAK PERMITTED HERE, NO BREAK HERE, INDEX, NEXT LINE, START \
    OF SELECTED AREA, END OF SELECTED AREA, CHARACTER TABULATION SET, CHARACTER TABULATION WITH \
    JUSTIFICATION, LINE TABULATION SET, PARTIAL LINE FORWARD, PARTIAL LINE BACKWARD, REVERSE LINE FEED, \
    SINGLE SHIFT TWO, SINGLE SHIFT THREE, DEVICE CONTROL STRING, PRIVATE USE ONE, PRIVATE USE TWO, SET \
    TRANSMIT STATE, CANCEL CHARACTER, MESSAGE WAITING, START OF GUARDED AREA, END OF GUARDED AREA, START \
    OF STRING, SINGLE GRAPHIC CHARACTER INTRODUCER, SINGLE CHARACTER INTRODUCER, CONTROL SEQUENCE \
    INTRODUCER, STRING TERMINATOR, OPERATING SYSTEM COMMAND, PRIVACY MESSAGE, APPLICATION PROGRAM \
    COMMAND";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &[u8], expected: &[(usize, &str, &str)]) {
        let found: Vec<_> = special(text).collect();
        let found: Vec<_> = found
            .iter()
            .map(|c| (c.offset, c.code_point.as_deref().or(c.byte.as_deref()).unwrap(), c.name.as_str()))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn special_characters_have_place_and_name() {
        check(b"plain text,\r\n\twith tab and line break", &[]);
        check("é, 漢 and 🎉 are ordinary".as_bytes(), &[]);
        check(b"two\x0blines", &[(3, "U+000B", "LINE TABULATION")]);
        check("é\u{b}\0".as_bytes(), &[(2, "U+000B", "LINE TABULATION"), (3, "U+0000", "NULL")]);
        check(
            "\u{1f}\u{7f}".as_bytes(),
            &[(0, "U+001F", "INFORMATION SEPARATOR ONE"), (1, "U+007F", "DELETE")],
        );
        check("\u{80}\u{85}".as_bytes(), &[(0, "U+0080", "PADDING CHARACTER"), (2, "U+0085", "NEXT LINE")]);
        check("\u{9f}".as_bytes(), &[(0, "U+009F", "APPLICATION PROGRAM COMMAND")]);
        check(
            "a\u{2028}b\u{200b}".as_bytes(),
            &[(1, "U+2028", "LINE SEPARATOR"), (5, "U+200B", "ZERO WIDTH SPACE")],
        );
        check("\u{ffff}\u{fdd0}".as_bytes(), &[(0, "U+FFFF", "NONCHARACTER"), (3, "U+FDD0", "NONCHARACTER")]);
        check(
            "\u{10ffff}\u{e000}".as_bytes(),
            &[(0, "U+10FFFF", "NONCHARACTER"), (4, "U+E000", "PRIVATE USE OR UNASSIGNED")],
        );
        let not_utf8 = "BYTE THAT IS NOT UTF-8";
        check(b"\x93quoted\x94", &[(0, "0x93", not_utf8), (7, "0x94", not_utf8)]);
        check(b"a\xe2\x82", &[(1, "0xE2", not_utf8), (2, "0x82", not_utf8)]);
    }

    #[test]
    fn only_some_cannot_be_rendered() {
        let check = |text: &[u8], expected: Option<usize>| {
            assert_eq!(unrenderable(text).next().map(|c| c.offset), expected, "{text:?}");
        };
        check(b"tab\t line\n return\r", None);
        check("soft\u{ad}hyphen \u{2028} \u{feff}".as_bytes(), None);
        check("é\u{b}\u{c}".as_bytes(), Some(2));
        check("\u{a0}\u{85}".as_bytes(), Some(2));
        check("\u{1fffe}".as_bytes(), Some(0));
        check(b"ok \xff", Some(3));
    }

    proptest! {
        #[test]
        fn every_offset_points_at_its_character(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            for found in special(&text) {
                match (found.code_point, found.byte) {
                    (Some(code_point), None) => {
                        let rest = text[found.offset..].utf8_chunks().next().unwrap().valid();
                        prop_assert_eq!(code_point, format!("U+{:04X}", rest.chars().next().unwrap() as u32));
                    }
                    (None, Some(byte)) => prop_assert_eq!(byte, format!("0x{:02X}", text[found.offset])),
                    both => prop_assert!(false, "one of the two: {:?}", both),
                }
            }
        }

        #[test]
        fn every_control_is_found_where_it_stands(before in "[a-zé漢]{0,20}", control in 0_u32..0xa0, after in "[a-z]{0,5}") {
            let control = char::from_u32(control).unwrap();
            let text = format!("{before}{control}{after}");
            let expected = control.is_control() && !"\t\n\r".contains(control);
            prop_assert_eq!(unrenderable(text.as_bytes()).next().map(|c| c.offset), expected.then_some(before.len()));
            prop_assert_eq!(is_renderable(text.as_bytes()), !expected);
        }
    }
}
