//! Validates what people type: names and texts. Teaches to refuse invisible characters on input, and to name their code points: no page, file or
//! terminal downstream could tell two such names apart.

use chassis::Problem;
use debrief::figures::is_unseen;
use unicode_normalization::UnicodeNormalization;

use crate::{
    limits::{ALIAS_CHARACTERS_MAX, TEXT_CHARACTERS_MAX},
    session::wrong,
};

/// Names that sound like the facilitator or the room itself. The comparison ignores blanks, signs and case.
const RESERVED: &str = "admin administrator desk facilitator host moderator operator program root room staff system teacher trainer";

/// Checks the name of a person or a team: one line, and no reserved name.
pub fn name(parameter: &str, text: &str) -> Result<String, Problem> {
    let name = typed(parameter, text, ALIAS_CHARACTERS_MAX, false)?;
    let plain: String = name.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if RESERVED.split(' ').any(|reserved| reserved == plain) {
        let detail =
            format!("'{name}' cannot be a name: others could take it for the room or its facilitator.");
        return Err(wrong(parameter, detail));
    }
    Ok(name)
}

/// Checks a typed text of one or more lines, and removes the blanks around it.
pub fn text(parameter: &str, text: &str) -> Result<String, Problem> {
    typed(parameter, text, TEXT_CHARACTERS_MAX, true)
}

/// Checks a typed line, and removes the blanks around it.
pub fn line(parameter: &str, text: &str, characters_max: usize) -> Result<String, Problem> {
    typed(parameter, text, characters_max, false)
}

fn typed(parameter: &str, text: &str, characters_max: usize, has_lines: bool) -> Result<String, Problem> {
    let text = text.trim();
    // Stop counting above the limit: a body may be far longer.
    let count = text.chars().take(characters_max + 1).count();
    if count == 0 || count > characters_max {
        let how = if count == 0 { "empty" } else { "too long" };
        let detail = format!("{parameter} is {how}; write 1 to {characters_max} characters.");
        return Err(wrong(parameter, detail));
    }
    // A browser's text field may send line breaks as CR LF.
    let text = text.replace("\r\n", "\n");
    if let Some(unseen) = unseen(&text, has_lines) {
        let code = u32::from(unseen);
        let detail = format!(
            "{parameter} holds U+{code:04X}, which is invisible or changes the order of characters. Remove it, or write U+{code:04X}."
        );
        return Err(wrong(parameter, detail));
    }
    Ok(text)
}

/// The first invisible character. Two kinds are allowed, as they show by their effect: a joiner between two characters beyond ASCII, and U+FE0F
/// behind a symbol beyond ASCII, such as an emoji.
fn unseen(text: &str, has_lines: bool) -> Option<char> {
    let is_sign = |c: char| !c.is_ascii() && !is_unseen(c);
    let draws = |c: char| is_sign(c) && !c.is_alphanumeric();
    let mut before = '\0';
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let after = characters.peek().copied().unwrap_or('\0');
        let joins = match character {
            '\u{200c}' | '\u{200d}' => (is_sign(before) || before == '\u{fe0f}') && is_sign(after),
            '\u{fe0f}' => draws(before),
            _ => false,
        };
        let is_line = has_lines && matches!(character, '\n' | '\t');
        if is_unseen(character) && !joins && !is_line {
            return Some(character);
        }
        before = character;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_seen_and_are_nobody_elses() {
        for taken in ["Kim", "Ada L.", "Zoë", "李雷", "علی‌رضا", "👩‍💻 Jo", "❤️", "Team 1", "hosting", "O'Neil"]
        {
            assert_eq!(name("alias", taken).as_deref().ok(), Some(taken));
        }
        assert_eq!(name("alias", "  Kim ").unwrap(), "Kim");
        for refused in [
            "",
            "   ",
            "\u{200b}",
            "a\u{200b}b",
            "\u{202e}mik",
            "a\nb",
            "a\r\nb",
            "a\tb",
            "\u{2028}",
            "a\u{2067}b",
            "\u{feff}Kim",
            "Ki\u{ad}m",
            "\u{3164}",
            "\u{200d}",
            "Kim\u{200d}",
            "Zoë\u{200d}",
            "Zoë\u{fe0f}",
            "❤️\u{fe0f}",
            "\u{e0041}",
            "a\u{7}b",
            "facilitator",
            "Facilitator",
            "FACILITATOR ",
            "f.a.c.i.l.i.t.a.t.o.r",
            "Ｆacilitator",
            "program",
            "H-O-S-T",
            "a\u{85}b",
            "abcdefghijklmnopqrstuvwxyz",
        ] {
            let problem = name("alias", refused).expect_err(&format!("{refused:?}"));
            assert_eq!(problem.status(), http::StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
            assert!(
                problem.detail().ends_with('.') && !problem.detail().chars().any(is_unseen),
                "{}",
                problem.detail()
            );
        }
    }

    #[test]
    fn texts_have_lines_and_nothing_that_cannot_be_seen() {
        assert_eq!(text("text", "one\r\ntwo\tthree").unwrap(), "one\ntwo\tthree");
        assert_eq!(text("text", "facilitator").unwrap(), "facilitator");
        for refused in ["\u{202e}txt", "a\u{b}b", "\u{200b}", "\n"] {
            assert!(text("text", refused).is_err(), "{refused:?}");
        }
        assert!(text("text", "a\u{b}b").unwrap_err().detail().contains("U+000B"));
        assert!(text("text", &"é".repeat(500)).is_ok() && text("text", &"é".repeat(501)).is_err());
    }
}
