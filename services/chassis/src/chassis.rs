//! What a running service is handed, as one value.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;

use crate::{
    chance::rng,
    clock::Clock,
    faults::Switches,
    host::Surroundings,
    journal::Journal,
    network::Network,
    settings::Settings,
    simulation::Compute,
    tasks::TaskGroup,
    telemetry::{Telemetry, TelemetrySink},
};
use words::Level;

/// What a running service is handed. Cheap to clone.
#[derive(Clone)]
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
        let journal = Journal::new(clock.clone());
        let (alone, switches) = (Surroundings::new(network, clock, seed), Switches::new([], Level::Dark));
        Self::new(name, env!("CARGO_PKG_VERSION"), 0, alone, switches, journal)
    }

    /// A chassis for one run of one release of a service.
    pub(crate) fn new(
        service: &'static str,
        release: &str,
        run: u64,
        surroundings: Surroundings,
        switches: Switches,
        journal: Journal,
    ) -> Self {
        let Surroundings { network, clock, logs, sink, compute, settings, seed } = surroundings;
        let ids = rng(seed, service, &format!("trace-ids-{run}"));
        let instance = match &settings.process {
            Some(process) => format!("{service}-{run}-{process}"),
            None => format!("{service}-{run}"),
        };
        let telemetry =
            Telemetry::new(service, release, instance, switches.clone(), clock.clone(), ids, sink);
        let tasks = TaskGroup::new(logs.dispatch(service, switches.clone(), clock.clone(), &telemetry));
        Self { service, network, clock, tasks, switches, telemetry, compute, settings, journal, seed }
    }

    /// The same caller with its own telemetry, whose level `switches` holds.
    #[must_use]
    pub fn reporting(mut self, sink: Option<Arc<dyn TelemetrySink>>, switches: &Switches) -> Self {
        let ids = self.rng("trace-ids");
        self.switches = switches.clone();
        self.telemetry = Telemetry::new(
            self.service,
            env!("CARGO_PKG_VERSION"),
            format!("{}-1", self.service),
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
