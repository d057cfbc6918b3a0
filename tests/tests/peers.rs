//! Real peers: OpenTelemetry's own Python exporters, a third-party collector, Debian's Prometheus, and the Model Context Protocol's own client.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use chassis::{Peer, Wait};
use evidence::{LogQuery, TraceQuery, UnixTime};
use glyphfall_tests::{
    collector::Collector,
    process::{Process, free_port, output, program, root, token},
    up::{Up, peer},
};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

const SENT: usize = 300;
const BOUND: Duration = Duration::from_secs(60);

/// An hour after virtual time begins: 2 March 2026, 09:00 UTC.
const RECORDED: Duration = Duration::from_secs(1_772_442_000);

/// A program of the peers' own Python environment, which `cargo xtask test` makes.
fn peer_program(name: &str) -> PathBuf {
    let path = root().join("target/peers/bin").join(name);
    assert!(path.exists(), "{} is missing: 'cargo xtask tools' makes it", path.display());
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn what_python_exporters_send_is_stored_and_found() {
    let collector = Collector::start().await;
    for (protocol, endpoint) in [("grpc", collector.grpc()), ("http", collector.http())] {
        let script = root().join("tests/peers/send.py");
        let mut send = Command::new(peer_program("python"));
        let (code, _, error) = output(send.arg(script).args([protocol, &endpoint, &SENT.to_string()]));
        assert_eq!(code, 0, "{error}");
        let service = Some(format!("peer-{protocol}"));
        let traces = TraceQuery { service: service.clone(), limit: 1_000, ..TraceQuery::default() };
        assert_eq!(collector.evidence.traces(&traces).traces.len(), SENT, "{protocol}");
        let logs = LogQuery { service, text: Some("a thing".into()), limit: 1_000, ..LogQuery::default() };
        assert_eq!(collector.evidence.logs(&logs).logs.len(), SENT, "{protocol}");
        let counted =
            collector.evidence.metrics().into_iter().find(|metric| metric.name == "peer.things").unwrap();
        let sender = format!("peer-{protocol}");
        assert!(
            counted.labels.iter().any(|labels| labels.get("service.name") == Some(&sender)),
            "{counted:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_passes_through_a_third_party_collector() {
    let collector = Collector::start().await;
    let (between, between_http) = (free_port(), free_port());
    let (_, agent, _) = output(Command::new(peer_program("python")).args([
        "-c",
        "import os, rotel; print(os.path.join(os.path.dirname(rotel.__file__), 'rotel-agent'))",
    ]));
    let mut rotel = Command::new(agent.trim());
    rotel.args(["start", "--otlp-grpc-endpoint", &format!("127.0.0.1:{between}")]);
    rotel.args(["--otlp-http-endpoint", &format!("127.0.0.1:{between_http}")]);
    rotel.args(["--otlp-exporter-endpoint", &collector.grpc(), "--otlp-exporter-protocol", "grpc"]);
    let mut rotel_agent = Process::start(&mut rotel);
    rotel_agent.until_listening(between).await;

    let (port, token, folder) = (free_port(), token(), tempfile::tempdir().unwrap());
    let mut command = Command::new(program("content-store"));
    command.args(["--level", "changes", "--bind", &format!("127.0.0.1:{port}"), "--data"]).arg(folder.path());
    command.env("GLYPHFALL_EDITOR_TOKEN", &token);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{between}"));
    let mut store = Process::start(&mut command);
    store.until_listening(port).await;
    let editor = peer(port);
    for _ in 0..SENT {
        let request = Request::put("/assets/page").header("authorization", format!("Bearer {token}"));
        let request = request.body(Bytes::from_static(b"text")).unwrap();
        assert!(editor.send(request, Wait::AtMost(BOUND)).await.unwrap().status.is_success());
    }
    store.signal("TERM");
    assert!(store.ended(BOUND).await);
    let all_there = async {
        loop {
            let changes = collector.evidence.changes(UnixTime::default(), collector.evidence.now()).changes;
            let published = changes.iter().filter(|change| change.what == "shop.asset.published").count();
            let traces =
                TraceQuery { name: Some("PUT /assets/{id}".into()), limit: 1_000, ..TraceQuery::default() };
            let spans = collector.evidence.traces(&traces).traces.len();
            if (published, spans) == (SENT, SENT) {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(BOUND, all_there).await.expect("100 % is delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_scrapes_the_running_shop_and_answers() {
    let up = Up::start(&["--level", "metrics"]).await;
    let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
    let told = of_the_document("scrape_configs:").replace(":9000", &format!(":{}", up.ports.room));
    let file = folder.path().join("prometheus.yml");
    fs::write(&file, format!("global:\n  scrape_interval: 1s\n{told}")).unwrap();
    let (code, _, error) = output(Command::new("promtool").args(["check", "config"]).arg(&file));
    assert_eq!(code, 0, "{error}");
    let mut prometheus = Command::new("prometheus");
    prometheus.arg(format!("--config.file={}", file.display()));
    prometheus.arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
    prometheus.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let mut server = Process::start(&mut prometheus);
    server.until_listening(port).await;
    let prometheus = peer(port);
    for query in [
        "sum(shop_customer_visits_total{outcome=\"served\"})",
        "shop_cache_fill_permits_limit",
        "sum(rate(http_server_request_duration_seconds_count{job=\"web-front\"}[10s]))",
        "histogram_quantile(0.99,sum by (le) (rate(http_server_request_duration_seconds_bucket[10s])))",
    ] {
        let answered = async {
            while value_of(&prometheus, query).await.is_none_or(|value| value <= 0.0) {
                sleep(Duration::from_millis(200)).await;
            }
        };
        timeout(BOUND, answered).await.unwrap_or_else(|_| panic!("{query} has a value"));
    }
}

/// One shop is lost by what is published, the other shows its pages without the banner.
#[tokio::test(flavor = "multi_thread")]
async fn the_chaos_toolkit_runs_an_exported_scenario() {
    let (faulty, repaired) = tokio::join!(
        Up::start(&["--views", "0.5"]),
        Up::start(&["--views", "0.5", "--repair", "poor-error-handling"])
    );
    let journal = |up: &Up| {
        let (code, experiment, error) = up.glyphfall(&["inject", "special-character", "--chaos-toolkit"]);
        assert_eq!(code, 0, "{error}");
        let folder = up.folder.path();
        fs::write(folder.join("experiment.json"), experiment).unwrap();
        let path = program("glyphfall").parent().unwrap().display().to_string();
        let run = r#"PATH="$1:$PATH" exec "$2" run experiment.json --journal-path journal.json"#;
        let mut chaos = Command::new("sh");
        chaos.args(["-c", run, "sh", &path]).arg(peer_program("chaos")).current_dir(folder);
        chaos.env("GLYPHFALL_EDITOR_TOKEN", &up.editor_token);
        chaos.env("GLYPHFALL_OPERATOR_TOKEN", &up.operator_token);
        let (_, told, error) = output(&mut chaos);
        let journal = fs::read_to_string(folder.join("journal.json"));
        let journal = journal.unwrap_or_else(|_| panic!("it wrote no journal: {told} {error}"));
        serde_json::from_str::<Value>(&journal).unwrap()
    };
    let (lost, served) = std::thread::scope(|scope| {
        let both = [&faulty, &repaired].map(|up| scope.spawn(|| journal(up)));
        both.map(|journal| journal.join().unwrap()).into()
    });
    assert_eq!((&lost["status"], &lost["deviated"]), (&"failed".into(), &true.into()), "{lost}");
    assert_eq!((&served["status"], &served["deviated"]), (&"completed".into(), &false.into()), "{served}");
    for journal in [&lost, &served] {
        assert_eq!(journal["steady_states"]["before"]["steady_state_met"], true, "{journal}");
        for done in [&journal["run"][0], &journal["rollbacks"][0]] {
            assert_eq!(done["output"]["status"], 0, "{done}");
        }
    }
    faulty.until_home_is(Some(StatusCode::OK)).await;
}

/// Sends lines of OTLP's JSON to a collector, and says how many were taken without a word.
async fn taken(collector: &Collector, signal: &str, lines: &str) -> usize {
    let address = collector.http();
    let receiver = peer(address.rsplit(':').next().unwrap().parse().unwrap());
    let mut taken = 0;
    for line in lines.lines() {
        let request = Request::post(format!("/v1/{signal}")).header("content-type", "application/json");
        let request = request.body(Bytes::copy_from_slice(line.as_bytes())).unwrap();
        let answer = receiver.send(request, Wait::AtMost(BOUND)).await.unwrap();
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!((answer.status, said.as_str()), (StatusCode::OK, "{}"), "{signal}: {line:.200}");
        taken += 1;
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_taken_as_log_events() {
    let folder = tempfile::tempdir().unwrap();
    let glyphfall = |arguments: &[&str]| {
        let mut command = Command::new(program("glyphfall"));
        let (code, told, error) = output(command.args(arguments).current_dir(folder.path()));
        assert_eq!(code, 0, "{error}");
        told
    };
    let played =
        ["play", "special-character", "--seed", "7", "--until", "08:40", "--views", "1", "--format", "json"];
    let record: Value = serde_json::from_str(&glyphfall(&played)).unwrap();
    fs::write(folder.path().join("record.json"), record.to_string()).unwrap();
    let collector = Collector::start().await;
    assert_eq!(taken(&collector, "logs", &glyphfall(&["debrief", "record.json", "--otlp"])).await, 1);
    let all = LogQuery { service: Some("glyphfall".into()), limit: 1_000, ..LogQuery::default() };
    let lines = collector.evidence.logs(&all).logs;
    assert_eq!(lines.len(), record["events"].as_array().unwrap().len() + 1);
    let lost = lines.iter().find(|line| line.event.as_deref() == Some("incident.availability_lost")).unwrap();
    assert_eq!((lost.severity.to_string().as_str(), lost.body.as_str()), ("ERROR", "availability lost"));
    let published = lines.iter().find(|line| line.body.contains("promo-banner")).unwrap();
    assert_eq!(published.event.as_deref(), Some("incident.published"));
    assert_eq!(published.attributes["incident.published.asset"], "promo-banner");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_evidence_that_anybody_reads_and_an_answer_that_nobody_can_change() {
    let folder = tempfile::tempdir().unwrap();
    let glyphfall = |arguments: &[&str]| {
        let mut command = Command::new(program("glyphfall"));
        output(command.args(arguments).current_dir(folder.path()))
    };
    let export = |level: &str| {
        let asked = ["export-case", "special-character", "--seed", "7", "--level", level, "--format", "json"];
        let (code, told, error) = glyphfall(&asked);
        assert_eq!(code, 0, "{error}");
        serde_json::from_str::<Value>(&told).unwrap()
    };
    let [dark, rich, again] = ["dark", "changes", "changes"].map(export);
    let path = |case: &Value, key: &str| folder.path().join(case[key].as_str().unwrap());
    let evidence = |case: &Value, signal: &str| {
        fs::read_to_string(path(case, "folder").join(format!("{signal}.jsonl"))).unwrap_or_default()
    };
    let collector = Collector::start_at(SystemTime::UNIX_EPOCH + RECORDED).await;
    for signal in ["logs", "metrics", "traces"] {
        let lines = evidence(&rich, signal);
        assert_eq!(lines, evidence(&again, signal), "the same seed gives the same evidence");
        assert!(taken(&collector, signal, &lines).await > 100, "{signal}");
    }
    let usage = serde_json::to_string(&collector.evidence.usage()).unwrap();
    assert!(evidence(&dark, "metrics").is_empty() && evidence(&dark, "traces").is_empty());
    let told =
        collector.evidence.logs(&LogQuery { text: Some("could not fill".into()), ..LogQuery::default() });
    assert!(!told.logs.is_empty(), "what is in it can be asked for: {usage}");

    // Nothing that whoever answers receives names scenario, seed, program or any fault that is there on purpose.
    let question = fs::read_to_string(path(&rich, "folder").join("question.json")).unwrap();
    for text in ["logs", "metrics", "traces"].map(|signal| evidence(&rich, signal)).iter().chain([&question])
    {
        for word in ["special-character", "invalid-rendering", "poor-error-handling", "latent", "\"seed\""] {
            assert!(!text.contains(word), "{word}");
        }
    }

    let right = |case: &Value| {
        serde_json::json!({
            "case": case["case"], "asset": "Promo Banner", "factors": ["invalid rendering", "unbounded retries", "missing health check"],
            "cause": "an editor saved a text with a vertical tab", "path": "web front, cache, content store",
        })
    };
    let grade = |answers: &[Value]| {
        let lines: Vec<String> = answers.iter().map(ToString::to_string).collect();
        fs::write(folder.path().join("answers.jsonl"), lines.join("\n")).unwrap();
        glyphfall(&["grade", "answers.jsonl", "--format", "json"])
    };
    let (code, told, error) = grade(&[right(&dark), right(&rich)]);
    assert_eq!(code, 0, "{error}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["right"], &told["of"]), (&2.into(), &3.into()), "no answer is no explanation: {told}");
    let (code, _, error) = grade(&[right(&rich), right(&rich)]);
    assert!(code == 2 && error.contains("again"), "{error}");
    let (code, _, error) = grade(&[serde_json::json!({ "case": "case-unknown" })]);
    assert!(code == 2 && error.contains("there is no key"), "{error}");
    let key = fs::read_to_string(path(&rich, "key")).unwrap();
    fs::write(path(&rich, "key"), key.replace("promo-banner", "home-intro")).unwrap();
    let (code, _, error) = grade(&[right(&rich)]);
    assert!(code == 2 && error.contains("does not fit its seal"), "{error}");
}

/// The fenced block of the document on telemetry that begins so.
fn of_the_document(begins: &str) -> String {
    let document = fs::read_to_string(root().join("docs/telemetry.md")).expect("there is the document");
    let blocks = document.split("\n```").skip(1).step_by(2);
    let block =
        blocks.filter_map(|block| block.split_once('\n')).find(|(_, block)| block.starts_with(begins));
    block.expect("the document says it").1.to_owned()
}

async fn value_of(prometheus: &Peer, query: &str) -> Option<f64> {
    let encoded = query.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    let answer = prometheus.get(&format!("/api/v1/query?query={encoded}"), Wait::AtMost(BOUND)).await.ok()?;
    if answer.status != StatusCode::OK {
        return None;
    }
    let answer: Value = serde_json::from_slice(&answer.body).ok()?;
    answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
}

/// What the protocol's own client heard, in order: what was called, whether it was refused, and what came back.
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

/// The record that a run left.
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
            // The one thing that may differ: when somebody was called.
            assert!(told.as_object_mut().unwrap().remove("clock").is_some());
            same.push(told);
        }
        // It goes away without a word: its world ends, and the record says so.
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
    let compared = |out: &str| {
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
        let (code, told, error) =
            output(command.args(["--format", "json", "--responder", &responder, "--out"]).arg(&out));
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
    let ((first, out), (second, _)) = (compared("one"), compared("two"));
    assert_eq!(first, second);
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
