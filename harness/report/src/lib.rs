//! The results of experiments, as types. Whoever computes them fills them in, whoever draws them reads them, and the JSON in between is
//! these types written down. No IO, and nothing is computed here.
//!
//! # Layout
//!
//! - [`mod@chain`]: what each latent fault contributed. [`mod@compare`]: how much sooner each telemetry level explains.
//! - [`Interval`]: from and to.

pub mod chain;
pub mod compare;
mod interval;

pub use interval::Interval;
