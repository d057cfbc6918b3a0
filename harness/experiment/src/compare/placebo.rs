//! The placebo: as many extra checks as a level adds, at the same cost, but with findings from other incidents. Teaches that a placebo
//! must differ from the real treatment in one thing only: if its findings also differed from those in training, it would measure
//! surprise.
//!
//! In training and in judging, a placebo check deals out its own findings from training incidents *in the same phase*: soon after the
//! call, later, after a remedy, when customers are served. So each finding is equally likely under every scenario, and none is new to
//! the responder. Placebo checks never name an asset, and the responder's knowledge accounts for that.

use std::sync::Arc;

use chassis::rng;
use diagnosis::{
    Experience, Finding, Knowledge, Phase, Terms,
    checks::{CHECKS, granted},
    experience::Moment,
};
use rand::seq::SliceRandom;

use super::{
    condition::{Condition, Key, Taught},
    list::{Basis, alerts},
};

/// The number of random permutations of findings for the placebo.
pub const PLACEBOS: usize = 5;

/// The findings of other incidents that the added checks show.
#[derive(Clone, Debug)]
pub struct PlaceboFindings {
    /// For each placebo check and each phase, the outcomes in the order in which they are dealt; `None` for a real check.
    outcomes: Vec<Option<[Vec<usize>; Phase::ALL.len()]>>,
}

impl PlaceboFindings {
    /// The training outcomes of these checks, shuffled within each phase.
    fn shuffled(experience: &Experience, checks: &[usize], chance: &mut impl rand::Rng) -> Self {
        let mut dealt = |check: usize, phase: Phase| -> Vec<usize> {
            let moments = experience.incidents.iter().flatten().flat_map(|incident| &incident.moments);
            let in_phase = moments.filter(|moment| moment.phase == phase);
            let mut said: Vec<usize> =
                in_phase.filter_map(|moment| Some(moment.said(check)?.outcome)).collect();
            said.shuffle(chance);
            said
        };
        let mut of = |check| checks.contains(&check).then(|| Phase::ALL.map(|phase| dealt(check, phase)));
        Self { outcomes: (0..CHECKS.len()).map(&mut of).collect() }
    }

    /// The finding that a check shows in a phase of incident `number`; `None` for a real check, which shows the incident itself.
    pub fn finding(&self, number: usize, check: usize, phase: Phase) -> Option<Finding> {
        let dealt = &self.outcomes[check].as_ref()?[phase as usize];
        assert!(!dealt.is_empty(), "training saw every phase");
        let outcome = CHECKS[check].outcomes[dealt[number % dealt.len()]];
        Some(Finding::new(outcome, "in another incident"))
    }
}

/// For each level above the first, one condition per draw. The checks that the level adds show other incidents, and the responder was trained
/// on such findings.
pub(super) fn placebos(basis: &Basis<'_>) -> Vec<(Key, Condition)> {
    let floor = granted(basis.levels[0]);
    let placebo = |level, draw| {
        let added: Vec<usize> = granted(level).into_iter().filter(|place| !floor.contains(place)).collect();
        let mut chance = rng(basis.seed, "placebo", &format!("{level:?} {draw}"));
        let findings = PlaceboFindings::shuffled(basis.experience, &added, &mut chance);
        let mut knowledge = Knowledge::of(&permuted(basis.experience, &added, &mut chance));
        knowledge.naming.retain(|check| !added.contains(check));
        // The responder is called as at the first level: a placebo brings no alert. As at the first level, the aftermath of failed
        // remedies is recorded: the real checks show it.
        let terms = Terms::at(level, basis.models[0]);
        let condition =
            Condition::model(terms, &Taught::always(&Arc::new(knowledge)), alerts(basis.levels[0]));
        let placebo = Some(Arc::new(findings));
        (Key::Placebo(level, draw), Condition { placebo, records: true, ..condition })
    };
    let levels = basis.levels.iter().copied().skip(1);
    levels.flat_map(|level| (0..PLACEBOS).map(move |draw| placebo(level, draw))).collect()
}

/// Experience in which the outcomes of these checks are permuted among all moments of a phase.
fn permuted(experience: &Experience, checks: &[usize], chance: &mut impl rand::Rng) -> Experience {
    let mut permuted = experience.clone();
    for phase in Phase::ALL {
        for check in checks {
            let mut moments: Vec<&mut Moment> = permuted
                .incidents
                .iter_mut()
                .flatten()
                .flat_map(|incident| &mut incident.moments)
                .filter(|moment| moment.phase == phase)
                .collect();
            let mut said: Vec<Option<usize>> =
                moments.iter().map(|moment| Some(moment.said(*check)?.outcome)).collect();
            said.shuffle(chance);
            moments.iter_mut().zip(said).for_each(|(moment, said)| moment.replace_outcome(*check, said));
        }
    }
    permuted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(experience: &Experience, check: usize, phase: Phase) -> Vec<usize> {
        let moments = experience.incidents.iter().flatten().flat_map(|incident| &incident.moments);
        let in_phase = moments.filter(|moment| moment.phase == phase);
        let mut outcomes: Vec<usize> =
            in_phase.filter_map(|moment| Some(moment.said(check)?.outcome)).collect();
        outcomes.sort_unstable();
        outcomes
    }

    #[test]
    fn who_learns_and_who_is_judged_are_dealt_what_was_said_in_the_same_phase() {
        let experience = Experience::built_in();
        let (placebo, real) = (CHECKS.len() - 1, 0);
        let mut chance = rng(1, "placebo", "test");
        let findings = PlaceboFindings::shuffled(&experience, &[placebo], &mut chance);
        let learned = permuted(&experience, &[placebo], &mut chance);
        assert_ne!(learned, experience);
        for phase in Phase::ALL {
            let expected = outcomes(&experience, placebo, phase);
            assert!(!expected.is_empty(), "training never saw {phase:?}");
            assert_eq!(outcomes(&learned, placebo, phase), expected, "{phase:?}");
            let dealt =
                (0..expected.len()).map(|number| findings.finding(number, placebo, phase).unwrap().outcome);
            let mut dealt: Vec<usize> =
                dealt.map(|outcome| CHECKS[placebo].place(outcome).unwrap()).collect();
            dealt.sort_unstable();
            assert_eq!(dealt, expected, "{phase:?}");
            assert_eq!(
                findings.finding(0, real, phase),
                None,
                "what is no placebo shows the incident itself"
            );
        }
    }
}
