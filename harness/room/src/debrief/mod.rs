//! The debrief of a session: what each team lived, side by side by telemetry level, and what else could have happened.
//!
//! It is made of the session and the incident records alone, and of what is computed from them in virtual time once the answers are
//! open. People's times are minutes that they sat there; what is computed says so, and never shares an axis with them.
//!
//! # Layout, in the order to read
//!
//! - [`clocks`]: people's minutes and the story's. [`lived`]: one team's round. [`fact`]: what an explanation consists of, and when a team
//!   met it. [`judged`]: an explanation beside the truth. [`chain`]: the same, drawn.
//! - [`job`]: what is computed. [`works`]: where. [`asker`]: what a page asks of it. [`knowable`]: what could be known when.
//!   [`repair`]: what a repair would have changed.
//! - [`stack`], [`steps`]: the plots. [`lessons`]: the lines of the code that teach it.
//! - [`sections`]: the parts of a page. [`team_page`], [`desk_page`]: the pages. [`export`]: what can be taken home. [`office`]: what the
//!   room keeps for all of it.

pub mod clocks;
pub mod lived;
pub mod fact;
pub mod judged;
pub mod chain;
pub mod job;
pub mod works;
pub mod asker;
pub mod knowable;
pub mod repair;
pub mod stack;
pub mod steps;
pub mod lessons;
pub mod sections;
pub mod team_page;
pub mod desk_page;
pub mod export;
pub mod office;

#[cfg(test)]
pub(crate) mod sample;

/// Who asks for a page, and for what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asking {
    /// Whether the facilitator asks.
    pub is_desk: bool,
    /// Whether all combinations are shown to them.
    pub shows_all: bool,
    /// Whether they want them before all repairs are spent.
    pub anyway: bool,
}
