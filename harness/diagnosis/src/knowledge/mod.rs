//! What experience says about the next incident: the possible explanations, the likelihood of each outcome of a look under each of them,
//! and the probability that a remedy helps. Teaches that knowledge is experience counted, and that the unit of the sample is the scenario:
//! five incidents of one scenario are worth little more than one.
//!
//! **Explanations** are composed of parts: kind of trigger, place, class of characters. The scenarios of the list come first, then the
//! combinations that no scenario has, and last *something else* at each place, with a fixed share of the prior probability.
//!
//! **Counts back off** from explanation to kind to place to all scenarios (Jelinek and Mercer, Interpolated estimation of Markov source
//! parameters from sparse data, 1980). A kind seen at one service is carried over to another: if one service stops, its port says what the
//! port of another one said when that stopped. Looks at the same topic share one table: the outcomes of a second look are counted given the
//! first, so that the same evidence does not count twice.

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

/// The prior probability that the cause is none of the listed combinations. Assumed.
const OTHER_PRIOR: f64 = 0.10;

/// The prior probability that it is a combination of kind and place that no scenario has. Assumed.
const COMBINED_PRIOR: f64 = 0.05;

/// The likelihood of finding one class of characters if the cause is another: the compared text may not be the harmful one.
const OTHER_CLASS: f64 = 0.1;

/// The time at which a look is taken. A check's outcome depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    Early,
    Middle,
    Late,
    AfterRemedy,
    Served,
}

pub const EARLY_MINUTES: f64 = 10.0;

pub const MIDDLE_MINUTES: f64 = 30.0;

impl Phase {
    pub const ALL: [Self; 5] = [Self::Early, Self::Middle, Self::Late, Self::AfterRemedy, Self::Served];

    /// The phase this many minutes after the call, before anything was done.
    pub fn of(minutes: f64) -> Self {
        match minutes {
            minutes if minutes <= EARLY_MINUTES => Self::Early,
            minutes if minutes <= MIDDLE_MINUTES => Self::Middle,
            _ => Self::Late,
        }
    }

    pub fn is_after_remedy(self) -> bool {
        matches!(self, Self::AfterRemedy | Self::Served)
    }

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

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hypothesis {
    pub cause: Cause,
    /// Its index in the list of scenarios, if it is one of them.
    pub case: Option<usize>,
}

impl Hypothesis {
    /// How well a text of this class fits the hypothesis, from 0 to 1.
    pub fn fits(&self, class: Option<Class>) -> f64 {
        match (self.cause.class, class) {
            (Some(expected), Some(class)) if expected != class => OTHER_CLASS,
            _ => 1.0,
        }
    }
}

/// The likelihood of each outcome of a look under each hypothesis.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub outcomes: usize,
    rows: Vec<f64>,
}

impl Table {
    /// The probabilities under one hypothesis, which add up to 1.
    pub fn row(&self, hypothesis: usize) -> &[f64] {
        &self.rows[hypothesis * self.outcomes..(hypothesis + 1) * self.outcomes]
    }

    /// The probability of one outcome under each hypothesis.
    pub fn column(&self, outcome: usize) -> impl Iterator<Item = f64> {
        self.rows[outcome..].iter().step_by(self.outcomes).copied()
    }
}

/// The likelihood of each outcome of a look: by outcome, then by hypothesis.
pub(crate) type Says = Vec<Vec<f64>>;

/// A check in a phase, and the look at the same topic that was taken before, with its outcome; all by index.
type Asked = (usize, Phase, Option<(usize, usize)>);

pub struct Knowledge {
    pub seeds: Vec<u64>,
    pub cases: Vec<Case>,
    /// Every hypothesis: first the scenarios, in their order.
    pub hypotheses: Vec<Hypothesis>,
    pub menu: Vec<Vec<Remedy>>,
    /// The checks that are trusted to name the harmful asset.
    pub naming: Vec<usize>,
    /// The checks that are left aside, whatever the level grants.
    pub left_aside: Vec<usize>,
    /// The power to which a look's likelihood is raised.
    pub temper: f64,
    /// How surprising the findings may be under an explanation before it is doubted, in standard deviations.
    pub doubted_from: f64,
    /// By given answer, then by truth: how far the two agree, as if the asset were right.
    pub agreements: Vec<Vec<f64>>,
    prior: Vec<f64>,
    /// By case.
    seen: Vec<Arc<CaseSeen>>,
    /// By menu index, then by hypothesis: the probability that the sequence helps.
    pub(crate) helps: Vec<Vec<f64>>,
    /// By check.
    pub(crate) names: Vec<Names>,
    /// By check: the others at the same topic, the most similar first.
    alike: Vec<Vec<usize>>,
    /// By check: the strength that best predicts left-out incidents.
    strengths: Vec<f64>,
    /// By check: the affinity of its outcome distributions, for every two hypotheses.
    affinities: Vec<OnceLock<Vec<f64>>>,
    tables: Mutex<HashMap<Asked, Arc<Table>>>,
    weighed: Mutex<HashMap<Asked, Arc<Says>>>,
    pub(crate) memo: Mutex<HashMap<Vec<u64>, crate::responder::Next>>,
}

impl std::fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "knowledge of {} scenarios", self.cases.len())
    }
}

impl Knowledge {
    pub fn built_in() -> Self {
        Self::of(&Experience::built_in())
    }

    /// Counts the experience. Left-out scenarios choose how much several looks count together.
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
        let losses: Vec<_> =
            without.iter().enumerate().map(|(case, without)| knowledge.losses(case, without)).collect();
        let loss = |place: usize| losses.iter().map(|losses| losses[place]).sum::<f64>();
        let best = TEMPERS
            .into_iter()
            .enumerate()
            .map(|(place, temper)| (loss(place), temper))
            .min_by(|one, other| one.0.total_cmp(&other.0));
        knowledge.temper = best.map_or(1.0, |(_, temper)| temper);
        knowledge.doubted_from = knowledge.usual();
        knowledge
    }

    /// Counts an experience. The counts of a scenario are computed once, and shared by everybody who was taught it.
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
            affinities: (0..CHECKS.len()).map(|_| OnceLock::new()).collect(),
            tables: Mutex::default(),
            weighed: Mutex::default(),
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

    /// The prior belief. Scenarios follow `odds`; without odds they are equally likely.
    pub fn belief(&self, odds: Option<&[f64]>) -> Belief {
        let mut shares = self.prior.clone();
        if let Some(odds) = odds {
            let all: f64 = shares[..odds.len()].iter().sum();
            let sum: f64 = odds.iter().sum();
            shares.iter_mut().zip(odds).for_each(|(share, odds)| *share = all * odds / sum);
        }
        Belief::of(shares)
    }

    /// Applies the class of the character that a comparison names. The comparison's outcome does not distinguish a NUL from other control
    /// characters, but the named character does.
    pub fn told_class(&self, belief: &mut Belief, class: Option<Class>) {
        let is_control = |class: Option<Class>| matches!(class, Some(Class::Control | Class::Nul));
        if is_control(class) {
            let fits = |one: &Hypothesis| if is_control(one.cause.class) { one.fits(class) } else { 1.0 };
            belief.weigh(self.hypotheses.iter().map(fits));
        }
    }

    /// The belief after these looks in one phase, in this order, with these outcomes.
    pub fn judged(&self, phase: Phase, said: &[(usize, usize)], temper: f64) -> Belief {
        let mut belief = self.belief(None);
        for (table, outcome) in self.tables_of(phase, said) {
            belief.learn(|hypothesis| table.row(hypothesis), outcome, temper);
        }
        belief
    }

    /// The table of each of these looks, given those before it, and its outcome.
    fn tables_of(&self, phase: Phase, said: &[(usize, usize)]) -> impl Iterator<Item = (Arc<Table>, usize)> {
        let table = move |(place, (check, outcome)): (usize, &(usize, usize))| {
            (self.table(*check, phase, self.nearest(*check, &said[..place])), *outcome)
        };
        said.iter().enumerate().map(table)
    }

    /// Of the looks that were taken at the same topic: the one most similar to this check, and its outcome.
    pub fn nearest(&self, check: usize, taken: &[(usize, usize)]) -> Option<(usize, usize)> {
        self.alike[check].iter().find_map(|other| taken.iter().find(|(taken, _)| taken == other).copied())
    }

    /// The table of a check in a phase, given the outcome of another look at the same topic.
    pub fn table(&self, check: usize, phase: Phase, given: Option<(usize, usize)>) -> Arc<Table> {
        if let Some(table) = self.tables.lock().get(&(check, phase, given)) {
            return Arc::clone(table);
        }
        // This runs without the lock, because `after` asks for the table without another look, which takes the lock.
        let table = Arc::new(match given {
            None => self.alone(check, phase),
            Some(given) => self.after(check, phase, given),
        });
        self.tables.lock().insert((check, phase, given), Arc::clone(&table));
        table
    }

    /// The same, with the power applied that a look has beside others. Powers of probabilities no longer add up to 1, so they are
    /// normalised.
    pub(crate) fn weighed(&self, check: usize, phase: Phase, given: Option<(usize, usize)>) -> Arc<Says> {
        let asked = (check, phase, given);
        if let Some(says) = self.weighed.lock().get(&asked) {
            return Arc::clone(says);
        }
        let table = self.table(check, phase, given);
        let to_power = |outcome| table.column(outcome).map(|p| p.powf(self.temper)).collect();
        let mut says: Says = (0..table.outcomes).map(to_power).collect();
        for hypothesis in 0..self.hypotheses.len() {
            let all: f64 = says.iter().map(|says| says[hypothesis]).sum();
            for says in &mut says {
                says[hypothesis] /= all;
            }
        }
        let says = Arc::new(says);
        self.weighed.lock().insert(asked, Arc::clone(&says));
        says
    }

    /// The probability that this check names the harmful asset, if a text does the harm.
    pub fn finds_name(&self, check: usize) -> f64 {
        if self.naming.contains(&check) { self.names[check].found } else { 0.0 }
    }

    /// Whether customers are hurt under a hypothesis and somebody in the shop can fix that.
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

    /// The answer that a hypothesis gives, without asset and character.
    pub fn answer(&self, hypothesis: usize) -> Answer {
        answer(&self.cases, self.hypotheses[hypothesis])
    }
}

/// All hypotheses: the scenarios; then each of their kinds at places and with classes that no scenario has; then something else at each
/// place.
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

/// The prior. All scenarios are equally likely, and so are all combinations. Something else is equally likely at every place, because the
/// places of past incidents say little about the next one.
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
