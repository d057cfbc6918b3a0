//! Measurements of a process from outside.

use std::{fmt::Write, fs, time::Duration};

use bytes::Bytes;
use chassis::{Peer, Wait};
use glyphfall_tests::up::peer;
use http::{Method, Request, StatusCode, header};
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Sampling interval.
const EVERY: Duration = Duration::from_secs(5);

/// Timeout of an answer: longer than a customer's patience.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// Queries of a shop's evidence, wherever it is served.
pub(crate) const EVIDENCE: [&str; 6] = [
    "/evidence/logs?severity=warn",
    "/evidence/changes",
    "/evidence/metrics",
    "/evidence/metrics/query?name=shop.customer.visits&function=rate",
    "/evidence/traces?failed=true",
    "/evidence/alerts",
];

/// Bytes of process memory for each byte that an evidence store counts (docs/performance.md: 582 bytes a span, of which it counts 477).
const EVIDENCE_TAKES: f64 = 1.22;

/// The counts, in the order of [`Sample::counts`], with their units.
pub(crate) const MEASURES: [(&str, &str); 4] =
    [("memory beside evidence", "MB"), ("descriptors", ""), ("threads", ""), ("tasks", "")];

/// The counts of a process at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) at_s: f64,
    pub(crate) process: &'static str,
    /// The reported size of its evidence stores, each of which has its own limit.
    pub(crate) evidence_mb: f64,
    /// In the order of [`MEASURES`]; `None` if the process did not report the count.
    pub(crate) counts: [Option<f64>; 4],
}

/// A watched process: its name, its id, a client for it, the path at which it reports its tasks, and another client for its evidence usage,
/// if the first does not report that.
pub(crate) type Process = (&'static str, u32, Caller, &'static str, Option<Caller>);

/// Samples processes, through the kernel and through their own task reports.
pub(crate) struct Sampler {
    began: Instant,
    processes: [Process; 2],
}

impl Sampler {
    pub(crate) fn new(began: Instant, processes: [Process; 2]) -> Self {
        Self { began, processes }
    }

    /// Takes samples until the given time.
    pub(crate) async fn watch(&self, until: Instant) -> Vec<Sample> {
        let mut samples = Vec::new();
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while Instant::now() < until {
            ticks.tick().await;
            for (name, id, caller, path, evidence) in &self.processes {
                let (_, said) = ask(caller, Method::GET, path, &Value::Null).await;
                let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
                let descriptors = fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count);
                let held = match evidence {
                    Some(evidence) => {
                        ask(evidence, Method::GET, "/evidence/usage", &Value::Null).await.1["bytes"].as_f64()
                    }
                    None => said["evidence_bytes"].as_f64(),
                };
                let evidence_mb = held.unwrap_or_default() / 1e6;
                let counts = [
                    figure(&status, "VmRSS:")
                        .map(|kilobytes| kilobytes / 1_000.0 - EVIDENCE_TAKES * evidence_mb),
                    Some(descriptors as f64),
                    figure(&status, "Threads:"),
                    said["tasks"].as_f64(),
                ];
                let at_s = self.began.elapsed().as_secs_f64();
                samples.push(Sample { at_s, process: name, evidence_mb, counts });
            }
        }
        samples
    }
}

/// An HTTP client that does not store the answers.
pub(crate) struct Caller {
    peer: Peer,
    pub(crate) token: Option<String>,
}

impl Caller {
    pub(crate) fn at(port: u16, token: Option<String>) -> Self {
        Self { peer: peer(port), token }
    }
}

/// Sends a request and returns status and body; 502 if there is no answer, as from a stopped service.
pub(crate) async fn ask(caller: &Caller, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = &caller.token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if !body.is_null() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    let answer = caller.peer.send(request.body(body).unwrap(), Wait::AtMost(ANSWER_TIMEOUT)).await;
    answer.map_or((StatusCode::BAD_GATEWAY, Value::Null), |answer| {
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    })
}

/// All samples, one a line.
pub(crate) fn csv(samples: &[Sample]) -> String {
    let mut text = "at_s,process,evidence_mb,memory_beside_mb,descriptors,threads,tasks\n".to_owned();
    for Sample { at_s, process, evidence_mb, counts } in samples {
        let counts = counts.map(|count| count.map_or_else(String::new, |count| format!("{count}"))).join(",");
        let _ = writeln!(text, "{at_s:.1},{process},{evidence_mb:.1},{counts}");
    }
    text
}

fn figure(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
