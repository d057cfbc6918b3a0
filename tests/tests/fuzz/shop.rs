//! Requests to the shop's three services: conditional publishes, notifications, pages, and operators' commands.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use cache::{Cache, CacheConfig};
use chassis::{
    App, Blocking, Chassis, Clock, Envelope, Host, LatentFault, Level, Logs, Network, Program, Settings,
    Switches, TaskGroup, Version, host::Surroundings, operator, problem, serve::serve,
};
use content_store::{ContentStore, ContentStoreConfig, asset::SeedAsset, redb_storage::RedbStorage};
use http::{Method, Request, StatusCode, header, uri::Authority};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use web_front::{CHECKOUT_NOTES, WebFront, WebFrontConfig};

use crate::requests::{Answer, read, send, with_token, written};

const TOKEN: &str = "correct-horse";

/// A runtime whose clock advances only while all tasks wait.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

fn chassis(service: &'static str, network: &Network, present: &[LatentFault]) -> Chassis {
    let clock = Clock::virtual_from(SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_438_400));
    let switches = Switches::new(present.iter().copied(), Level::Dark);
    Chassis { switches, ..Chassis::of_caller(service, network.clone(), clock, 0) }
}

/// A content store in memory.
pub(crate) struct Store {
    service: ContentStore,
    router: Router,
    is_repaired: bool,
    /// Its first state.
    first: Bytes,
}

impl Store {
    pub(crate) async fn start(present: &[LatentFault]) -> Self {
        let asset = |id: &str, body: &'static str| SeedAsset {
            id: id.parse().unwrap(),
            content_type: "text/plain; charset=utf-8".to_owned(),
            body: Bytes::from_static(body.as_bytes()),
        };
        let service = ContentStore::new(ContentStoreConfig {
            storage: Arc::new(RedbStorage::in_memory(Blocking::Inline).unwrap()),
            seed: vec![asset("promo-banner", "Spring sale"), asset("footer", "Open all week")],
            editor_token: TOKEN.to_owned(),
            cache: None,
            notification_token: None,
            inspection: true,
        });
        let network = Network::in_memory(Duration::ZERO, 0);
        let App { router, ready } = service.start(chassis("content-store", &network, present)).await.unwrap();
        let router = problem::explained(router.merge(ready));
        let mut store = Self { service, router, is_repaired: present.is_empty(), first: Bytes::new() };
        store.first = store.state().await;
        store
    }

    async fn get(&self, path: &str) -> Answer {
        send(&self.router, Request::get(path).body(Bytes::new()).unwrap()).await
    }

    /// The list of assets, and the history of each.
    async fn state(&self) -> Bytes {
        let list = self.get("/assets").await;
        let mut state = list.body.to_vec();
        for asset in list.json().as_array().unwrap() {
            let history = format!("/assets/{}/versions", asset["id"].as_str().unwrap());
            state.extend(self.get(&history).await.body);
        }
        state.into()
    }

    /// Checks that an accepted write reads back the same, and that a refused one has changed nothing.
    async fn must_agree(&self, method: &Method, sent: &Bytes, path: &str, answer: &Answer) {
        if method.is_safe() {
            return;
        }
        if !answer.status.is_success() {
            assert_eq!(self.state().await, self.first, "{} has changed something", answer.status);
            return;
        }
        let is_publish = method == Method::PUT;
        if is_publish || path.ends_with("/rollback") {
            let said = answer.json();
            let (id, version) = (said["id"].as_str().unwrap(), &said["version"]);
            let body = self.get(&format!("/assets/{id}/versions/{version}/body")).await;
            assert_eq!(body.status, StatusCode::OK);
            assert!(!is_publish || body.body == sent, "{:?} came back for {sent:?}", body.body);
            let current = self.get(&format!("/assets/{id}")).await;
            assert_eq!(current.status, StatusCode::OK);
            assert_eq!(current.headers[header::ETAG].to_str().unwrap(), format!("\"{version}\""));
            if self.is_repaired {
                let text = str::from_utf8(&body.body).expect("a repaired store takes text alone");
                assert_eq!(current.json()["body"], text);
            }
        } else if method == Method::DELETE {
            let is_there = self.get(path.split('?').next().unwrap()).await.status;
            assert_eq!(is_there, StatusCode::NOT_FOUND);
        }
        self.service.reset().await.unwrap();
        assert_eq!(self.state().await, self.first, "a reset brings back what was at first");
    }
}

#[test]
fn content_store() {
    let editor = "content-type: text/plain; charset=utf-8";
    let honest = [
        written("PUT /assets/promo-banner", &[editor], "Summer sale"),
        written(
            "PUT /assets/promo-banner",
            &[editor, "if-match: \"1\""],
            "A cr\u{e8}me br\u{fb}l\u{e9}e \u{1f370}",
        ),
        written(
            "PUT /assets/new",
            &["if-none-match: *"],
            [b"a line\x0bbreak \xe2\x80\xa8 \"quoted\" \\".as_slice(), b"\x1f"].concat(),
        ),
        written("PUT /assets/footer", &["content-type: application/json"], "{\"open\":true}"),
        written("POST /assets/footer/rollback", &["content-type: application/json"], "{\"to\":1}"),
        written("POST /assets/footer/rollback", &["if-match: W/\"1\", \"2\""], ""),
        written("DELETE /assets/footer", &["if-match: *"], ""),
        written("POST /inspect", &[editor], "tab\t and \u{b} and \u{feff}"),
        written("GET /assets/footer/versions?before=9", &[], ""),
        written("GET /assets/footer/versions/1/difference", &["if-none-match: \"1\""], ""),
        written("HEAD /assets/promo-banner", &["if-none-match: \"7\""], ""),
        written("GET /session", &["authorization: bearer  correct-horse"], ""),
    ];
    let runtime = runtime();
    let every_fault = LatentFault::ALL;
    let stores = runtime.block_on(async { [Store::start(&[]).await, Store::start(&every_fault).await] });
    target!("content-store", &honest, |input| {
        for store in &stores {
            let Some(request) = read(input) else { return };
            let (method, sent) = (request.method().clone(), request.body().clone());
            let path = request.uri().path().to_owned();
            runtime.block_on(async {
                let answer = send(&store.router, with_token(request, TOKEN)).await;
                answer.must_be_plain(&method);
                store.must_agree(&method, &sent, &path, &answer).await;
            });
        }
    });
}

/// A content store with a single constant text.
async fn one_text(Path(id): Path<String>) -> Response {
    if id != "news" {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (id, version) = ("news".parse().unwrap(), Version(1));
    let (content_type, body) = ("text/plain; charset=utf-8".to_owned(), "Spring sale".to_owned());
    let envelope =
        Envelope { id, version, content_type, body, published_at: "2026-03-02T08:00:00Z".to_owned() };
    ([(header::ETAG, "\"1\"")], Json(envelope)).into_response()
}

fn surroundings(network: &Network) -> Surroundings {
    let clock = Clock::virtual_from(SystemTime::UNIX_EPOCH);
    Surroundings {
        network: network.clone(),
        clock,
        logs: Logs::off(),
        sink: None,
        compute: None,
        settings: Settings::default(),
        seed: 7,
    }
}

/// Serves a router at an address in memory.
async fn serve_at(chassis: &Chassis, address: &Authority, router: Router) {
    let listener = chassis.network.bind(address).await.unwrap();
    chassis.tasks.spawn(serve(listener, router.into(), chassis.clone(), CancellationToken::new()));
}

#[test]
fn cache() {
    let json = "content-type: application/json";
    let honest = [
        written("POST /notifications", &[json], "{\"id\":\"news\",\"version\":1}"),
        written("POST /notifications", &[json], "{\"id\":\"news\",\"version\":null}"),
        written("POST /notifications", &[json], "{\"id\":\"news\",\"version\":18446744073709551615}"),
        written("POST /notifications", &[json], "{\"id\":\"other\"}"),
        written("GET /fragments/news", &["if-none-match: \"1\""], ""),
        written("GET /fragments/none", &[], ""),
        written("GET /readyz", &[], ""),
    ];
    let runtime = runtime();
    let network = Network::in_memory(Duration::ZERO, 0);
    let router = runtime.block_on(async {
        let (chassis, content_store) =
            (chassis("content-store", &network, &[]), Authority::from_static("content-store:80"));
        let numbered = async |Path((id, _)): Path<(String, u64)>| one_text(Path(id)).await;
        let routes = Router::new()
            .route("/assets/{id}", get(one_text))
            .route("/assets/{id}/versions/{version}", get(numbered));
        serve_at(&chassis, &content_store, routes).await;
        let config = CacheConfig {
            content_store,
            notification_token: Some(TOKEN.to_owned()),
            ..CacheConfig::default()
        };
        let App { router, ready } =
            Cache::new(config).start(self::chassis("cache", &network, &[])).await.unwrap();
        problem::explained(router.merge(ready))
    });
    target!("cache", &honest, |input| {
        let Some(request) = read(input) else { return };
        let method = request.method().clone();
        runtime.block_on(async {
            send(&router, with_token(request, TOKEN)).await.must_be_plain(&method);
            // Whatever the notifications said, the cache must serve the content store's text.
            let news = send(&router, Request::get("/fragments/news").body(Bytes::new()).unwrap()).await;
            assert_eq!((news.status, &*news.body), (StatusCode::OK, &b"Spring sale"[..]));
        });
    });
}

#[test]
fn web_front() {
    let host = "host: shop.test";
    let honest = [
        written("GET /", &[host, "accept-encoding: gzip"], ""),
        written("GET /c/coffee", &[host], ""),
        written("GET /p/house-espresso", &[host, "cookie: a=b"], ""),
        written("GET /checkout?item=oak-board&item=oak-board", &[host], ""),
        written("GET /checkout?add=stoneware-mugs&%00=%ff", &[host], ""),
        written("GET /feed.xml", &[host, "x-forwarded-proto: https", "x-forwarded-host: a.example"], ""),
        written("GET /assets/shop.css", &[host], ""),
        written(
            "GET /nowhere",
            &[host, "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
            "",
        ),
    ];
    let runtime = runtime();
    let network = Network::in_memory(Duration::ZERO, 0);
    let router = runtime.block_on(async {
        let text = async |Path(id): Path<String>| {
            web_front::seed_content()
                .into_iter()
                .find(|(asset, _)| *asset == id)
                .map_or_else(String::new, |(_, text)| text)
        };
        let (cache, content_store) =
            (Authority::from_static("cache:80"), Authority::from_static("content-store:80"));
        let routes = Router::new().route("/fragments/{id}", get(text)).route("/readyz", get("ok\n"));
        serve_at(&chassis("cache", &network, &[]), &cache, routes).await;
        let config = WebFrontConfig {
            cache,
            content_store,
            base_path: String::new(),
            fragment_timeout_ms: None,
            checkout_notes: CHECKOUT_NOTES.to_owned(),
        };
        WebFront::new(config).start(chassis("web-front", &network, &[])).await.unwrap().router
    });
    target!("web-front", &honest, |input| {
        let Some(request) = read(input) else { return };
        let answer = runtime.block_on(send(&router, request));
        let text = String::from_utf8_lossy(&answer.body);
        assert!(!answer.status.is_server_error(), "{}: {text}", answer.status);
        let is_page = answer
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        assert!(!is_page || text.is_empty() || text.trim_end().ends_with("</html>"), "{text}");
    });
}

#[test]
fn operator_port() {
    let json = "content-type: application/json";
    let honest = [
        written(
            "PUT /switches",
            &[json],
            "{\"level\":\"changes\",\"faults_present\":[\"invalid-rendering\",\"missing-health-check\"]}",
        ),
        written("PUT /switches", &[json], "{\"level\":null}"),
        written("PUT /switches", &[json], "{\"faults_present\":[]}"),
        written("GET /switches", &[], ""),
        written("GET /journal?after=3", &[], ""),
        written("POST /restart", &[], ""),
        written("POST /reset", &[], ""),
        written("POST /flush", &[], ""),
    ];
    let runtime = runtime();
    let network = Network::in_memory(Duration::ZERO, 0);
    let (router, host) = runtime.block_on(async {
        let (cache, switches) =
            (Cache::new(CacheConfig::default()), Switches::new(LatentFault::ALL, Level::Dark));
        let host = Host::new(cache, surroundings(&network), switches, Authority::from_static("cache:80"));
        host.start().await.unwrap();
        let host = Arc::new(host);
        (problem::explained(operator::router(&host, TOKEN, &TaskGroup::default())), host)
    });
    let switches = || send(&router, with_token(Request::get("/switches").body(Bytes::new()).unwrap(), TOKEN));
    target!("operator-port", &honest, |input| {
        let Some(request) = read(input) else { return };
        let method = request.method().clone();
        runtime.block_on(async {
            let before = switches().await.json();
            let wanted: Option<Value> = serde_json::from_slice(request.body()).ok();
            let answer = send(&router, with_token(request, TOKEN)).await;
            answer.must_be_plain(&method);
            let after = switches().await.json();
            if !answer.status.is_success() {
                assert_eq!(after, before, "{} has turned a switch", answer.status);
            } else if method == Method::PUT {
                let level = wanted.and_then(|wanted| wanted["level"].as_str().map(str::to_owned));
                assert!(level.is_none_or(|level| after["level"] == level), "{after}");
            }
            assert!(host.running().await.is_some(), "whatever an operator sends, the service runs");
        });
    });
}
