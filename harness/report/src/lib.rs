//! What experiments and sessions found, as plain values: experiments and the room fill them, `debrief` draws them, and their JSON is
//! these types written down.
//!
//! - [`chain`]: the sixteen combinations of the latent faults.
//! - [`compare`]: the same incidents at every telemetry level.
//! - [`board`]: programs side by side on the same incidents.
//! - [`session`]: a room's session, one value for each team and round.
//! - [`year`]: a year of changes and incidents for many teams.
//! - [`visits`]: what customers met, in spans that a plot can show.

pub mod chain;
pub mod compare;
pub mod board;
pub mod session;
pub mod year;
pub mod visits;

mod interval;

pub use interval::Interval;
