//! Programs as responders. An external program is called to an incident, and looks, acts and explains over the Model Context Protocol. The
//! same rule scores it and the model responder. Teaches that a responder can only know what its interface lets through: the same program
//! meets the same incident at five telemetry levels, and nothing else changes.
//!
//! # Layout, in the order to read
//!
//! - [`tools`]: the calls that a program can make, described so that a model needs no manual. [`session`]: its budget, and what it did.
//! - [`guest`]: carries out calls in the world, in virtual time: the shop stands still while the program thinks. `looks`: the calls that
//!   query the evidence.
//! - [`desk`]: passes calls from the protocol to the world. [`server`]: the protocol; over [`lines`], or [`web`].
//! - [`mod@incident`]: one incident from the first customer to the end, and its result.
//! - [`program`]: a command that is started for each incident of a comparison. [`kept`]: lets a comparison that was stopped go on.
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
