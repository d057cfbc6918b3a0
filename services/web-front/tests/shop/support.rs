//! A cache and a content store that do as they are told.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Path, State},
    http::{HeaderMap, Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use chassis::{
    Chassis, Clock, Envelope, LatentFault, Level, Logs, Network, Program, Switches, TaskGroup, Version,
    serve::serve,
};
use http::uri::Authority;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::{Dispatch, instrument::WithSubscriber};
use web_front::{CHECKOUT_NOTES, WebFront, WebFrontConfig, seed_content};

#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    Text(String),
    Refuse,
    Hang,
    /// Answers after so long.
    Slow(Duration),
}

#[derive(Debug, Default)]
struct Script {
    fragments: BTreeMap<String, Behaviour>,
    // What holds for all that is not named above.
    otherwise: Option<Behaviour>,
    ready: Option<Behaviour>,
    asked: usize,
}

pub(crate) struct Shop {
    router: Router,
    dispatch: Dispatch,
    pub(crate) switches: Switches,
    script: Arc<Mutex<Script>>,
    lines: Arc<Mutex<Vec<u8>>>,
}

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn has(&self, part: &str) -> bool {
        self.text.contains(&format!("data-part=\"{part}\""))
    }
}

impl Shop {
    pub(crate) async fn with(present: impl IntoIterator<Item = LatentFault>) -> Self {
        Self::under("", present).await
    }

    pub(crate) async fn under(base_path: &str, present: impl IntoIterator<Item = LatentFault>) -> Self {
        let switches = Switches::new(present, Level::Logs);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let clock = Clock::virtual_from(SystemTime::UNIX_EPOCH);
        let network = Network::in_memory(Duration::from_millis(1), 0);
        let caller = Chassis::of_caller("web-front", network, clock.clone(), 0);
        let lines_of = Logs::to(Sink(Arc::clone(&lines)));
        let dispatch = lines_of.dispatch("web-front", switches.clone(), clock, &caller.telemetry);
        let chassis =
            Chassis { tasks: TaskGroup::new(dispatch.clone()), switches: switches.clone(), ..caller };
        let script = Arc::new(Mutex::new(Script::default()));
        let (cache, content_store) =
            (Authority::from_static("cache:80"), Authority::from_static("content-store:80"));
        let upstreams = [
            (&cache, Router::new().route("/fragments/{id}", get(fragment)).route("/readyz", get(ready))),
            (&content_store, Router::new().route("/assets/{id}", get(asset))),
        ];
        for (address, router) in upstreams {
            let listener = chassis.network.bind(address).await.unwrap();
            let app = router.with_state(Arc::clone(&script)).into();
            chassis.tasks.spawn(serve(listener, app, chassis.clone(), CancellationToken::new()));
        }
        let config = WebFrontConfig {
            cache,
            content_store,
            base_path: base_path.to_owned(),
            fragment_timeout_ms: None,
            checkout_notes: CHECKOUT_NOTES.to_owned(),
        };
        let router = WebFront::new(config).start(chassis).await.unwrap().router;
        Self { router, dispatch, switches, script, lines }
    }

    pub(crate) fn tell(&self, asset: &str, behaviour: Behaviour) {
        self.script.lock().unwrap().fragments.insert(asset.to_owned(), behaviour);
    }

    pub(crate) fn tell_all(&self, behaviour: Option<Behaviour>) {
        self.script.lock().unwrap().otherwise = behaviour;
    }

    pub(crate) fn tell_ready(&self, behaviour: Option<Behaviour>) {
        self.script.lock().unwrap().ready = behaviour;
    }

    /// How often the cache was asked for a fragment.
    pub(crate) fn asked(&self) -> usize {
        self.script.lock().unwrap().asked
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8(self.lines.lock().unwrap().clone()).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send("GET", path).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str) -> Page {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "shop.test");
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap());
        let response = answer.with_subscriber(self.dispatch.clone()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Page { status: head.status, headers: head.headers, text: String::from_utf8(body.to_vec()).unwrap() }
    }
}

async fn fragment(State(script): State<Arc<Mutex<Script>>>, Path(id): Path<String>) -> Response {
    let behaviour = {
        let mut script = script.lock().unwrap();
        script.asked += 1;
        script.fragments.get(&id).cloned().or_else(|| script.otherwise.clone())
    };
    behave(behaviour, &id).await
}

async fn ready(State(script): State<Arc<Mutex<Script>>>) -> Response {
    let behaviour = script.lock().unwrap().ready.clone();
    behave(Some(behaviour.unwrap_or(Behaviour::Text(String::new()))), "readyz").await
}

async fn behave(behaviour: Option<Behaviour>, id: &str) -> Response {
    match behaviour {
        Some(Behaviour::Text(text)) => text.into_response(),
        Some(Behaviour::Refuse) => (StatusCode::BAD_GATEWAY, "it could not be filled").into_response(),
        Some(Behaviour::Hang) => std::future::pending().await,
        Some(Behaviour::Slow(delay)) => {
            tokio::time::sleep(delay).await;
            original(id).into_response()
        }
        None => original(id).into_response(),
    }
}

async fn asset(Path(id): Path<String>) -> Response {
    let body = format!("from the store: {}", original(&id));
    let (version, published_at) = (Version(1), "2026-01-01T08:00:00Z".to_owned());
    let content_type = "text/plain; charset=utf-8".to_owned();
    Json(Envelope { id: id.parse().unwrap(), version, content_type, body, published_at }).into_response()
}

pub(crate) fn original(id: &str) -> String {
    let found = seed_content().into_iter().find(|(asset, _)| *asset == id);
    found.unwrap_or_else(|| panic!("no page may ask for an unknown asset: {id}")).1
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
