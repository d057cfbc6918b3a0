//! A store to test: in memory, with two assets, in virtual time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{Router, body::Body};
use bytes::Bytes;
use chassis::{
    App, AssetId, Blocking, Chassis, Clock, LatentFault, Level, Network, Program, Switches, problem,
};
use content_store::{ContentStore, ContentStoreConfig, asset::SeedAsset, redb_storage::RedbStorage};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// The editor's token in tests.
pub(crate) const TOKEN: &str = "correct-horse";

/// 2026-03-02, 08:00 UTC.
pub(crate) const EIGHT: Duration = Duration::from_secs(1_772_438_400);

pub(crate) fn seed() -> Vec<SeedAsset> {
    let asset = |id: &str, body: &'static str| SeedAsset {
        id: id.parse().unwrap(),
        content_type: "text/plain; charset=utf-8".to_owned(),
        body: Bytes::from_static(body.as_bytes()),
    };
    vec![asset("promo-banner", "Spring sale"), asset("footer", "Open all week")]
}

pub(crate) fn id(id: &str) -> AssetId {
    id.parse().unwrap()
}

pub(crate) fn chassis(network: Network, present: &[LatentFault]) -> Chassis {
    let clock = Clock::virtual_from(SystemTime::UNIX_EPOCH + EIGHT);
    let switches = Switches::new(present.iter().copied(), Level::Dark);
    Chassis { switches, ..Chassis::of_caller("content-store", network, clock, 0) }
}

pub(crate) fn config() -> ContentStoreConfig {
    ContentStoreConfig {
        storage: Arc::new(RedbStorage::in_memory(Blocking::Inline).unwrap()),
        seed: seed(),
        editor_token: TOKEN.to_owned(),
        cache: None,
        notification_token: None,
        inspection: true,
    }
}

pub(crate) struct Shop {
    pub(crate) service: ContentStore,
    pub(crate) switches: Switches,
    router: Router,
}

impl Shop {
    pub(crate) async fn start(config: ContentStoreConfig, chassis: Chassis) -> Self {
        let service = ContentStore::new(config);
        let switches = chassis.switches.clone();
        let App { router, ready } = service.start(chassis).await.unwrap();
        // As it is served.
        let router = problem::explained(router.merge(ready));
        Self { service, switches, router }
    }

    pub(crate) async fn faulty() -> Self {
        let network = Network::in_memory(Duration::ZERO, 0);
        Self::start(config(), chassis(network, &[LatentFault::InvalidRendering])).await
    }

    pub(crate) async fn repaired() -> Self {
        Self::start(config(), chassis(Network::in_memory(Duration::ZERO, 0), &[])).await
    }

    /// Sends `METHOD /path`, with headers as `name: value`.
    pub(crate) async fn send(&self, request: &str, headers: &[&str], body: impl Into<Body>) -> Reply {
        let (method, path) = request.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply { status: head.status, headers: head.headers, body }
    }

    /// As [`send`](Self::send), with the editor's token.
    pub(crate) async fn edit(&self, request: &str, body: impl Into<Body>) -> Reply {
        self.send(request, &[&format!("authorization: Bearer {TOKEN}")], body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path}"), &[], Body::empty()).await
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("it is JSON")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
