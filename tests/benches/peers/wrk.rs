//! One run of wrk: connections that each wait for an answer before they ask again.

use std::time::Duration;

use super::programs::{CLIENT, output, pinned};

/// The number of connections that a busy shop's customers keep open.
pub(crate) const CONNECTIONS: usize = 32;

/// The result of a run.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Milliseconds at these percentiles.
    pub(crate) p50_ms: f64,
    pub(crate) p90_ms: f64,
    pub(crate) p99_ms: f64,
    /// Requests that were answered.
    pub(crate) requests: f64,
}

/// Requests one URL for `seconds`.
pub(crate) async fn run(url: &str, connections: usize, seconds: Duration) -> Run {
    let mut wrk = pinned(CLIENT, "wrk");
    wrk.args(["--threads", "1", "--latency", "--timeout", "10s"]);
    wrk.args([
        "--connections",
        &connections.to_string(),
        "--duration",
        &format!("{}s", seconds.as_secs()),
        url,
    ]);
    let output = output(wrk).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let after = |label: &str| {
        let line = text.lines().map(str::trim).find(|line| line.starts_with(label));
        line.and_then(|line| line[label.len()..].split_whitespace().next()).unwrap_or_default().to_owned()
    };
    assert!(output.status.success() && !text.contains("Non-2xx"), "{url}: {text}");
    let rate: f64 = after("Requests/sec:").parse().unwrap_or_else(|_| panic!("{url}: {text}"));
    let requests =
        text.lines().find_map(|line| line.trim().split_once(" requests in ")).map(|(count, _)| count);
    let requests = requests.and_then(|count| count.parse().ok()).unwrap_or_default();
    let [p50_ms, p90_ms, p99_ms] = ["50%", "90%", "99%"].map(|label| milliseconds(&after(label)));
    Run { rate, p50_ms, p90_ms, p99_ms, requests }
}

/// Parses wrk's notation of a duration.
fn milliseconds(text: &str) -> f64 {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1_000.0), ("m", 60_000.0)];
    let unit = units.into_iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    unit.and_then(|(figure, factor)| Some(figure.parse::<f64>().ok()? * factor)).unwrap_or(f64::NAN)
}
