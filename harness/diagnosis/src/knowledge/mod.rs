//! What experience says about the next incident: which explanations there can be, how probable each outcome of a look is under each of
//! them, and how probable it is that a remedy helps. Teaches that knowledge is experience counted, and that the sample is the scenario:
//! five incidents of one are nearly one.
//!
//! **Explanations** are put together: kind of trigger, place, class of characters. Those of the list of scenarios come first; then the
//! combinations that no scenario has; and last *something else* at each place, with a fixed share of all probability.
//!
//! **Counts back off** from explanation to kind to place to all scenarios (Jelinek and Mercer, Interpolated estimation of Markov source
//! parameters from sparse data, 1980). A kind seen at one service is carried over to another: what the port of the stopped one says there,
//! it says here. Looks at the same thing are one table: what a second one says is counted given what the first has said, so that saying
//! it twice proves nothing twice.

mod alike;
mod counts;
mod fit;
mod helps;
mod names;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use incident::Remedy;
use parking_lot::Mutex;

use crate::{
    Answer,
    belief::Belief,
    cause::{Cause, Class, Kind, Place},
    checks::CHECKS,
    experience::{Case, Experience, menu},
    explanation::agreement,
};
use counts::CaseSeen;
use fit::TEMPERS;
use names::{NAMES_FROM, Names};

/// How probable it is, before anything is known, that what happened is no combination that anybody has listed. Assumed.
const OTHER_PRIOR: f64 = 0.10;

/// The same for a combination of kind and place that no scenario has. Assumed.
const COMBINED_PRIOR: f64 = 0.05;

/// How probable a class of characters is under another one: what is compared may not be what did the harm.
const OTHER_CLASS: f64 = 0.1;

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

    /// Whether a remedy was used before it.
    pub fn is_after_remedy(self) -> bool {
        matches!(self, Self::AfterRemedy | Self::Served)
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

/// What could have happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hypothesis {
    /// Its parts.
    pub cause: Cause,
    /// The scenario that it is, if it is one of the list.
    pub case: Option<usize>,
}

impl Hypothesis {
    /// How far a text with this special about it could have done the harm.
    pub fn fits(&self, class: Option<Class>) -> f64 {
        match (self.cause.class, class) {
            (Some(expected), Some(class)) if expected != class => OTHER_CLASS,
            _ => 1.0,
        }
    }
}

/// What a look says under each hypothesis: the probabilities of its outcomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// How many outcomes there are.
    pub outcomes: usize,
    rows: Vec<f64>,
}

impl Table {
    /// The probabilities under one hypothesis, which add up to 1.
    pub fn row(&self, hypothesis: usize) -> &[f64] {
        &self.rows[hypothesis * self.outcomes..(hypothesis + 1) * self.outcomes]
    }

    /// How probable one outcome is under each hypothesis.
    pub fn column(&self, outcome: usize) -> impl Iterator<Item = f64> {
        self.rows[outcome..].iter().step_by(self.outcomes).copied()
    }
}

/// A check in a phase, and the look at the same thing with what it said: by their places.
type Asked = (usize, usize, usize, usize);

/// What is known.
pub struct Knowledge {
    /// The seeds of the training incidents.
    pub seeds: Vec<u64>,
    /// The scenarios.
    pub cases: Vec<Case>,
    /// What could have happened: first the scenarios, in their order.
    pub hypotheses: Vec<Hypothesis>,
    /// The sequences of remedies that can be tried.
    pub menu: Vec<Vec<Remedy>>,
    /// The checks that are trusted to name the asset that does the harm.
    pub naming: Vec<usize>,
    /// The checks that are left aside, whatever the level grants.
    pub left_aside: Vec<usize>,
    /// By which power a look's likelihood counts.
    pub temper: f64,
    /// How unusual what was seen may be under an explanation, in standard deviations, before it is doubted.
    pub doubted_from: f64,
    /// How far an answer agrees with what happened, by hypothesis; as if the asset were right.
    pub agreements: Vec<Vec<f64>>,
    prior: Vec<f64>,
    /// By case.
    seen: Vec<Arc<CaseSeen>>,
    /// By sequence, then by hypothesis.
    helps: Vec<Vec<f64>>,
    /// By check.
    names: Vec<Names>,
    /// By check: the others that observe the same thing, the most alike first.
    alike: Vec<Vec<usize>>,
    /// By check: of the strengths, the one that foretells left-out incidents best.
    strengths: Vec<f64>,
    tables: Vec<OnceLock<Table>>,
    /// By check: the affinity of what it says, of every two hypotheses.
    affinities: Vec<OnceLock<Vec<f64>>>,
    given: Mutex<HashMap<Asked, Arc<Table>>>,
    pub(crate) memo: Mutex<HashMap<Vec<u64>, crate::responder::Next>>,
}

impl PartialEq for Knowledge {
    fn eq(&self, other: &Self) -> bool {
        (&self.seeds, &self.cases, &self.seen, &self.naming)
            == (&other.seeds, &other.cases, &other.seen, &other.naming)
    }
}

impl std::fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "knowledge of {} scenarios", self.cases.len())
    }
}

impl Knowledge {
    /// The knowledge that comes of the built-in experience.
    pub fn built_in() -> Self {
        Self::of(&Experience::built_in())
    }

    /// Counts, and chooses by left-out scenarios how much looks are to be believed together.
    pub fn of(experience: &Experience) -> Self {
        let seen: Vec<Arc<CaseSeen>> =
            experience.incidents.iter().map(|incidents| CaseSeen::of(incidents)).collect();
        let mut knowledge = Self::counted(experience, seen.clone());
        let without = |(place, case): (usize, &Case)| {
            let mut seen = seen.clone();
            seen.remove(place);
            Self::counted(&experience.clone().without(&case.name), seen)
        };
        let without: Vec<Self> = experience.cases.iter().enumerate().map(without).collect();
        let loss = |temper: &f64| -> f64 {
            (0..without.len()).map(|case| knowledge.loss(case, &without[case], *temper)).sum()
        };
        let best = TEMPERS
            .iter()
            .map(|temper| (loss(temper), *temper))
            .min_by(|one, other| one.0.total_cmp(&other.0));
        knowledge.temper = best.map_or(1.0, |(_, temper)| temper);
        knowledge.doubted_from = knowledge.usual();
        knowledge
    }

    /// What each scenario showed is counted once for all who were taught it.
    fn counted(experience: &Experience, seen: Vec<Arc<CaseSeen>>) -> Self {
        let (seeds, cases) = (experience.seeds.clone(), experience.cases.clone());
        let hypotheses = hypotheses(&cases);
        let menu = menu(&cases);
        let names = names::names(experience);
        let naming = (0..CHECKS.len()).filter(|check| names[*check].found >= NAMES_FROM).collect();
        let place = |name: &String| CHECKS.iter().position(|check| check.name == name);
        let mut knowledge = Self {
            seeds,
            prior: prior(&cases, &hypotheses),
            agreements: agreements(&cases, &hypotheses),
            names,
            helps: Vec::new(),
            naming,
            left_aside: experience.left_aside.iter().filter_map(place).collect(),
            temper: 1.0,
            doubted_from: f64::INFINITY,
            alike: names::alike(&seen),
            strengths: Vec::new(),
            tables: (0..CHECKS.len() * Phase::ALL.len()).map(|_| OnceLock::new()).collect(),
            affinities: (0..CHECKS.len()).map(|_| OnceLock::new()).collect(),
            given: Mutex::default(),
            memo: Mutex::default(),
            cases,
            hypotheses,
            menu,
            seen,
        };
        knowledge.strengths = (0..CHECKS.len()).map(|check| knowledge.strength(check)).collect();
        knowledge.helps = (0..knowledge.menu.len())
            .map(|sequence| knowledge.count_helps(&experience.incidents, sequence))
            .collect();
        knowledge
    }

    /// The same, of somebody who has learned that these checks name nothing of use.
    #[must_use]
    pub fn distrusting(mut self, checks: &[usize]) -> Self {
        self.naming.retain(|check| !checks.contains(check));
        self
    }

    /// What is believed before anything is known: scenarios by their odds, all alike without any.
    pub fn belief(&self, odds: Option<&[f64]>) -> Belief {
        let mut shares = self.prior.clone();
        if let Some(odds) = odds {
            let all: f64 = shares[..odds.len()].iter().sum();
            let sum: f64 = odds.iter().sum();
            shares.iter_mut().zip(odds).for_each(|(share, odds)| *share = all * odds / sum);
        }
        Belief::of(shares)
    }

    /// What a comparison says does not tell a NUL from other control characters; the character that it names does.
    pub fn told_class(&self, belief: &mut Belief, class: Option<Class>) {
        let is_control = |class: Option<Class>| matches!(class, Some(Class::Control | Class::Nul));
        if is_control(class) {
            let fits = |one: &Hypothesis| if is_control(one.cause.class) { one.fits(class) } else { 1.0 };
            belief.weigh(self.hypotheses.iter().map(fits));
        }
    }

    /// What is believed when these looks were taken in one phase and said this, in this order.
    pub fn judged(&self, phase: Phase, said: &[(usize, usize)], temper: f64) -> Belief {
        let mut belief = self.belief(None);
        for (table, outcome) in self.tables_of(phase, said) {
            belief.learn(|hypothesis| table.row(hypothesis), outcome, temper);
        }
        belief
    }

    /// The same, without noting how unusual that was: what it takes to compare them by the hundred thousand.
    fn heeded(&self, phase: Phase, said: &[(usize, usize)], temper: f64) -> Belief {
        let mut belief = self.belief(None);
        for (table, outcome) in self.tables_of(phase, said) {
            belief.heed(|hypothesis| table.row(hypothesis), outcome, temper);
        }
        belief
    }

    /// What each of these looks says, given those before it, and what it said.
    fn tables_of(&self, phase: Phase, said: &[(usize, usize)]) -> impl Iterator<Item = (Arc<Table>, usize)> {
        let table = move |(place, (check, outcome)): (usize, &(usize, usize))| {
            (self.table(*check, phase, self.nearest(*check, &said[..place])), *outcome)
        };
        said.iter().enumerate().map(table)
    }

    /// Of looks that were taken, the one that observes what this one does and is most like it.
    pub fn nearest(&self, check: usize, taken: &[(usize, usize)]) -> Option<(usize, usize)> {
        self.alike[check].iter().find_map(|other| taken.iter().find(|(taken, _)| taken == other).copied())
    }

    /// What a check says in a phase, given what another one has said that observes the same thing.
    pub fn table(&self, check: usize, phase: Phase, given: Option<(usize, usize)>) -> Arc<Table> {
        let (other, said) = given.unwrap_or((CHECKS.len(), 0));
        let key = (check, phase as usize, other, said);
        let mut known = self.given.lock();
        if let Some(table) = known.get(&key) {
            return Arc::clone(table);
        }
        drop(known);
        let table = Arc::new(match given {
            None => self.alone(check, phase).clone(),
            Some(given) => self.after(check, phase, given),
        });
        known = self.given.lock();
        known.insert(key, Arc::clone(&table));
        table
    }

    /// How probable it is, under each hypothesis, that the sequence at this place of the menu helps.
    pub fn helps(&self, sequence: usize) -> &[f64] {
        &self.helps[sequence]
    }

    /// How probable it is that an asset did the harm which this check names, if a text did.
    pub fn names_right(&self, check: usize) -> f64 {
        self.names[check].right
    }

    /// How probable it is that this check names the asset that does the harm, if a text does.
    pub fn finds_name(&self, check: usize) -> f64 {
        if self.naming.contains(&check) { self.names[check].found } else { 0.0 }
    }

    /// Whether this check names an asset when it says this.
    pub fn names_at(&self, check: usize, outcome: usize) -> bool {
        self.naming.contains(&check) && self.names[check].at[outcome]
    }

    /// Whether customers are hurt under a hypothesis by something that somebody in the shop can mend.
    pub fn can_be_mended(&self, hypothesis: usize) -> bool {
        match self.hypotheses[hypothesis] {
            Hypothesis { case: Some(case), .. } => self.cases[case].hurts && self.cases[case].is_ours,
            Hypothesis { cause, .. } => cause.place != Place::Outside,
        }
    }

    /// Whether an asset belongs to the explanation.
    pub fn has_asset(&self, hypothesis: usize) -> bool {
        match self.hypotheses[hypothesis] {
            Hypothesis { case: Some(case), .. } => self.cases[case].has_asset,
            Hypothesis { cause, .. } => cause.kind == Kind::Text,
        }
    }

    /// The answer that a hypothesis makes, without asset and character.
    pub fn answer(&self, hypothesis: usize) -> Answer {
        answer(&self.cases, self.hypotheses[hypothesis])
    }
}

/// The scenarios; the combinations of a kind that they have with a place or a class that they have not; something else at each place.
fn hypotheses(cases: &[Case]) -> Vec<Hypothesis> {
    let known: Vec<Hypothesis> = cases
        .iter()
        .enumerate()
        .map(|(place, case)| Hypothesis { cause: case.parts, case: Some(place) })
        .collect();
    let is_taught = |kind: &Kind| cases.iter().any(|case| case.parts.kind == *kind);
    let causes = Kind::NAMED.into_iter().filter(is_taught).flat_map(|kind| {
        let classes = if kind == Kind::Text { Class::SPECIAL.map(Some).to_vec() } else { vec![None] };
        let places = kind.places().iter().copied();
        places
            .flat_map(move |place| classes.clone().into_iter().map(move |class| Cause { kind, place, class }))
    });
    let combined = causes.filter(|cause| !cases.iter().any(|case| case.parts == *cause));
    let others = Place::ALL.into_iter().map(|place| Cause::new(Kind::Other, place));
    let unlisted = combined.chain(others).map(|cause| Hypothesis { cause, case: None }).collect::<Vec<_>>();
    known.into_iter().chain(unlisted).collect()
}

/// Scenarios alike; combinations alike; something else alike at every place: where things went wrong says little of where others will.
fn prior(cases: &[Case], hypotheses: &[Hypothesis]) -> Vec<f64> {
    let is_other = |hypothesis: &&Hypothesis| hypothesis.cause.kind == Kind::Other;
    let combined = hypotheses.iter().filter(|known| known.case.is_none()).count() - Place::ALL.len();
    let for_combined = if combined == 0 { 0.0 } else { COMBINED_PRIOR };
    let share = |hypothesis: &Hypothesis| match hypothesis {
        other if is_other(&other) => OTHER_PRIOR / Place::ALL.len() as f64,
        Hypothesis { case: Some(_), .. } => (1.0 - OTHER_PRIOR - for_combined) / cases.len() as f64,
        Hypothesis { case: None, .. } => for_combined / combined as f64,
    };
    hypotheses.iter().map(share).collect()
}

fn answer(cases: &[Case], Hypothesis { cause, case }: Hypothesis) -> Answer {
    let case = case.map(|case| &cases[case]);
    let of_kind = || cases.iter().find(|case| case.parts.kind == cause.kind).map(|case| case.factors.clone());
    Answer {
        cause: case.map_or_else(|| cause.to_string(), |case| case.cause.clone()),
        parts: Some(cause),
        path: case.map_or_else(|| cause.place.path(), |case| case.path.clone()),
        factors: case.map(|case| case.factors.clone()).or_else(of_kind).unwrap_or_default(),
        ..Answer::default()
    }
}

fn agreements(cases: &[Case], hypotheses: &[Hypothesis]) -> Vec<Vec<f64>> {
    let answers: Vec<Answer> = hypotheses.iter().map(|hypothesis| answer(cases, *hypothesis)).collect();
    answers.iter().map(|given| answers.iter().map(|expected| agreement(given, expected)).collect()).collect()
}
