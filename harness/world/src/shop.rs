//! The shop: three services side by side, each startable and killable on its own.

use std::{future::ready, io, path::PathBuf, sync::Arc, time::Duration};

pub use cache::fragments::TIME_TO_LIVE_S;
use cache::{Cache, CacheConfig, permits::FILL_PERMITS};
use chassis::{
    Blocking, Boxed, Chassis, Clock, Compute, Host, LatentFault, Level, Network, Peer, Switches,
    TelemetrySink, Wait,
    host::Surroundings,
    network::LINK_LATENCY_MIN,
    run::explain,
    simulation::{Disk, DiskSpeed},
    token,
};
use content_store::{
    ContentStore, ContentStoreConfig,
    asset::SeedAsset,
    redb_storage::{Found, RedbStorage},
    storage::Storage,
};
use diagnosis::Process;
use http::{StatusCode, uri::Authority};
use incident::Service;
use web_front::{CHECKOUT_NOTES, WebFront, WebFrontConfig};

use crate::{
    addresses::{Addresses, Operators},
    disk::OnDisk,
    editor::Editor,
    health_check::Act,
    observed::OnItsWay,
    scenario::happening::Otherwise,
};

/// How long a health check may take before it counts as failed.
pub(crate) const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);

/// The customers' name in the network and in telemetry.
pub const CUSTOMERS: &str = "customers";

/// The telemetry name of the supervisor, which restarts a service that fails its health check.
const SUPERVISOR: &str = "supervisor";

/// The page views a second that a shop with all of the cache's permits is sized for. They are the story's.
pub const VIEWS_PER_SECOND: f64 = 30.0;

/// How long a page occupies one of the front's workers, and how many views a second a worker is provisioned for, where computing is
/// modelled. Assumed: an ordinary day uses a quarter of that capacity.
const PAGE_TIME: Duration = Duration::from_millis(50);
const VIEWS_PER_WORKER: f64 = 5.0;

/// An ordinary disk, for a shop where computing is modelled.
const DISK: DiskSpeed = DiskSpeed { seek: Duration::from_millis(4), bytes_per_s: 100e6 };

/// The version that a release is rolled back to.
pub(crate) const FIRST_RELEASE: &str = env!("CARGO_PKG_VERSION");

/// The media type of the initial content.
const CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// What a shop is made of.
#[derive(Clone)]
pub struct ShopOptions {
    /// Network, clock, chance.
    pub surroundings: Surroundings,
    pub addresses: Addresses,
    /// The latent faults that are absent from the start.
    pub repaired: Vec<LatentFault>,
    pub level: Level,
    pub editor_token: String,
    /// The content store's folder; `None` keeps the assets in memory.
    pub data: Option<PathBuf>,
    /// A storage that the caller supplies; it replaces `data`.
    pub storage: Option<Arc<dyn Storage>>,
    /// Fills that the cache may run at once.
    pub fill_permits: usize,
    /// Seconds for which the cache treats a fragment as fresh.
    pub time_to_live_s: u32,
    /// The simulated disk beneath the content store; `None` is as fast as the machine's disk.
    pub disk: Option<DiskSpeed>,
    /// The front's limited workers; `None` makes it as fast as the machine.
    pub front: Option<Compute>,
    /// The path prefix under which the shop's pages appear; empty for the root.
    pub base_path: String,
}

impl ShopOptions {
    /// A shop on real sockets in real time, as it was on the day: all latent faults present.
    pub fn live(addresses: Addresses, seed: u64) -> Self {
        Self::new(Surroundings::new(Network::tcp(seed), Clock::real(), seed), addresses)
    }

    /// The same shop in memory, in real time: many of them fit into one process.
    pub fn live_in_memory(seed: u64) -> Self {
        let network = Network::in_memory(LINK_LATENCY_MIN, seed);
        Self::new(Surroundings::new(network, Clock::real(), seed), Addresses::in_memory())
    }

    /// The same shop in memory, on the paused clock of the current runtime.
    pub fn in_virtual_time(seed: u64) -> Self {
        let network = Network::in_memory(LINK_LATENCY_MIN, seed);
        // 2 March 2026, 08:00: the same morning in each run, so that two runs agree to the bit.
        let clock = Clock::virtual_from(std::time::UNIX_EPOCH + Duration::from_secs(1_772_438_400));
        Self::new(Surroundings::new(network, clock, seed), Addresses::in_memory())
    }

    fn new(surroundings: Surroundings, addresses: Addresses) -> Self {
        let editor_token = "editor".to_owned();
        Self {
            surroundings,
            addresses,
            repaired: Vec::new(),
            level: Level::Dark,
            editor_token,
            data: None,
            storage: None,
            fill_permits: FILL_PERMITS,
            time_to_live_s: TIME_TO_LIVE_S,
            disk: None,
            front: None,
            base_path: String::new(),
        }
    }

    /// Sizes the shop for so many views a second. For fewer customers it has proportionally fewer permits and workers, so that an
    /// incident unfolds at the same pace and costs less to run.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers above zero")]
    pub fn sized_for(self, views_per_second: f64) -> Self {
        let share_of =
            |count: usize| (count as f64 * views_per_second / VIEWS_PER_SECOND).ceil().max(1.0) as usize;
        let workers = (views_per_second / VIEWS_PER_WORKER).ceil().max(1.0) as usize;
        // A fraction of a worker becomes a slower worker.
        let slower = workers as f64 * VIEWS_PER_WORKER / views_per_second;
        let front = Some(Compute::new(workers, PAGE_TIME.mul_f64(slower)));
        Self { fill_permits: share_of(FILL_PERMITS), disk: Some(DISK), front, ..self }
    }

    /// The latent faults that the shop begins with.
    pub fn faults_present(&self) -> Vec<LatentFault> {
        self.switches().faults_present()
    }

    fn switches(&self) -> Switches {
        let present = LatentFault::ALL.into_iter().filter(|fault| !self.repaired.contains(fault));
        Switches::new(present, self.level)
    }
}

/// The shop's health checks: whether each process runs, and whether the cache can work. Nobody here asks the content
/// store whether it could keep a change.
const HEALTH_CHECKS: [(Service, &str); 4] = [
    (Service::ContentStore, "/healthz"),
    (Service::Cache, "/healthz"),
    (Service::Cache, "/readyz"),
    (Service::WebFront, "/healthz"),
];

/// The result of one health check of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    pub service: Service,
    /// The path: `/healthz` says that the process runs, `/readyz` that it can work.
    pub check: &'static str,
    /// The HTTP status; `None` if no answer came in time.
    pub status: Option<StatusCode>,
}

/// The three services, running.
pub struct Shop {
    pub(crate) content_store: Arc<Host<ContentStore>>,
    pub(crate) cache: Arc<Host<Cache>>,
    pub(crate) web_front: Arc<Host<WebFront>>,
    pub(crate) addresses: Addresses,
    pub(crate) editor_token: String,
    pub(crate) visitor: Chassis,
    pub(crate) storage: Arc<OnDisk>,
    pub(crate) front: Option<Compute>,
    pub(crate) health: [(Service, &'static str, Peer); 4],
    /// Where the shop's telemetry goes, if anywhere. Pipelines report changes here, too.
    pub(crate) telemetry: Option<Arc<OnItsWay>>,
    /// What the content store's folder held when the shop opened it; `None` without a folder.
    pub found: Option<Found>,
}

impl Shop {
    /// Starts the three services, and their operator ports if the addresses name them. If one fails to start, the services that did
    /// start are stopped again, the last one first.
    pub fn start(options: ShopOptions) -> Boxed<'static, io::Result<Self>> {
        Box::pin(async move {
            let mut stops = Vec::new();
            let started = Self::start_each(options, &mut stops).await;
            if started.is_err() {
                for stop in stops.into_iter().rev() {
                    stop.await;
                }
            }
            started
        })
    }

    /// Starts the services, and leaves in `stops` how each that did start is stopped.
    fn start_each(options: ShopOptions, stops: &mut Stops) -> Boxed<'_, io::Result<Self>> {
        Box::pin(async move {
            let ShopOptions { mut surroundings, mut addresses, editor_token, .. } = options.clone();
            let telemetry = surroundings.sink.take().map(|sink| Arc::new(OnItsWay::new(sink)));
            surroundings.sink = telemetry.clone().map(|way| way as Arc<dyn TelemetrySink>);
            // The content store needs the cache's address to notify it, and the cache needs the content store's to fetch from it.
            // With free ports, the cache's port is therefore reserved first.
            let blocking = Blocking::under(&surroundings.clock);
            let (storage, found): (Arc<dyn Storage>, _) = match (&options.storage, &options.data) {
                (Some(brought), _) => (Arc::clone(brought), None),
                (None, Some(folder)) => {
                    let storage = RedbStorage::open_folder(folder, blocking)?;
                    let found = storage.found(folder).map_err(io::Error::other)?;
                    (Arc::new(storage), Some(found))
                }
                (None, None) => {
                    let storage = RedbStorage::in_memory(blocking).map_err(io::Error::other)?;
                    (Arc::new(storage), None)
                }
            };
            let storage = Arc::new(OnDisk::new(storage, Disk::new(options.disk)));
            addresses.cache = reserve(&surroundings.network, &addresses.cache).await?;
            // Only the content store and the cache know this token. It never leaves the process.
            let notification_token = token::make()?;
            let config = ContentStoreConfig {
                storage: Arc::clone(&storage) as Arc<dyn Storage>,
                seed: seed_assets(),
                editor_token: editor_token.clone(),
                cache: Some(addresses.cache.clone()),
                notification_token: Some(notification_token.clone()),
                inspection: true,
            };
            let content_store =
                host(ContentStore::new(config), &surroundings, &options, &addresses.content_store);
            addresses.content_store =
                begin(&content_store, "the content store", &addresses.content_store, stops).await?;
            let config = CacheConfig {
                content_store: addresses.content_store.clone(),
                fill_permits: options.fill_permits,
                time_to_live_s: options.time_to_live_s,
                notification_token: Some(notification_token),
            };
            let cache = host(Cache::new(config), &surroundings, &options, &addresses.cache);
            addresses.cache = begin(&cache, "the cache", &addresses.cache, stops).await?;
            let config = WebFrontConfig {
                cache: addresses.cache.clone(),
                content_store: addresses.content_store.clone(),
                base_path: options.base_path.clone(),
                fragment_timeout_ms: None,
                checkout_notes: CHECKOUT_NOTES.to_owned(),
            };
            let surroundings = Surroundings { compute: options.front.clone(), ..surroundings };
            let web_front = host(WebFront::new(config), &surroundings, &options, &addresses.web_front);
            addresses.web_front = begin(&web_front, "the web front", &addresses.web_front, stops).await?;
            if let Some(operators) = &mut addresses.operators {
                let Operators { cache: c, content_store: s, web_front: w, token } = operators;
                // Port 0 took a free port; callers need to know which.
                let opened = cache.open_operator_port(c, token).await;
                *c = opened.map_err(|e| explain(&e, "the cache's operator port", c))?;
                let opened = content_store.open_operator_port(s, token).await;
                *s = opened.map_err(|e| explain(&e, "the content store's operator port", s))?;
                let opened = web_front.open_operator_port(w, token).await;
                *w = opened.map_err(|e| explain(&e, "the web front's operator port", w))?;
            }
            let Surroundings { network, clock, sink, seed, .. } = surroundings;
            let visitor = Chassis::of_caller(CUSTOMERS, network, clock, seed)
                .reporting(sink.clone(), web_front.switches());
            let health = HEALTH_CHECKS
                .map(|(service, check)| (service, check, Peer::new(&visitor, addresses.of(service).clone())));
            let front = options.front;
            Ok(Self {
                content_store,
                cache,
                web_front,
                addresses,
                editor_token,
                visitor,
                storage,
                front,
                health,
                telemetry,
                found,
            })
        })
    }

    /// Whether a service's process runs, is suspended or is gone, as the machine's list of processes shows it.
    pub async fn process(&self, service: Service) -> Process {
        let running = match service {
            Service::ContentStore => self.content_store.running().await,
            Service::Cache => self.cache.running().await,
            Service::WebFront => self.web_front.running().await,
        };
        let stands_still = format!("{}: suspended", service.name());
        let wrong = self.visitor.network.links().wrong();
        match running {
            None => Process::Gone,
            Some(_) if wrong.contains(&stands_still) => Process::Stopped,
            Some(_) => Process::Running,
        }
    }

    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Drops the shop's telemetry from now on, or delivers it again.
    pub(crate) fn lose_telemetry(&self, lost: bool) {
        if let Some(way) = &self.telemetry {
            way.lose(lost);
        }
    }

    /// What a health check does when a service starts to fail it, and when the service recovers.
    pub(crate) fn acting_on(&self, service: Service, otherwise: Otherwise) -> Act {
        match (otherwise, service) {
            (Otherwise::Withdraw, _) => {
                let (network, address) = (self.visitor.network.clone(), self.addresses.of(service).clone());
                Box::new(move |is_well| {
                    let resets = if is_well { 0.0 } else { 1.0 };
                    network.change(CUSTOMERS, &address, |link| {
                        (link.delay, link.resets) = (Duration::ZERO, resets);
                    });
                    Box::pin(ready(()))
                })
            }
            (Otherwise::Restart, Service::ContentStore) => restarting(&self.content_store),
            (Otherwise::Restart, Service::Cache) => restarting(&self.cache),
            (Otherwise::Restart, Service::WebFront) => restarting(&self.web_front),
        }
    }

    /// The chassis that callers from outside use.
    pub fn visitor(&self) -> &Chassis {
        &self.visitor
    }

    pub fn editor(&self) -> Editor {
        Editor::new(&self.visitor, self.addresses.content_store.clone(), &self.editor_token)
    }

    pub async fn health(&self) -> Vec<Health> {
        let mut answers = Vec::new();
        for (service, check, peer) in &self.health {
            let answer = peer.get(check, Wait::AtMost(HEALTH_TIMEOUT)).await;
            let status = answer.ok().map(|answer| answer.status);
            answers.push(Health { service: *service, check, status });
        }
        answers
    }

    /// The switches of each service, in the order of [`Service::ALL`].
    pub(crate) fn switches(&self) -> [&Switches; 3] {
        [self.content_store.switches(), self.cache.switches(), self.web_front.switches()]
    }

    /// Repairs a latent fault in all services, or brings it back.
    pub fn turn(&self, fault: LatentFault, present: bool) {
        for switches in self.switches() {
            switches.set(fault, present);
        }
    }

    pub fn set_level(&self, level: Level) {
        for switches in self.switches() {
            switches.set_level(level);
        }
    }

    /// Kills one service and starts it again.
    pub fn restart(&self, service: Service) -> Boxed<'_, io::Result<()>> {
        Box::pin(async move {
            match service {
                Service::ContentStore => self.content_store.restart().await,
                Service::Cache => self.cache.restart().await,
                Service::WebFront => self.web_front.restart().await,
            }
        })
    }

    /// Ends one service's process; nobody starts it again.
    pub async fn kill(&self, service: Service) {
        match service {
            Service::ContentStore => self.content_store.kill().await,
            Service::Cache => self.cache.kill().await,
            Service::WebFront => self.web_front.kill().await,
        }
    }

    /// The content store's storage, and the disk beneath it.
    pub fn storage(&self) -> &OnDisk {
        &self.storage
    }

    /// Stops the services, customers' side first.
    pub fn stop(&self) -> Boxed<'_, ()> {
        Box::pin(async move {
            self.web_front.stop().await;
            self.cache.stop().await;
            self.content_store.stop().await;
            self.visitor.tasks.kill().await;
        })
    }
}

/// Restarts the process each time its health check fails.
fn restarting<S: chassis::Program>(host: &Arc<Host<S>>) -> Act {
    let host = Arc::clone(host);
    Box::new(move |is_well| {
        let host = Arc::clone(&host);
        Box::pin(async move {
            if !is_well {
                // If the start fails, the next failed checks try it again.
                let _ = host.restart_by(Some(SUPERVISOR)).await;
            }
        })
    })
}

fn host<S: chassis::Program>(
    service: S,
    surroundings: &Surroundings,
    options: &ShopOptions,
    address: &Authority,
) -> Arc<Host<S>> {
    Arc::new(Host::new(service, surroundings.clone(), options.switches(), address.clone()))
}

/// How each service is stopped that has started, in the order in which they did.
type Stops = Vec<Boxed<'static, ()>>;

async fn begin<S: chassis::Program>(
    host: &Arc<Host<S>>,
    what: &str,
    address: &Authority,
    stops: &mut Stops,
) -> io::Result<Authority> {
    let address = host.start().await.map_err(|error| explain(&error, what, address))?;
    let host = Arc::clone(host);
    stops.push(Box::pin(async move { host.stop().await }));
    Ok(address)
}

/// Turns port 0 into a port that is free right now, so that other services can learn it before its own service starts.
async fn reserve(network: &Network, address: &Authority) -> io::Result<Authority> {
    if address.port_u16() == Some(0) { network.bind(address).await?.address() } else { Ok(address.clone()) }
}

/// The content that a shop begins with.
pub fn seed_assets() -> Vec<SeedAsset> {
    let assets = web_front::seed_content().into_iter().map(|(id, text)| SeedAsset {
        id: id.parse().expect("the shop's own ids are plain"),
        content_type: CONTENT_TYPE.to_owned(),
        body: text.into(),
    });
    assets.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_shop_that_cannot_start_leaves_nothing_that_runs() {
        let options = ShopOptions::in_virtual_time(1);
        let (network, addresses) = (options.surroundings.network.clone(), options.addresses.clone());
        let _taken = network.bind(&addresses.web_front).await.unwrap();
        let error = Shop::start(options).await.err().unwrap().to_string();
        assert!(error.starts_with("cannot start the web front"), "{error}");
        for address in [&addresses.content_store, &addresses.cache] {
            network.bind(address).await.unwrap();
        }
    }
}
