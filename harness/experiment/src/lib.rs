//! What one run cannot say: experiments that play the shop many times, in memory and virtual time, and compare.
//!
//! # Layout
//!
//! - [`characters`]: special characters and byte sequences, and what each of them breaks.
//! - [`sweep`]: many incidents on all cores. [`played`]: one of them, and its result.
//! - [`training`]: what the model responder learns, counted.
//! - [`attribution`]: a loss shared out among four faults. [`chain`]: what each latent fault contributed to one.
//!   [`factors`]: whether those that a scenario names did.
//! - [`compare`]: how much shorter better telemetry makes a diagnosis, with its controls.
//! - [`year`]: a year of changes and incidents for many teams, made of incidents that were measured.
//! - [`rating`]: how hard each scenario is, by the same measurements.

pub mod characters;
pub mod sweep;
pub mod played;
pub mod training;
pub mod attribution;
pub mod chain;
pub mod factors;
pub mod compare;
pub mod year;
pub mod rating;
