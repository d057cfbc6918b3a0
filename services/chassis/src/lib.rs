//! What every service of the shop stands on.
//!
//! A service is ordinary code over values that it is handed: a network, a clock, a group of tasks, switches. It never asks
//! which kind it got, so the same service runs on real sockets or in memory, in real or in virtual time, and thirty
//! shops fit into one process.
//!
//! # Layout, in the order to read
//!
//! Everything that a service is handed is a value of one of these modules, put together in [`mod@chassis`]. Modules import from each
//! other by their own paths; what is re-exported here is for services.
//!
//! - [`chance`]: generators by the seed. [`environment`]: the variables of a process, read once. [`settings`]: what a service is handed
//!   of them. [`address`] and [`token`]: as people write them.
//! - [`asset`]: the words that the services have in common.
//! - [`clock`] and [`network`]: the two values that make a world real or simulated, chosen independently.
//! - [`simulation`]: what a simulated world is made of besides: links, computing, a disk.
//! - [`tasks`]: every spawn of a service, so that a restart really drops what it was doing.
//! - [`faults`]: the switches that repair the latent faults while a service runs.
//! - [`mod@plain`]: text from outside, for a terminal. [`logs`]: lines for a console. [`telemetry`]: what leaves as OTLP. Both by
//!   telemetry level.
//! - [`serve`]: the accept loop with its limits. [`client`]: outgoing calls. [`extract`] and [`conditions`]: what a request brings.
//!   [`problem`]: how errors leave.
//! - [`host`]: one service as its operator sees it: start, restart, reset. [`operator`]: the same over HTTP.
//! - [`journal`]: what people did to a service, for whoever keeps the record.
//! - [`mod@run`]: what a service's `main` calls.
//!
//! `examples/greeter.rs` is a whole service in thirty lines.

pub mod chance;
pub mod environment;
pub mod settings;
pub mod address;
pub mod token;
pub mod asset;
pub mod clock;
pub mod network;
pub mod simulation;
pub mod tasks;
pub mod faults;
pub mod plain;
pub mod logs;
pub mod telemetry;
pub mod chassis;
pub mod serve;
pub mod client;
pub mod problem;
pub mod extract;
pub mod conditions;
pub mod host;
pub mod journal;
pub mod operator;
pub mod run;

pub use asset::{AssetId, Envelope, Notification, Version};
pub use chance::rng;
pub use chassis::Chassis;
pub use client::{Answer, CallError, Peer, Wait};
pub use clock::Clock;
pub use conditions::Conditions;
pub use environment::Environment;
pub use faults::Switches;
pub use host::{Host, Program};
pub use journal::Journal;
pub use logs::Logs;
pub use network::Network;
pub use plain::plain;
pub use problem::Problem;
pub use run::{ChassisConfig, exit_code, run};
pub use serve::App;
pub use settings::Settings;
pub use simulation::Compute;
pub use tasks::{Blocking, Boxed, TaskGroup};
pub use telemetry::{Telemetry, TelemetrySink};
pub use words::{LatentFault, Level};
