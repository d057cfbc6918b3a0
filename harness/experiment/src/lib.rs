//! Experiments answer questions that one run cannot: they play the shop many times, in memory and virtual time,
//! and compare. A function that plays a shop returns an error if one of its services does not start.
//!
//! # Layout
//!
//! - [`characters`]: special characters and byte sequences, and what each of them breaks.
//! - [`sweep`]: many incidents on all cores. [`played`]: one of them, and its result.
//! - [`training`]: the training of the model responder.
//! - [`attribution`]: divides a loss among four faults. [`chain`]: what each latent fault contributed to a loss.
//!   [`factors`]: whether the faults that a scenario names did contribute. [`remedies`]: whether its remedies do what it says.
//! - [`compare`]: how much better telemetry shortens a diagnosis, with controls.
//! - [`year`]: a year of changes and incidents for many teams, built from measured incidents.
//! - [`rating`]: how hard each scenario is, by the same measurements.

pub mod characters;
pub mod sweep;
pub mod played;
pub mod training;
pub mod attribution;
pub mod chain;
pub mod factors;
pub mod remedies;
pub mod compare;
pub mod year;
pub mod rating;
