//! Programs as responders: the Model Context Protocol's own client, and the two responders of `examples`.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use chassis::Wait;
use glyphfall_tests::{
    process::{Process, free_port, output, peer_program, program, root, token},
    room::FORBIDDEN,
    up::peer,
};
use http::{Request, StatusCode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::timeout};

use super::BOUND;

/// Runs the protocol's own client and returns what it received, in order: the call, whether it was refused, and the answer.
fn on_call(arguments: &[&str]) -> Vec<(String, bool, Value)> {
    let mut client = Command::new(peer_program("python"));
    let (code, heard, error) = output(client.arg(root().join("tests/peers/on_call.py")).args(arguments));
    assert_eq!(code, 0, "{heard}\n{error}");
    let line = |line: &str| {
        let mut told: Value = serde_json::from_str(line).unwrap();
        let came = told["came"].take();
        (told["called"].as_str().unwrap().to_owned(), told["refused"] == true, came)
    };
    heard.lines().map(line).collect()
}

/// The record of a run.
fn record_in(folder: &Path) -> Value {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let record = files.into_iter().find(|file| file.extension().is_some_and(|ending| ending == "json"));
    serde_json::from_slice(&fs::read(record.expect("a record was left")).unwrap()).unwrap()
}

fn assert_tells_nothing(heard: &[(String, bool, Value)], at: &str) {
    for (called, _, came) in heard {
        let lower = came.to_string().to_lowercase();
        let found: Vec<_> = FORBIDDEN.iter().filter(|word| lower.contains(*word)).collect();
        assert!(found.is_empty(), "{at}: {called} tells {found:?} in {came}");
    }
}

#[test]
fn the_protocols_own_client_calls_every_tool_at_every_level_and_learns_no_secret() {
    let glyphfall = program("glyphfall");
    for (place, level) in ["dark", "logs", "metrics", "traces", "changes"].into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let heard = on_call(&[glyphfall.to_str().unwrap(), level, folder.path().to_str().unwrap()]);
        assert_tells_nothing(&heard, level);
        let mut well: BTreeMap<&str, usize> = BTreeMap::new();
        let mut refused = 0;
        for (called, is_refused, came) in &heard {
            match is_refused {
                false => *well.entry(called).or_default() += 1,
                true => {
                    refused += 1;
                    assert!(
                        came.as_str().is_some_and(|why| why.len() > 20),
                        "{level}: {called} says why: {came}"
                    );
                }
            }
        }
        let tools = heard[1].2.as_array().unwrap();
        assert_eq!(tools.len(), [10, 10, 11, 12, 13][place], "{level}");
        for tool in tools {
            assert!(well.contains_key(tool["name"].as_str().unwrap()), "{level}: {tool} was called");
            let is_told = tool["description"].as_str().is_some_and(|told| told.contains("Example: {"));
            assert!(is_told && tool["input_schema"]["type"] == "object", "{level}: {tool}");
        }
        assert_eq!(refused, 14, "{level}: what is wrong, unknown or too late");
        let (_, _, last) = heard.last().unwrap();
        assert!(last.as_str().unwrap().contains("over"), "{level}: {last}");
        let record = record_in(folder.path());
        assert_eq!(
            (&record["level"], &record["complete"], &record["responder"]),
            (&json!(level), &json!(true), &json!("program"))
        );
        let looks =
            record["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "check").count();
        assert!(looks > 25 && record["outcome"]["explained_s"].is_number(), "{level}: {looks}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_only_who_has_the_token_is_let_in_and_the_end_of_the_incident_is_the_end() {
    let (port, token, folder) = (free_port(), token(), tempfile::tempdir().unwrap());
    let mut command = Command::new(program("glyphfall"));
    command.args(["agent", "slow-disk", "--level", "metrics", "--seed", "3", "--http", &port.to_string()]);
    command.arg("--out").arg(folder.path()).env("GLYPHFALL_AGENT_TOKEN", &token);
    let mut agent = Process::start(&mut command);
    agent.until_listening(port).await;
    let request =
        Request::post("/mcp").header("content-type", "application/json").body(Bytes::from_static(b"{}"));
    let refused = peer(port).send(request.unwrap(), Wait::AtMost(BOUND)).await.unwrap();
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    // A page of another site is refused even if it knows the token, or if its host name points at this machine.
    for (header, value, status) in [
        ("origin", "http://evil.example", StatusCode::FORBIDDEN),
        ("origin", "null", StatusCode::FORBIDDEN),
        ("host", "evil.example", StatusCode::MISDIRECTED_REQUEST),
    ] {
        let request = Request::post("/mcp").header("content-type", "application/json").header(header, value);
        let request = request.header("accept", "application/json, text/event-stream");
        let request = request.header("authorization", format!("Bearer {token}"));
        let refused =
            peer(port).send(request.body(Bytes::from_static(b"{}")).unwrap(), Wait::AtMost(BOUND)).await;
        assert_eq!(refused.unwrap().status, status, "{header}: {value}");
    }
    let url = format!("http://127.0.0.1:{port}/mcp");
    let heard = on_call(&[&url, &token]);
    assert_tells_nothing(&heard, "http");
    assert!(heard.iter().any(|(called, is_refused, _)| called == "finish" && !is_refused));
    assert!(agent.ended(BOUND).await, "{}", agent.said());
    assert_eq!(record_in(folder.path())["complete"], true);
}

#[test]
fn what_is_the_same_for_every_incident_is_the_same_byte_for_byte_and_broken_messages_are_answered() {
    let ask = |scenario: &str| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program("glyphfall"));
        command.args(["agent", scenario, "--level", "changes", "--seed", "3", "--out"]).arg(folder.path());
        let mut agent =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut says = agent.stdin.take().unwrap();
        let mut hears = BufReader::new(agent.stdout.take().unwrap()).lines();
        let mut ask = |line: &str| -> Value {
            writeln!(says, "{line}").unwrap();
            serde_json::from_str(&hears.next().unwrap().unwrap()).unwrap()
        };
        let version = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
        let mut same = vec![ask(
            &json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": version }).to_string(),
        )];
        let broken = ask("{\"jsonrpc\": \"2.0\", ");
        assert_eq!((&broken["error"]["code"], &broken["id"]), (&json!(-32700), &Value::Null), "{broken}");
        let foreign = ask("{\"id\": 7, \"question\": \"why?\"}");
        assert_eq!((&foreign["error"]["code"], &foreign["id"]), (&json!(-32600), &json!(7)), "{foreign}");
        same.push(ask(&json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }).to_string()));
        for tool in ["list_checks", "catalogue"] {
            let call = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": { "name": tool, "arguments": {} } });
            let mut answer = ask(&call.to_string());
            let mut told: Value =
                serde_json::from_str(answer["result"]["content"][0]["text"].take().as_str().unwrap())
                    .unwrap();
            // Only the time of the call may differ.
            assert!(told.as_object_mut().unwrap().remove("clock").is_some());
            same.push(told);
        }
        // The client disconnects without finishing: the world must end, and the record must say so.
        drop(says);
        let ended = agent.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(2), "{}", String::from_utf8_lossy(&ended.stderr));
        assert_eq!(record_in(folder.path())["complete"], false);
        same
    };
    assert_eq!(ask("special-character"), ask("slow-disk"));
}

#[test]
fn a_program_goes_through_a_comparison_twice_alike_and_its_report_is_pooled() {
    let folder = tempfile::tempdir().unwrap();
    let responder = format!("python3 {}", root().join("examples/responder.py").display());
    let compared = |out: &str, over: &[&str]| {
        let mut command = Command::new(program("glyphfall"));
        command.args([
            "compare",
            "special-character",
            "suspended-store",
            "--quick",
            "--seed",
            "3",
            "--levels",
            "dark,changes",
        ]);
        let out = folder.path().join(out);
        let (code, told, error) = output(
            command.args(over).args(["--format", "json", "--responder", &responder, "--out"]).arg(&out),
        );
        assert_eq!(code, 0, "{error}");
        let left: Vec<String> = fs::read_dir(&out)
            .unwrap()
            .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert!(
            !left.iter().any(|file| file.contains("incidents")),
            "what was kept is in the report: {left:?}"
        );
        (serde_json::from_str::<Value>(&told).unwrap(), out)
    };
    let ((first, out), (second, _)) = (compared("one", &[]), compared("two", &["--http"]));
    assert_eq!(
        first["program"], second["program"],
        "over its streams and over HTTP it sees and does the same"
    );
    let incidents = first["program"]["incidents"].as_array().unwrap();
    assert_eq!(incidents.len(), 4);
    let levels = first["program"]["levels"].as_array().unwrap();
    assert!(levels.iter().all(|level| level["figures"]["explained_right_share"] == 1.0), "{levels:#?}");
    let report = fs::read_dir(&out).unwrap().map(|file| file.unwrap().path());
    let report =
        report.into_iter().find(|file| file.extension().is_some_and(|ending| ending == "json")).unwrap();
    let mut pool = Command::new(program("glyphfall"));
    pool.arg("compare").arg("--pool").arg(&report).arg("--out").arg(folder.path());
    let (code, told, error) = output(&mut pool);
    assert!(code == 0 && told.contains("4 incidents that everybody met, 0 left out"), "{told}{error}");
    let page = fs::read_to_string(folder.path().join("leaderboard.html")).unwrap();
    assert!(page.contains("model responder") && page.contains("examples/responder.py"));
}

/// A chat endpoint that replays answers, and records its requests.
#[derive(Clone, Default)]
struct Endpoint {
    answers: Arc<Mutex<Vec<(StatusCode, Value)>>>,
    asked: Arc<Mutex<Vec<Value>>>,
}

async fn chat(State(endpoint): State<Endpoint>, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    assert_eq!(headers["authorization"], "Bearer a-key");
    endpoint.asked.lock().push(asked);
    let (status, answer) = endpoint.answers.lock().remove(0);
    (status, Json(answer)).into_response()
}

fn says(tools: &[(&str, &str)]) -> (StatusCode, Value) {
    let call = |(place, (name, arguments)): (usize, &(&str, &str))| json!({ "id": format!("call-{place}"), "type": "function", "function": { "name": name, "arguments": arguments } });
    let calls: Vec<Value> = tools.iter().enumerate().map(call).collect();
    let message = json!({ "role": "assistant", "content": "Let me see.", "tool_calls": calls });
    (
        StatusCode::OK,
        json!({ "choices": [{ "message": message }], "usage": { "prompt_tokens": 100, "completion_tokens": 7 } }),
    )
}

/// The responder that uses a language model, with an endpoint that replays the model's answers.
#[expect(
    clippy::disallowed_methods,
    reason = "the endpoint and two processes run beside the test, on the wall clock"
)]
#[tokio::test(flavor = "multi_thread")]
async fn a_chat_endpoint_responds_through_the_second_example() {
    let example = root().join("examples/chat_responder.py");
    let (code, _, error) = output(Command::new("python3").arg(&example).env_remove("OPENAI_API_KEY"));
    assert!(code != 0 && error.contains("set OPENAI_API_KEY"), "{code}: {error}");

    let endpoint = Endpoint::default();
    *endpoint.answers.lock() = vec![
        (StatusCode::SERVICE_UNAVAILABLE, json!({})),
        says(&[("check", r#"{"name": "pages-outside"}"#), ("hypothesis", r#"{"text": "the cache"}"#)]),
        says(&[]),
        says(&[("check", "{"), ("the_answer", "{}")]),
        says(&[("remedy", r#"{"steps": [{"remedy": "restart-cache"}]}"#)]),
        says(&[("finish", "{}")]),
    ];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1/", listener.local_addr().unwrap());
    let app = Router::new().route("/v1/chat/completions", post(chat)).with_state(endpoint.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let folder = tempfile::tempdir().unwrap();
    let mut agent = Command::new(program("glyphfall"));
    agent.args(["agent", "special-character", "--level", "dark", "--seed", "7", "--out"]).arg(folder.path());
    let mut agent = agent.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut responder = Command::new("python3");
    responder.arg(&example).stdin(agent.stdout.take().unwrap()).stdout(agent.stdin.take().unwrap());
    for (name, value) in [("OPENAI_API_KEY", "a-key"), ("OPENAI_MODEL", "replay"), ("OPENAI_BASE_URL", &base)]
    {
        responder.env(name, value);
    }
    let ended = tokio::task::spawn_blocking(move || {
        (responder.status().unwrap(), drop(responder), agent.wait().unwrap())
    });
    let (responded, (), finished) = timeout(BOUND, ended).await.unwrap().unwrap();
    assert!(responded.success() && finished.success(), "{responded} {finished}");

    let asked = endpoint.asked.lock().clone();
    assert_eq!(asked.len(), 6, "asked again after a 503");
    assert!(asked[0]["model"] == "replay" && asked[0]["tools"].as_array().unwrap().len() == 10);
    let last = asked[5]["messages"].as_array().unwrap();
    let answers: Vec<&str> =
        last.iter().filter(|one| one["role"] == "tool").map(|one| one["content"].as_str().unwrap()).collect();
    assert!(
        answers[0].contains("outcome") && answers[2].contains("not JSON") && answers[3].contains("no tool"),
        "{answers:#?}"
    );
    let record = record_in(folder.path());
    let kinds: Vec<&str> =
        record["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"check") && kinds.contains(&"remedy"), "{kinds:?}");
}
