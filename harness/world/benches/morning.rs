//! What a morning costs to run in virtual time, on one core: five hours at five page views a second, healthy and in outage, without
//! telemetry and with all of it recorded; and how the cost grows with views and hours.
//!
//! Each case is a process of its own, so that its memory is its own; processor time and peak memory are the kernel's figures.
//! `cargo bench --package glyphfall-world --bench morning`.

use std::{env, fs, process::Command};

use world::{
    Mix,
    play::{PlayOptions, Responder, play},
    scenario::{Scenario, scenario},
    virtual_time::{self, STALLED_AFTER},
};

// As the command line does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A morning on which nothing happens until just before its end.
const HEALTHY: &str = r#"
title = "A healthy morning"
control = true
description = "Nothing happens."
symptom = "nothing"
[[happens]]
between = ["12:59", "12:59"]
what = { surge = { times = 1.0 } }
[truth]
trigger = "Nothing"
path = []
factors = []
[remedies]
right = []
wrong = []
"#;

/// The clock ticks of `/proc/self/stat`, which Linux fixes for programs at a hundredth of a second.
const TICKS_PER_S: f64 = 100.0;

/// What one case measured.
struct Cost {
    processor_s: f64,
    peak_mb: f64,
    visits: f64,
}

#[expect(clippy::print_stdout, reason = "a benchmark's report")]
fn main() {
    #[expect(clippy::disallowed_methods, reason = "this is the main that reads it")]
    let case = env::var("MORNING_CASE");
    if let Ok(case) = case {
        return run(&case);
    }
    println!("case                           processor   per view   peak memory");
    for (name, case) in [
        ("healthy, no telemetry", "healthy 5 5 off"),
        ("healthy, changes", "healthy 5 5 on"),
        ("in outage, no telemetry", "outage 5 5 off"),
        ("in outage, changes", "outage 5 5 on"),
    ] {
        let Cost { processor_s, peak_mb, visits } = measure(case);
        println!("{name:<28} {processor_s:>8.2} s {:>7.0} us {peak_mb:>10.0} MB", processor_s / visits * 1e6);
    }
    for (of, small, large) in [
        ("page views, healthy", "healthy 2.5 2 on", "healthy 10 2 on"),
        ("page views, in outage", "outage 2.5 2 on", "outage 10 2 on"),
        ("story hours, healthy", "healthy 5 1 on", "healthy 5 4 on"),
        ("story hours, in outage", "outage 5 1 on", "outage 5 4 on"),
    ] {
        // Both ends differ by a factor of four: cost grows as the factor to the power of this.
        let exponent = (measure(large).processor_s / measure(small).processor_s).ln() / 4_f64.ln();
        println!("cost grows with {of:<24} to the power of {exponent:.2}");
    }
}

fn measure(case: &str) -> Cost {
    let program = env::current_exe().expect("a running program has a path");
    let output = Command::new(program).env("MORNING_CASE", case).output().expect("the benchmark runs itself");
    let figures = String::from_utf8(output.stdout).expect("figures are plain text");
    let mut figures = figures.split_whitespace().map(|figure| figure.parse().expect("a figure is a number"));
    let mut next = || figures.next().expect("three figures");
    Cost { processor_s: next(), peak_mb: next(), visits: next() }
}

/// Plays one case and prints its figures.
#[expect(clippy::print_stdout, reason = "how a case reports to the benchmark")]
fn run(case: &str) {
    let words: Vec<&str> = case.split(' ').collect();
    let scenario = match words[0] {
        "healthy" => Scenario::read("healthy", "healthy.toml", HEALTHY),
        _ => scenario("special-character"),
    };
    let scenario = scenario.expect("the benchmark's scenarios are well formed");
    let number = |place: usize| words[place].parse::<f64>().expect("a case has two numbers");
    let options = PlayOptions {
        level: if words[3] == "on" { chassis::Level::Changes } else { chassis::Level::Dark },
        with_evidence: words[3] == "on",
        mix: Mix::of(number(1)),
        responder: Responder::Nobody,
        ends_story_s: world::play::STARTS_STORY_S + number(2) * 3_600.0,
        ..PlayOptions::new(7)
    };
    let played = virtual_time::run(play(&scenario, &options), STALLED_AFTER, || panic!("time stands still"));
    let record = played.and_then(|played| played).expect("a world in memory starts").record;
    let visits: u32 = record.availability.iter().map(|row| row.served + row.degraded + row.failed).sum();
    println!("{} {} {visits}", processor_s(), peak_mb());
}

/// User and system time of this process so far.
fn processor_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux tells a process its own figures");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_S
}

fn peak_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells a process its own figures");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() / 1_024.0
}
