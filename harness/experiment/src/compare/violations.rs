//! Incidents that cost more at a level than at the one below. Teaches the difference between what cannot be expected and what cannot
//! happen: each level's policy costs no more than the one below on training incidents, and on others now and then it does.

use diagnosis::terms::STAKES;
use incident::Level;
use report::compare::Violation;

use super::{Study, condition::Key, figures::steps, playback::Diagnosis};

/// All of them, in the order of the incidents. Minutes are from the call, so that being called sooner is no merit and no fault.
pub(super) fn violations(study: &Study) -> Vec<Violation> {
    let mut violations = Vec::new();
    let told = |level: Level, number: usize| study.results.get(&Key::Level(level, false))?[number].as_ref();
    for (number, tape) in study.tapes.iter().enumerate() {
        let scenario = study.options.scenarios.iter().find(|scenario| scenario.name == tape.scenario);
        let can_be_mended = scenario.is_some_and(|scenario| !scenario.control);
        let cost = |told: &Diagnosis| told.cost_minutes(&STAKES, can_be_mended);
        let said = |told: &Diagnosis| told.answer.as_ref().and_then(|answer| answer.cause.clone());
        for (against, level) in steps(&study.options.levels) {
            let (Some(below), Some(above)) = (told(against, number), told(level, number)) else { continue };
            if cost(above) > cost(below) {
                violations.push(Violation {
                    scenario: tape.scenario.clone(),
                    seed: tape.seed,
                    level,
                    against,
                    cost_minutes: [cost(above), cost(below)],
                    said: [said(above), said(below)],
                });
            }
        }
    }
    violations
}
