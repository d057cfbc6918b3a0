//! A finding of `glyphfall verify` about one latent fault: whether it is present, how that was found, and what to do about it.

use chassis::LatentFault::{
    self, InadequateTelemetry, InvalidRendering, MissingHealthCheck, PoorErrorHandling,
};
use serde::{Deserialize, Serialize};

use super::characters::Tried;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    Present,
    Repaired,
    /// The fault could not be tried, and the services' switches did not tell.
    Unknown,
}

impl State {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Repaired => "repaired",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Finding {
    pub(super) fault: LatentFault,
    pub(super) state: State,
    pub(super) found: String,
    /// What to do; `None` if the fault is repaired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
    /// The outcome for each class of special characters, if they were tried.
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub(super) classes: Vec<Tried>,
}

impl Finding {
    pub(super) fn present(fault: LatentFault, found: impl Into<String>) -> Self {
        Self::new(fault, State::Present, found, Some(repair_of(fault)))
    }

    pub(super) fn repaired(fault: LatentFault, found: impl Into<String>) -> Self {
        Self::new(fault, State::Repaired, found, None)
    }

    /// A finding of unknown state, with advice on how to find out.
    pub(super) fn unknown(fault: LatentFault, found: impl Into<String>, next: &str) -> Self {
        Self::new(fault, State::Unknown, found, Some(next.to_owned()))
    }

    fn new(fault: LatentFault, state: State, found: impl Into<String>, next: Option<String>) -> Self {
        Self { fault, state, found: found.into(), next, classes: Vec::new() }
    }

    /// Falls back on an earlier card for a fault that can no longer be tried.
    pub(super) fn or_as_on(self, card: &[Self]) -> Self {
        let is_told = |earlier: &&Self| earlier.fault == self.fault && earlier.state != State::Unknown;
        match card.iter().find(is_told) {
            Some(earlier) if self.state == State::Unknown => Self {
                found: format!("{} The card of an earlier run says: {}", self.found, earlier.found),
                ..earlier.clone()
            },
            _ => self,
        }
    }
}

/// How to repair the fault: in the code, and by its switch.
fn repair_of(fault: LatentFault) -> String {
    let repair = match fault {
        InvalidRendering => "Write text by the rules of JSON, and refuse what no page can show",
        PoorErrorHandling => "Let the cache give up on what can never be read, and give the permit back",
        MissingHealthCheck => "Let the cache's /readyz say when it cannot fill, and the web front ask it",
        InadequateTelemetry => {
            "Let the services tell what they know: cause, asset, metrics, traces and changes"
        }
    };
    let (option, variable) = match fault {
        InadequateTelemetry => ("--level changes".to_owned(), "GLYPHFALL_LEVEL=changes".to_owned()),
        fault => (format!("--repair {}", fault.name()), format!("GLYPHFALL_REPAIR={}", fault.name())),
    };
    format!("{repair}. In the built-in shop: start it with {option} (in containers {variable}).")
}
