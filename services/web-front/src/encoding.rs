//! Text written into a page. Teaches that each place has rules of its own: what is harmless in HTML ends a script, and what
//! is harmless in both makes an XML document unreadable.

use std::fmt::{self, Write};

use askama::filters::{Escaper, Html, HtmlSafe};
use chassis::{LatentFault::InvalidRendering, Switches};

/// Stands where a character cannot be shown: U+FFFD, the replacement character.
const REPLACEMENT: char = '\u{fffd}';

/// Text as it goes into a page. Templates write it as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded(String);

impl fmt::Display for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Encoded {}

pub fn html(text: &str, switches: &Switches) -> Encoded {
    if switches.present(InvalidRendering) {
        // FAULT: the text is taken for HTML. An editor's `<` opens a tag, and whatever follows is no longer text.
        return Encoded(text.to_owned());
    }
    Encoded(escape(text, is_html))
}

/// Text as a string in a script, quotes included.
pub fn script(text: &str, switches: &Switches) -> Encoded {
    let mut encoded = String::with_capacity(text.len() + 2);
    if switches.present(InvalidRendering) {
        // FAULT: the escaping was written by hand for the five characters that somebody thought of. A control character ends
        // the string for the script's reader, and `</script>` ends the script for the page's.
        encoded.push('"');
        for character in text.chars() {
            match character {
                '"' => encoded.push_str("\\\""),
                '\\' => encoded.push_str("\\\\"),
                '\n' => encoded.push_str("\\n"),
                '\r' => encoded.push_str("\\r"),
                '\t' => encoded.push_str("\\t"),
                other => encoded.push(other),
            }
        }
        encoded.push('"');
        return Encoded(encoded);
    }
    let json = serde_json::to_string(text).expect("any text can be written as JSON");
    for character in json.chars() {
        match character {
            // These end a script, or a line of it, without being special in JSON.
            '<' | '>' | '&' | '\u{7f}' | '\u{2028}' | '\u{2029}' => {
                write!(encoded, "\\u{:04x}", u32::from(character)).expect("writing to a string cannot fail");
            }
            other if is_html(other) => encoded.push(other),
            _ => encoded.push(REPLACEMENT),
        }
    }
    Encoded(encoded)
}

pub fn xml(text: &str, switches: &Switches) -> Encoded {
    if switches.present(InvalidRendering) {
        // FAULT: the markup is escaped and the characters are not looked at. XML forbids most control characters even when
        // they are escaped, and one of them makes the whole document unreadable.
        return Encoded(text.replace('&', "&amp;").replace('<', "&lt;"));
    }
    Encoded(escape(text, is_xml))
}

/// Markup is left to a known escaper, whose numeric references HTML and XML share.
fn escape(text: &str, is_allowed: fn(char) -> bool) -> String {
    let shown: String = text.chars().map(|c| if is_allowed(c) { c } else { REPLACEMENT }).collect();
    let mut escaped = String::with_capacity(shown.len());
    Html.write_escaped_str(&mut escaped, &shown).expect("writing to a string cannot fail");
    escaped
}

/// Whether HTML lets a character stand (WHATWG HTML, 13.2.3.5: controls and noncharacters are parse errors).
fn is_html(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r') || !(character.is_control() || is_noncharacter(character))
}

/// Whether a character is in XML 1.0's production `Char`, and no noncharacter.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        && !is_noncharacter(character)
}

/// The 66 code points that Unicode will never make characters.
fn is_noncharacter(character: char) -> bool {
    let code_point = u32::from(character);
    (0xfdd0..=0xfdef).contains(&code_point) || code_point & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use chassis::Level;
    use proptest::prelude::*;

    use super::*;

    fn repaired() -> Switches {
        Switches::new([], Level::Dark)
    }

    fn faulty() -> Switches {
        Switches::new([InvalidRendering], Level::Dark)
    }

    #[test]
    fn each_place_has_rules_of_its_own() {
        let check = |text: &str, in_html: &str, in_script: &str, in_xml: &str| {
            let switches = repaired();
            assert_eq!(html(text, &switches).0, in_html, "{text:?}");
            assert_eq!(script(text, &switches).0, in_script, "{text:?}");
            assert_eq!(xml(text, &switches).0, in_xml, "{text:?}");
        };
        check("plain", "plain", "\"plain\"", "plain");
        check("a\u{b}b", "a\u{fffd}b", "\"a\\u000bb\"", "a\u{fffd}b");
        check("</script>", "&#60;/script&#62;", "\"\\u003c/script\\u003e\"", "&#60;/script&#62;");
        check("\u{2028}", "\u{2028}", "\"\\u2028\"", "\u{2028}");
        check("\u{ffff}", "\u{fffd}", "\"\u{fffd}\"", "\u{fffd}");
        check("\"'", "&#34;&#39;", "\"\\\"'\"", "&#34;&#39;");
        check("\u{85}", "\u{fffd}", "\"\u{fffd}\"", "\u{85}");
    }

    #[test]
    fn the_faulty_twin_passes_what_each_place_forbids() {
        assert_eq!(html("<b>", &faulty()).0, "<b>");
        assert_eq!(script("\u{b}</script>", &faulty()).0, "\"\u{b}</script>\"");
        assert_eq!(xml("\u{b}&", &faulty()).0, "\u{b}&amp;");
    }

    proptest! {
        #[test]
        fn no_text_whatever_leaves_its_place(text in any::<String>()) {
            let switches = repaired();
            let in_html = html(&text, &switches);
            prop_assert!(!in_html.0.contains('<') && in_html.0.chars().all(is_html));
            let in_script = script(&text, &switches);
            prop_assert!(!in_script.0.contains('<') && in_script.0.chars().all(is_html));
            let back: String = serde_json::from_str(&in_script.0).unwrap();
            let shown: String = text.chars().map(|c| if is_noncharacter(c) || ('\u{80}'..='\u{9f}').contains(&c) { REPLACEMENT } else { c }).collect();
            prop_assert_eq!(back, shown);
            let document = format!("<t>{}</t>", xml(&text, &switches));
            let mut reader = quick_xml::Reader::from_str(&document);
            loop {
                match reader.read_event().unwrap() {
                    quick_xml::events::Event::Eof => break,
                    quick_xml::events::Event::Text(part) => { prop_assert!(part.chars().all(is_xml)); }
                    _ => {}
                }
            }
        }
    }
}
