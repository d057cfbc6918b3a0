//! Evidence queries, as the room, programs and people send them.

use chassis::problem;
use evidence::api;
use serde_json::Value;

use crate::{
    requests::{read, send, written},
    shop::runtime,
    telemetry::{self, must_be_bounded},
};

#[test]
fn evidence_questions() {
    let honest = [
        "logs?text=fill&service=cache&severity=error&from=-5m&limit=10",
        "logs?attribute=count%3D-7&trace=07070707070707070707070707070707&after=0",
        "logs?event=shop.asset.published&to=2023-11-14T22%3A13%3A20Z",
        "changes?from=-1h&to=1700000001",
        "metrics",
        "metrics/query?name=shop.fills&function=rate&step=10s&window=30s&from=-5m",
        "metrics/query?name=http.server.request.duration&function=quantile&q=0.99&by=http.route",
        "metrics/query?name=shop.fills&function=ratio&of=count%3D-7&attribute=http.route%3D%2Fp%2F%7Bproduct%7D",
        "metrics/requests?sort=slow&service=cache&route=%2Fp%2F%7Bproduct%7D",
        "traces?slowest=true&failed=true&service=cache&name=GET&limit=5&attribute=count%3D-7",
        "traces/07070707070707070707070707070707",
        "alerts",
        "usage",
    ];
    let honest = honest
        .map(|question| written(&format!("GET /evidence/{question}"), &["accept: application/json"], ""));
    let exposition = written("GET /metrics", &["accept: text/plain; version=0.0.4"], "");
    let honest = [&honest[..], &[exposition]].concat();
    let evidence = telemetry::evidence();
    evidence.take_logs(&telemetry::logs());
    evidence.take_traces(&telemetry::spans());
    evidence.take_metrics(&telemetry::metrics());
    let held = evidence.usage();
    let (runtime, router) = (runtime(), problem::explained(api::router(evidence.clone())));
    target!("evidence-questions", &honest, |input| {
        let Some(request) = read(input) else { return };
        let method = request.method().clone();
        let answer = runtime.block_on(send(&router, request));
        answer.must_be_plain(&method);
        let is_json = answer.headers.get("content-type").is_some_and(|kind| kind == "application/json");
        if is_json && !answer.body.is_empty() {
            serde_json::from_slice::<Value>(&answer.body).unwrap();
        }
        must_be_bounded(&evidence.usage());
        assert_eq!(evidence.usage().bytes, held.bytes, "a question changes nothing");
    });
}
