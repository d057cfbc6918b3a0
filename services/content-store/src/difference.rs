//! What changed between two texts, word by word. Teaches nothing new: it is what an author wants to see.

use std::time::Duration;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

/// Two long texts with nothing in common could be compared for minutes; past this the answer gets coarser instead.
pub const DIFFERENCE_TIMEOUT: Duration = Duration::from_millis(500);

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// `same`, `added` or `removed`.
    pub change: &'static str,
    pub text: String,
}

/// The runs that lead from `older` to `newer`; bytes that are not UTF-8 show as U+FFFD.
pub fn difference(older: &[u8], newer: &[u8]) -> Vec<Run> {
    let (older, newer) = (String::from_utf8_lossy(older), String::from_utf8_lossy(newer));
    let words = TextDiff::configure().timeout(DIFFERENCE_TIMEOUT).diff_words(&*older, &*newer);
    let mut runs: Vec<Run> = Vec::new();
    for word in words.iter_all_changes() {
        let change = match word.tag() {
            ChangeTag::Equal => "same",
            ChangeTag::Insert => "added",
            ChangeTag::Delete => "removed",
        };
        match runs.last_mut() {
            Some(run) if run.change == change => run.text.push_str(word.value()),
            _ => runs.push(Run { change, text: word.value().to_owned() }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_compared() {
        let check = |older: &[u8], newer: &[u8], expected: &[(&str, &str)]| {
            let runs = difference(older, newer);
            let runs: Vec<_> = runs.iter().map(|run| (run.change, &*run.text)).collect();
            assert_eq!(runs, expected);
        };
        check(b"", b"", &[]);
        check(b"", b"new text", &[("added", "new text")]);
        check(b"same", b"same", &[("same", "same")]);
        check(
            b"two lines",
            b"two\x0blines",
            &[("same", "two"), ("removed", " "), ("added", "\x0b"), ("same", "lines")],
        );
        check(b"10 % off", b"20 % off", &[("removed", "10"), ("added", "20"), ("same", " % off")]);
        check(b"a \xff", b"a \xff", &[("same", "a \u{fffd}")]);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_the_runs(older in "[ab \n\u{b}]{0,40}", newer in "[ab \n\u{b}]{0,40}") {
            let runs = difference(older.as_bytes(), newer.as_bytes());
            let text_without = |left_out| {
                runs.iter().filter(|run| run.change != left_out).map(|run| run.text.as_str()).collect::<String>()
            };
            prop_assert_eq!(text_without("added"), older);
            prop_assert_eq!(text_without("removed"), newer);
        }
    }
}
