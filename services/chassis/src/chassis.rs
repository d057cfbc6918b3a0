//! What a running service is handed, as one value.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use tracing::Dispatch;

use crate::{
    chance::rng,
    clock::Clock,
    faults::Switches,
    journal::Journal,
    network::Network,
    settings::Settings,
    simulation::Compute,
    tasks::{Blocking, TaskGroup},
    telemetry::{Telemetry, TelemetrySink},
};
use words::Level;

/// What a running service is handed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Chassis {
    /// The service's name: its folder, and its `service.name` in telemetry.
    pub service: &'static str,
    pub network: Network,
    pub clock: Clock,
    /// Where its tasks live; they end when the service is killed.
    pub tasks: TaskGroup,
    pub switches: Switches,
    /// Its meter, and where its spans and events go.
    pub telemetry: Telemetry,
    pub blocking: Blocking,
    /// What computing costs; nothing extra where time is real.
    pub compute: Option<Compute>,
    pub settings: Settings,
    pub journal: Journal,
    /// The source of all chance in this service.
    pub seed: u64,
}

impl Chassis {
    /// A chassis for a caller outside the shop: a customer, an editor.
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

    /// The same caller with its own telemetry, whose level `switches` holds.
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
