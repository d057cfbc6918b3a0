//! Hundreds of seeds of faults, others each day; and those that have failed before.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::time::SystemTime;

use faults::soak::soak;

/// Seeds of a run, and how long they may take in all: whichever ends first. An idle processor plays about ten a second.
const SEEDS: u64 = 300;

/// A day's seeds lie this far from the next day's.
const SEEDS_A_DAY: u64 = 1_000_000;

#[test]
fn the_seeds_of_today_find_nothing() {
    let days = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400;
    let from = days * SEEDS_A_DAY;
    println!("seeds from {from} on: cargo xtask soak --from {from} --seeds {SEEDS}");
    let soaked = soak(from, SEEDS, 1, 1, |_| {});
    for failed in &soaked.failed {
        println!("{}{}", failed.plan, failed.failure);
        println!("the shortest plan that still fails: {}{}", failed.shrunk.0, failed.shrunk.1);
    }
    let repeat: Vec<_> = soaked.failed.iter().map(|failed| format!("cargo xtask soak --seed {}", failed.plan.seed)).collect();
    assert!(repeat.is_empty(), "{repeat:?}");
    println!("{} seeds: {:?}", soaked.seeds, soaked.counts);
}
