//! What `glyphfall verify` says of a latent fault: whether it is there, how that was found, and what to do about it.

use chassis::LatentFault::{
    self, InadequateTelemetry, InvalidRendering, MissingHealthCheck, PoorErrorHandling,
};
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    Present,
    Repaired,
    /// It could not be tried, and the services did not say.
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) fault: LatentFault,
    pub(super) state: State,
    pub(super) found: String,
    /// What to do; nothing about what is repaired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

impl Finding {
    pub(super) fn present(fault: LatentFault, found: impl Into<String>) -> Self {
        Self { fault, state: State::Present, found: found.into(), next: Some(repair_of(fault)) }
    }

    pub(super) fn repaired(fault: LatentFault, found: impl Into<String>) -> Self {
        Self { fault, state: State::Repaired, found: found.into(), next: None }
    }

    /// Neither, and how to find out.
    pub(super) fn unknown(fault: LatentFault, found: impl Into<String>, next: &str) -> Self {
        Self { fault, state: State::Unknown, found: found.into(), next: Some(next.to_owned()) }
    }
}

/// What repairs it: in the code, and by its switch.
fn repair_of(fault: LatentFault) -> String {
    let (repair, option, variable) = match fault {
        InvalidRendering => ("Write text by the rules of JSON, and refuse what no page can show", None, None),
        PoorErrorHandling => {
            ("Let the cache give up on what can never be read, and give the permit back", None, None)
        }
        MissingHealthCheck => {
            ("Let the cache's /readyz say when it cannot fill, and the web front ask it", None, None)
        }
        InadequateTelemetry => (
            "Let the services tell what they know: cause, asset, metrics, traces and changes",
            Some("--level changes".to_owned()),
            Some("GLYPHFALL_LEVEL=changes".to_owned()),
        ),
    };
    let option = option.unwrap_or_else(|| format!("--repair {}", fault.name()));
    let variable = variable.unwrap_or_else(|| format!("GLYPHFALL_REPAIR={}", fault.name()));
    format!("{repair}. The shop's own repair: start it with {option} (in containers {variable}).")
}
