//! Programs as responders. A program from outside is called to an incident, looks, acts and explains over the Model Context Protocol, and is
//! judged by the rule that judges the model responder. Teaches that what a responder may know is what its interface lets through: the same
//! program meets the same incident at five telemetry levels, and nothing else changes.
//!
//! # Layout, in the order to read
//!
//! - [`tools`]: what a program can call, described so that a model needs no manual. [`session`]: what it may spend, and what it did.
//! - [`guest`]: carries out calls in the world, in virtual time: the shop stands still while the program thinks. `looks`: those that
//!   ask the evidence.
//! - [`desk`]: hands calls from the protocol to the world. [`server`]: the protocol; over [`lines`], or [`web`].
//! - [`mod@incident`]: one incident from the first customer to the end, and what came of it.
//! - [`program`]: a command that is started for each incident of a comparison. [`kept`]: what a comparison that was stopped goes on with.
//!
//! Nothing that a program receives names the product, a scenario or a latent fault.

#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "nothing outside the workspace uses this crate: a comment stands where it says more than the name"
)]

pub mod tools;
pub mod session;
pub mod guest;
mod looks;
pub mod desk;
pub mod server;
pub mod lines;
pub mod web;
pub mod incident;
pub mod program;
pub mod kept;
