//! Text from outside on its way to a terminal. Teaches that a terminal obeys what it is sent: a line of a log can clear the screen,
//! turn the direction of writing, or end, and go on as a line that nobody wrote.

/// A text in one line: whatever a terminal would obey, and whatever a reader could not see, is written as JSON escapes it, so that a
/// line of JSON stays the same document.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => plain.push_str("\\n"),
            '\r' => plain.push_str("\\r"),
            '\t' => plain.push_str("\\t"),
            c if is_obeyed(c) => {
                let mut units = [0; 2];
                plain.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
            c => plain.push(c),
        }
    }
    plain
}

/// Control characters (C0, delete, C1), marks of the direction of writing, separators of lines and paragraphs, and characters without
/// any width, which hide a text in another. The joiners that scripts and emoji are written with stay.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_a_terminal_obeys() {
        fn check(text: &str, expected: &str) {
            assert_eq!(plain(text), expected);
        }
        check("zz \u{1b}[2J\u{1b}]0;t\u{7}red", "zz \\u001b[2J\\u001b]0;t\\u0007red");
        check("a line\nforged\r\tline", "a line\\nforged\\r\\tline");
        check("C1 \u{9b}31m, delete \u{7f}, back \u{8}", "C1 \\u009b31m, delete \\u007f, back \\u0008");
        check("right to left \u{202e}gpj.exe\u{2069}\u{200f}", "right to left \\u202egpj.exe\\u2069\\u200f");
        check("lines \u{2028}and\u{2029} paragraphs", "lines \\u2028and\\u2029 paragraphs");
        check("hidden \u{e0041}\u{feff}", "hidden \\udb40\\udc41\\ufeff");
        check(
            "naïve café, 35\u{a0}%, 日本, नमस्ते, 👩\u{200d}🚀, C:\\new",
            "naïve café, 35\u{a0}%, 日本, नमस्ते, 👩\u{200d}🚀, C:\\new",
        );
        let json = serde_json::to_string("\u{9b}\u{7f}\u{e0041} \u{b}").expect("a text is JSON");
        let read: String = serde_json::from_str(&plain(&json)).expect("it is JSON still");
        assert_eq!(read, "\u{9b}\u{7f}\u{e0041} \u{b}");
    }
}
