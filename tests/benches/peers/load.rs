//! Accuracy of load generators: the project's customers, k6 and wrk, each against a server with known latency, with and without a stall of
//! one second. A tool that waits for an answer before its next request sends fewer requests during a stall. So it misses the customers who
//! would have had to wait (coordinated omission).

use std::{collections::BTreeMap, fs, process::Command, sync::Arc, time::Duration};

use chassis::{Chassis, Clock, Network};
use glyphfall_tests::{
    bench::{
        figures::median,
        table::{Better, Part, Row},
    },
    process::{Process, free_port},
};
use incident::{Level, Recorder, Run, words::ClockKind};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use world::{Customers, Mix};

use super::{
    known, peers,
    programs::{CLIENT, SERVER, myself, output, pin_myself, pinned, processor_s_of_ended},
    progress, wrk,
};

/// Page views a second.
const RATE: f64 = 500.0;
const LASTING: Duration = Duration::from_secs(10);
const ROUNDS: usize = 3;
const SHARES: [f64; 3] = [0.5, 0.9, 0.99];

/// The number of connections at which wrk reaches about the same rate: the rate times the mean latency.
const WRK_CONNECTIONS: usize = 5;

/// One tool's report of one run.
struct Said {
    rate: f64,
    percentiles_ms: Vec<f64>,
    processor_us: f64,
}

/// All reports, by tool and by whether the server stalled.
type AllSaid = BTreeMap<(&'static str, bool), Vec<Said>>;

pub(crate) async fn measure() -> Part {
    pin_myself(CLIENT);
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("k6.js");
    fs::write(&script, k6_script()).unwrap();
    let (runs, stands) = (truth(false), truth(true));
    let mut notes = vec![
        format!(
            "The server's latencies are {:.1}, {:.1} and {:.1} ms at the median, the 90th and the 99th percentile; where it stands still for \
             a second, customers who come evenly wait {:.0} ms at the 99th.",
            runs[0], runs[1], runs[2], stands[2]
        ),
        "wrk has no rate: it asks again as soon as it is answered, and while nothing answers it does not ask. So of those who would have \
         waited, it counts one for each connection."
            .to_owned(),
    ];
    let mut tools = vec!["customers"];
    for tool in ["k6", "wrk"] {
        if peers::find(tool).is_some() { tools.push(tool) } else { notes.push(peers::missing(tool)) }
    }
    let mut said = AllSaid::new();
    for round in 1..=ROUNDS {
        for stalls in [false, true] {
            for tool in &tools {
                let run = run(tool, stalls, &script).await;
                let [p50, p90, p99] = [0, 1, 2].map(|place| run.percentiles_ms[place]);
                let still = if stalls { ", stands still," } else { "," };
                progress(&format!(
                    "round {round} of {ROUNDS}: {tool:<9}{still} {:>5.0}/s, p50 {p50:.1} p90 {p90:.1} p99 {p99:.1} ms, {:.0} µs a request",
                    run.rate, run.processor_us
                ));
                said.entry((tool, stalls)).or_default().push(run);
            }
        }
    }
    Part {
        title: "Who measures load".into(),
        how: format!(
            "{RATE} page views a second for {} s, against a server whose latency is known; tool and server on a core each; medians of \
             {ROUNDS} runs, in turn. k6 with the executor `constant-arrival-rate`; wrk with {WRK_CONNECTIONS} connections. An error is how \
             far a percentile lies from the true one.",
            LASTING.as_secs()
        ),
        rows: tools[1..].iter().flat_map(|peer| rows(&said, peer)).collect(),
        notes,
    }
}

fn rows(said: &AllSaid, peer: &'static str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut compare = |what: &str, unit: &str, better, stalls: bool, of: &dyn Fn(&Said) -> f64| {
        let middle = |tool: &'static str| median(&said[&(tool, stalls)].iter().map(of).collect::<Vec<_>>());
        rows.push(Row::new(what, unit, better, middle("customers"), peer, middle(peer)));
    };
    if peer != "wrk" {
        compare("the rate that was asked for", "%", Better::More, false, &|said| 100.0 * said.rate / RATE);
    }
    compare("processor", "µs a request", Better::Less, false, &|said| said.processor_us);
    for (place, name) in [(0, "median"), (2, "99th percentile")] {
        for stalls in [false, true] {
            let truth_ms = truth(stalls)[place];
            // A floor for the error: dividing by zero would give no ratio.
            let error = |said: &Said| (100.0 * (said.percentiles_ms[place] / truth_ms - 1.0).abs()).max(0.01);
            let still = if stalls { ", the server stands still for a second" } else { "" };
            compare(&format!("error of the {name}{still}"), "%", Better::Less, stalls, &error);
        }
    }
    rows
}

fn truth(stalls: bool) -> Vec<f64> {
    known::truth_ms(&SHARES, LASTING, stalls)
}

async fn run(tool: &str, stalls: bool, script: &std::path::Path) -> Said {
    let port = free_port();
    let mut server = Process::start(&mut myself(
        SERVER,
        &["known", &port.to_string(), if stalls { "stalls" } else { "runs" }],
    ));
    server.until_listening(port).await;
    let before = processor_s_of_ended();
    let (rate, percentiles_ms, requests) = match tool {
        "customers" => {
            let mut customers = myself(CLIENT, &["customers", &port.to_string()]);
            customers.args([RATE.to_string(), LASTING.as_secs().to_string()]);
            told(&finished(customers).await)
        }
        "k6" => {
            let summary = script.with_extension("json");
            let mut k6 = pinned(CLIENT, peers::find("k6").expect("it was found"));
            k6.args([
                "run",
                "--quiet",
                "--no-usage-report",
                "--no-color",
                "--env",
                &format!("PORT={port}"),
                "--summary-export",
            ]);
            k6.arg(&summary).arg(script);
            finished(k6).await;
            let text = fs::read_to_string(&summary).expect("k6 wrote its summary");
            let told: Value = serde_json::from_str(&text).unwrap();
            let (requests, duration) = (&told["metrics"]["http_reqs"], &told["metrics"]["http_req_duration"]);
            let percentiles = ["med", "p(90)", "p(99)"].map(|name| duration[name].as_f64().unwrap());
            let count = requests["count"].as_f64().unwrap();
            (count / LASTING.as_secs_f64(), percentiles.to_vec(), count)
        }
        _ => {
            let run = wrk::run(&format!("http://127.0.0.1:{port}/"), WRK_CONNECTIONS, LASTING).await;
            (run.rate, vec![run.p50_ms, run.p90_ms, run.p99_ms], run.requests)
        }
    };
    let processor_us = (processor_s_of_ended() - before) * 1e6 / requests;
    Said { rate, percentiles_ms, processor_us }
}

fn told(text: &str) -> (f64, Vec<f64>, f64) {
    let told: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("{text}"));
    let percentiles = told["percentiles_ms"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap());
    let visits = told["visits"].as_f64().unwrap();
    (visits / LASTING.as_secs_f64(), percentiles.collect(), visits)
}

/// Runs a program to its end and returns its output.
pub(crate) async fn finished(command: Command) -> String {
    let output = output(command).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn k6_script() -> String {
    format!(
        "import http from 'k6/http';\n\
         export const options = {{ scenarios: {{ customers: {{ executor: 'constant-arrival-rate', rate: {RATE}, timeUnit: '1s', duration: '{}s',\n\
         preAllocatedVUs: 600, maxVUs: 1200 }} }}, summaryTrendStats: ['med', 'p(90)', 'p(99)', 'max'] }};\n\
         export default function () {{ http.get(`http://127.0.0.1:${{__ENV.PORT}}/`); }}\n",
        LASTING.as_secs()
    )
}

/// Runs the customers in a separate process: they arrive, leave, and report their latencies.
pub(crate) async fn customers(port: u16, views: f64, seconds: u64) {
    let visitor = Chassis::of_caller("customers", Network::tcp(0), Clock::real(), 1);
    let record = Arc::new(Mutex::new(Recorder::new(run_of(), 0.0)));
    let front = format!("127.0.0.1:{port}").parse().unwrap();
    let customers = Customers::arrive(&visitor, &front, &Mix::of(views), record, Instant::now());
    sleep(Duration::from_secs(seconds)).await;
    customers.leave().await;
    let latency_us = customers.latency_us();
    let percentiles_ms = SHARES.map(|share| latency_us.value_at_quantile(share) as f64 / 1_000.0);
    println!("{}", json!({ "visits": latency_us.len(), "percentiles_ms": percentiles_ms }));
}

/// The header of a record that only needs visits.
pub(crate) fn run_of() -> Run {
    Run { scenario: "bench".to_owned(), ..Run::new(1, Level::Dark, ClockKind::Live) }
}
