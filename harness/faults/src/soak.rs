//! Plays many seeds, in parallel on all processors.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use parking_lot::Mutex;

use crate::{Failure, Plan, check, run::Counts, shrink::shrink};

#[derive(Debug)]
pub struct Failed {
    pub plan: Plan,
    pub failure: Failure,
    /// The shortest plan that still fails, and how.
    pub shrunk: (Plan, Failure),
}

/// The result of many seeds.
#[derive(Debug, Default)]
pub struct Soaked {
    pub seeds: u64,
    /// The sum over all seeds that passed.
    pub counts: Counts,
    /// The failures, sorted by seed.
    pub failed: Vec<Failed>,
}

/// Plays `seeds` seeds from `from` on, on `threads` threads, until `failures_max` of them have failed. Calls `progress` after each
/// seed.
pub fn soak(
    from: u64,
    seeds: u64,
    threads: usize,
    failures_max: usize,
    progress: impl Fn(&Soaked) + Sync,
) -> Soaked {
    let (next, soaked) = (AtomicU64::new(0), Mutex::new(Soaked::default()));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= seeds || soaked.lock().failed.len() >= failures_max {
                        return;
                    }
                    let plan = Plan::of(from.wrapping_add(number));
                    let checked = check(&plan);
                    let failed = checked.map_err(|failure| {
                        let shrunk = shrink(&plan, failure.clone());
                        Failed { plan, failure, shrunk }
                    });
                    let mut soaked = soaked.lock();
                    soaked.seeds += 1;
                    match failed {
                        Ok(counts) => soaked.counts.add(counts),
                        Err(failed) => soaked.failed.push(failed),
                    }
                    progress(&soaked);
                }
            });
        }
    });
    let mut soaked = soaked.into_inner();
    soaked.failed.sort_by_key(|failed| failed.plan.seed);
    soaked
}
