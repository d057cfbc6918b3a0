//! Many seeds, one after the other on every processor.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use crate::{Failure, Plan, check, run::Counts, shrink::shrink};

/// A seed that failed.
#[derive(Debug)]
pub struct Failed {
    /// Its plan.
    pub plan: Plan,
    /// What was wrong.
    pub failure: Failure,
    /// The shortest plan that still fails, and how.
    pub shrunk: (Plan, Failure),
}

/// What became of many seeds.
#[derive(Debug, Default)]
pub struct Soaked {
    /// Seeds that were played.
    pub seeds: u64,
    /// All of them together.
    pub counts: Counts,
    /// Those that failed, by seed.
    pub failed: Vec<Failed>,
}

/// Plays `seeds` seeds from `from` on, on so many threads, until so many have failed. `progress` is told after each.
///
/// # Panics
///
/// When the simulator itself does.
pub fn soak(
    from: u64,
    seeds: u64,
    threads: usize,
    failures_max: usize,
    progress: impl Fn(&Soaked) + Sync,
) -> Soaked {
    let (next, soaked) = (AtomicU64::new(0), Mutex::new(Soaked::default()));
    let result = || soaked.lock().unwrap_or_else(PoisonError::into_inner);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= seeds || result().failed.len() >= failures_max {
                        return;
                    }
                    let plan = Plan::of(from.wrapping_add(number));
                    let checked = check(&plan);
                    let failed = checked.map_err(|failure| {
                        let shrunk = shrink(&plan, failure.clone());
                        Failed { plan, failure, shrunk }
                    });
                    let mut soaked = result();
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
    let mut soaked = soaked.into_inner().unwrap_or_else(PoisonError::into_inner);
    soaked.failed.sort_by_key(|failed| failed.plan.seed);
    soaked
}
