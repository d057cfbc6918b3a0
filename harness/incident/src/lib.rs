//! The incident record and the words of an incident. A leaf crate without IO: everything in it is a value or a pure function.
//!
//! It teaches one idea: *write down what happened, in order, and derive everything else*. A run appends events and counts
//! of visits. The outcome (when availability was lost and restored, the cost, the explanation's score) is a function of
//! those alone. Anyone who doubts a figure can recompute it from the file with [`outcome()`].
//!
//! # Layout
//!
//! - [`words`](mod@words): operating models and kinds of clock; levels, latent faults, routes and services come from the crate `words`
//! - [`factor`]: the catalogue of contributing factors that an explanation names
//! - [`remedy`]: what a responder can do
//! - [`story`]: the 08:00 to 13:00 story and its clock
//! - [`event`]: what can happen in an incident
//! - [`availability`]: visits by the second; when availability is lost and restored
//! - [`money`]: dollars, and the trade that an outage loses
//! - [`mod@outcome`]: the figures of one incident
//! - [`record`]: the record itself, its rules and its JSON Schema
//! - [`recorder`]: how a record is written

pub mod words;

pub mod factor;
pub mod remedy;
pub mod story;

pub mod event;

pub mod availability;
pub mod money;
pub mod outcome;
pub mod record;
pub mod recorder;

pub use ::words::{LatentFault, Level, Route, Service, UnknownWord, did_you_mean, nearest};
pub use availability::{Tally, Timeline, Visits};
pub use event::{Event, EventKind, Explanation, TicketStep};
pub use factor::ContributingFactor;
pub use money::Usd;
pub use outcome::{Outage, Outcome, counted_visits, outages, outcome};
pub use record::{IncidentRecord, RecordError, Rules, Run, json_schema};
pub use recorder::Recorder;
pub use remedy::Remedy;
pub use story::{Story, StoryClock, TimeOfDay};
pub use words::{ClockKind, OperatingModel, ToleratedIn};

/// Rounds to a thousandth. A millisecond is finer than any difference that matters in an incident, and short numbers read better.
fn thousandths(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
