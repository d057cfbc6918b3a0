//! Every byte that comes from outside, at random and by coverage: what is accepted reads back the same, what is refused changes nothing and
//! says why, and nothing panics.
//!
//! Each target is an ordinary test: it plays the messages of its corpus, then honest messages with changes by chance, for a moment.
//! `cargo xtask fuzz` gives each a minute, by chance or by coverage. CONTRIBUTING.md says how a failure is played again.
//!
//! Targets that answer requests read their input as a request of HTTP, so that a corpus can be read; the others as what a file or a line holds.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

/// Plays a target under its name, which its corpus has as well: honest messages, and what must hold for every input.
macro_rules! target {
    ($name:literal, $honest:expr, $check:expr) => {
        crate::given::fuzz($name, bolero::check!(name = $name), $honest, $check)
    };
}

mod given;
mod requests;
mod shop;
mod wire;
mod telemetry;
mod questions;
mod files;
mod settings;
mod room;
mod agent;
