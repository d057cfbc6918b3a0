//! Tests the factors that scenarios name against replays. `glyphfall scenarios --replay` does so for the whole library.

use std::sync::atomic::AtomicBool;

use experiment::{
    factors::{Replayed, replayed},
    sweep::Watch,
};
use incident::ContributingFactor::MissingHealthCheck;
use world::scenario::{Scenario, scenario};

fn contradictions(scenarios: &[Scenario]) -> Vec<String> {
    let stop = AtomicBool::new(false);
    let watch = Watch { stop: &stop, done: &|| (), stalled: |what| panic!("{what}") };
    let replayed = replayed(scenarios, &[7], watch).expect("a shop in memory starts");
    assert_eq!(replayed.len(), scenarios.len());
    replayed.iter().flat_map(Replayed::contradictions).collect()
}

#[test]
fn less_is_lost_without_each_factor_that_a_scenario_names_and_without_no_other() {
    // All three latent faults contribute to the first scenario, one to the second, none to the third.
    let mut scenarios = ["special-character", "remembered-absence", "wrong-machines"]
        .map(|name| scenario(name).expect("the library has it"));
    assert_eq!(contradictions(&scenarios), [""; 0]);
    scenarios[0].truth.factors.remove(&MissingHealthCheck);
    scenarios[1].truth.factors.insert(MissingHealthCheck);
    let found = contradictions(&scenarios[..2]);
    assert!(found[0].starts_with("special-character does not name missing-health-check: "), "{found:?}");
    assert!(found[1].starts_with("remembered-absence names missing-health-check: "), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
}
