//! Diagnosis: what a responder can look at, what it means, and who decides what to do next.
//!
//! Nothing here sees the world. A responder has the evidence store, and [`Hands`], which the world implements: it can probe as a
//! person could, and act. That the compiler forbids cheating is the point.
//!
//! # Layout
//!
//! - [`hands`]: what can be done. [`finding`]: what a look says.
//! - [`checks`]: every look, in one table, with its cost. [`remedies`]: what acting costs, and in which order it helps.
//! - [`knowledge`]: counts of what checks said in training incidents. [`belief`]: probabilities made of them.
//! - [`explanation`]: the answer, and how far two answers agree.
//! - [`responder`]: looks, thinks, acts, and explains.

pub mod hands;
pub mod finding;
pub mod checks;
pub mod remedies;
pub mod knowledge;
pub mod belief;
pub mod explanation;
pub mod responder;

pub use explanation::Answer;
pub use finding::Finding;
pub use hands::{Caller, Hands, NoReply, Page, Reply};
pub use knowledge::{Knowledge, Observer, Phase};
