//! Real peers: OpenTelemetry's own Python exporters, a third-party collector, Debian's Prometheus and the Chaos Toolkit; evidence exported
//! in files; and [`programs`] that respond to incidents.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "peers/programs.rs"]
mod programs;

use std::{
    fs,
    process::Command,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use chassis::{Peer, Wait};
use evidence::{LogQuery, TraceQuery, UnixTime};
use glyphfall_tests::{
    collector::Collector,
    process::{Process, free_port, output, peer_program, program, root, token},
    up::{Up, peer},
};
use http::{Request, StatusCode};
use serde_json::Value;
use tokio::time::{sleep, timeout};

const SENT: usize = 300;
const BOUND: Duration = Duration::from_secs(60);

/// An hour after virtual time begins: 2 March 2026, 09:00 UTC.
const RECORDED: Duration = Duration::from_secs(1_772_442_000);

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

/// The scenario's publish takes one shop down, while the repaired shop shows its pages without the banner.
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

/// Sends lines of OTLP's JSON to a collector, and returns how many it accepted. Each must be accepted without a warning.
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

    // The files for the answering program must not name scenario, seed, product or any deliberate fault.
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

/// The fenced block that begins with this text, from the document on backends.
fn of_the_document(begins: &str) -> String {
    let document = fs::read_to_string(root().join("docs/backend.md")).expect("there is the document");
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
