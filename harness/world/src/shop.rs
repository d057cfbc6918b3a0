//! The shop: three services side by side, each startable and killable on its own.

use std::{future::ready, io, path::PathBuf, sync::Arc, time::Duration};

pub use cache::fragments::TIME_TO_LIVE_S;
use cache::{Cache, CacheConfig, permits::FILL_PERMITS};
use chassis::{
    Blocking, Boxed, Chassis, Clock, Compute, Host, LatentFault, Level, Logs, Network, Peer, Settings,
    Switches, TelemetrySink, Wait,
    host::Surroundings,
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

/// The name of those who visit, in the network and in telemetry.
pub const CUSTOMERS: &str = "customers";

/// Who restarts a service that fails its health check, in telemetry.
const SUPERVISOR: &str = "supervisor";

/// The page views a second that a shop with all of the cache's permits is made for: the story's.
pub const VIEWS_PER_SECOND: f64 = 30.0;

/// What a page costs one of the front's workers where computing is modelled, and how many views a second a worker is bought
/// for. Assumed: a quarter of what is bought is used on an ordinary day.
const PAGE_TIME: Duration = Duration::from_millis(50);
const VIEWS_PER_WORKER: f64 = 5.0;

/// The disk of a shop where computing is modelled: an ordinary one.
const DISK: DiskSpeed = DiskSpeed { seek: Duration::from_millis(4), bytes_per_s: 100e6 };

/// The version that releases of a shop are rolled back to.
const FIRST_RELEASE: &str = env!("CARGO_PKG_VERSION");

/// The media type of all content that the shop begins with.
const CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// What a shop is made of.
#[derive(Clone)]
pub struct ShopOptions {
    /// Network, clock, chance.
    pub surroundings: Surroundings,
    /// Where its services listen.
    pub addresses: Addresses,
    /// The latent faults that are repaired from the start.
    pub repaired: Vec<LatentFault>,
    /// The telemetry level.
    pub level: Level,
    /// What an editor must present.
    pub editor_token: String,
    /// Where the content store keeps its assets; in memory without.
    pub data: Option<PathBuf>,
    /// What it keeps them in instead, if whoever starts the shop brings it.
    pub storage: Option<Arc<dyn Storage>>,
    /// Fills that the cache may run at once.
    pub fill_permits: usize,
    /// Seconds for which the cache takes a fragment for fresh.
    pub time_to_live_s: u32,
    /// The disk beneath the content store; without, as fast as the machine's.
    pub disk: Option<DiskSpeed>,
    /// Whether the front's workers are counted; without, it is as fast as the machine.
    pub front: Option<Compute>,
    /// Path below which somebody shows the shop's pages; nothing for the root.
    pub base_path: String,
}

impl ShopOptions {
    /// A shop on real sockets in real time, as it was on the day: all latent faults present.
    pub fn live(addresses: Addresses, seed: u64) -> Self {
        let (network, clock, blocking) = (Network::Tcp, Clock::real(), Blocking::Pool);
        let (logs, settings) = (Logs::off(), Settings::default());
        Self::new(
            Surroundings { network, clock, logs, sink: None, blocking, compute: None, settings, seed },
            addresses,
        )
    }

    /// The same shop in memory, in real time: many of them fit into one process.
    pub fn live_in_memory(seed: u64) -> Self {
        let network = Network::in_memory(chassis::network::LINK_LATENCY_MIN, seed);
        let (clock, logs, blocking) = (Clock::real(), Logs::off(), Blocking::Pool);
        let settings = Settings::default();
        let surroundings =
            Surroundings { network, clock, logs, sink: None, blocking, compute: None, settings, seed };
        Self::new(surroundings, Addresses::in_memory())
    }

    /// The same shop in memory, on the paused clock of the current runtime.
    pub fn in_virtual_time(seed: u64) -> Self {
        let network = Network::in_memory(chassis::network::LINK_LATENCY_MIN, seed);
        // 2 March 2026, 08:00: the same morning in each run, so that two runs agree to the bit.
        let clock = Clock::virtual_from(std::time::UNIX_EPOCH + Duration::from_secs(1_772_438_400));
        let (logs, blocking, settings) = (Logs::off(), Blocking::Inline, Settings::default());
        let surroundings =
            Surroundings { network, clock, logs, sink: None, blocking, compute: None, settings, seed };
        Self::new(surroundings, Addresses::in_memory())
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

    /// The shop as it would have been built for so many views a second: fewer customers, and as much fewer permits and
    /// workers, so that things happen at the same pace and cost less to run.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers above zero")]
    pub fn sized_for(self, views_per_second: f64) -> Self {
        let share_of =
            |count: usize| (count as f64 * views_per_second / VIEWS_PER_SECOND).ceil().max(1.0) as usize;
        let workers = (views_per_second / VIEWS_PER_WORKER).ceil().max(1.0) as usize;
        // A part of a worker is a slower one.
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

/// The checks that somebody who watches the shop asks: whether each process runs, and whether the one service that can say so is
/// ready for work.
const HEALTH_CHECKS: [(Service, &str); 4] = [
    (Service::ContentStore, "/healthz"),
    (Service::Cache, "/healthz"),
    (Service::Cache, "/readyz"),
    (Service::WebFront, "/healthz"),
];

/// What one health check of one service answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// The service.
    pub service: Service,
    /// Its path: `/healthz` says that the process runs, `/readyz` that it can work.
    pub check: &'static str,
    /// The status; none if there was no answer in time.
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
    /// Where telemetry of the shop goes, if anywhere: others than its services tell of changes, too.
    pub(crate) telemetry: Option<Arc<OnItsWay>>,
    /// What its folder held when it opened, if it keeps its content in one.
    pub found: Option<Found>,
}

impl Shop {
    /// Starts the three services, and their operator ports if the addresses name them.
    ///
    /// # Errors
    ///
    /// When one cannot start; those that did are stopped again.
    pub fn start(options: ShopOptions) -> Boxed<'static, io::Result<Self>> {
        Box::pin(async move {
            let ShopOptions { mut surroundings, mut addresses, editor_token, .. } = options.clone();
            let telemetry = surroundings.sink.take().map(|sink| Arc::new(OnItsWay::new(sink)));
            surroundings.sink = telemetry.clone().map(|way| way as Arc<dyn TelemetrySink>);
            // The cache's address must be known before it can be notified, and the store's before it can be asked: with
            // free ports the cache is bound first.
            let (storage, found): (Arc<dyn Storage>, _) = match (&options.storage, &options.data) {
                (Some(brought), _) => (Arc::clone(brought), None),
                (None, Some(folder)) => {
                    let storage = RedbStorage::open_folder(folder, surroundings.blocking)?;
                    let found = storage.found(folder).map_err(io::Error::other)?;
                    (Arc::new(storage), Some(found))
                }
                (None, None) => {
                    let storage = RedbStorage::in_memory(surroundings.blocking).map_err(io::Error::other)?;
                    (Arc::new(storage), None)
                }
            };
            let storage = Arc::new(OnDisk::new(storage, Disk::new(options.disk)));
            addresses.cache = reserve(&surroundings.network, &addresses.cache).await?;
            // Known to these two and to nobody else; it never leaves the process.
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
                begin(&content_store, "the content store", &addresses.content_store).await?;
            let config = CacheConfig {
                content_store: addresses.content_store.clone(),
                fill_permits: options.fill_permits,
                time_to_live_s: options.time_to_live_s,
                notification_token: Some(notification_token),
            };
            let cache = host(Cache::new(config), &surroundings, &options, &addresses.cache);
            addresses.cache = begin(&cache, "the cache", &addresses.cache).await?;
            let config = WebFrontConfig {
                cache: addresses.cache.clone(),
                content_store: addresses.content_store.clone(),
                base_path: options.base_path.clone(),
                fragment_timeout_ms: None,
                checkout_notes: CHECKOUT_NOTES.to_owned(),
            };
            let surroundings = Surroundings { compute: options.front.clone(), ..surroundings };
            let web_front = host(WebFront::new(config), &surroundings, &options, &addresses.web_front);
            addresses.web_front = begin(&web_front, "the web front", &addresses.web_front).await?;
            if let Some(operators) = &mut addresses.operators {
                let Operators { cache: c, content_store: s, web_front: w, token } = operators;
                // Port 0 took a free one, which is what others must be told.
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

    /// Whether a service's process runs, stands still, or is not there: what the machine's list of processes shows.
    pub async fn process(&self, service: Service) -> Process {
        let running = match service {
            Service::ContentStore => self.content_store.running().await,
            Service::Cache => self.cache.running().await,
            Service::WebFront => self.web_front.running().await,
        };
        let stands_still = format!("{}: suspended", service.name());
        let wrong = self.visitor.network.links().map(chassis::simulation::Links::wrong).unwrap_or_default();
        match running {
            None => Process::Gone,
            Some(_) if wrong.contains(&stands_still) => Process::Stopped,
            Some(_) => Process::Running,
        }
    }

    /// Where the services listen.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Loses what is told of the shop from now on, or lets it arrive again.
    pub(crate) fn lose_telemetry(&self, lost: bool) {
        if let Some(way) = &self.telemetry {
            way.lose(lost);
        }
    }

    /// What a health check of a service does when its answer changes from good to bad, and back.
    pub(crate) fn acting_on(&self, service: Service, otherwise: Otherwise) -> Act {
        match (otherwise, service) {
            (Otherwise::Withdraw, _) => {
                let (network, address) = (self.visitor.network.clone(), self.addresses.of(service).clone());
                Box::new(move |is_well| {
                    let resets = if is_well { 0.0 } else { 1.0 };
                    network.impair(CUSTOMERS, &address, Duration::ZERO, resets);
                    Box::pin(ready(()))
                })
            }
            (Otherwise::Restart, Service::ContentStore) => restarting(&self.content_store),
            (Otherwise::Restart, Service::Cache) => restarting(&self.cache),
            (Otherwise::Restart, Service::WebFront) => restarting(&self.web_front),
        }
    }

    /// What callers from outside stand on.
    pub fn visitor(&self) -> &Chassis {
        &self.visitor
    }

    /// Someone with the editor's credentials.
    pub fn editor(&self) -> Editor {
        Editor::new(&self.visitor, self.addresses.content_store.clone(), &self.editor_token)
    }

    /// What an editor must present.
    pub fn editor_token(&self) -> &str {
        &self.editor_token
    }

    /// What the health checks answer.
    pub async fn health(&self) -> Vec<Health> {
        let mut answers = Vec::new();
        for (service, check, peer) in &self.health {
            let answer = peer.get(check, Wait::AtMost(HEALTH_TIMEOUT)).await;
            let status = answer.ok().map(|answer| answer.status);
            answers.push(Health { service: *service, check, status });
        }
        answers
    }

    /// Repairs a latent fault in all services, or brings it back.
    pub fn turn(&self, fault: LatentFault, present: bool) {
        for switches in [self.content_store.switches(), self.cache.switches(), self.web_front.switches()] {
            switches.set(fault, present);
        }
    }

    /// Turns the telemetry level of all services.
    pub fn set_level(&self, level: Level) {
        for switches in [self.content_store.switches(), self.cache.switches(), self.web_front.switches()] {
            switches.set_level(level);
        }
    }

    /// Kills one service and starts it again.
    ///
    /// # Errors
    ///
    /// When it does not start again.
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

    /// Releases another version of the web front, with other settings.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn release_front(
        &self,
        version: &str,
        change: impl FnOnce(&mut WebFrontConfig) + Send,
    ) -> io::Result<()> {
        self.web_front.service().configure(change);
        self.web_front.release(version).await
    }

    /// Releases the web front's first version again, with its settings.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn roll_back_front(&self) -> io::Result<()> {
        self.web_front.service().roll_back();
        self.web_front.release(FIRST_RELEASE).await
    }

    /// The content store's storage, and the disk beneath it.
    pub fn storage(&self) -> &OnDisk {
        &self.storage
    }

    /// The front's workers, where they are counted.
    pub fn front_workers(&self) -> Option<&Compute> {
        self.front.as_ref()
    }

    /// Empties the cache; what it is working on goes on.
    pub fn flush_cache(&self) {
        self.cache.service().flush();
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

/// Ends a process and starts it again each time that it is not well.
fn restarting<S: chassis::Program>(host: &Arc<Host<S>>) -> Act {
    let host = Arc::clone(host);
    Box::new(move |is_well| {
        let host = Arc::clone(&host);
        Box::pin(async move {
            if !is_well {
                // A start that fails is tried again after the next failed checks.
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

async fn begin<S: chassis::Program>(
    host: &Host<S>,
    what: &str,
    address: &Authority,
) -> io::Result<Authority> {
    host.start().await.map_err(|error| explain(&error, what, address))
}

/// Turns port 0 into a port that is free right now, so that it can be told to others before its service starts.
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
