//! The comparison of telemetry levels repeats exactly, and its recordings agree with the world.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    num::NonZeroUsize,
    sync::{Arc, OnceLock, atomic::AtomicBool},
};

use diagnosis::{
    Experience, Knowledge, checks,
    operating::parameters::{Parameter, TABLE},
};
use experiment::{
    compare::{CompareOptions, Extent, Study, condition::Key, study, summary::summary},
    sweep::Watch,
};
use incident::{Level, OperatingModel};
use world::{
    Mix,
    play::{PlayOptions, Responder, play},
    scenario::scenario,
    tape,
    virtual_time::{self, STALLED_AFTER},
};

const SEED: u64 = 7;

/// The poorest and the richest.
const LEVELS: [Level; 2] = [Level::Dark, Level::Changes];

fn options(names: &[&str], seeds: usize, extent: Extent) -> CompareOptions {
    let scenarios = names.iter().map(|name| scenario(name).unwrap()).collect();
    let seeds = NonZeroUsize::new(seeds).unwrap();
    CompareOptions { scenarios, seeds, levels: LEVELS.into(), ..CompareOptions::new(SEED, extent) }
}

fn watched<T>(work: impl FnOnce(Watch<'_>) -> std::io::Result<Option<T>>) -> T {
    let stop = AtomicBool::new(false);
    let stalled = |what: &str| panic!("virtual time stands still in {what}");
    work(Watch { stop: &stop, done: &|| (), stalled }).unwrap().unwrap()
}

/// A study of the levels alone, on one incident.
fn levels_of(name: &str) -> Study {
    watched(|watch| study(options(&[name], 1, Extent::Levels), None, watch))
}

/// The study of the story, which two tests share.
fn story() -> &'static Study {
    static STORY: OnceLock<Study> = OnceLock::new();
    STORY.get_or_init(|| levels_of("special-character"))
}

#[test]
fn a_comparison_is_the_same_twice_and_has_every_control() {
    let full = options(&["special-character", "false-alarm"], 1, Extent::Full);
    let full = watched(|watch| study(full, None, watch));
    let report = || serde_json::to_value(summary(&full)).unwrap();
    let first = report();
    assert_eq!(first, report());
    // A smaller study that records and diagnoses the story again gets the same result.
    for level in LEVELS {
        let key = Key::Level(level, false);
        assert_eq!(full.results[&key][0], story().results[&key][0], "{level}");
    }
    let controls = &first["controls"];
    let has = |part: &serde_json::Value, name: &str| {
        assert!(part[name].as_array().is_some_and(|rows| !rows.is_empty()), "{name}: {part}");
    };
    for control in ["placebo", "healthy", "models"] {
        has(controls, control);
    }
    // Two blind runbooks, an oracle; and at each of two levels the last change, a checklist and random checks.
    assert_eq!(first["baselines"].as_array().unwrap().len(), 3 + 2 * 3);
    let doubts = &controls["doubts"];
    for doubt in ["cost_draws", "cheaper_dark", "odds", "left_out", "signals", "signal_gains", "calibration"]
    {
        has(doubts, doubt);
    }
    assert_eq!(doubts["signals"].as_array().unwrap().len(), 32, "sixteen subsets, with and without alerts");
    for effect in first["two_by_two"]["effects"].as_array().unwrap() {
        let mean = |part: &str| effect[part]["mean"].as_f64().unwrap();
        let parts = mean("telemetry") + mean("model") + mean("interaction");
        assert!((mean("together") - parts).abs() < 1e-6 && mean("model").abs() > 1.0, "{effect}");
    }
    // The tornado lists every assumption. The low end of an unused countermeasure is its assumed value, and moves nothing.
    let tornado = &first["two_by_two"]["tornado"];
    let ends = |place: usize| {
        let rows = tornado["rows"].as_array().unwrap();
        assert_eq!(rows.len(), TABLE.len());
        let row = rows.iter().find(|row| row["assumption"] == TABLE[place].name).unwrap();
        [0, 1].map(|end| row["differences"][end].as_f64().unwrap())
    };
    let as_assumed = tornado["difference"].as_f64().unwrap();
    let effects = first["two_by_two"]["effects"].as_array().unwrap();
    assert!(
        effects.iter().any(|effect| (effect["together"]["mean"].as_f64().unwrap() - as_assumed).abs() < 1e-6)
    );
    let [acknowledged, called_out] =
        [Parameter::Acknowledged, Parameter::CalledOut].map(|one| ends(one as usize));
    assert!(
        acknowledged[0] > acknowledged[1],
        "the slower lines are, the more the other model saves: {tornado}"
    );
    assert!(called_out[0] < called_out[1], "{tornado}");
    assert_eq!(ends(Parameter::DirectAlert as usize)[0].to_bits(), as_assumed.to_bits());
    assert_eq!(first["levels"][0]["incidents"], 1, "a false alarm is a control");
    assert_eq!(first["checks"]["hash"], checks::hash());
    assert_eq!(first["checks"]["frozen_hash"], checks::FROZEN_HASH);
}

/// The model responder in the world itself: whether it is right, and its seconds from the loss to the explanation.
fn played(name: &str, level: chassis::Level) -> (bool, f64) {
    let options = PlayOptions {
        level,
        operating_model: OperatingModel::YouBuildIt,
        mix: Mix::of(tape::VIEWS_PER_SECOND),
        responder: Responder::Model(Arc::new(Knowledge::built_in())),
        ..PlayOptions::new(SEED)
    };
    let stalled = || panic!("time stands still");
    let record = virtual_time::run(play(&scenario(name).unwrap(), &options), STALLED_AFTER, stalled);
    let record = record.unwrap().unwrap().record;
    let outcome = record.outcome;
    let right = outcome.explanation_score.unwrap() >= record.run.rules.explanation_right_from;
    (right, outcome.explained_s.unwrap() - outcome.lost_s.unwrap())
}

fn told(study: &Study, level: Level) -> (bool, f64) {
    let told = study.results[&Key::Level(level, false)][0].as_ref().unwrap();
    let answer = told.answer.as_ref().unwrap();
    (told.explained_right_s().is_some(), answer.at_s - told.lost_s)
}

/// How far the recording and the world may differ: by a check or two, because a recorded moment lies minutes before the check.
const APART_S: f64 = 20.0 * 60.0;

#[test]
fn what_is_told_on_tape_is_what_happens_in_the_world() {
    for (name, study) in [("special-character", story()), ("slow-disk", &levels_of("slow-disk"))] {
        for (level, live) in [(Level::Dark, chassis::Level::Dark), (Level::Changes, chassis::Level::Changes)]
        {
            let (taped, lived) = (told(study, level), played(name, live));
            assert_eq!(taped.0, lived.0, "{name} at {level}: right on tape, and in the world");
            assert!(
                (taped.1 - lived.1).abs() < APART_S,
                "{name} at {level}: {taped:?} on tape, {lived:?} in the world"
            );
        }
    }
}

#[test]
fn training_and_judging_never_share_a_seed() {
    let trained = Experience::built_in().seeds;
    assert!(!trained.is_empty() && trained.iter().all(|seed| *seed > experiment::compare::SEED_MAX));
}
