//! The shop: three services side by side, each startable and killable on its own.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use cache::{Cache, CacheConfig};
use chassis::{
    Blocking, Chassis, Clock, Host, LatentFault, Level, Logs, Network, Peer, Switches, Wait,
    host::Surroundings,
    run::{explain, loopback},
};
use content_store::{ContentStore, ContentStoreConfig, asset::SeedAsset, redb_storage::RedbStorage};
use http::{StatusCode, uri::Authority};
use incident::Service;
use web_front::{WebFront, WebFrontConfig};

use crate::editor::Editor;

/// How long a health check may take before it counts as failed.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);

/// The media type of all content that the shop begins with.
const CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// Where the services of a shop listen.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The web front: what customers see.
    pub web_front: Authority,
    /// The cache.
    pub cache: Authority,
    /// The content store.
    pub content_store: Authority,
    /// The operator ports of cache, content store and web front, and their token; none are open without.
    pub operators: Option<Operators>,
}

/// Operator ports and the token that they ask for.
#[derive(Clone, Debug)]
pub struct Operators {
    /// The cache's.
    pub cache: Authority,
    /// The content store's.
    pub content_store: Authority,
    /// The web front's.
    pub web_front: Authority,
    /// The bearer token.
    pub token: String,
}

impl Addresses {
    /// The standard ports on loopback.
    pub fn standard() -> Self {
        Self::loopback([web_front::PORTS.service, cache::PORTS.service, content_store::PORTS.service])
    }

    /// Free ports on loopback, different each time.
    pub fn free() -> Self {
        Self::loopback([0; 3])
    }

    /// Names in a network in memory.
    pub fn in_memory() -> Self {
        let name = |name| Authority::from_static(name);
        Self {
            web_front: name("web-front:80"),
            cache: name("cache:80"),
            content_store: name("content-store:80"),
            operators: None,
        }
    }

    fn loopback([web_front, cache, content_store]: [u16; 3]) -> Self {
        let [web_front, cache, content_store] = [web_front, cache, content_store].map(loopback);
        Self { web_front, cache, content_store, operators: None }
    }
}

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
}

impl ShopOptions {
    /// A shop on real sockets in real time, as it was on the day: all latent faults present.
    pub fn live(addresses: Addresses, seed: u64) -> Self {
        let (network, clock, blocking) = (Network::Tcp, Clock::real(), Blocking::Pool);
        Self::new(Surroundings { network, clock, logs: Logs::off(), sink: None, blocking, seed }, addresses)
    }

    /// The same shop in memory, on the paused clock of the current runtime.
    pub fn in_virtual_time(seed: u64) -> Self {
        let network = Network::in_memory(chassis::network::LINK_LATENCY_MIN);
        // 2 March 2026, 08:00: the same morning in each run, so that two runs agree to the bit.
        let clock = Clock::virtual_from(std::time::UNIX_EPOCH + Duration::from_secs(1_772_438_400));
        let surroundings =
            Surroundings { network, clock, logs: Logs::off(), sink: None, blocking: Blocking::Inline, seed };
        Self::new(surroundings, Addresses::in_memory())
    }

    fn new(surroundings: Surroundings, addresses: Addresses) -> Self {
        let editor_token = "editor".to_owned();
        Self { surroundings, addresses, repaired: Vec::new(), level: Level::Dark, editor_token, data: None }
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

/// What `/healthz` of one service answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// The service.
    pub service: Service,
    /// The status; none if there was no answer in time.
    pub status: Option<StatusCode>,
}

/// The three services, running.
pub struct Shop {
    content_store: Arc<Host<ContentStore>>,
    cache: Arc<Host<Cache>>,
    web_front: Arc<Host<WebFront>>,
    addresses: Addresses,
    editor_token: String,
    visitor: Chassis,
    health: [(Service, Peer); 3],
}

impl Shop {
    /// Starts the three services, and their operator ports if the addresses name them.
    ///
    /// # Errors
    ///
    /// When one cannot start; those that did are stopped again.
    pub async fn start(options: ShopOptions) -> io::Result<Self> {
        let ShopOptions { surroundings, mut addresses, editor_token, .. } = options.clone();
        // The cache's address must be known before it can be notified, and the store's before it can be asked: with
        // free ports the cache is bound first.
        let storage = match &options.data {
            Some(folder) => RedbStorage::open_folder(folder, surroundings.blocking)?,
            None => RedbStorage::in_memory(surroundings.blocking).map_err(io::Error::other)?,
        };
        addresses.cache = reserve(&surroundings.network, &addresses.cache).await?;
        let config = ContentStoreConfig {
            storage: Arc::new(storage),
            seed: seed_assets(),
            editor_token: editor_token.clone(),
            cache: Some(addresses.cache.clone()),
            inspection: true,
        };
        let content_store =
            host(ContentStore::new(config), &surroundings, &options, &addresses.content_store);
        addresses.content_store =
            begin(&content_store, "the content store", &addresses.content_store).await?;
        let config = CacheConfig { content_store: addresses.content_store.clone(), ..CacheConfig::default() };
        let cache = host(Cache::new(config), &surroundings, &options, &addresses.cache);
        addresses.cache = begin(&cache, "the cache", &addresses.cache).await?;
        let config = WebFrontConfig {
            cache: addresses.cache.clone(),
            content_store: addresses.content_store.clone(),
            base_path: String::new(),
        };
        let web_front = host(WebFront::new(config), &surroundings, &options, &addresses.web_front);
        addresses.web_front = begin(&web_front, "the web front", &addresses.web_front).await?;
        if let Some(operators) = &addresses.operators {
            let Operators { cache: c, content_store: s, web_front: w, token } = operators;
            cache
                .open_operator_port(c, token)
                .await
                .map_err(|e| explain(&e, "the cache's operator port", c))?;
            let opened = content_store.open_operator_port(s, token).await;
            opened.map_err(|e| explain(&e, "the content store's operator port", s))?;
            let opened = web_front.open_operator_port(w, token).await;
            opened.map_err(|e| explain(&e, "the web front's operator port", w))?;
        }
        let Surroundings { network, clock, sink, seed, .. } = surroundings;
        let visitor =
            Chassis::of_caller("customers", network, clock, seed).reporting(sink, web_front.switches());
        let health = [
            (Service::ContentStore, Peer::new(&visitor, addresses.content_store.clone())),
            (Service::Cache, Peer::new(&visitor, addresses.cache.clone())),
            (Service::WebFront, Peer::new(&visitor, addresses.web_front.clone())),
        ];
        Ok(Self { content_store, cache, web_front, addresses, editor_token, visitor, health })
    }

    /// Where the services listen.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// What callers from outside stand on.
    pub fn visitor(&self) -> &Chassis {
        &self.visitor
    }

    /// Someone with the editor's credentials.
    pub fn editor(&self) -> Editor {
        Editor::new(&self.visitor, self.addresses.content_store.clone(), &self.editor_token)
    }

    /// What each service's health check answers.
    pub async fn health(&self) -> Vec<Health> {
        let mut answers = Vec::new();
        for (service, peer) in &self.health {
            let answer = peer.get("/healthz", Wait::AtMost(HEALTH_TIMEOUT)).await;
            answers.push(Health { service: *service, status: answer.ok().map(|answer| answer.status) });
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
    pub async fn restart(&self, service: Service) -> io::Result<()> {
        match service {
            Service::ContentStore => self.content_store.restart().await,
            Service::Cache => self.cache.restart().await,
            Service::WebFront => self.web_front.restart().await,
        }
    }

    /// Empties the cache; what it is working on goes on.
    pub fn flush_cache(&self) {
        self.cache.service().flush();
    }

    /// Everything back as it was at first.
    ///
    /// # Errors
    ///
    /// When a service does not start again.
    pub async fn reset(&self) -> io::Result<()> {
        // Against the flow of the data: nobody may fill itself from what is about to go.
        self.web_front.kill().await;
        self.cache.kill().await;
        self.content_store.reset().await?;
        self.cache.reset().await?;
        self.web_front.reset().await
    }

    /// Stops the services, customers' side first.
    pub async fn stop(&self) {
        self.web_front.stop().await;
        self.cache.stop().await;
        self.content_store.stop().await;
        self.visitor.tasks.kill().await;
    }
}

fn host<S: chassis::Service>(
    service: S,
    surroundings: &Surroundings,
    options: &ShopOptions,
    address: &Authority,
) -> Arc<Host<S>> {
    Arc::new(Host::new(service, surroundings.clone(), options.switches(), address.clone()))
}

async fn begin<S: chassis::Service>(
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
