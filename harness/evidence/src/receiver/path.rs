//! Where in a message something is wrong, in the words of OTLP's JSON.

use std::fmt::{self, Display};

/// How much of a wrong value a reason shows.
const SHOWN_CHARS_MAX: usize = 40;

/// A place in a message: `resourceLogs[0].scopeLogs[2]`.
#[derive(Default)]
pub(super) struct Path(Vec<Step>);

#[derive(Clone, Copy)]
pub(super) enum Step {
    Field(&'static str),
    Element(usize),
}

impl Path {
    /// Goes a step further; what it returns leads back.
    pub(super) fn enter(&mut self, step: Step) -> usize {
        self.0.push(step);
        self.0.len() - 1
    }

    /// Goes back to a depth.
    pub(super) fn leave(&mut self, depth: usize) {
        self.0.truncate(depth);
    }

    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    pub(super) fn reason(&self, expected: &str, found: &str) -> String {
        format!("{self}: expected {expected}, found {found}")
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the message");
        }
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if place == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Element(number) => write!(f, "[{number}]")?,
            }
        }
        Ok(())
    }
}

/// The beginning of a value as it stands in a message. What a terminal would obey is escaped.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(SHOWN_CHARS_MAX) {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}
