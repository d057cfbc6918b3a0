//! Diagnosis: the checks that a responder can take, what their findings mean, and how it decides on the next step.
//!
//! This crate has no access to the world. A responder acts only through [`Hands`], which the world implements: it can look, probe the shop
//! as a person could, and act. So the compiler rules out cheating.
//!
//! # Layout
//!
//! - [`hands`]: what a responder can do. [`finding`]: what a look reports.
//! - [`checks`]: every look in one table, with its cost. [`remedies`]: the cost of every remedy.
//! - [`cause`]: causes, composed of parts. [`explanation`]: the answer, and the score for how far two answers agree.
//! - [`experience`]: raw results of training incidents. [`knowledge`]: the same, counted. [`belief`]: posterior probabilities from the
//!   counts.
//! - [`operating`]: who may do what. [`terms`]: every assumption that can be changed.
//! - [`worth`]: expected costs of looks, remedies and answers. [`responder`]: looks, decides, acts and explains. [`replay`]: runs the
//!   responder on training incidents. [`runbook`]: baselines that act without looking, or after the first look.

pub mod cause;
pub mod hands;
pub mod finding;
pub mod checks;
pub mod remedies;
pub mod experience;
pub mod knowledge;
pub mod belief;
pub mod explanation;
pub mod operating;
pub mod terms;
pub mod pairs;
pub mod worth;
pub mod responder;
pub mod replay;
pub mod runbook;

pub use experience::Experience;
pub use explanation::Answer;
pub use finding::Finding;
pub use hands::{Caller, Deed, Deployment, Hands, NoReply, Page, Probes, Process, Reply};
pub use knowledge::{Knowledge, Phase};
pub use terms::Terms;
