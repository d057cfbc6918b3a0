//! Every record sent is held, or refused and reported. This holds for generated messages, and for the same messages with errors in
//! them. An independent implementation, Python's, counts how many records were sent.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::structures::{check_bounds, log_record, metric, span};
use crate::support::{World, logs, metrics, spans};
use axum::body::Body;
use evidence::{Refusal, receiver};
use http::Request;
use http_body_util::BodyExt as _;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use prost::Message;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Cases of each signal in each of four forms: JSON and protobuf, valid and corrupted.
const CASES: usize = 75;

/// The environment variable whose seed repeats a run.
const SEED: &str = "GLYPHFALL_TEST_SEED";

struct Case {
    signal: &'static str,
    is_json: bool,
    is_honest: bool,
    body: Vec<u8>,
}

#[test]
fn what_is_sent_is_held_or_refused_as_another_reader_counts_it() {
    #[expect(clippy::disallowed_methods, reason = "a test has no main that could read it")]
    let seed: u64 = std::env::var(SEED).map_or_else(|_| rand_seed(), |seed| seed.parse().unwrap());
    let bytes: Vec<u8> = seed.to_le_bytes().repeat(4);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    let cases: Vec<Case> = (0..CASES).flat_map(|_| cases(&mut runner)).collect();
    eprintln!("{} cases, seed {seed}; {SEED}={seed} repeats them", cases.len());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (mut sent_in_all, mut refused_in_all) = (0, 0);
    for (case, counted) in cases.iter().zip(count(&cases)) {
        let world = World::default();
        let (status, told) = runtime.block_on(send(&world, case));
        let usage = world.evidence.usage();
        let signal = match case.signal {
            "logs" => &usage.logs,
            "metrics" => &usage.metrics,
            _ => &usage.spans,
        };
        check_bounds(&usage);
        let about = || {
            let shown = String::from_utf8_lossy(&case.body);
            format!("{} {status} {told} {counted} {signal:?}\n{shown}\nseed {seed}", case.signal)
        };
        let (sent, bad) = (counted["sent"].as_u64(), counted["bad"].as_u64());
        let refused: u64 = signal.refused.values().sum();
        let unreadable = signal.refused.get(&Refusal::Unreadable).copied().unwrap_or(0);
        match sent {
            // The store counts exactly the records that the other reader reads, unless it refuses the whole message and says so.
            Some(sent) => {
                assert!(signal.received == sent || (!case.is_json && status == 400), "{}", about());
                assert!(!case.is_json || Some(unreadable) == bad, "{}", about());
                assert!(!case.is_honest || case.is_json || (status == 200 && unreadable == 0), "{}", about());
            }
            None => assert!(status == 400 || unreadable > 0 || signal.unread > 0, "{}", about()),
        }
        if status == 200 {
            assert_eq!(told["rejected"], refused, "{}", about());
            assert!(
                refused == 0 || told["reason"].as_str().is_some_and(|words| words.contains(": ")),
                "{}",
                about()
            );
        } else {
            assert!(
                status == 400 && told["reason"].as_str().is_some_and(|words| words.len() > 40),
                "{}",
                about()
            );
        }
        sent_in_all += sent.unwrap_or(0);
        refused_in_all += refused;
    }
    assert!(sent_in_all > 0 && refused_in_all > 0, "the cases hold good records and bad ones");
}

/// A new seed each time.
fn rand_seed() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one("seed")
}

/// One message of each signal in each form.
fn cases(runner: &mut TestRunner) -> Vec<Case> {
    let mut cases = Vec::new();
    macro_rules! add {
        ($signal:literal, $records:expr, $request:ident) => {
            let strategy = (vec($records, 0..4), vec($records, 0..3), "[a-c]");
            let (first, second, service) = sample(strategy, runner);
            let mut request = $request(&service, first);
            request.merge(&*$request("other", second).encode_to_vec()).unwrap();
            let (bytes, value) = (request.encode_to_vec(), serde_json::to_value(&request).unwrap());
            let (changed, odd) = (change(&bytes, runner), make_odd(value.clone(), runner));
            for (is_json, is_honest, body) in [
                (false, true, bytes),
                (false, false, changed),
                (true, true, serde_json::to_vec(&value).unwrap()),
                (true, false, serde_json::to_vec(&odd).unwrap()),
            ] {
                cases.push(Case { signal: $signal, is_json, is_honest, body });
            }
        };
    }
    add!("logs", log_record(), logs);
    add!("metrics", metric(), metrics);
    add!("traces", span(), spans);
    cases
}

fn sample<S: Strategy>(strategy: S, runner: &mut TestRunner) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}

/// The same bytes with one to three of them replaced.
fn change(bytes: &[u8], runner: &mut TestRunner) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for (place, byte) in sample(vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), runner) {
        if !changed.is_empty() {
            let place = place.index(changed.len());
            changed[place] = byte;
        }
    }
    changed
}

/// The same message with an odd value or two inserted, or with a value removed.
fn make_odd(mut message: Value, runner: &mut TestRunner) -> Value {
    let odd = prop::sample::select(vec![
        None,
        Some(json!(null)),
        Some(json!([])),
        Some(json!([null])),
        Some(json!({})),
        Some(json!("")),
        Some(json!("x")),
        Some(json!("NaN")),
        Some(json!("Infinity")),
        Some(json!("1.5")),
        Some(json!("12")),
        Some(json!(1.5)),
        Some(json!(-1)),
        Some(json!(3.0)),
        Some(json!(1e18)),
        Some(json!("SEVERITY_NUMBER_INFO")),
        Some(json!("W47/95gDgQPSabYzgT/GDA==")),
    ]);
    for (place, odd) in sample(vec((any::<prop::sample::Index>(), odd), 1..3), runner) {
        let mut paths = Vec::new();
        find_paths(&message, String::new(), &mut paths);
        if paths.is_empty() {
            continue;
        }
        let path = &paths[place.index(paths.len())];
        let (parent, name) = path.rsplit_once('/').unwrap();
        match (odd, message.pointer_mut(parent).unwrap()) {
            (Some(odd), _) => *message.pointer_mut(path).unwrap() = odd,
            (None, Value::Object(members)) => drop(members.remove(name)),
            (None, Value::Array(elements)) => drop(elements.remove(name.parse().unwrap())),
            (None, other) => unreachable!("{other} has no members"),
        }
    }
    message
}

fn find_paths(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                find_paths(member, format!("{path}/{name}"), paths);
            }
        }
        Value::Array(elements) => {
            for (place, element) in elements.iter().enumerate() {
                find_paths(element, format!("{path}/{place}"), paths);
            }
        }
        _ => {}
    }
    if !path.is_empty() {
        paths.push(path);
    }
}

/// The counts of the other implementation, in one process for all cases.
fn count(cases: &[Case]) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join("target/peers/bin/python");
    assert!(python.exists(), "{} is missing: 'cargo xtask tools' makes it", python.display());
    let mut command = Command::new(python);
    command.arg(root.join("tests/peers/count.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut peer = command.spawn().unwrap();
    let mut stdin = peer.stdin.take().unwrap();
    let lines = cases.iter().map(|case| {
        let mut body = String::new();
        case.body.iter().for_each(|byte| write!(body, "{byte:02x}").unwrap());
        let encoding = if case.is_json { "json" } else { "protobuf" };
        format!("{}\n", json!({ "signal": case.signal, "encoding": encoding, "body": body }))
    });
    let lines: String = lines.collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = peer.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let counted: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(counted.len(), cases.len());
    counted
}

/// Sends a case over HTTP. Returns the status, and the refused counts by reason.
async fn send(world: &World, case: &Case) -> (u16, Value) {
    let content_type = if case.is_json { "application/json" } else { "application/x-protobuf" };
    let request = Request::post(format!("/v1/{}", case.signal)).header("content-type", content_type);
    let router = receiver::http_router(world.evidence.clone());
    let answer = router.oneshot(request.body(Body::from(case.body.clone())).unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let (rejected, reason) =
        if status == 200 { partial_success(case, &body) } else { (0, said(case, &body)) };
    (status, json!({ "rejected": rejected, "reason": reason }))
}

/// The partial success of any signal: its two fields have the same tags in each.
fn partial_success(case: &Case, body: &[u8]) -> (u64, String) {
    #[derive(Clone, PartialEq, Message)]
    struct Partial {
        #[prost(int64, tag = "1")]
        rejected: i64,
        #[prost(string, tag = "2")]
        error_message: String,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Answer {
        #[prost(message, optional, tag = "1")]
        partial_success: Option<Partial>,
    }
    if !case.is_json {
        let partial = Answer::decode(body).unwrap().partial_success.unwrap_or_default();
        return (partial.rejected.try_into().unwrap(), partial.error_message);
    }
    let answer: Value = serde_json::from_slice(body).unwrap();
    let partial = &answer["partialSuccess"];
    let rejected = partial.as_object().into_iter().flatten().find(|(name, _)| name.starts_with("rejected"));
    let rejected = rejected
        .map_or(0, |(_, count)| count.as_u64().unwrap_or_else(|| count.as_str().unwrap().parse().unwrap()));
    (rejected, partial["errorMessage"].as_str().unwrap_or_default().to_owned())
}

/// The message of a refusal of the whole request.
fn said(case: &Case, body: &[u8]) -> String {
    #[derive(Clone, PartialEq, Message)]
    struct Status {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(string, tag = "2")]
        message: String,
    }
    if !case.is_json {
        return Status::decode(body).unwrap().message;
    }
    let status: Value = serde_json::from_slice(body).unwrap();
    status["message"].as_str().unwrap_or_default().to_owned()
}
