//! Diagnosis: what a responder can look at, what it means, and who decides what to do next.
//!
//! Nothing here sees the world. A responder has [`Hands`], which the world implements: it can look, probe as a person could, and
//! act. That the compiler forbids cheating is the point.
//!
//! # Layout
//!
//! - [`hands`]: what can be done. [`finding`]: what a look says.
//! - [`checks`]: every look, in one table, with its cost. [`remedies`]: what acting costs.
//! - [`cause`]: what can be the cause, in parts. [`explanation`]: the answer, and how far two answers agree.
//! - [`experience`]: what was seen in training incidents. [`knowledge`]: the same, counted. [`belief`]: probabilities made of it.
//! - [`operating`]: who may do what. [`terms`]: everything that can be assumed otherwise.
//! - [`worth`]: what looks, remedies and answers are worth. [`responder`]: looks, thinks, acts, and explains.
//!   [`replay`]: the same on training incidents. [`runbook`]: acts without looking, or after the first look.

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
