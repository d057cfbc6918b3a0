//! What the debrief says of a session, computed: the session and its incident records, and what is replayed from them in virtual time once
//! the answers are open. The crate `debrief` draws it.
//!
//! - [`rounds`]: the session report, one value for each team and round. [`kept`]: of a session on disk. [`facts`]: an explanation beside the truth.
//! - [`jobs`]: what is computed. [`workers`]: on which threads. [`results`]: what one page needs of it. [`knowable`]: what could be known when.
//! - [`lessons`]: the lines of the code that teach it. [`state`]: what the room keeps for all of this.

pub mod rounds;
pub mod kept;
pub mod facts;
pub mod handovers;
pub mod jobs;
pub mod workers;
pub mod results;
pub mod knowable;
pub mod lessons;
pub mod state;

#[cfg(test)]
pub(crate) mod sample;
