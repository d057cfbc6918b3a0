//! OTLP's JSON as senders write it: ordinary records are kept, wrong ones are refused with their place, and neither costs its
//! neighbours.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use crate::support::World;
use axum::body::Body;
use evidence::{LogQuery, Refusal, receiver};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

async fn post(world: &World, signal: &str, body: impl Into<Body>) -> (u16, Value) {
    let request = Request::post(format!("/v1/{signal}")).header("content-type", "application/json");
    let router = receiver::http_router(world.evidence.clone());
    let answer = router.oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap())
}

fn of_log(fields: &str) -> String {
    format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{fields}]}}]}}]}}")
}

fn of_span(fields: &str) -> String {
    let ids = "\"traceId\":\"5b8efff798038103d269b633813fc601\",\"spanId\":\"eee19b7ec3c1b101\"";
    let times = "\"startTimeUnixNano\":\"1700000000000000000\",\"endTimeUnixNano\":\"1700000000000000000\"";
    format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{{{ids},{times},{fields}}}]}}]}}]}}")
}

fn of_metric(data: &str) -> String {
    format!("{{\"resourceMetrics\":[{{\"scopeMetrics\":[{{\"metrics\":[{{\"name\":\"m\",{data}}}]}}]}}]}}")
}

#[tokio::test]
async fn what_is_ordinary_is_kept() {
    let attribute =
        |value: &str| of_log(&format!("{{\"attributes\":[{{\"key\":\"x\",\"value\":{value}}}]}}"));
    let gauge = |fields: &str| of_metric(&format!("\"gauge\":{{\"dataPoints\":[{{{fields}}}]}}"));
    for (signal, body) in [
        ("traces", of_span("\"attributes\":[{\"key\":\"list\",\"value\":{\"arrayValue\":{}}}]")),
        ("traces", of_span("\"attributes\":[{\"key\":\"map\",\"value\":{\"kvlistValue\":{}}}]")),
        ("traces", of_span("\"traceState\":null")),
        ("traces", of_span("\"parentSpanId\":null")),
        ("traces", of_span("\"status\":{},\"links\":null,\"events\":[]")),
        (
            "metrics",
            gauge("\"asInt\":\"7\",\"attributes\":[{\"key\":\"list\",\"value\":{\"arrayValue\":{}}}]"),
        ),
        ("metrics", gauge("\"asDouble\":\"1.5\"")),
        ("metrics", gauge("\"asDouble\":3")),
        ("metrics", gauge("\"as_double\":0.5,\"time_unix_nano\":0")),
        ("logs", attribute("{\"arrayValue\":{\"values\":[{},{\"stringValue\":null}]}}")),
        ("logs", attribute("null")),
        ("logs", attribute("{}")),
        ("logs", attribute("{\"intValue\":null}")),
        ("logs", attribute("{\"intValue\":\"42\"}")),
        ("logs", attribute("{\"doubleValue\":\"NaN\"}")),
        ("logs", attribute("{\"doubleValue\":\"1.5\"}")),
        ("logs", attribute("{\"bytesValue\":\"_-A\"}")),
        ("logs", attribute("{\"stringValue\":\"y\",\"newValue\":3}")),
        ("logs", attribute("{\"newValue\":{\"a\":1}}")),
        ("logs", of_log("{\"attributes\":[{\"value\":{\"stringValue\":\"x\"}},{\"key\":\"x\"}]}")),
        ("logs", of_log("{\"body\":{\"arrayValue\":{}},\"fooBar\":{\"a\":[1,2]}}")),
        ("logs", of_log("{\"timeUnixNano\":1700000000000000000}")),
        ("logs", of_log("{\"timeUnixNano\":1.7e+18}")),
        ("logs", of_log("{\"traceId\":\"\",\"spanId\":\"\"}")),
        ("logs", of_log("{\"traceId\":\"5B8EFFF798038103D269B633813FC60C\"}")),
        ("logs", "{\"resource_logs\":[{\"scope_logs\":[{\"log_records\":[{}]}]}],\"later\":1}".to_owned()),
    ] {
        let world = World::default();
        assert_eq!(post(&world, signal, body.clone()).await, (200, json!({})), "{body}");
        let usage = world.evidence.usage();
        assert_eq!(usage.logs.held + usage.metrics.held + usage.spans.held, 1, "{body}");
    }
}

/// If no record can be read, the whole message is refused, with the place and the reason.
#[tokio::test]
async fn a_message_without_one_good_record_is_refused_with_place_and_reason() {
    let name = "expected a number (OTLP's JSON has no names of enums), found";
    for (signal, body, reason) in [
        (
            "logs",
            of_log("{\"severityNumber\":\"SEVERITY_NUMBER_ERROR\"}"),
            format!(
                "resourceLogs[0].scopeLogs[0].logRecords[0].severityNumber: {name} \"SEVERITY_NUMBER_ERROR\""
            ),
        ),
        (
            "traces",
            of_span("\"kind\":\"SPAN_KIND_SERVER\""),
            format!("resourceSpans[0].scopeSpans[0].spans[0].kind: {name} \"SPAN_KIND_SERVER\""),
        ),
        (
            "traces",
            of_span("\"status\":{\"code\":\"STATUS_CODE_ERROR\"}"),
            format!("resourceSpans[0].scopeSpans[0].spans[0].status.code: {name} \"STATUS_CODE_ERROR\""),
        ),
        (
            "logs",
            of_log("{\"traceId\":\"W47/95gDgQPSabYzgT/GDA==\"}"),
            "logRecords[0].traceId: expected 32 hexadecimal digits, found \"W47/95gDgQPSabYzgT/GDA==\""
                .to_owned(),
        ),
        ("logs", "\u{feff}{}".to_owned(), "line 1 column 1: expected {, found a byte order mark".to_owned()),
        ("logs", "{\"resourceLogs\":7}".to_owned(), "resourceLogs: expected an array, found 7".to_owned()),
        ("logs", "[]".to_owned(), "the message: expected an object, found []".to_owned()),
        ("logs", String::new(), "expected JSON: EOF while parsing a value at line 1 column 0".to_owned()),
        ("logs", of_log("{]"), "expected JSON: key must be a string at line 1 column 48".to_owned()),
        ("logs", of_log("\"\\u001b[2J\""), "expected an object, found \"\\u001b[2J\"".to_owned()),
    ] {
        let world = World::default();
        let (status, answer) = post(&world, signal, body.clone()).await;
        let message = answer["message"].as_str().unwrap();
        assert!(status == 400 && message.contains(&reason), "{body}: {status} {message}");
        assert_eq!(world.evidence.usage().requests_refused["malformed"], 1, "{body}");
    }
}

/// A message with some wrong records: the good ones are kept, and the response reports the others.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn the_good_records_of_a_message_are_kept_and_the_others_told() {
    let good = "{\"body\":{\"stringValue\":\"good\"}}";
    let beside = |record: &str| of_log(&format!("{good},{record},{good}"));
    let point = "{\"asInt\":\"7\"}";
    let sum = |temporality: &str| {
        of_metric(&format!(
            "\"sum\":{{\"aggregationTemporality\":{temporality},\"dataPoints\":[{point},{point}]}}"
        ))
    };
    let nested = format!("{}{}{}", "{\"arrayValue\":{\"values\":[".repeat(30), "{}", "]}}".repeat(30));
    for (signal, body, held, refused, reason) in [
        (
            "logs",
            beside("{\"severityNumber\":\"x\"}"),
            2,
            1,
            "logRecords[1].severityNumber: expected a number",
        ),
        (
            "logs",
            beside("{\"body\":{\"stringValue\":7}}"),
            2,
            1,
            "logRecords[1].body.stringValue: expected a text, found 7",
        ),
        (
            "logs",
            beside("{\"body\":{\"stringValue\":\"cut \\ud83d\"}}"),
            2,
            1,
            "logRecords[1]: unexpected end of hex escape",
        ),
        ("logs", beside("{\"body\":{\"doubleValue\":1e999}}"), 2, 1, "logRecords[1]: number out of range"),
        (
            "logs",
            beside("{\"body\":{\"intValue\":1,\"boolValue\":true}}"),
            2,
            1,
            "expected one value, found a second",
        ),
        ("logs", beside(&format!("{{\"body\":{nested}}}")), 2, 1, "expected values that lie less deep"),
        (
            "logs",
            beside("{\"timeUnixNano\":-1}"),
            2,
            1,
            "timeUnixNano: expected an integer from 0, of 64 bits, found -1",
        ),
        (
            "logs",
            beside("{\"attributes\":[null]}"),
            2,
            1,
            "logRecords[1].attributes[0]: expected an object, found null",
        ),
        ("logs", beside("null"), 2, 1, "logRecords[1]: expected an object, found null"),
        (
            "logs",
            format!(
                "{{\"resourceLogs\":[{{\"resource\":[],\"scopeLogs\":[{{\"logRecords\":[{good}]}}]}},{{\"scopeLogs\":[{{\"logRecords\":[{good}]}}]}}]}}"
            ),
            1,
            1,
            "resourceLogs[0].resource: expected an object, found []",
        ),
        (
            "logs",
            format!("{{\"resourceLogs\":[{{\"scopeLogs\":[7,{{\"logRecords\":[{good}]}}]}}]}}"),
            1,
            0,
            "resourceLogs[0].scopeLogs[0]: expected an object, found 7",
        ),
        (
            "metrics",
            sum("\"AGGREGATION_TEMPORALITY_CUMULATIVE\""),
            0,
            2,
            "metrics[0].sum.aggregationTemporality: expected a number",
        ),
        ("metrics", sum("0"), 0, 2, "metrics[0].aggregationTemporality: expected 1 (differences) or 2"),
        (
            "metrics",
            of_metric(&format!(
                "\"gauge\":{{\"dataPoints\":[{point}]}},\"sum\":{{\"dataPoints\":[{point}]}}"
            )),
            0,
            1,
            "metrics[0].sum: expected one kind of data, found a second",
        ),
        (
            "traces",
            "{\"resourceSpans\":[{\"instrumentationLibrarySpans\":[{\"spans\":[{}]}]}]}".to_owned(),
            0,
            0,
            "resourceSpans[0]: ignored instrumentationLibrarySpans",
        ),
    ] {
        let world = World::default();
        let (status, answer) = post(&world, signal, body.clone()).await;
        let partial = &answer["partialSuccess"];
        let told = partial["errorMessage"].as_str().unwrap_or_default();
        assert!(status == 200 && told.contains(reason), "{body}: {status} {answer}");
        let usage = world.evidence.usage();
        let signal = if signal == "logs" { &usage.logs } else { &usage.metrics };
        let unheld: u64 = signal.refused.values().sum();
        assert_eq!((signal.held, unheld, signal.received), (held, refused, held + refused), "{body}");
        assert!(refused > 0 || usage.logs.unread + usage.spans.unread == 1, "{body}: {usage:?}");
    }
}

/// A text that is not UTF-8 spoils only its own record, in protobuf too.
#[tokio::test]
async fn a_text_that_is_no_utf_8_costs_no_neighbour() {
    let world = World::default();
    let log = |body: &str| crate::support::log(0.0, 9, body);
    let request = crate::support::logs("cache", vec![log("first"), log("second"), log("third")]);
    let mut bytes = prost::Message::encode_to_vec(&request);
    let place = bytes.windows(6).position(|window| window == b"second").unwrap();
    bytes[place] = 0xff;
    let request = Request::post("/v1/logs").header("content-type", "application/x-protobuf");
    let router = receiver::http_router(world.evidence.clone());
    let answer = router.oneshot(request.body(Body::from(bytes)).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    let told = answer.into_body().collect().await.unwrap().to_bytes();
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("resourceLogs[0].scopeLogs[0].logRecords[1]: failed to decode"), "{told}");
    let held: Vec<String> =
        world.evidence.logs(&LogQuery::default()).logs.into_iter().map(|entry| entry.body).collect();
    assert_eq!(held, ["first", "third"]);
    assert_eq!(world.evidence.usage().logs.refused[&Refusal::Unreadable], 1);
}
