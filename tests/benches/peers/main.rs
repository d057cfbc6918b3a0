//! Compares the project with the tools that people would otherwise use: `cargo xtask bench`, or a part of it, `cargo xtask bench front`.
//!
//! All peers are measured in one session on one machine. Competitors take turns, A B C, A B C, so that a drifting machine slows all of
//! them. A server has one core to itself, and its client another. The program prints a table of ratios as Markdown, and writes it with the
//! figures and the chart of growth to `target/bench/`.
//!
//! # Layout
//!
//! - `front`: cache hits and composed pages, compared with nginx and Varnish.
//! - `load`: the customers, compared with k6 and wrk against a server with known latency (`known`).
//! - `evidence`: telemetry intake, compared with rotel; queries on a full store.
//! - `start`: time to the first page and memory at rest, compared with the published demands of other demonstrations.
//! - `growth`: the cost of more teams, page views, hours and spans.
//! - `machine`: the machine and the versions. `programs`: processes pinned to a core, and their resource use. `wrk`: one run of wrk.
#![expect(clippy::print_stdout, reason = "a benchmark's report")]
#![expect(clippy::unwrap_used, reason = "in a benchmark a panic is the report")]

mod evidence;
mod front;
mod growth;
mod known;
mod load;
mod machine;
mod peers;
mod programs;
mod spans;
mod start;
mod wrk;

use std::{env, fs, path::PathBuf, time::Duration};

use glyphfall_tests::{bench::table::Part, process::root};

/// The parts in the order of the table.
const PARTS: [&str; 5] = ["front", "load", "evidence", "start", "growth"];

fn main() {
    chassis::serve::Limits::of_process(1);
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        // This program starts itself again for these roles, so that each has its own core.
        ["known", port, mode] => return in_runtime(known::serve(port.parse().unwrap(), *mode == "stalls")),
        ["customers", port, views, seconds] => {
            return in_runtime(load::customers(
                port.parse().unwrap(),
                views.parse().unwrap(),
                seconds.parse().unwrap(),
            ));
        }
        ["receiver", grpc, http] => {
            return in_runtime(evidence::serve(grpc.parse().unwrap(), http.parse().unwrap()));
        }
        ["room", teams] => return in_runtime(growth::room(teams.parse().unwrap())),
        ["shop", views] => return in_runtime(growth::shop(views.parse().unwrap())),
        ["morning", hours] => return growth::morning(hours.parse().unwrap()),
        ["spans", count] => return in_runtime(async { growth::spans(count.parse().ok()) }),
        _ => {}
    }
    let unknown = words.iter().find(|word| !PARTS.contains(word));
    assert!(
        unknown.is_none(),
        "{} is no part of the benchmark; its parts are {}",
        unknown.unwrap(),
        PARTS.join(", ")
    );
    for part in PARTS.into_iter().filter(|part| words.is_empty() || words.contains(part)) {
        progress(&format!("{part} ..."));
        let measured = match part {
            "front" => in_runtime(front::measure()),
            "load" => in_runtime(load::measure()),
            "evidence" => in_runtime(evidence::measure()),
            "start" => in_runtime(start::measure()),
            _ => in_runtime(growth::measure()),
        };
        fs::write(folder().join(format!("{part}.json")), serde_json::to_string_pretty(&measured).unwrap())
            .unwrap();
    }
    let table = table();
    fs::write(folder().join("table.md"), &table).unwrap();
    println!("{table}");
    progress(&format!("the table is {}", folder().join("table.md").display()));
}

/// The table of all parts measured on this machine, now or earlier.
fn table() -> String {
    let read = |part: &str| fs::read_to_string(folder().join(format!("{part}.json"))).ok();
    let parts: Vec<Part> =
        PARTS.into_iter().filter_map(read).map(|json| serde_json::from_str(&json).unwrap()).collect();
    let parts: Vec<String> = parts.iter().map(Part::markdown).collect();
    format!("# Beside peers\n\n{}\n{}", machine::described(), parts.join("\n"))
}

fn folder() -> PathBuf {
    let folder = root().join("target/bench");
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn in_runtime<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(what)
}

/// Prints the current step and the elapsed time.
fn progress(what: &str) {
    static BEGAN: std::sync::OnceLock<chassis::Clock> = std::sync::OnceLock::new();
    let elapsed: Duration = BEGAN.get_or_init(chassis::Clock::real).elapsed();
    eprintln!("{:>5.0} s  {what}", elapsed.as_secs_f64());
}
