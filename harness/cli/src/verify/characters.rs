//! What a content store makes of each class of special characters, as a reader of its JSON sees it. Teaches that a store may repair
//! this in two ways: refuse what no page can show, or write what it took by the rules of JSON. Only an answer that cannot be read is a
//! defect.

use chassis::{Answer, LatentFault::InvalidRendering};
use experiment::characters::{Group, Outcome, parsers, specimens};
use http::StatusCode;
use serde::Serialize;

use super::finding::Finding;
use crate::output::plain;

/// What stands before the specimens, so that a text that arrives is seen to be the one that was sent.
const BEFORE: &[u8] = b"probe";

/// One class, and what became of a text with all its specimens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Tried {
    class: &'static str,
    #[serde(flatten)]
    outcome: Outcome,
}

/// A text for each class, which holds every specimen of it.
pub(super) fn texts() -> Vec<(Group, Vec<u8>)> {
    let all = specimens();
    let text = |group: Group| {
        let members = all.iter().filter(|specimen| specimen.group == group);
        members.fold(BEFORE.to_vec(), |text, specimen| [&text[..], b" ", &specimen.bytes].concat())
    };
    Group::ALL.into_iter().map(|group| (group, text(group))).collect()
}

impl Tried {
    /// `read` is what the store answers to a reader after it has taken the text; none if it has not.
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
            "Of {all} classes of special characters the content store publishes these, and answers what cannot be read: {}.",
            broken.join("; ")
        );
        Finding::present(InvalidRendering, found)
    };
    Finding { classes: tried, ..finding }
}
