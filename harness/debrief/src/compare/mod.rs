//! The page about a comparison of telemetry levels. It opens with what can be said aloud; then come the levels, and then every doubt. Its
//! titles are findings, made of the figures below them, whichever sign those have.
//!
//! - `overview` and `charts`: the levels. `doubts`: what else could explain them. `certainty`: how sure, and how right. `program`: one from outside. `teams`: what teams
//!   of the incident room did, apart from all that.
//! - `words`: differences in words.
//! - `dots`, `differences`, `signs`: plots of many incidents side by side. They show every incident, intervals
//!   instead of verdicts, and what was never reached.

mod page;
mod overview;
mod charts;
mod doubts;
mod certainty;
mod program;
mod teams;
mod words;
mod differences;
mod dots;
mod signs;

pub use doubts::found as doubts_found;
pub use page::page;
