//! The model responder, in incidents that it was not trained on: it explains and restores, it uses only the checks that its level
//! grants, and it repeats exactly.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::sync::Arc;

use diagnosis::{
    Knowledge,
    checks::{CHECKS, Signal},
    explanation::RIGHT_FROM,
};
use incident::{EventKind, IncidentRecord, OperatingModel};
use world::{
    Mix,
    play::{PlayOptions, Played, Responder, play},
    scenario::scenario,
    virtual_time::{self, STALLED_AFTER},
};

/// As in training: requests make up the cost of running an incident.
const VIEWS_PER_SECOND: f64 = world::tape::VIEWS_PER_SECOND;

fn played(name: &str, seed: u64, level: chassis::Level) -> Played {
    played_by(OperatingModel::OpsRunIt, name, seed, level)
}

fn played_by(model: OperatingModel, name: &str, seed: u64, level: chassis::Level) -> Played {
    let knowledge = Knowledge::built_in();
    assert!(!knowledge.seeds.contains(&seed), "seed {seed} is one of training");
    let options = PlayOptions {
        level,
        operating_model: model,
        mix: Mix::of(VIEWS_PER_SECOND),
        responder: Responder::Model(Arc::new(knowledge)),
        ..PlayOptions::new(seed)
    };
    let stalled = || panic!("time stands still");
    virtual_time::run(play(&scenario(name).unwrap(), &options), STALLED_AFTER, stalled).unwrap().unwrap()
}

/// The signals that the taken checks need.
fn needs(record: &IncidentRecord) -> Vec<Signal> {
    let need = |kind: &EventKind| match kind {
        EventKind::Check { name, .. } => Some(CHECKS.iter().find(|check| check.name == name).unwrap().needs),
        _ => None,
    };
    record.events.iter().filter_map(|event| need(&event.kind)).collect()
}

#[test]
fn with_all_telemetry_the_story_is_explained_and_mended() {
    for seed in [7, 8] {
        let outcome = played("special-character", seed, chassis::Level::Changes).record.outcome;
        assert!(outcome.restored_s.is_some() && outcome.fixed, "seed {seed}: {outcome:?}");
        assert!(outcome.explanation_score.unwrap() >= RIGHT_FROM, "seed {seed}: {outcome:?}");
        assert!(outcome.fixed_for_the_right_reason && !outcome.censored, "seed {seed}: {outcome:?}");
    }
}

#[test]
fn in_the_dark_it_looks_at_nothing_that_it_cannot_have() {
    let dark = needs(&played("special-character", 7, chassis::Level::Dark).record);
    assert!(!dark.is_empty() && dark.iter().all(|need| *need == Signal::Nothing), "{dark:?}");
    let rich = needs(&played("special-character", 7, chassis::Level::Changes).record);
    assert!(rich.iter().any(|need| *need != Signal::Nothing), "{rich:?}");
}

#[test]
fn it_does_the_same_twice() {
    for model in OperatingModel::ALL {
        let record = || played_by(model, "slow-disk", 8, chassis::Level::Traces).record.to_json();
        let once = record();
        assert_eq!(once, record());
        assert!(once.contains("\"acknowledged\""), "somebody took it: {model}");
    }
}

#[test]
fn what_is_not_ours_is_called_so_and_nothing_is_done_about_it() {
    let record = played("false-alarm", 8, chassis::Level::Changes).record;
    assert!(record.outcome.explanation_score.unwrap() >= RIGHT_FROM, "{:?}", record.outcome);
    assert!(!record.events.iter().any(|event| matches!(event.kind, EventKind::Remedy(_))));
}
