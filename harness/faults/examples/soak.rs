//! Plays thousands of seeds of faults against the shop: `cargo xtask soak`. For each failure it prints the command that repeats it,
//! and the shortest plan that still fails.

#![expect(clippy::print_stdout, reason = "what it finds is what this program is for")]

use std::{
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant, SystemTime},
};

use clap::Parser;
use faults::{
    Plan, check,
    shrink::shrink,
    soak::{Failed, Soaked, soak},
};
use parking_lot::Mutex;

/// The number of seeds in a run: as many as two processors play during a lunch break.
const SEEDS: u64 = 10_000;

/// The number of failures that ends a run: a broken invariant fails for many seeds.
const FAILURES_MAX: usize = 5;

/// How often to print the progress.
const TOLD_EVERY: Duration = Duration::from_secs(10);

#[derive(Parser)]
#[command(bin_name = "cargo xtask soak", about = "Plays seeds of faults against the shop, in virtual time.")]
struct Options {
    /// Seeds to play
    #[arg(long, value_name = "COUNT", default_value_t = SEEDS)]
    seeds: u64,
    /// The first of them [default: by the clock]
    #[arg(long, value_name = "SEED")]
    from: Option<u64>,
    /// Play this one alone, and print its plan
    #[arg(long, value_name = "SEED", conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Threads [default: as many as there are processors]
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
    /// Failures after which it ends
    #[arg(long, value_name = "COUNT", default_value_t = FAILURES_MAX)]
    failures: usize,
}

fn main() -> ExitCode {
    let Options { seeds, from, seed, threads, failures } = Options::parse();
    let is_well = match seed {
        Some(seed) => one(seed),
        None => many(from.unwrap_or_else(by_the_clock), seeds, threads.unwrap_or_else(processors), failures),
    };
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn one(seed: u64) -> bool {
    let plan = Plan::of(seed);
    print!("{plan}");
    match check(&plan) {
        Ok(counts) => {
            println!("All is as it must be: {counts:?}");
            true
        }
        Err(failure) => {
            println!("{failure}\n");
            let (plan, failure) = shrink(&plan, failure);
            println!("The shortest plan that still fails:\n{plan}{failure}");
            false
        }
    }
}

fn many(from: u64, seeds: u64, threads: usize, failures: usize) -> bool {
    println!(
        "Seeds from {from} on, {seeds} of them, on {threads} threads: cargo xtask soak --from {from} --seeds {seeds}"
    );
    let (began, told_s, printed) = (now(), AtomicU64::new(0), Mutex::new(0));
    let soaked = soak(from, seeds, threads, failures, |soaked| {
        let took = began.elapsed();
        let mut printed = printed.lock();
        for failed in soaked.failed.iter().skip(*printed) {
            tell(failed, soaked.seeds);
        }
        *printed = soaked.failed.len();
        if took.as_secs() >= told_s.load(Ordering::Relaxed) + TOLD_EVERY.as_secs() {
            told_s.store(took.as_secs(), Ordering::Relaxed);
            eprintln!("{}", pace(soaked, took));
        }
    });
    println!("{}", pace(&soaked, began.elapsed()));
    println!("{:?}", soaked.counts);
    soaked.failed.is_empty()
}

fn tell(failed: &Failed, seeds: u64) {
    let Failed { plan, failure, shrunk: (shorter, same) } = failed;
    println!("\nSeed {} failed, after {seeds} seeds. {failure}", plan.seed);
    println!("Repeat it: cargo xtask soak --seed {}", plan.seed);
    println!(
        "The shortest plan that still fails, {} of {} steps:\n{shorter}{same}\n",
        shorter.steps.len(),
        plan.steps.len()
    );
}

fn pace(soaked: &Soaked, took: Duration) -> String {
    let Soaked { seeds, failed, .. } = soaked;
    let (seconds, failed) = (took.as_secs_f64(), failed.len());
    format!(
        "{seeds} seeds in {seconds:.0} s, {:.1} a second, {failed} failed",
        *seeds as f64 / seconds.max(0.001)
    )
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

#[expect(clippy::disallowed_methods, reason = "people wait for it")]
fn now() -> Instant {
    Instant::now()
}

/// A new first seed for each run, which is printed.
fn by_the_clock() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs())
}
