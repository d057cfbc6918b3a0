//! The cache: fragments of pages kept in memory, so that a page need not ask the content store.
//!
//! # Layout, in the order to read
//!
//! - [`fragments`]: what is kept, and for how long it is fresh.
//! - [`store`]: how a version is fetched from the content store, and in which ways that fails.
//! - [`fills`]: what happens on a miss. Here stand both twins of the poor error handling: the heart of the chain.
//! - [`permits`]: how many fills run at once, and how readiness is told from that.
//! - `instruments`: what is counted. [`routes`]: the HTTP face.

pub mod fragments;
pub mod store;
pub mod fills;
pub mod permits;
mod instruments;
pub mod routes;

use std::{io, sync::Arc};

use axum::{Router, routing::post};
use chassis::{
    App, Chassis, Program,
    address::host_and_port,
    journal::{Action, OPERATOR},
    run::DefaultPorts,
    run::loopback,
    token::usable,
};
use clap::{Args, builder::RangedU64ValueParser};
use http::{StatusCode, uri::Authority};
use parking_lot::Mutex;
use words::Service;

use crate::fills::Fills;

/// The cache's ports on loopback.
pub const PORTS: DefaultPorts = DefaultPorts { service: 8081, operator: 8091 };

/// What an operator chooses.
#[derive(Clone, Debug, Args)]
pub struct CacheConfig {
    /// Address of the content store
    #[arg(long, env = "GLYPHFALL_CONTENT_STORE", value_name = "HOST:PORT", default_value_t = loopback(8082), value_parser = host_and_port)]
    pub content_store: Authority,
    /// Fills that may run at once
    #[arg(long, env = "GLYPHFALL_FILL_PERMITS", value_name = "COUNT", default_value_t = permits::FILL_PERMITS, value_parser = RangedU64ValueParser::<usize>::new().range(1..=permits::FILL_PERMITS_MAX))]
    pub fill_permits: usize,
    /// Seconds for which a fragment is fresh, a fifth more or less
    #[arg(long, env = "GLYPHFALL_TIME_TO_LIVE_S", value_name = "SECONDS", default_value_t = fragments::TIME_TO_LIVE_S, value_parser = clap::value_parser!(u32).range(1..))]
    pub time_to_live_s: u32,
    /// Token that a notification of changes must show. Give it in the environment: the list of processes shows a command line to everybody
    /// [default: none, and anybody may send one]
    #[arg(long, env = "GLYPHFALL_NOTIFICATION_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    pub notification_token: Option<String>,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            content_store: loopback(8082),
            fill_permits: permits::FILL_PERMITS,
            time_to_live_s: fragments::TIME_TO_LIVE_S,
            notification_token: None,
        }
    }
}

/// The cache as a service: nothing in it outlives a restart. Clones are the same cache.
#[derive(Clone)]
pub struct Cache {
    config: CacheConfig,
    running: Arc<Mutex<Option<Fills>>>,
}

impl Cache {
    pub fn new(config: CacheConfig) -> Self {
        Self { config, running: Arc::default() }
    }

    /// Forgets every fragment. Fills in progress continue.
    pub fn flush(&self) {
        if let Some(fills) = &*self.running.lock() {
            fills.fragments().clear();
        }
    }

    pub fn permits_used(&self) -> usize {
        let running = self.running.lock();
        running.as_ref().map_or(0, |fills| fills.permits().used())
    }
}

impl Program for Cache {
    fn name(&self) -> &'static str {
        Service::Cache.name()
    }

    async fn start(&self, chassis: Chassis) -> io::Result<App> {
        let fills = Fills::new(chassis, &self.config);
        *self.running.lock() = Some(fills.clone());
        Ok(routes::app(fills, self.config.notification_token.as_deref()))
    }

    fn operator_routes(&self) -> Router {
        let cache = self.clone();
        let flush = async move || {
            cache.flush();
            if let Some(fills) = &*cache.running.lock() {
                fills.chassis().journal.note(OPERATOR, Action::Flushed);
            }
            StatusCode::NO_CONTENT
        };
        Router::new().route("/flush", post(flush))
    }
}
