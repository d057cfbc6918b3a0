//! The debrief of a session: what each team lived, side by side by telemetry level, and what else could have happened.
//!
//! It is made of the session and the incident records alone, and of what is computed from them in virtual time once the answers are
//! open. People's times are minutes that people sat there; what is computed says so, and never shares an axis with them.
//!
//! # Layout, in the order to read
//!
//! - [`clocks`]: people's minutes and the story's. [`lived`]: one team's round. [`fact`]: what an explanation consists of, and when a team
//!   met it. [`judged`]: an explanation beside the truth. [`chain`]: the same, drawn.
//! - [`job`]: what is computed. [`works`]: where. [`knowable`]: what could be known when.
//! - [`lessons`]: the lines of the code that teach it.

pub mod clocks;
pub mod lived;
pub mod fact;
pub mod judged;
pub mod chain;
pub mod job;
pub mod works;
pub mod knowable;
pub mod lessons;

#[cfg(test)]
pub(crate) mod sample;
