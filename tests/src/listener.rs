//! Servers on loopback for a command to talk to: a filled evidence store, a shop that never answers, and one that answers with arbitrary
//! text.

use std::time::UNIX_EPOCH;

use axum::{Router, http::StatusCode, response::IntoResponse};
use bytes::Bytes;
use chassis::{Clock, Wait};
use evidence::{api, receiver};
use http::Request;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

use crate::up::peer;

/// An evidence store that answers queries and receives OTLP. Dropping it stops it.
#[derive(Debug)]
pub struct Evidence {
    /// The port for both.
    pub port: u16,
    _served: JoinSet<()>,
}

impl Evidence {
    /// Starts an empty store.
    ///
    /// # Panics
    ///
    /// When the machine has no free port.
    pub async fn start() -> Self {
        let clock = Clock::real();
        let evidence = evidence::Evidence::new(world::observed::limits(), move || clock.wall());
        // Each router answers unknown paths itself, so pass those of the first on to the second.
        let both = receiver::http_router(evidence.clone()).fallback_service(api::router(evidence));
        let (port, served) = serve(both).await;
        Self { port, _served: served }
    }

    /// Sends the store a log line, a change, three metrics and a trace, with this text in every place that a sender controls.
    ///
    /// # Panics
    ///
    /// When it refuses them.
    pub async fn fill(&self, text: &str) {
        let now = Clock::real().wall().duration_since(UNIX_EPOCH).expect("it is after 1970").as_nanos();
        let ago = |seconds: u128| (now - seconds * 1_000_000_000).to_string();
        let attribute = |name: &str, value: &str| json!({ "key": name, "value": { "stringValue": value } });
        let resource = json!({ "attributes": [attribute("service.name", "web-front")] });
        let log = json!({ "timeUnixNano": ago(2), "severityNumber": 17, "body": { "stringValue": text },
            "attributes": [attribute("any", text)] });
        let change = json!({ "timeUnixNano": ago(2), "severityNumber": 9, "eventName": "shop.asset.published",
            "body": { "stringValue": text },
            "attributes": [attribute("shop.asset.id", text), attribute("shop.asset.version", text)] });
        let point = |value: u64| {
            json!([{ "startTimeUnixNano": ago(60), "timeUnixNano": ago(2), "asInt": value.to_string(),
            "attributes": [attribute("any", text)] }])
        };
        let sum = |name: &str, value| {
            json!({ "name": name, "unit": "{visit}", "sum":
            { "isMonotonic": true, "aggregationTemporality": 2, "dataPoints": point(value) } })
        };
        let duration = json!({ "name": "duration", "unit": "s", "histogram": { "aggregationTemporality": 2, "dataPoints":
            [{ "startTimeUnixNano": ago(60), "timeUnixNano": ago(2), "count": "80", "sum": 12.5,
               "bucketCounts": ["40", "40", "0"], "explicitBounds": [0.1, 1.0] }] } });
        let span = json!({ "traceId": "0123456789abcdef0123456789abcdef", "spanId": "0123456789abcdef", "kind": 2,
            "name": text, "startTimeUnixNano": ago(3), "endTimeUnixNano": ago(2), "attributes": [attribute("any", text)] });
        let scope = |what: &str, rows: Value| json!([{ "scope": { "name": text }, what: rows }]);
        let logs = json!({ "resourceLogs": [{ "resource": resource, "scopeLogs": scope("logRecords", json!([log, change])) }] });
        let metrics = json!({ "resourceMetrics": [{ "resource": resource,
            "scopeMetrics": scope("metrics", json!([sum("visits", 7), sum(text, 1), duration])) }] });
        let traces = json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": scope("spans", json!([span])) }] });
        for (path, body) in [("/v1/logs", logs), ("/v1/metrics", metrics), ("/v1/traces", traces)] {
            let request = Request::post(path).header("content-type", "application/json");
            let request = request.body(Bytes::from(body.to_string())).expect("a request");
            let answer = peer(self.port).send(request, Wait::Forever).await.expect("it answers");
            assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"{}"[..]), "{path}");
        }
    }
}

/// Starts a shop that accepts connections and never answers, for as long as the test runs. Returns its port.
///
/// # Panics
///
/// When the machine has no free port.
pub async fn silent_shop() -> u16 {
    let (port, mut served) =
        serve(Router::new().fallback(async || std::future::pending::<StatusCode>().await)).await;
    served.detach_all();
    port
}

/// Starts a shop whose health checks are fine, and which refuses everything else with these words, for as long as the test runs. Returns
/// its port.
///
/// # Panics
///
/// When the machine has no free port.
pub async fn speaking_shop(words: &str) -> u16 {
    let problem = json!({ "title": words, "status": 409, "detail": words, "parameter": words }).to_string();
    let refuse = async move || {
        (StatusCode::CONFLICT, [("content-type", "application/problem+json")], problem).into_response()
    };
    let well = axum::routing::get(async || "ok");
    let (port, mut served) = serve(Router::new().route("/healthz", well).fallback(refuse)).await;
    served.detach_all();
    port
}

async fn serve(router: Router) -> (u16, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    let mut served = JoinSet::new();
    served.spawn(async move {
        axum::serve(listener, router).await.expect("it serves until it is dropped");
    });
    (port, served)
}
