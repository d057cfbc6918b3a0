//! The library: every scenario hurts customers as its file says, its right remedies restore, and no wrong one does.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::time::Duration;

use incident::{Remedy, Route, Story, Tally};
use world::{
    Mix,
    play::{PlayOptions, Played, Responder, STARTS_STORY_S, play},
    scenario::{Drawn, Scenario, Symptom, library, scenario},
    virtual_time::{self, STALLED_AFTER},
};

/// How long an incident goes on before anybody acts: every kind of page has had the time to fail.
const SPREADS: Duration = Duration::from_secs(240);

/// How long the shop is watched after the last remedy: longer than a restart alone helps, and the hold after that.
const WATCHED: Duration = Duration::from_secs(200);

/// How long customers come before the first thing happens: long enough for the cache to hold what they ask for.
const WARMS_UP: Duration = Duration::from_secs(120);

/// How long passes between two remedies.
const APART: Duration = Duration::from_secs(20);

/// What an incident costs to play is its requests, and these are enough to tell a symptom from another.
const VIEWS_PER_SECOND: f64 = 2.0;

/// Both decoys and none, and different assets, characters and times.
const SEEDS: [u64; 2] = [7, 21];

fn played(scenario: &Scenario, seed: u64, remedies: &[Remedy]) -> Played {
    let responder = Responder::Remedies { remedies: remedies.to_vec(), after: SPREADS, apart: APART };
    let mut options = PlayOptions { responder, mix: Mix::of(VIEWS_PER_SECOND), ..PlayOptions::new(seed) };
    let drawn = world::scenario::draw(scenario, seed);
    let begun_s = drawn.begun_story_s;
    options.starts_story_s = starts_story_s(&drawn);
    let remedies_s = APART.as_secs_f64() * (remedies.len().max(1) - 1) as f64;
    options.ends_story_s = begun_s + SPREADS.as_secs_f64() + remedies_s + WATCHED.as_secs_f64();
    let stalled = || panic!("time stands still");
    virtual_time::run(play(scenario, &options), STALLED_AFTER, stalled).unwrap().unwrap()
}

fn starts_story_s(drawn: &Drawn) -> f64 {
    let first_s = drawn.steps.first().map_or(drawn.begun_story_s, |(at_s, _)| *at_s);
    (first_s - WARMS_UP.as_secs_f64()).max(STARTS_STORY_S)
}

/// The share available on each route in the last minute before anybody acts.
fn available(played: &Played) -> Vec<(Route, f64)> {
    let until_s = played.drawn.begun_story_s - starts_story_s(&played.drawn) + SPREADS.as_secs_f64();
    let is_meant = |at_s: u32| (until_s - 60.0..until_s).contains(&f64::from(at_s));
    let share = |route: &Route| {
        let mut tally = Tally::default();
        let rows = played.record.availability.iter();
        rows.filter(|row| row.route == *route && is_meant(row.at_s)).for_each(|row| tally.add(row));
        (*route, tally.availability().expect("somebody came"))
    };
    Route::ALL.iter().map(share).collect()
}

fn check(name: &str) {
    let scenario = scenario(name).unwrap();
    for seed in SEEDS {
        let untouched = played(&scenario, seed, &[]);
        let available = available(&untouched);
        let symptom = Symptom::of(&available, untouched.record.outcome.lost_s.is_some());
        assert_eq!(symptom, scenario.symptom, "{name}, seed {seed}: {available:?}");
        assert_eq!(untouched.record.outcome.restored_s, None, "{name}, seed {seed}: it heals by itself");
        for (sequences, restores) in [(&scenario.remedies.right, true), (&scenario.remedies.wrong, false)] {
            for remedies in sequences {
                let outcome = played(&scenario, seed, remedies).record.outcome;
                let steps = remedies.iter().map(ToString::to_string).collect::<Vec<_>>();
                assert_eq!(
                    outcome.restored_s.is_some() && outcome.fixed,
                    restores,
                    "{name}, seed {seed}: {steps:?}: {outcome:?}"
                );
            }
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

#[test]
fn every_symptom_has_at_least_three_causes() {
    let library = library();
    assert!(library.len() >= 12);
    for symptom in [Symptom::SomeVisits, Symptom::EveryPage] {
        let causes =
            library.iter().filter(|scenario| scenario.symptom == symptom && !scenario.control).count();
        assert!(causes >= 3, "{symptom:?} has {causes} causes");
    }
    assert!(library.iter().any(|scenario| scenario.symptom == Symptom::Nothing), "a healthy shop");
    let story_s = Story::default().ends_s();
    for seed in 0..20 {
        for scenario in &library {
            let drawn = world::scenario::draw(scenario, seed);
            assert!(drawn.begun_story_s < story_s, "{}", scenario.name);
        }
    }
}
