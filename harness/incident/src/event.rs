//! The events of an incident. A record lists them in order and never drops one.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::factor::ContributingFactor;
use crate::remedy::Remedy;

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The shop's time: seconds since the customers arrived.
    pub at_s: f64,
    /// The story's time: seconds since 08:00, negative before.
    pub story_s: f64,
    /// Who did it, where it was somebody other than the run's responder: an `editor`, an `operator`. Otherwise absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl Event {
    /// The actor, as the end of a sentence: `, by the operator`. Empty if the run's responder acted.
    pub fn by(&self) -> String {
        self.who.as_deref().map_or_else(String::new, by)
    }
}

/// The special characters, as the end of a sentence: `, with U+000B LINE TABULATION`. Empty without characters.
pub fn with(characters: &[String]) -> String {
    if characters.is_empty() { String::new() } else { format!(", with {}", characters.join(" and ")) }
}

/// `, by the operator`.
pub fn by(who: &str) -> String {
    if who.contains(' ') { format!(", by {who}") } else { format!(", by the {who}") }
}

/// What happened. Nothing here depends on the telemetry level: that decides what responders see, not what is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// The story clock was set: the first event of a record, and each later change or pause.
    Clock {
        /// Story minutes per wall-clock minute.
        speed: f64,
        /// Whether the story stands still.
        paused: bool,
    },
    /// A version of an asset became current.
    Published {
        /// The asset's id.
        asset: String,
        /// The new version.
        version: u64,
        /// Who did it: `editor`, or a responder.
        by: String,
        /// The special characters in its text, as in `U+000B LINE TABULATION`, where whoever wrote the record saw the text.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        characters: Vec<String>,
    },
    /// Availability fell below the target.
    AvailabilityLost,
    /// An alert went off.
    Alerted {
        /// What it said.
        text: String,
    },
    /// A customer complained.
    CustomerComplaint {
        /// What they said.
        text: String,
    },
    /// A responder looked at the evidence.
    Check {
        /// Which check.
        name: String,
        /// What the look cost, in story seconds.
        cost_story_s: f64,
    },
    /// What a check said.
    Finding {
        /// The check's name.
        check: String,
        /// What it said.
        text: String,
    },
    /// What a responder thinks, not yet as an answer.
    Hypothesis {
        /// In the responder's words.
        text: String,
        /// Whether it names the right place, as judged by whoever holds the ground truth.
        locates: bool,
    },
    /// The incident was handed over.
    Escalated {
        /// To whom: `L2`, `L3`, or a team.
        to: String,
    },
    /// Something happened to the incident's ticket.
    Ticket {
        /// What.
        step: TicketStep,
        /// Who did it: `L1`, or a team.
        by: String,
        /// What it says: of an opened one its text, of one that was taken over what was lost on the way.
        text: String,
    },
    /// A responder acted on the world.
    Remedy(Remedy),
    /// A responder's answer. The last one counts.
    Explained {
        /// The answer.
        explanation: Explanation,
        /// From 0 to 1, as judged by whoever holds the ground truth; null if nobody did.
        score: Option<f64>,
    },
    /// Availability was back at the target, and stayed there for the hold.
    AvailabilityRestored,
    /// The facilitator helped.
    Hint {
        /// What they said.
        text: String,
    },
    /// The run was broken off; all that follows from the record is partial.
    Aborted {
        /// Why.
        text: String,
    },
    /// Anything else worth a line, such as what the health checks answered.
    Note {
        /// The line.
        text: String,
    },
}

/// What happens to a ticket on its way from one line of support to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketStep {
    /// Written, with priority and what is known.
    Opened,
    /// Somebody has begun to work on it.
    Acknowledged,
    /// Sent back for more detail.
    Bounced,
    /// Read, and understood as far as it goes.
    TakenOver,
}

impl fmt::Display for TicketStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opened => "opened",
            Self::Acknowledged => "acknowledged",
            Self::Bounced => "sent back",
            Self::TakenOver => "taken over",
        })
    }
}

/// A responder's answer to 'what happened?'.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// What set it off.
    pub trigger: String,
    /// The effects that lead from the trigger to the customer, in order.
    pub path: Vec<String>,
    /// What made it possible.
    pub factors: BTreeSet<ContributingFactor>,
}

impl fmt::Display for EventKind {
    /// One line for a timeline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clock { paused: true, .. } => f.write_str("the clock stands still"),
            Self::Clock { speed, .. } => write!(f, "the clock runs at {speed} story minutes a minute"),
            Self::Published { asset, version, by, .. } => {
                write!(f, "{by} published {asset} version {version}")
            }
            Self::AvailabilityLost => f.write_str("availability lost"),
            Self::Alerted { text } => write!(f, "alert: {text}"),
            Self::CustomerComplaint { text } => write!(f, "complaint: {text}"),
            Self::Check { name, .. } => write!(f, "checked {name}"),
            Self::Finding { check, text } => write!(f, "{check}: {text}"),
            Self::Hypothesis { text, .. } => write!(f, "hypothesis: {text}"),
            Self::Escalated { to } => write!(f, "escalated to {to}"),
            Self::Ticket { step, by, text } => write!(f, "ticket {step} by {by}: {text}"),
            Self::Remedy(remedy) => write!(f, "{remedy}"),
            Self::Explained { explanation, .. } => write!(f, "explained: {}", explanation.trigger),
            Self::AvailabilityRestored => f.write_str("availability restored"),
            Self::Hint { text } => write!(f, "hint: {text}"),
            Self::Aborted { text } => write!(f, "aborted: {text}"),
            Self::Note { text } => f.write_str(text),
        }
    }
}
