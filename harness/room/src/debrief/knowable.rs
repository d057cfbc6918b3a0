//! When each fact of an explanation was first knowable at each telemetry level. Teaches the difference between evidence that is not there
//! and evidence that nobody looked at.
//!
//! **What knowable means.** The incident is recorded once in virtual time, with nobody acting, and every check is made at fixed times after the
//! call ([`world::tape`]). At each of these times a team large enough begins all checks that its level grants, in parallel; each answers after its
//! assumed minutes. An asset or a character is knowable when the first check has named it. A cause, a path or a factor is knowable when the answers
//! so far make the model responder certain enough to explain: its posterior reaches the threshold [`CERTAIN_FROM`]. A team may ignore what a richer
//! level adds, so a fact that is knowable at a level is knowable at every richer one.

use std::collections::BTreeSet;

use diagnosis::{
    Answer, Knowledge, Phase,
    checks::{CHECKS, Check, granted},
    experience::Case,
    explanation::distinct,
    terms::CERTAIN_FROM,
};
use incident::Level;
use report::session::{Fact, Knowable, Known};
use world::tape::{LOOKED_AT_MINUTES, Moment, Tape};

use super::facts::facts;
use crate::evidence_kind::EvidenceKind;

/// When a team at this level is called, in story seconds: by an alert where the level opens alerts, otherwise by a complaint.
fn called_s(tape: &Tape, level: Level) -> Option<f64> {
    if EvidenceKind::Alerts.is_open_at(level) { tape.alerted_s } else { tape.complained_s }
}

/// When a fact was first knowable at a level.
fn known(fact: &Fact, level: Level, tape: &Tape, knowledge: &Knowledge) -> Known {
    let Some(called_s) = called_s(tape, level).filter(|_| !tape.moments.is_empty()) else {
        return Known::NobodyCalled;
    };
    if is_beforehand(fact, knowledge) {
        return Known::Beforehand;
    }
    let with = |(at_s, moment): (f64, &Moment), level: Level| -> Option<(f64, Option<&'static str>)> {
        let answered = match fact {
            Fact::Asset(_) | Fact::Character(_) => named(fact, moment, level),
            Fact::Cause(_) | Fact::Path(_) | Fact::Factor(_) => {
                certain(fact, moment, (at_s - called_s) / 60.0, level, knowledge)
                    .map(|minutes| (minutes, None))
            }
        };
        answered.map(|(minutes, by)| (at_s + minutes * 60.0, by))
    };
    let levels = || Level::ALL.iter().copied().filter(|poorer| *poorer <= level);
    let all =
        begun(tape, called_s).into_iter().flat_map(|at| levels().filter_map(move |level| with(at, level)));
    let first = all.min_by(|one, other| one.0.total_cmp(&other.0));
    match first {
        Some((story_s, by)) => {
            let minutes = (story_s - tape.lost_s.unwrap_or(called_s)) / 60.0;
            Known::After { minutes, story_s, by: by.map(str::to_owned) }
        }
        None => Known::Never,
    }
}

/// The times at which checks can begin, each with the moment of the tape that has their findings. These are all moments after the call, and the
/// call itself with the last moment before it.
fn begun(tape: &Tape, called_s: f64) -> Vec<(f64, &Moment)> {
    let before = tape.moments.iter().rfind(|moment| moment.at_s <= called_s).map(|moment| (called_s, moment));
    let after =
        tape.moments.iter().filter(|moment| moment.at_s > called_s).map(|moment| (moment.at_s, moment));
    before.into_iter().chain(after).collect()
}

/// The quickest check that names the fact: its minutes, and its question.
fn named(fact: &Fact, moment: &Moment, level: Level) -> Option<(f64, Option<&'static str>)> {
    let checks = granted(level).into_iter().filter(|place| {
        let finding = moment.findings.get(*place);
        finding.is_some_and(|finding| match fact {
            Fact::Asset(asset) => finding.asset.as_ref() == Some(asset),
            Fact::Character(character) => finding.character.as_ref() == Some(character),
            _ => false,
        })
    });
    let quickest = checks.map(|place| &CHECKS[place]).min_by_key(|check| check.cost_minutes)?;
    Some((f64::from(quickest.cost_minutes), Some(quickest.asks)))
}

/// After how many minutes the checks that have answered by then make the fact certain; none if they never do.
fn certain(
    fact: &Fact,
    moment: &Moment,
    after_minutes: f64,
    level: Level,
    knowledge: &Knowledge,
) -> Option<f64> {
    let phase = Phase::of(after_minutes);
    let (mut said_so_far, mut class) = (Vec::new(), None);
    let checks: Vec<(usize, &Check)> =
        granted(level).into_iter().map(|place| (place, &CHECKS[place])).collect();
    let minutes: BTreeSet<u32> = checks.iter().map(|(_, check)| check.cost_minutes).collect();
    for minutes in minutes {
        for (place, check) in checks.iter().filter(|(_, check)| check.cost_minutes == minutes) {
            let Some(finding) = moment.findings.get(*place) else { continue };
            let Some(said) = check.place(finding.outcome) else { continue };
            said_so_far.push((*place, said));
            class = finding.class.or(class);
        }
        let mut belief = knowledge.judged(phase, &said_so_far, knowledge.temper);
        knowledge.told_class(&mut belief, class);
        if share(fact, belief.shares(), &knowledge.cases) >= CERTAIN_FROM {
            return Some(f64::from(minutes));
        }
    }
    None
}

fn is_beforehand(fact: &Fact, knowledge: &Knowledge) -> bool {
    let belief = knowledge.belief(None);
    share(fact, belief.shares(), &knowledge.cases) >= CERTAIN_FROM
}

/// The probability of a fact: the sum over all cases that have it.
fn share(fact: &Fact, shares: &[f64], cases: &[Case]) -> f64 {
    let has = |case: &Case| match fact {
        Fact::Cause(cause) => case.cause == *cause,
        Fact::Path(path) => case.path == *path,
        Fact::Factor(factor) => distinct(&case.factors).contains(factor),
        Fact::Asset(_) | Fact::Character(_) => false,
    };
    cases.iter().zip(shares).filter(|(case, _)| has(case)).map(|(_, share)| share).sum()
}

/// When each fact of the recorded incident could be known, at all levels.
pub fn knowable(tape: &Tape, knowledge: &Knowledge) -> Knowable {
    let at_levels =
        |fact: Fact| Level::ALL.iter().map(|level| (*level, known(&fact, *level, tape, knowledge))).collect();
    let truth = Answer { factors: distinct(&tape.truth.factors), ..tape.truth.clone() };
    Knowable {
        of: facts(&truth),
        lost_s: tape.lost_s,
        complained_s: tape.complained_s,
        alerted_s: tape.alerted_s,
        looked_at_minutes: LOOKED_AT_MINUTES.to_vec(),
        facts: facts(&truth).into_iter().map(at_levels).collect(),
    }
}

#[cfg(test)]
mod tests {
    use diagnosis::Finding;

    use super::*;

    /// A tape on which the check of this name has this finding from a moment on. All other checks name nothing, and their outcomes fit no case.
    fn tape(check: &str, from: usize, finding: &Finding) -> Tape {
        let place = CHECKS.iter().position(|known| known.name == check).unwrap();
        let moment = |(number, minutes): (usize, &f64)| {
            let mut findings: Vec<Finding> =
                CHECKS.iter().map(|check| Finding::new(check.outcomes[0], "")).collect();
            if number >= from {
                findings[place] = finding.clone();
            }
            Moment { at_s: 600.0 + minutes * 60.0, is_served: false, findings }
        };
        Tape {
            scenario: "special-character".into(),
            seed: 1,
            lost_s: Some(480.0),
            healed_s: None,
            alerted_s: Some(600.0),
            complained_s: Some(900.0),
            before: Vec::new(),
            moments: LOOKED_AT_MINUTES.iter().enumerate().map(moment).collect(),
            loss_usd: Vec::new(),
            newest_publish: None,
            published: None,
            truth: Answer::default(),
        }
    }

    fn asset_after(tape: &Tape, level: Level) -> Option<f64> {
        match known(&Fact::Asset("promo-banner".into()), level, tape, &Knowledge::built_in()) {
            Known::After { minutes, .. } => Some(minutes),
            _ => None,
        }
    }

    #[test]
    fn a_name_is_knowable_when_the_first_granted_look_has_said_it() {
        let named = Finding::new("one", "").naming(Some("promo-banner".into()));
        // Availability is lost two minutes before the alert. The check takes four minutes, and moments of the tape are one and eight minutes after
        // the alert.
        let early = tape("assets-in-errors", 0, &named);
        assert_eq!(asset_after(&early, Level::Dark), None);
        assert_eq!(asset_after(&early, Level::Metrics), Some(7.0));
        assert_eq!(asset_after(&early, Level::Changes), Some(7.0));
        // Without alerts a complaint comes five minutes later, and the check then has the finding of the last moment.
        assert_eq!(asset_after(&early, Level::Logs), Some(11.0));
        assert_eq!(asset_after(&tape("assets-in-errors", 1, &named), Level::Traces), Some(14.0));
        let silent = Tape { alerted_s: None, complained_s: None, ..early };
        let fact = Fact::Asset("promo-banner".into());
        assert_eq!(known(&fact, Level::Logs, &silent, &Knowledge::built_in()), Known::NobodyCalled);
    }

    #[test]
    fn what_is_knowable_at_a_level_is_knowable_at_every_richer_one() {
        let named = Finding::new("one", "").naming(Some("promo-banner".into()));
        let tape = tape("assets-in-errors", 0, &named);
        let knowledge = Knowledge::built_in();
        let cause = Fact::Cause("An editor publishes a text with a control character".into());
        let minutes = Level::ALL.iter().map(|level| match known(&cause, *level, &tape, &knowledge) {
            // Compare times of the story, because the call comes earlier where there are alerts.
            Known::After { story_s, .. } => story_s,
            _ => f64::INFINITY,
        });
        assert!(minutes.collect::<Vec<_>>().is_sorted_by(|one, other| one >= other));
    }
}
