//! All input from outside, at random and by coverage: accepted input reads back the same, a refusal changes nothing and says why, and
//! nothing panics.
//!
//! Each target is an ordinary test. In an ordinary run it tries, for a moment, its corpus and then valid messages with mutations from a
//! fixed seed. `cargo xtask fuzz` gives each target a minute, with a new seed or by coverage. CONTRIBUTING.md says how to repeat a failure.
//!
//! Targets for request handlers parse their input as an HTTP request, so that a corpus is readable. Other targets take it as the content of
//! a file or line.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

/// Runs a target under its name, which is also its corpus's. Takes valid messages, and a check that must hold for every input.
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
