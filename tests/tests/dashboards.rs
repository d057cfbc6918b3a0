//! Dashboards, rules and the configurations of the tools beside the shop: all references resolve, every name is in the telemetry contract,
//! and the real Prometheus gets data for every expression.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::Command,
    time::Duration,
};

use bytes::Bytes;
use chassis::{Peer, Wait};
use glyphfall_tests::{
    apart::Apart,
    process::{Process, free_port, output, root},
    stage::{BANNER, VERTICAL_TAB},
    up::peer,
};
use http::{Request, StatusCode};
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use tokio::time::{sleep, timeout};

const BOUND: Duration = Duration::from_secs(90);

/// Dashboards keep their uids, because people bookmark them.
const UIDS: [(&str, &str); 4] = [
    ("chain", "shop-chain"),
    ("changes", "shop-changes"),
    ("customers", "shop-customers"),
    ("operations", "shop-operations"),
];

/// Prefix of the metrics that only the collector produces. Without the collector, expressions with them have no data.
const FROM_THE_COLLECTOR: &str = "traces_span_metrics_";

/// Metrics outside the snapshot of the telemetry contract, which covers a shop in one process: the health that operations report for a shop
/// elsewhere, the evidence store's metric about resources, Prometheus's own, and the collector's.
const BESIDE_THE_CONTRACT: [&str; 4] =
    ["shop_health_green", "target_info", "ALERTS", "traces_span_metrics_duration_seconds"];

/// Labels that are not attributes of the contract: those of resources, histograms, alerts, operations and the collector.
const OTHER_LABELS: [&str; 8] =
    ["job", "le", "service_version", "alertstate", "shop_service", "service_name", "span_name", "span_kind"];

/// Words of the query language that look like metrics.
const WORDS: [&str; 16] = [
    "sum",
    "count",
    "by",
    "rate",
    "increase",
    "histogram_quantile",
    "vector",
    "or",
    "and",
    "last_over_time",
    "on",
    "max",
    "min",
    "ignoring",
    "without",
    "unless",
];

fn folder() -> PathBuf {
    root().join("dashboards")
}

fn yaml(path: &str) -> Yaml {
    serde_yaml_ng::from_str(&fs::read_to_string(folder().join(path)).unwrap()).unwrap()
}

fn dashboards() -> BTreeMap<String, Value> {
    let files = fs::read_dir(folder().join("grafana/dashboards")).unwrap().map(|file| file.unwrap().path());
    let read = |file: PathBuf| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap())
    };
    files.map(read).collect()
}

fn panels(dashboard: &Value) -> &Vec<Value> {
    dashboard["panels"].as_array().unwrap()
}

/// Every expression, with its location.
fn expressions() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            for target in panel["targets"].as_array().into_iter().flatten() {
                all.push((
                    format!("{name}: {}", panel["title"]),
                    target["expr"].as_str().unwrap().to_owned(),
                ));
            }
        }
    }
    for rule in yaml("prometheus/rules.yml")["groups"][0]["rules"].as_sequence().unwrap() {
        let name = rule.get("record").or(rule.get("alert")).unwrap().as_str().unwrap();
        all.push((format!("rule {name}"), rule["expr"].as_str().unwrap().to_owned()));
    }
    all
}

/// Metrics and labels that an expression names.
fn names(expression: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut metrics, mut labels) = (BTreeSet::new(), BTreeSet::new());
    // Skip quoted text: label values are data.
    let bare: String = expression.split('"').step_by(2).collect::<Vec<_>>().join("\"");
    let (mut depth, mut after_by) = (0, false);
    let mut rest = bare.as_str();
    while let Some(first) = rest.chars().next() {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        if length == 0 {
            match first {
                '{' => depth += 1,
                '}' => depth -= 1,
                '[' => {
                    rest = &rest[rest.find(']').unwrap()..];
                    continue;
                }
                ')' => after_by = false,
                _ => {}
            }
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let word = &rest[..length];
        rest = &rest[length..];
        if word == "by" {
            after_by = true;
        } else if depth > 0 || after_by {
            labels.insert(word.to_owned());
        } else if !first.is_ascii_digit() && !WORDS.contains(&word) {
            metrics.insert(word.to_owned());
        }
    }
    (metrics, labels)
}

#[test]
fn names_are_found_in_expressions() {
    let check = |expression: &str, metrics: &[&str], labels: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(names(expression), (owned(metrics), owned(labels)), "{expression}");
    };
    check("a", &["a"], &[]);
    check("5 * sum by (x, y) (rate(a_total{z=~\"b|c\"}[30s])) or vector(0)", &["a_total"], &["x", "y", "z"]);
    check("a:b:rate1m > 14.4 * 0.001 and c < 2", &["a:b:rate1m", "c"], &[]);
}

#[test]
fn every_metric_and_label_is_in_the_telemetry_contract() {
    let snapshot = root().join("tests/tests/snapshots/telemetry__adds-metrics.snap");
    let snapshot = fs::read_to_string(snapshot).unwrap();
    let (mut metrics, mut labels) = (BTreeSet::new(), BTreeSet::new());
    for line in snapshot.lines().filter(|line| line.contains(" metric ")) {
        let mut words = line.split(' ').skip(2);
        let name = words.next().unwrap().replace('.', "_");
        let unit = match words.next().unwrap() {
            "s" => "_seconds",
            "1" => "_ratio",
            _ => "",
        };
        metrics.insert(format!("{name}{unit}"));
        labels.extend(words.map(|attribute| attribute.replace('.', "_")));
    }
    assert!(metrics.len() > 10 && labels.len() > 5, "the contract was not read");
    metrics.extend(BESIDE_THE_CONTRACT.map(str::to_owned));
    labels.extend(OTHER_LABELS.map(str::to_owned));
    let rules = yaml("prometheus/rules.yml");
    let rules = rules["groups"][0]["rules"].as_sequence().unwrap();
    metrics.extend(rules.iter().filter_map(|rule| rule.get("record")?.as_str().map(str::to_owned)));
    for (place, expression) in expressions() {
        let (used, by) = names(&expression);
        assert!(!used.is_empty(), "{place} names no metric");
        for name in used {
            let base = ["_total", "_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end));
            let is_known = metrics.contains(&name) || base.is_some_and(|base| metrics.contains(base));
            assert!(is_known, "{place}: no such metric as {name}");
        }
        let unknown: Vec<_> = by.difference(&labels).collect();
        assert!(unknown.is_empty(), "{place}: no such labels as {unknown:?}");
    }
}

#[test]
fn dashboards_are_whole() {
    let sources = yaml("grafana/provisioning/datasources/datasources.yml");
    let sources = sources["datasources"].as_sequence().unwrap();
    let uids: BTreeSet<_> = sources.iter().map(|source| source["uid"].as_str().unwrap()).collect();
    for source in sources {
        for exemplar in source["jsonData"]["exemplarTraceIdDestinations"].as_sequence().into_iter().flatten()
        {
            assert!(uids.contains(exemplar["datasourceUid"].as_str().unwrap()));
        }
    }
    let all = dashboards();
    let known: Vec<_> =
        all.iter().map(|(name, dashboard)| (&**name, dashboard["uid"].as_str().unwrap())).collect();
    assert_eq!(known, UIDS);
    for (name, dashboard) in &all {
        assert!(dashboard["title"].is_string() && dashboard["schemaVersion"].is_u64(), "{name}");
        let mut taken = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for panel in panels(dashboard) {
            let title = panel["title"].as_str().unwrap();
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{name}: the id of '{title}' is there twice");
            let at = |side: &str| panel["gridPos"][side].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24, "{name}: '{title}' is too wide");
            for (x, y) in (0..at("w")).flat_map(|x| (0..at("h")).map(move |y| (x, y))) {
                assert!(taken.insert((at("x") + x, at("y") + y)), "{name}: '{title}' lies on another");
            }
            if panel["type"] == "text" {
                continue;
            }
            assert!(panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}: '{title}'");
            let targets = panel["targets"].as_array().unwrap();
            assert!(!targets.is_empty(), "{name}: '{title}' asks nothing");
            for asked in [panel].into_iter().chain(targets) {
                assert!(uids.contains(asked["datasource"]["uid"].as_str().unwrap()), "{name}: '{title}'");
            }
            for link in panel["fieldConfig"]["defaults"]["links"].as_array().into_iter().flatten() {
                let url = link["url"].as_str().unwrap();
                let dashboard = url.strip_prefix("/d/").map(|rest| rest.split('?').next().unwrap());
                let resolves = match dashboard {
                    Some(uid) => UIDS.iter().any(|(_, known)| *known == uid),
                    // Links to the evidence store and Jaeger, at the ports that compose publishes.
                    None => ["9000/evidence/", "16686/search?"]
                        .iter()
                        .any(|place| url.starts_with(&format!("http://127.0.0.1:{place}"))),
                };
                assert!(resolves, "{name}: '{title}' links to {url}");
            }
        }
    }
}

#[test]
fn collectors_and_alerts_refer_to_what_there_is() {
    for file in ["otel-collector/config.yml", "jaeger/config.yml"] {
        let config = yaml(file);
        let has = |kind: &str, name: &Yaml| config[kind].get(name).is_some();
        for (pipeline, parts) in config["service"]["pipelines"].as_mapping().unwrap() {
            for (kind, names) in parts.as_mapping().unwrap() {
                for name in names.as_sequence().unwrap() {
                    let is_there = has(kind.as_str().unwrap(), name) || has("connectors", name);
                    assert!(is_there, "{file}: {pipeline:?} names {name:?}");
                }
            }
        }
        for name in config["service"]["extensions"].as_sequence().into_iter().flatten() {
            assert!(has("extensions", name), "{file}: {name:?}");
        }
    }
    let runbooks = fs::read_to_string(root().join("docs/runbooks.md")).unwrap();
    let anchors: BTreeSet<_> = runbooks
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.to_lowercase().replace(' ', "-"))
        .collect();
    for rule in yaml("prometheus/rules.yml")["groups"][0]["rules"].as_sequence().unwrap() {
        if rule.get("alert").is_some() {
            let runbook = rule["annotations"]["runbook"].as_str().unwrap();
            let anchor = runbook.strip_prefix("docs/runbooks.md#").unwrap();
            assert!(anchors.contains(anchor), "no runbook at {runbook}");
        }
    }
}

#[test]
fn promtool_accepts_and_a_scripted_outage_fires_and_resolves() {
    let promtool =
        |arguments: &[&str], file: &PathBuf| output(Command::new("promtool").args(arguments).arg(file));
    let (code, _, error) = promtool(&["check", "config"], &folder().join("prometheus/prometheus.yml"));
    assert_eq!(code, 0, "{error}");
    let (code, text, error) = promtool(&["test", "rules"], &folder().join("prometheus/rules-test.yml"));
    assert_eq!(code, 0, "{text}{error}");
    // The scripted outage tests the rules only if changed rules fail.
    let other = tempfile::tempdir().unwrap();
    let rules = fs::read_to_string(folder().join("prometheus/rules.yml")).unwrap();
    fs::write(other.path().join("rules.yml"), rules.replace("14.4 *", "1440 *")).unwrap();
    let copied = other.path().join("rules-test.yml");
    fs::copy(folder().join("prometheus/rules-test.yml"), &copied).unwrap();
    assert_ne!(promtool(&["test", "rules"], &copied).0, 0, "an alert that never fires passes");
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_answers_every_expression_and_alerts_on_the_running_shop() {
    let shop = Apart::start("metrics").await;
    let (port, store) = (free_port(), tempfile::tempdir().unwrap());
    // The real configuration, with the addresses of this run.
    let config = fs::read_to_string(folder().join("prometheus/prometheus.yml")).unwrap();
    let config = config.replace("harness:9000", &format!("127.0.0.1:{}", shop.ports.room));
    fs::write(store.path().join("prometheus.yml"), config).unwrap();
    fs::copy(folder().join("prometheus/rules.yml"), store.path().join("rules.yml")).unwrap();
    let mut prometheus = Command::new("prometheus");
    prometheus.arg(format!("--config.file={}", store.path().join("prometheus.yml").display()));
    prometheus.arg(format!("--storage.tsdb.path={}", store.path().join("data").display()));
    prometheus.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let mut server = Process::start(&mut prometheus);
    server.until_listening(port).await;
    let prometheus = peer(port);
    until(&prometheus, "shop:failed:ratio_rate10s == 0").await;

    let editor = peer(shop.ports.store);
    let publish = Request::put(format!("/assets/{BANNER}"))
        .header("authorization", format!("Bearer {}", shop.editor_token))
        .body(Bytes::from_static(VERTICAL_TAB.as_bytes()));
    assert!(editor.send(publish.unwrap(), Wait::AtMost(BOUND)).await.unwrap().status.is_success());
    for alert in ["VisitsFailFast", "CacheHasNoPermit", "FillDoesNotEnd"] {
        until(&prometheus, &format!("ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}}")).await;
    }
    until(&prometheus, "sum(shop_health_green) == 3").await;
    for (place, expression) in expressions() {
        if !expression.contains(FROM_THE_COLLECTOR) {
            // A rule's comparison is false outside an outage, so each expression needs data now or must have had it before the outage.
            let held = timeout(BOUND, until(&prometheus, &expression)).await;
            assert!(held.is_ok(), "{place}: no data for {expression}");
        }
    }
    let operator = peer(shop.ports.operators);
    let back = Request::post(format!("/assets/{BANNER}/rollback"))
        .header("authorization", format!("Bearer {}", shop.editor_token));
    let restart =
        Request::post("/restart").header("authorization", format!("Bearer {}", shop.operator_token));
    for (whom, request) in [(&editor, back), (&operator, restart)] {
        let answer = whom.send(request.body(Bytes::new()).unwrap(), Wait::AtMost(BOUND)).await;
        assert!(answer.unwrap().status.is_success());
    }
    until(&prometheus, "absent(ALERTS{alertname=\"VisitsFailFast\",alertstate=\"firing\"})").await;
}

/// Waits until an expression has data.
async fn until(prometheus: &Peer, expression: &str) {
    let encoded = expression.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    let path = format!("/api/v1/query?query={encoded}");
    let has_data = async {
        loop {
            let answer = prometheus.get(&path, Wait::AtMost(BOUND)).await.unwrap();
            // During its start Prometheus answers in plain text.
            let is_ready = answer.status != StatusCode::SERVICE_UNAVAILABLE;
            let answer: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            assert!(!is_ready || answer["status"] == "success", "{expression}: {answer}");
            if answer["data"]["result"].as_array().is_some_and(|result| !result.is_empty()) {
                return;
            }
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(BOUND, has_data).await.unwrap_or_else(|_| panic!("no data for {expression}"));
}
