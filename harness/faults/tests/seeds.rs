//! Plays hundreds of seeds of faults, new ones each day, and plans in which earlier seeds found failures.

use std::time::{Duration, SystemTime};

use chassis::Level;
use faults::{
    Plan, check,
    plan::{Doing, Step, Twin},
    soak::soak,
};
use incident::Service;

/// The number of seeds in a run: about a minute beside another test program on two processors.
const SEEDS: u64 = 300;

/// How far apart the seeds of two days lie.
const SEEDS_A_DAY: u64 = 1_000_000;

#[test]
fn the_seeds_of_today_find_nothing() {
    let days = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400;
    let from = days * SEEDS_A_DAY;
    println!("seeds from {from} on: cargo xtask soak --from {from} --seeds {SEEDS}");
    let soaked = soak(from, SEEDS, 1, 1, |_| {});
    for failed in &soaked.failed {
        println!("{}{}", failed.plan, failed.failure);
        println!("the shortest plan that still fails:\n{}{}", failed.shrunk.0, failed.shrunk.1);
    }
    let repeat = |seed: u64| format!("cargo xtask soak --seed {seed}");
    let repeat: Vec<_> = soaked.failed.iter().map(|failed| repeat(failed.plan.seed)).collect();
    assert!(repeat.is_empty(), "{repeat:?}");
    println!("{} seeds: {:?}", soaked.seeds, soaked.counts);
}

/// A step two seconds after the one before.
fn plan(doings: impl IntoIterator<Item = Doing>) -> Plan {
    let steps = doings
        .into_iter()
        .zip(1..)
        .map(|(doing, number)| Step { at: Duration::from_secs(2 * number), doing });
    Plan {
        seed: 1,
        is_repaired: true,
        level: Level::Dark,
        permits: 8,
        views_per_second: 1.0,
        twin: Twin::None,
        steps: steps.collect(),
    }
}

/// Seed 1012: a process started after a suspended one was suspended too, unless it was started as a restart.
#[test]
fn a_process_that_is_started_anew_does_not_stand_still() {
    for service in Service::ALL {
        for starts in [Doing::Restart(service), Doing::RollBackRelease(service)] {
            check(&plan([Doing::Suspend(service), starts])).unwrap();
        }
    }
}

/// Seed 2: the store wrote at its start although it had nothing to write, and its file failed.
#[test]
fn a_store_starts_whose_disk_has_lost_its_power_or_is_full() {
    let restart = || Doing::Restart(Service::ContentStore);
    check(&plan([Doing::LosePower])).unwrap();
    check(&plan([Doing::FillFile, restart()])).unwrap();
    check(&plan([Doing::FillFile, Doing::LosePower, restart()])).unwrap();
}

/// Seed 1795994168: a monitor requested a page at the very moment at which no permit was to be in use. That is no leak.
#[test]
fn whoever_watches_a_page_may_use_permits_for_a_moment() {
    let watch = Doing::Watch { asset: "promo-banner" };
    let steps = vec![Step { at: Duration::from_millis(28_563), doing: watch }];
    check(&Plan { steps, ..Plan::of(1_795_994_168) }).unwrap();
}

/// Seed 5: a reset right after that failed because of the file's failure, and left the shop down.
#[test]
fn a_reset_comes_through_after_the_disk_has_lost_its_power() {
    check(&plan([Doing::LosePower, Doing::Reset])).unwrap();
}
