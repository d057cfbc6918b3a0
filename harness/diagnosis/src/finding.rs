//! What a look says: one of a few words to count by, a sentence to read, and perhaps a name. Teaches to make of rich evidence the
//! little that a decision needs.

use crate::cause::Class;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// One of the check's outcomes.
    pub outcome: &'static str,
    /// What was seen, for people.
    pub text: String,
    /// The asset that it points at.
    pub asset: Option<String>,
    /// What is special about that asset's text.
    pub class: Option<Class>,
    /// The special character or bytes that it points at, such as `U+000B` or `0x93 0x94`.
    pub character: Option<String>,
}

impl Finding {
    /// A finding that names nothing.
    pub fn new(outcome: &'static str, text: impl Into<String>) -> Self {
        Self { outcome, text: text.into(), asset: None, class: None, character: None }
    }

    /// The same, pointing at an asset.
    #[must_use]
    pub fn naming(self, asset: Option<String>) -> Self {
        Self { asset, ..self }
    }
}

/// How large a share is, in four words.
pub(crate) fn share_word(share: f64) -> &'static str {
    match share {
        share if share < 0.002 => "none",
        share if share < 0.6 => "some",
        share if share < 0.97 => "most",
        _ => "all",
    }
}
