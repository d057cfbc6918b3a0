//! The result of a look: one of a few fixed outcomes to count by, a sentence to read, and perhaps the name of an asset. Teaches to reduce
//! rich evidence to the little that a decision needs.

use crate::cause::Class;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub outcome: &'static str,
    /// What was seen, for people.
    pub text: String,
    pub asset: Option<String>,
    /// What is special about that asset's text.
    pub class: Option<Class>,
    /// The special character or bytes that it points at, such as `U+000B` or `0x93 0x94`.
    pub character: Option<String>,
}

impl Finding {
    pub fn new(outcome: &'static str, text: impl Into<String>) -> Self {
        Self { outcome, text: text.into(), asset: None, class: None, character: None }
    }

    #[must_use]
    pub fn naming(self, asset: Option<String>) -> Self {
        Self { asset, ..self }
    }

    /// Says that this was so some minutes ago.
    #[must_use]
    pub(crate) fn ago(self, minutes: f64) -> Self {
        if minutes < 1.0 {
            return self;
        }
        Self { text: format!("{}, {minutes:.0} min ago", self.text), ..self }
    }
}

/// Describes the size of a share by one of four words.
pub(crate) fn share_word(share: f64) -> &'static str {
    match share {
        share if share < 0.002 => "none",
        share if share < 0.6 => "some",
        share if share < 0.97 => "most",
        _ => "all",
    }
}
