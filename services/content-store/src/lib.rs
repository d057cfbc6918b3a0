//! Versioned assets: published, rolled back, and served as JSON envelopes; and the page on which editors do so.
//!
//! An *asset* is a piece of content with a name. Each publish adds a *version*, which never changes; the newest is the
//! *current* one. Rolling back publishes an earlier body again. Whoever reads a version gets it in an *envelope*.
//!
//! # Layout
//!
//! - [`asset`]: the words of this service as types. [`storage`]: what is kept, and the promise about it.
//!   [`redb_storage`]: the embedded database that keeps it, and `redb_file`: its file, which may fail and recover.
//! - [`characters`]: which characters are special, and their names.
//! - [`rendering`]: the envelope, in a faulty and a repaired form.
//! - [`difference`]: what changed between two versions.
//! - `request`, `routes`, `editor`, `ready`: HTTP. `notification`: telling the cache. [`options`]: what its process is told.

pub mod asset;
pub mod storage;
pub mod redb_storage;
mod redb_file;
pub mod characters;
pub mod rendering;
pub mod difference;
mod request;
mod routes;
mod editor;
mod ready;
mod notification;
pub mod options;

use std::{io, sync::Arc};

use axum::{
    Router,
    error_handling::HandleErrorLayer,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use chassis::{App, AssetId, Chassis, Clock, Problem, Program, Version, problem, run::DefaultPorts};
use http::{StatusCode, header, uri::Authority};
use parking_lot::Mutex;
use tower::{ServiceBuilder, limit::GlobalConcurrencyLimitLayer};
use words::Service;

use crate::{
    asset::{ASSET_BYTES_MAX, SeedAsset},
    notification::Notifier,
    ready::Readiness,
    storage::Storage,
};

/// The content store's ports on loopback.
pub const PORTS: DefaultPorts = DefaultPorts { service: 8082, operator: 8092 };

/// Requests answered at once. The cache sends at most a few dozen; each may hold a body of 1 MiB.
pub const REQUESTS_MAX: usize = 256;

#[derive(Clone)]
pub struct ContentStoreConfig {
    /// Where assets are kept. It outlives a restart of the service.
    pub storage: Arc<dyn Storage>,
    /// What a new storage begins with, and a reset brings back.
    pub seed: Vec<SeedAsset>,
    pub editor_token: String,
    pub cache: Option<Authority>,
    pub notification_token: Option<String>,
    /// Whether the special characters of a text can be listed, on the page and by `POST /inspect`.
    pub inspection: bool,
}

pub struct ContentStore {
    config: ContentStoreConfig,
    /// Known from the first start on.
    clock: Mutex<Option<Clock>>,
}

impl ContentStore {
    pub fn new(config: ContentStoreConfig) -> Self {
        Self { config, clock: Mutex::default() }
    }
}

impl Program for ContentStore {
    fn name(&self) -> &'static str {
        Service::ContentStore.name()
    }

    async fn start(&self, chassis: Chassis) -> io::Result<App> {
        *self.clock.lock() = Some(chassis.clock.clone());
        let ContentStoreConfig { storage, seed, editor_token, cache, notification_token, inspection } =
            self.config.clone();
        storage.seed(seed, chassis.clock.wall()).await.map_err(io::Error::other)?;
        let notifier = cache.map(|cache| Notifier::new(&chassis, cache, notification_token.as_deref()));
        let store = Arc::new(Store { storage, chassis, editor_token, notifier, ready: Readiness::default() });
        let ready = Router::new().route("/readyz", get(ready::ready)).with_state(Arc::clone(&store));
        Ok(App { router: router(store, inspection), ready })
    }

    async fn reset(&self) -> io::Result<()> {
        let clock = self.clock.lock().clone();
        let clock = clock.ok_or_else(|| io::Error::other("the store was never started: nothing to reset"))?;
        let ContentStoreConfig { storage, seed, .. } = &self.config;
        storage.reset(seed.clone(), clock.wall()).await.map_err(io::Error::other)
    }
}

struct Store {
    storage: Arc<dyn Storage>,
    chassis: Chassis,
    editor_token: String,
    notifier: Option<Notifier>,
    ready: Readiness,
}

impl Store {
    fn notify(&self, id: &AssetId, version: Option<Version>) {
        if let Some(notifier) = &self.notifier {
            notifier.notify(id, version);
        }
    }
}

fn router(store: Arc<Store>, inspection: bool) -> Router {
    let routes = routes::assets().route("/session", get(routes::session)).merge(editor::pages(inspection));
    let routes = if inspection { routes.route("/inspect", post(routes::inspect)) } else { routes };
    let layers = ServiceBuilder::new()
        // Outermost: a request that finds no place is told so at once, and when to come back.
        .layer(HandleErrorLayer::new(|_| async {
            let busy = Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many requests at once; try again shortly.",
            );
            ([(header::RETRY_AFTER, "1")], busy)
        }))
        .load_shed()
        // One limit for all routes together.
        .layer(GlobalConcurrencyLimitLayer::new(REQUESTS_MAX))
        // Innermost: a body is cut off while it arrives, before it can fill memory.
        .layer(DefaultBodyLimit::max(ASSET_BYTES_MAX));
    routes.layer(layers).fallback(problem::unknown_route).with_state(store)
}
