//! What every service of the shop stands on.
//!
//! A service is ordinary code over values that it is handed: a network, a clock, a group of tasks, switches. It never asks
//! which kind it got, so the same service runs on real sockets or in memory, in real or in virtual time, and thirty
//! shops fit into one process.
//!
//! # Layout
//!
//! - [`environment`]: the variables of a process, read once. [`settings`]: what a service is handed of them. [`address`] and
//!   [`token`]: as people write them.
//! - [`asset`]: the words that the services have in common.
//! - [`clock`] and [`network`]: the two values that make a world real or simulated, chosen independently.
//! - [`link`]: what can go wrong with a network in memory.
//! - [`tasks`]: every spawn of a service, so that a restart really drops what it was doing.
//! - [`faults`]: the four latent faults, and the switches that repair them while a service runs.
//! - [`mod@plain`]: text from outside, for a terminal. [`logs`]: lines for a console. [`telemetry`]: what leaves as OTLP. Both by telemetry level.
//! - [`compute`]: what computing costs in virtual time. [`serve`]: the accept loop with its limits. [`client`]: outgoing calls. [`extract`] and
//!   [`conditions`]: what a request brings. [`problem`]: how errors leave.
//! - [`host`]: one service as its operator sees it: start, restart, reset. [`operator`]: the same over HTTP.
//! - [`journal`]: what people did to a service, for whoever keeps the record.
//! - [`mod@run`]: what a service's `main` calls.

pub mod environment;
pub mod settings;
pub mod address;
pub mod token;
pub mod asset;
pub mod clock;
pub mod network;
pub mod link;
pub mod tasks;
pub mod faults;
pub mod plain;
pub mod logs;
pub mod telemetry;
pub mod compute;
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
pub use client::{Answer, CallError, Peer, Wait};
pub use clock::Clock;
pub use compute::Compute;
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
pub use tasks::{Blocking, Boxed, TaskGroup};
pub use telemetry::{Telemetry, TelemetrySink};
pub use words::{LatentFault, Level};

use std::sync::Arc;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tracing::Dispatch;

/// What a running service is handed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Chassis {
    /// The service's name: its folder, and its `service.name` in telemetry.
    pub service: &'static str,
    /// How it listens and calls.
    pub network: Network,
    /// What time it is.
    pub clock: Clock,
    /// Where its tasks live; they end when the service is killed.
    pub tasks: TaskGroup,
    /// Which latent faults are present.
    pub switches: Switches,
    /// Its meter, and where its spans and events go.
    pub telemetry: Telemetry,
    /// How work that blocks a thread is run.
    pub blocking: Blocking,
    /// What computing costs; nothing extra where time is real.
    pub compute: Option<Compute>,
    /// What its process's surroundings decide.
    pub settings: Settings,
    /// What people did to it.
    pub journal: Journal,
    /// The source of all chance in this service.
    pub seed: u64,
}

impl Chassis {
    /// What someone outside the shop stands on who only calls: a customer, an editor.
    pub fn of_caller(name: &'static str, network: Network, clock: Clock, seed: u64) -> Self {
        let blocking = if clock.is_virtual() { Blocking::Inline } else { Blocking::Pool };
        let (tasks, switches) = (TaskGroup::new(Dispatch::none()), Switches::new([], Level::Dark));
        let telemetry = Telemetry::off(name, &clock);
        let journal = Journal::new(clock.clone());
        Self {
            service: name,
            network,
            clock,
            tasks,
            switches,
            telemetry,
            blocking,
            compute: None,
            settings: Settings::default(),
            journal,
            seed,
        }
    }

    /// The same caller, whose telemetry leaves by `switches`.
    #[must_use]
    pub fn reporting(mut self, sink: Option<Arc<dyn TelemetrySink>>, switches: &Switches) -> Self {
        let ids = self.rng("trace-ids");
        self.switches = switches.clone();
        self.telemetry = Telemetry::new(
            self.service,
            env!("CARGO_PKG_VERSION"),
            1,
            switches.clone(),
            self.clock.clone(),
            ids,
            sink,
        );
        self
    }

    /// A random generator for one component, independent of all others: drawing from one never shifts another.
    pub fn rng(&self, component: &str) -> ChaCha8Rng {
        rng(self.seed, self.service, component)
    }
}

/// A random generator for one component of one service, or of whoever else needs chance.
pub fn rng(seed: u64, service: &str, component: &str) -> ChaCha8Rng {
    // FNV-1a (Fowler, Noll, Vo): a hash that is the same in every process, which std's is not.
    let label = service.bytes().chain(*b"/").chain(component.bytes());
    let hash = label.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    ChaCha8Rng::seed_from_u64(seed ^ hash)
}
