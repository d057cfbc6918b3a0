//! Training of the model responder: every scenario of the library is played with seeds of its own, somebody looks at everything at
//! fixed times, and what each check said is counted. Teaches where a model's knowledge comes from, and that it must not come from
//! the incidents it is judged on.

use std::{
    io,
    num::NonZeroUsize,
    sync::{Arc, atomic::AtomicBool},
};

use diagnosis::{Knowledge, Observer, knowledge::Seen};
use incident::Story;
use world::{
    Mix,
    hands::case,
    play::{PlayOptions, Responder, play},
    scenario::{Scenario, library},
    virtual_time::{self, STALLED_AFTER},
};

use crate::sweep::{Watch, sweep};

/// The first seed of training: far from any that a person types.
pub const SEEDS_FROM: u64 = 1_001;

/// Incidents of each scenario: enough to see the usual findings, few enough to train in minutes.
pub const INCIDENTS: u64 = 5;

/// Page views a second in training, a little fewer than when an incident is played: what costs time is requests. With half as many,
/// the front's one worker would carry any surge.
const VIEWS_PER_SECOND: f64 = 4.0;

/// Plays the library with so many seeds on so many threads, and learns.
///
/// # Errors
///
/// When a shop cannot start.
pub fn train(incidents: u64, threads: NonZeroUsize, done: &(dyn Fn() + Sync)) -> io::Result<Knowledge> {
    let seeds: Vec<u64> = (SEEDS_FROM..SEEDS_FROM + incidents).collect();
    let scenarios = library();
    let jobs: Vec<(usize, u64)> =
        seeds.iter().flat_map(|seed| (0..scenarios.len()).map(move |place| (place, *seed))).collect();
    let stop = AtomicBool::new(false);
    let stalled = |what: &str| panic!("virtual time stands still in training: {what}");
    let watch = Watch { stop: &stop, done, stalled };
    let seen = sweep(&jobs, threads, watch, |(place, seed)| observe(&scenarios[*place], *seed).map(Some))?;
    let mut knowledge = Knowledge::new(scenarios.iter().map(case).collect(), seeds);
    for ((place, _), seen) in jobs.iter().zip(seen) {
        knowledge.learn(*place, &seen.unwrap_or_default());
    }
    Ok(knowledge)
}

/// What every check says in one incident.
fn observe(scenario: &Scenario, seed: u64) -> io::Result<Vec<Seen>> {
    let observer = Arc::new(Observer::default());
    let options = PlayOptions {
        level: chassis::Level::Changes,
        mix: Mix::of(VIEWS_PER_SECOND),
        responder: Responder::Observer(Arc::clone(&observer)),
        ends_story_s: Story::default().ends_s() / 2.0,
        ..PlayOptions::new(seed)
    };
    let name = scenario.name.clone();
    let stalled = move || panic!("virtual time stands still in {name}, seed {seed}");
    virtual_time::run(play(scenario, &options), STALLED_AFTER, stalled)??;
    Ok(observer.seen())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_knowledge_fits_the_checks_and_the_library() {
        let names: Vec<String> = library().into_iter().map(|scenario| scenario.name).collect();
        let expected = diagnosis::knowledge::hash(names.iter().map(String::as_str));
        let built_in = Knowledge::built_in();
        assert_eq!(built_in.hash, expected, "the knowledge is stale: run `glyphfall train`");
        assert_eq!(built_in.cases, library().iter().map(case).collect::<Vec<_>>());
    }
}
