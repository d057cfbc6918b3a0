//! The library: every scenario hurts customers as its file says, its right remedies restore, and no wrong one does.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::sync::atomic::AtomicBool;

use experiment::{remedies::contradictions, sweep::Watch};
use incident::Story;
use world::scenario::{Symptom, library, scenario};

/// Both decoys and none, and different assets, characters and times.
const SEEDS: [u64; 2] = [7, 21];

fn check(name: &str) {
    let watch =
        Watch { stop: &AtomicBool::new(false), done: &|| (), stalled: |what| panic!("{what} stands still") };
    let contradictions = contradictions(&[scenario(name).unwrap()], &SEEDS, watch).unwrap();
    assert_eq!(contradictions, Vec::<String>::new());
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
