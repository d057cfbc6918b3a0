//! Computes what the debrief says about a session: from the session, its incident records, and replays in virtual time once the answers are open.
//! The crate `debrief` renders it.
//!
//! - [`rounds`]: the session report, with one value for each team and round. [`facts`]: compares an explanation with the truth. [`handovers`]: what
//!   each handover lost.
//! - [`jobs`]: the computations. [`workers`]: the threads that run them, and the results for one page. [`knowable`]: when each fact could be known.
//! - [`lessons`]: the lines of code that a latent fault is in. [`state`]: what the room keeps for the debrief, and the report of a saved session.

pub mod rounds;
pub mod facts;
pub mod handovers;
pub mod jobs;
pub mod workers;
pub mod knowable;
pub mod lessons;
pub mod state;

#[cfg(test)]
pub(crate) mod sample;
