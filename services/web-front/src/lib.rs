//! The web front: the shop's pages, composed from fragments.
//!
//! # Layout, in the order to read
//!
//! - [`catalogue`]: what the shop sells, and the content it begins with.
//! - [`encoding`]: text written into HTML, script and XML, in a faulty and a repaired form.
//! - [`upstream`]: where fragments come from, and whether the cache is asked how it is.
//! - [`fragments`]: who waits for whom, and what a page does without a part. The end of the chain.
//! - [`pages`] and [`feed`], with [`prices`]: what customers get. [`admission`]: how many at once.

pub mod catalogue;
pub mod encoding;
pub mod upstream;
pub mod fragments;
pub mod prices;
pub mod pages;
pub mod feed;
pub mod admission;

use std::{io, sync::Arc};

use chassis::{App, Chassis, Program, address::host_and_port, run::DefaultPorts, run::loopback};
use clap::Args;
use http::uri::Authority;
use parking_lot::Mutex;
use words::Service;

pub use catalogue::seed_content;
pub use fragments::{Part, parts};

/// The web front's ports on loopback.
pub const PORTS: DefaultPorts = DefaultPorts { service: 8080, operator: 8093 };

/// What an operator chooses.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct WebFrontConfig {
    /// Address of the cache
    #[arg(long, env = "GLYPHFALL_CACHE", value_name = "HOST:PORT", default_value_t = loopback(8081), value_parser = host_and_port)]
    pub cache: Authority,
    /// Address of the content store, for when the cache cannot serve
    #[arg(long, env = "GLYPHFALL_CONTENT_STORE", value_name = "HOST:PORT", default_value_t = loopback(8082), value_parser = host_and_port)]
    pub content_store: Authority,
    /// Path below which a proxy shows the pages, such as /shop: links carry it, and the proxy strips it
    #[arg(long, env = "GLYPHFALL_BASE_PATH", value_name = "PATH", default_value = "", value_parser = base_path)]
    pub base_path: String,
    /// Milliseconds that a page waits for one fragment [default: as the error handling decides]
    #[arg(long, env = "GLYPHFALL_FRAGMENT_TIMEOUT_MS", value_name = "MILLISECONDS")]
    pub fragment_timeout_ms: Option<u64>,
    /// Asset with the notes beside the basket
    #[arg(long, env = "GLYPHFALL_CHECKOUT_NOTES", value_name = "ID", default_value = CHECKOUT_NOTES)]
    pub checkout_notes: String,
}

/// The asset beside the basket, unless a release has another.
pub const CHECKOUT_NOTES: &str = "checkout-notes";

/// The web front as a service: nothing of it but its settings outlives a restart.
#[derive(Debug)]
pub struct WebFront {
    config: Mutex<WebFrontConfig>,
    at_first: WebFrontConfig,
}

impl WebFront {
    /// A front in front of one cache and one content store.
    pub fn new(config: WebFrontConfig) -> Self {
        Self { config: Mutex::new(config.clone()), at_first: config }
    }

    /// Changes what the next start begins with, as a release does.
    pub fn configure(&self, change: impl FnOnce(&mut WebFrontConfig)) {
        change(&mut self.config.lock());
    }

    pub fn config(&self) -> WebFrontConfig {
        self.config.lock().clone()
    }

    /// Back to the settings of the first release, from the next start on.
    pub fn roll_back(&self) {
        self.configure(|config| config.clone_from(&self.at_first));
    }
}

impl Program for WebFront {
    fn name(&self) -> &'static str {
        Service::WebFront.name()
    }

    async fn start(&self, chassis: Chassis) -> io::Result<App> {
        let config = self.config();
        let upstream = upstream::Upstream::start(&chassis, &config);
        let WebFrontConfig { base_path: base, checkout_notes, .. } = config;
        let front = pages::Front { upstream, switches: chassis.switches, base, checkout_notes };
        Ok(pages::router(Arc::new(front)).into())
    }

    async fn reset(&self) -> io::Result<()> {
        self.roll_back();
        Ok(())
    }
}

fn base_path(path: &str) -> Result<String, String> {
    let trimmed = path.trim_end_matches('/');
    let is_plain = trimmed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte));
    if trimmed.is_empty() || (trimmed.starts_with('/') && is_plain && !trimmed.contains("//")) {
        Ok(trimmed.to_owned())
    } else {
        Err("a path begins with / and consists of letters, digits, - and _".to_owned())
    }
}
