//! Queries over HTTP, and the errors for wrong ones.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use crate::support::{
    CUMULATIVE, World, event, failed, log, logs, metrics, number, pairs, server, span, spans, sum,
};
use axum::body::Body;
use evidence::{LogPage, MetricAnswer, TraceList, TraceView, Usage, api, receiver};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

fn world() -> World {
    let world = World::default();
    world.go_to(60.0);
    let mut record = log(50.0, 17, "could not read the answer");
    record.attributes = pairs(&[("error.type", "json")]);
    let published =
        event(40.0, "shop.asset.published", &[("shop.asset.id", "footer"), ("shop.asset.version", "3")]);
    world.evidence.take_logs(&logs("cache", vec![log(30.0, 9, "started"), published, record]));
    let page = failed(server(span(0xabc, 1, 0, "GET /", 50.0, 52.0), "/"), "no");
    world.evidence.take_traces(&spans("web-front", vec![page]));
    for (second, visits) in [(50.0, 150), (60.0, 160)] {
        let points = vec![
            number(0.0, second, visits, &[("http.route", "/"), ("outcome", "served")]),
            number(0.0, second, 0, &[("http.route", "/"), ("outcome", "failed")]),
        ];
        world.evidence.take_metrics(&metrics(
            "customers",
            vec![sum("shop.customer.visits", "{visit}", CUMULATIVE, points)],
        ));
    }
    world
}

async fn get(world: &World, path: &str) -> (StatusCode, String, Vec<u8>) {
    let router = api::router(world.evidence.clone());
    let answer = router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (answer.status(), content_type, answer.into_body().collect().await.unwrap().to_bytes().to_vec())
}

async fn ask(world: &World, path: &str) -> Value {
    let (status, _, body) = get(world, path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn questions_are_answered() {
    let world = world();
    for (path, pointer, expected) in [
        ("/evidence/logs?text=ANSWER&severity=warn", "/logs/0/body", json!("could not read the answer")),
        ("/evidence/logs?attribute=error.type=json&service=cache", "/logs/0/severity", json!("ERROR")),
        ("/evidence/logs?limit=1&from=-40s&to=1700000035", "/logs/0/time", json!("2023-11-14T22:13:50Z")),
        ("/evidence/logs?after=2", "/logs/0/sequence", json!(3)),
        ("/evidence/logs?after=3", "/logs", json!([])),
        ("/evidence/logs?event=shop.asset.published", "/logs/0/attributes/shop.asset.id", json!("footer")),
        ("/evidence/changes", "/changes/0/version", json!("3")),
        ("/evidence/changes?from=-5s", "/changes", json!([])),
        ("/evidence/metrics", "/metrics/0/name", json!("shop.customer.visits")),
        (
            "/evidence/metrics/query?name=shop.customer.visits&function=rate&by=outcome&from=-0s&step=10s",
            "/lines/1/points/0/1",
            json!(1.0),
        ),
        (
            "/evidence/metrics/query?name=shop.customer.visits&by=&from=2023-11-14T22:14:20Z",
            "/lines/0/points/0/1",
            json!(160.0),
        ),
        (
            "/evidence/metrics/query?name=shop.customer.visits&function=ratio&of=outcome=failed&by=&step=10s&from=-0s",
            "/lines/0/points/0/1",
            json!(0.0),
        ),
        ("/evidence/metrics/requests?route=/&service=web-front", "/requests/0/held", json!(true)),
        ("/evidence/metrics/requests?sort=slow", "/requests/0/duration_s", json!(2.0)),
        ("/evidence/traces?slowest&failed=true&route=/", "/traces/0/failure", json!("web-front GET /: no")),
        ("/evidence/traces?service=cache", "/traces", json!([])),
        ("/evidence/traces/00000000000000000000000000000abc", "/spans/0/status_message", json!("no")),
        ("/evidence/alerts", "/rules/0/firing", json!(false)),
        ("/evidence/usage", "/logs/reserved", json!(2)),
    ] {
        let answer = ask(&world, path).await;
        assert_eq!(answer.pointer(pointer), Some(&expected), "{path}: {answer:#}");
    }
    let (_, content_type, body) = get(&world, "/metrics").await;
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert!(String::from_utf8(body).unwrap().contains("shop_customer_visits_total{"));
}

#[tokio::test]
async fn a_wrong_question_is_told_what_is_wrong() {
    let world = world();
    for (path, status, parameter) in [
        ("/evidence/logs?severity=loud", 400, "severity"),
        ("/evidence/logs?limit=many", 400, "limit"),
        ("/evidence/logs?from=yesterday", 400, "from"),
        ("/evidence/logs?attribute=x", 400, "attribute"),
        ("/evidence/logs?trace=1", 400, "trace"),
        ("/evidence/logs?txet=x", 400, "txet"),
        ("/evidence/changes?to=never", 400, "to"),
        ("/evidence/metrics/query?function=rate", 400, "name"),
        ("/evidence/metrics/query?name=x&function=median", 400, "function"),
        ("/evidence/metrics/query?name=shop.customer.visits&function=quantile", 400, "function"),
        ("/evidence/metrics/query?name=shop.customer.visits&function=quantile&q=7", 400, "q"),
        ("/evidence/metrics/query?name=shop.customer.visits&step=0s", 400, "step"),
        ("/evidence/metrics/query?name=shop.customer.visits&from=0&step=1s", 400, "step"),
        ("/evidence/metrics/requests?sort=loud", 400, "sort"),
        ("/evidence/traces?slowest=maybe", 400, "slowest"),
        ("/evidence/traces/xyz", 400, "id"),
        ("/evidence/traces/%FF", 400, "id"),
        ("/evidence/logs?text=%FF&limit=x", 400, "limit"),
        ("/evidence", 404, ""),
        ("/evidence/logs/", 404, ""),
        ("/%FF", 404, ""),
        ("/evidence/traces/00000000000000000000000000000abd", 404, ""),
        ("/evidence/metrics/query?name=unknown", 404, ""),
    ] {
        let (answered, content_type, body) = get(&world, path).await;
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (answered.as_u16(), content_type.as_str()),
            (status, "application/problem+json"),
            "{path}"
        );
        assert_eq!(problem["parameter"].as_str().unwrap_or_default(), parameter, "{path}: {problem}");
        assert_eq!(problem["status"], status, "{path}");
    }
}

/// A program in another process reads back the answers that were written.
#[tokio::test]
async fn answers_read_back_as_the_types_that_they_were() {
    let world = world();
    let trace = "/evidence/traces/00000000000000000000000000000abc";
    let metric = "/evidence/metrics/query?name=shop.customer.visits";
    serde_json::from_value::<LogPage>(ask(&world, "/evidence/logs").await).unwrap();
    serde_json::from_value::<TraceList>(ask(&world, "/evidence/traces").await).unwrap();
    serde_json::from_value::<MetricAnswer>(ask(&world, metric).await).unwrap();
    let view: TraceView = serde_json::from_value(ask(&world, trace).await).unwrap();
    let usage: Usage = serde_json::from_value(ask(&world, "/evidence/usage").await).unwrap();
    assert_eq!(Some(&view), world.evidence.trace(view.trace_id).as_ref());
    assert_eq!(usage, world.evidence.usage());
}

/// All endpoints report an unknown path and an unsupported method in one format.
#[tokio::test]
async fn a_wrong_path_or_method_is_a_problem_at_every_door() {
    let World { evidence, .. } = World::default();
    let questions = || api::router(evidence.clone());
    let (http, grpc) =
        (|| receiver::http_router(evidence.clone()), || receiver::grpc_router(evidence.clone()));
    let call = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    for (router, method, path, status, allow) in [
        (questions(), "POST", "/evidence/logs", 405, "GET,HEAD"),
        (questions(), "DELETE", "/metrics", 405, "GET,HEAD"),
        (questions(), "PUT", "/evidence/traces/%FF", 405, "GET,HEAD"),
        (http(), "GET", "/v1/logs", 405, "POST"),
        (http(), "POST", "/v1/profiles", 404, ""),
        (http(), "POST", "/v1/logs/%FF", 404, ""),
        (http(), "GET", "/", 404, ""),
        (grpc(), "GET", call, 405, "POST"),
        (grpc(), "GET", "/", 404, ""),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = router.oneshot(request).await.unwrap();
        let header = |name| answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let told = (answer.status().as_u16(), header("content-type"), header("allow"));
        let expected = (status, "application/problem+json".to_owned(), allow.to_owned());
        assert_eq!(told, expected, "{method} {path}");
        let problem: Value =
            serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
        assert_eq!(problem["status"], status, "{method} {path}");
    }
    // gRPC has a status of its own.
    let unknown = Request::post("/other.Service/Call").header("content-type", "application/grpc");
    let answer = grpc().oneshot(unknown.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["grpc-status"]), (200, &"12".parse().unwrap()));
}
