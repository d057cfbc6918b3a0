//! How a content store handles each class of special characters, as seen by a reader of its JSON. Teaches that a store can be repaired in
//! two ways: refuse characters that no page can show, or escape them by the rules of JSON. Only an unreadable answer is a defect.

use chassis::{Answer, LatentFault::InvalidRendering};
use experiment::characters::{Group, Outcome, parsers, specimens};
use http::StatusCode;
use serde::Serialize;

use super::finding::Finding;
use crate::output::plain;

/// Prefix of the specimens. It shows that the text which arrives is the one that was sent.
const BEFORE: &[u8] = b"probe";

/// One class of characters, and the outcome for a text with all its specimens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Tried {
    class: &'static str,
    #[serde(flatten)]
    outcome: Outcome,
}

/// One text for each class, with every specimen of the class.
pub(super) fn texts() -> Vec<(Group, Vec<u8>)> {
    let all = specimens();
    let text = |group: Group| {
        let members = all.iter().filter(|specimen| specimen.group == group);
        members.fold(BEFORE.to_vec(), |text, specimen| [&text[..], b" ", &specimen.bytes].concat())
    };
    Group::ALL.into_iter().map(|group| (group, text(group))).collect()
}

impl Tried {
    /// `read` is the store's answer to a reader after a successful publish; `None` if the publish failed.
    pub(super) fn new(group: Group, text: &[u8], published: &Answer, read: Option<&Answer>) -> Self {
        let outcome = match (published.status, read) {
            (_, Some(read)) if read.status == StatusCode::OK => parsers::envelope(&read.body, text),
            (_, Some(read)) => Outcome::Broken { why: format!("a reader is answered {}", read.status) },
            (status, None) if status.is_client_error() => Outcome::Refused { why: status.to_string() },
            (status, None) => Outcome::Broken { why: format!("the publish was answered {status}") },
        };
        Self { class: group.title(), outcome }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.outcome.is_breakage()
    }
}

pub(super) fn finding(tried: Vec<Tried>) -> Finding {
    let all = tried.len();
    let broken = tried.iter().filter_map(|tried| match &tried.outcome {
        Outcome::Broken { why } => Some(format!("{} ({})", tried.class, plain(why))),
        _ => None,
    });
    let broken: Vec<_> = broken.collect();
    let count = |is: fn(&Outcome) -> bool| tried.iter().filter(|tried| is(&tried.outcome)).count();
    let finding = if broken.is_empty() {
        let refused = count(|outcome| matches!(outcome, Outcome::Refused { .. }));
        let changed = count(|outcome| matches!(outcome, Outcome::Changed { .. }));
        let found = format!(
            "Of {all} classes of special characters the content store refuses {refused}; the others come back in JSON that can be \
             read, {changed} of them changed."
        );
        Finding::repaired(InvalidRendering, found)
    } else {
        let found = format!(
            "Of {all} classes of special characters the content store neither refuses these nor returns them in JSON that can be read: {}.",
            broken.join("; ")
        );
        Finding::present(InvalidRendering, found)
    };
    Finding { classes: tried, ..finding }
}
