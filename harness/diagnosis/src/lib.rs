//! Diagnosis: what a responder can look at, what it means, and who decides what to do next.
//!
//! Nothing here sees the world. A responder has [`Hands`], which the world implements: it can look, probe as a person could, and
//! act. That the compiler forbids cheating is the point.
//!
//! # Layout
//!
//! - [`hands`]: what can be done. [`finding`]: what a look says.
//! - [`checks`]: every look, in one table, with its cost. [`remedies`]: what acting costs.
//! - [`experience`]: what was seen in training incidents. [`knowledge`]: the same, counted. [`belief`]: probabilities made of it.
//! - [`explanation`]: the answer, and how far two answers agree.
//! - [`operating`]: who may do what. [`terms`]: everything that can be assumed otherwise.
//! - [`plan`]: which remedies in which order. [`responder`]: looks, thinks, acts, and explains.
//!   [`runbook`]: acts without looking.

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
pub mod plan;
pub mod responder;
pub mod runbook;

pub use experience::Experience;
pub use explanation::Answer;
pub use finding::Finding;
pub use hands::{Caller, Hands, NoReply, Page, Probes, Reply};
pub use knowledge::{Knowledge, Phase};
pub use terms::Terms;
