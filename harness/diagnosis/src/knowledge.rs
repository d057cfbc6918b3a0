//! What experience says about the next incident: how probable each outcome of a check is under each scenario, and how probable it is
//! that a remedy helps. Teaches that knowledge is experience counted, with a little doubt added.
//!
//! What has not been seen in a handful of incidents is rare, not impossible; and what differs between a handful of incidents may be
//! chance. How much doubt that makes, each check's own counts decide.

use incident::Remedy;

use crate::{
    checks::CHECKS,
    experience::{Case, Experience, Lived, menu, said},
};

/// Added to the counts of a check in all scenarios together, shared out evenly among its outcomes: one incident's worth, whatever the
/// number of outcomes. (Perks' choice.)
pub const SMOOTHING: f64 = 1.0;

/// How many incidents' worth of what a check says in all scenarios may be added to its counts in one. Which of them, the left-out
/// incidents decide. (Jelinek and Mercer, Interpolated estimation of Markov source parameters from sparse data, 1980.)
const STRENGTHS: [f64; 6] = [1.0, 2.0, 4.0, 16.0, 64.0, 1_024.0];

/// Added to the counts of a remedy: half an incident's worth, at the rate at which remedies help in all scenarios.
pub const REMEDY_SMOOTHING: f64 = 0.5;

/// When a look is taken. What a check says depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Within [`EARLY_MINUTES`] of the call.
    Early,
    /// Within [`MIDDLE_MINUTES`].
    Middle,
    /// Later.
    Late,
    /// After a remedy that did not help.
    AfterRemedy,
    /// When customers are served.
    Served,
}

/// Up to here it is early.
pub const EARLY_MINUTES: f64 = 10.0;

/// Up to here it is not late.
pub const MIDDLE_MINUTES: f64 = 30.0;

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Early, Self::Middle, Self::Late, Self::AfterRemedy, Self::Served];

    /// The phase so long after the call, before anything was done.
    pub fn of(minutes: f64) -> Self {
        match minutes {
            minutes if minutes <= EARLY_MINUTES => Self::Early,
            minutes if minutes <= MIDDLE_MINUTES => Self::Middle,
            _ => Self::Late,
        }
    }

    /// How it is written.
    pub fn letter(self) -> char {
        match self {
            Self::Early => 'E',
            Self::Middle => 'M',
            Self::Late => 'L',
            Self::AfterRemedy => 'A',
            Self::Served => 'S',
        }
    }
}

/// What a check says in one phase: a row of probabilities for each scenario, and last for one that is on no list.
#[derive(Clone, Debug, PartialEq)]
pub struct Likelihoods {
    /// By scenario, then by outcome. Each row adds up to 1.
    pub rows: Vec<Vec<f64>>,
    /// For each row, the sum of `p log2 p`: how certain the outcome is under that scenario, in bits, at most 0.
    pub certainty_bits: Vec<f64>,
}

impl Likelihoods {
    /// Rows of probabilities.
    pub fn new(rows: Vec<Vec<f64>>) -> Self {
        let certain = |row: &Vec<f64>| row.iter().filter(|p| **p > 0.0).map(|p| p * p.log2()).sum();
        let certainty_bits = rows.iter().map(certain).collect();
        Self { rows, certainty_bits }
    }
}

/// What is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Knowledge {
    /// The seeds of the training incidents.
    pub seeds: Vec<u64>,
    /// The scenarios.
    pub cases: Vec<Case>,
    /// The sequences of remedies that restore any of them.
    pub menu: Vec<Vec<Remedy>>,
    /// The checks that are trusted to name the asset and the character that do the harm.
    pub naming: Vec<usize>,
    /// By check, then by phase.
    likelihoods: Vec<Vec<Likelihoods>>,
    /// By sequence, then by scenario, and last for one that is on no list.
    helps: Vec<Vec<f64>>,
}

impl Knowledge {
    /// The knowledge that comes of the built-in experience.
    pub fn built_in() -> Self {
        Self::of(&Experience::built_in())
    }

    /// Counts.
    pub fn of(experience: &Experience) -> Self {
        let menu = menu(&experience.cases);
        let likelihoods =
            (0..CHECKS.len()).map(|check| Phase::ALL.map(|phase| count(experience, check, phase)).into());
        let helps = (0..menu.len()).map(|sequence| helps(&experience.lived, sequence)).collect();
        let (seeds, cases) = (experience.seeds.clone(), experience.cases.clone());
        let naming = (0..CHECKS.len()).filter(|check| CHECKS[*check].names_characters()).collect();
        Self { seeds, cases, menu, naming, likelihoods: likelihoods.collect(), helps }
    }

    /// The same, of somebody who has learned that these checks name nothing of use.
    #[must_use]
    pub fn distrusting(mut self, checks: &[usize]) -> Self {
        self.naming.retain(|check| !checks.contains(check));
        self
    }

    /// What the check at this place says in a phase.
    pub fn likelihoods(&self, check: usize, phase: Phase) -> &Likelihoods {
        &self.likelihoods[check][phase as usize]
    }

    /// How probable it is, under each scenario, that the sequence at this place of the menu helps.
    pub fn helps(&self, sequence: usize) -> &[f64] {
        &self.helps[sequence]
    }
}

/// What one incident showed in one phase: the shares of the outcomes of one check. An incident counts once in each phase, however many
/// moments of it were looked at: they say nearly the same.
type Shares = Vec<f64>;

/// Counts, drawn towards what the check says in all scenarios as far as that foretells best what it said in an incident that was left
/// out. A check that tells nothing apart is drawn all the way: with a handful of incidents chance alone would seem to tell much.
fn count(experience: &Experience, check: usize, phase: Phase) -> Likelihoods {
    let kinds = CHECKS[check].outcomes.len();
    let shares = |incident: &Lived| -> Option<Shares> {
        let in_phase = incident.moments.iter().filter(|moment| moment.starts_with(phase.letter()));
        let outcomes: Vec<usize> = in_phase.filter_map(|moment| said(moment, check)).collect();
        let share = |kind: usize| {
            outcomes.iter().filter(|outcome| **outcome == kind).count() as f64 / outcomes.len() as f64
        };
        (!outcomes.is_empty()).then(|| (0..kinds).map(share).collect())
    };
    let lived: Vec<Vec<Shares>> =
        experience.lived.iter().map(|lived| lived.iter().filter_map(shares).collect()).collect();
    let all = lived.iter().flatten().count() as f64 + SMOOTHING;
    let usual = added(vec![SMOOTHING / kinds as f64; kinds], lived.iter().flatten());
    let usual: Vec<f64> = usual.into_iter().map(|count| count / all).collect();
    let drawn = |strength: &f64| lived.iter().map(|lived| foretold(lived, &usual, *strength)).sum::<f64>();
    let best = STRENGTHS.iter().max_by(|one, other| drawn(one).total_cmp(&drawn(other)));
    let strength = best.copied().unwrap_or(SMOOTHING);
    let row = |lived: &Vec<Shares>| {
        let counts = added(usual.iter().map(|share| share * strength).collect(), lived.iter());
        counts.into_iter().map(|count| count / (lived.len() as f64 + strength)).collect()
    };
    let uniform = vec![1.0 / kinds as f64; kinds];
    Likelihoods::new(lived.iter().map(row).chain([uniform]).collect())
}

/// The logarithm of the probability of what each incident showed, as its fellows foretell it.
fn foretold(lived: &[Shares], usual: &[f64], strength: f64) -> f64 {
    let counts = added(vec![0.0; usual.len()], lived.iter());
    let others = lived.len() as f64 - 1.0 + strength;
    let of_one = |shares: &Shares| -> f64 {
        let outcomes = shares.iter().enumerate().filter(|(_, share)| **share > 0.0);
        let probability = |at: usize| (counts[at] - shares[at] + strength * usual[at]) / others;
        outcomes.map(|(at, share)| share * probability(at).ln()).sum()
    };
    lived.iter().map(of_one).sum()
}

fn added<'a>(counts: Vec<f64>, lived: impl Iterator<Item = &'a Shares>) -> Vec<f64> {
    lived.fold(counts, |counts, shares| {
        counts.iter().zip(shares).map(|(count, share)| count + share).collect()
    })
}

/// The rate at which a sequence helped in each scenario; where it was tried seldom, pulled towards its rate in all of them.
fn helps(lived: &[Vec<Lived>], sequence: usize) -> Vec<f64> {
    let tried = |lived: &[Lived]| {
        let tried = lived.iter().filter_map(|incident| incident.helped.as_bytes().get(sequence));
        let tried: Vec<f64> =
            tried.filter(|letter| **letter != b'.').map(|letter| f64::from(letter - b'0')).collect();
        (tried.iter().sum::<f64>(), tried.len() as f64)
    };
    let each: Vec<(f64, f64)> = lived.iter().map(|lived| tried(lived)).collect();
    let (helped, all) = each.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let rate = (helped + REMEDY_SMOOTHING) / (all + 2.0 * REMEDY_SMOOTHING);
    let smoothed = |(helped, all): (f64, f64)| (helped + REMEDY_SMOOTHING * rate) / (all + REMEDY_SMOOTHING);
    each.into_iter().map(smoothed).chain([rate]).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::experience::moment;

    fn experience(moments: Vec<String>, helped: &str) -> Experience {
        let case = Case {
            name: "one".into(),
            cause: "x".into(),
            path: Vec::new(),
            factors: BTreeSet::new(),
            is_ours: true,
            hurts: true,
            has_asset: false,
            has_character: false,
            right: vec![vec![Remedy::FlushCache]],
        };
        let lived = vec![Lived { moments, helped: helped.to_owned() }; 4];
        Experience { lived: vec![lived], ..Experience::new(vec![case], vec![1]) }
    }

    #[test]
    fn what_was_never_seen_is_rare_and_not_impossible() {
        let check = CHECKS.iter().position(|check| check.outcomes.len() == 2).unwrap();
        let early = moment(Phase::Early, (0..CHECKS.len()).map(|_| Some(0)));
        // Two moments of a phase count as one incident.
        let knowledge = Knowledge::of(&experience(vec![early.clone(), early], "1"));
        let [often, seldom] = knowledge.likelihoods(check, Phase::Early).rows[0][..] else { panic!() };
        assert!(often > 0.85 && seldom > 0.01 && (often + seldom - 1.0).abs() < 1e-9, "{often} {seldom}");
        assert_eq!(knowledge.likelihoods(check, Phase::Late).rows[0], [0.5, 0.5]);
        assert_eq!(knowledge.helps(0), [4.45 / 4.5, 0.9]);
        let never = Knowledge::of(&experience(Vec::new(), "0"));
        assert!((never.helps(0)[0] - 0.05 / 4.5).abs() < 1e-12);
    }

    #[test]
    fn a_check_that_says_anything_anywhere_tells_nothing_apart() {
        let check = CHECKS.iter().position(|check| check.outcomes.len() == 2).unwrap();
        let says = |place: usize| vec![moment(Phase::Early, (0..CHECKS.len()).map(|_| Some(place)))];
        let mut experience = experience(says(0), "1");
        experience.cases.push(experience.cases[0].clone());
        // By chance three of four in the one scenario, one of four in the other.
        let lived =
            |places: [usize; 4]| places.map(|place| Lived { moments: says(place), helped: "1".into() });
        let rows =
            |experience: &Experience| Knowledge::of(experience).likelihoods(check, Phase::Early).rows.clone();
        experience.lived = vec![lived([0, 0, 0, 1]).into(), lived([1, 1, 1, 0]).into()];
        let chance = rows(&experience);
        assert!((chance[0][0] - chance[1][0]).abs() < 0.3, "{chance:?}");
        experience.lived = vec![lived([0, 0, 0, 0]).into(), lived([1, 1, 1, 1]).into()];
        let telling = rows(&experience);
        assert!((telling[0][0] - telling[1][0]).abs() > 0.75, "{telling:?}");
    }
}
