//! Incidents that cost more at a level than at the one below. Teaches the difference between unexpected and impossible: on training
//! incidents each level's policy costs no more than the one below, but on other incidents it sometimes does.

use diagnosis::{explanation::RIGHT_FROM, terms::STAKES};
use incident::Level;
use report::compare::Violation;

use super::{
    Study,
    condition::Key,
    figures::steps,
    playback::{Diagnosis, HORIZON_S},
};

/// All violations, in the order of the incidents. Minutes count from the call, so that an earlier call neither helps nor harms.
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
                    why: why(above, below, can_be_mended),
                });
            }
        }
    }
    violations
}

/// The largest part of the difference, in words.
fn why(above: &Diagnosis, below: &Diagnosis, can_be_mended: bool) -> String {
    let ends_s = |told: &Diagnosis| told.lost_s + HORIZON_S;
    let lost = |told: &Diagnosis| {
        let until_s = told.restored_s.unwrap_or(ends_s(told)).max(told.called_s);
        if can_be_mended { (until_s - told.called_s) / 60.0 } else { 0.0 }
    };
    let looked = |told: &Diagnosis| {
        let answered_s = told.answer.as_ref().map_or(ends_s(told), |answer| answer.at_s);
        ((answered_s - told.called_s) / 60.0 - lost(told)).max(0.0)
    };
    let (later, longer) = (lost(above) - lost(below), looked(above) - looked(below));
    let all = above.cost_minutes(&STAKES, can_be_mended) - below.cost_minutes(&STAKES, can_be_mended);
    let said = all - later - STAKES.calm_minute * longer;
    if later >= said && later >= STAKES.calm_minute * longer {
        let more = |above: u32, below: u32, what: &str| format!("after {above} {what} instead of {below}");
        let after = if above.wrong_remedies > below.wrong_remedies {
            more(above.wrong_remedies, below.wrong_remedies, "remedies in vain")
        } else {
            more(above.checks, below.checks, "checks")
        };
        return format!("restored {later:.0} min later, {after}");
    }
    if said >= STAKES.calm_minute * longer {
        let is_right = below.answer.as_ref().is_some_and(|answer| answer.score >= RIGHT_FROM);
        let instead = if is_right { "right" } else { "none" };
        let given = if above.is_explained_wrong() { "wrong" } else { "none" };
        return format!("explanation: {given}, {instead} at the level below");
    }
    format!("explained {longer:.0} min later, with customers served")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::playback::AnswerGiven;

    fn diagnosis(restored_min: f64, answered_min: f64, score: f64, wrong_remedies: u32) -> Diagnosis {
        let cause = (score > 0.0).then(|| "a cause".to_owned());
        let answer = Some(AnswerGiven { at_s: answered_min * 60.0, score, confidence: 1.0, cause });
        Diagnosis {
            answer,
            restored_s: Some(restored_min * 60.0),
            wrong_remedies,
            checks: 5,
            ..Diagnosis::default()
        }
    }

    #[test]
    fn the_largest_part_of_a_difference_is_named() {
        let usual = diagnosis(20.0, 30.0, 1.0, 0);
        for (other, expected) in [
            (diagnosis(50.0, 60.0, 1.0, 2), "restored 30 min later, after 2 remedies in vain instead of 0"),
            (diagnosis(50.0, 60.0, 1.0, 0), "restored 30 min later, after 5 checks instead of 5"),
            (diagnosis(20.0, 30.0, 0.0, 0), "explanation: none, right at the level below"),
            (diagnosis(20.0, 30.0, 0.3, 0), "explanation: wrong, right at the level below"),
            (diagnosis(20.0, 90.0, 1.0, 0), "explained 60 min later, with customers served"),
        ] {
            assert_eq!(why(&other, &usual, true), expected);
        }
    }
}
