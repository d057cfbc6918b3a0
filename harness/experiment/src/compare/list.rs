//! The list of conditions: the levels that are compared, and every control. Teaches how many ways there are to be wrong about one
//! difference.

use std::{collections::BTreeMap, sync::Arc};

use chassis::rng;
use diagnosis::{
    Experience, Knowledge, Terms,
    checks::{CHECKS, Signal, granted},
    terms::{Chooses, Costs},
};
use incident::{Level, OperatingModel};
use rand::{RngExt, seq::SliceRandom};

use super::{
    Extent,
    condition::{Condition, Key, Odds, Taught, Who},
    placebo::placebos,
};

/// How often every cost is drawn anew, and how far from the assumed one.
pub const COST_DRAWS: usize = 200;
/// A cost is drawn between a third and three times the assumed one.
pub const COST_FACTOR: f64 = 3.0;

/// By which factors a level's own checks are made dearer until its gain is gone.
pub const TIPPING_FACTORS: [f64; 8] = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Draws of an order of checks.
pub const ORDERS: usize = 5;

pub const THRESHOLDS: [u32; 8] = [50, 60, 70, 80, 90, 95, 98, 99];

pub const SIGNALS: [Signal; 4] = [Signal::Logs, Signal::Metrics, Signal::Traces, Signal::Changes];

pub struct Basis<'a> {
    pub seed: u64,
    pub experience: &'a Experience,
    pub levels: &'a [Level],
    /// The operating models; the first is the one of all conditions but those that compare models.
    pub models: &'a [OperatingModel],
}

pub fn conditions(basis: &Basis<'_>, extent: Extent) -> Vec<(Key, Condition)> {
    let taught = Taught::always(&Arc::new(Knowledge::of(basis.experience)));
    let mut list = Vec::new();
    for (place, model) in basis.models.iter().enumerate() {
        for level in basis.levels {
            let condition = Condition::model(Terms::at(*level, *model), &taught, alerts(*level));
            list.push((Key::Level(*level, place > 0), Condition { records: true, ..condition }));
        }
    }
    if extent == Extent::Levels {
        return list;
    }
    list.extend(placebos(basis));
    let model = basis.models[0];
    let runbooks = if extent == Extent::Full { [false, true].as_slice() } else { &[true] };
    for undoes in runbooks.iter().copied() {
        let runbook = Condition::other(Who::Runbook { undoes }, model);
        list.push((Key::Runbook(undoes), Condition { records: true, ..runbook }));
    }
    list.push((Key::Oracle, Condition::other(Who::Oracle, model)));
    if extent == Extent::Full {
        let levels = || basis.levels.iter().copied();
        list.extend(levels().flat_map(|level| other_looks(basis, level, &taught)));
        list.extend(levels().flat_map(|level| other_assumptions(basis, level, &taught)));
        list.extend(other_lessons(basis));
        list.extend(signals(model, &taught));
    }
    list
}

/// Checks chosen otherwise, or fewer of them.
fn other_looks(basis: &Basis<'_>, level: Level, taught: &Taught) -> Vec<(Key, Condition)> {
    let on = |terms: Terms| Condition::model(terms, taught, alerts(level));
    let usual = Terms::at(level, basis.models[0]);
    let in_order = |checks| on(Terms { chooses: Chooses::InOrder, checks, ..usual.clone() });
    let shuffled = |what: &str, draw: usize| {
        let mut checks = granted(level);
        checks.shuffle(&mut rng(basis.seed, what, &format!("{level:?} {draw}")));
        checks
    };
    let mut list = vec![(Key::Checklist(level), in_order(granted(level)))];
    list.extend(
        (0..ORDERS).map(|draw| (Key::Random(level, draw), in_order(shuffled("random checks", draw)))),
    );
    list
}

/// Other costs, other odds beforehand, another threshold for an explanation.
fn other_assumptions(basis: &Basis<'_>, level: Level, taught: &Taught) -> Vec<(Key, Condition)> {
    let on = |terms: Terms| Condition::model(terms, taught, alerts(level));
    let usual = Terms::at(level, basis.models[0]);
    let at = |costs: Costs| on(Terms { costs, ..usual.clone() });
    let skewed = Some(skewed(basis.seed, basis.experience.cases.len()));
    let mut list = vec![
        (Key::Odds(level, Odds::Skewed), on(Terms { odds: skewed, ..usual.clone() })),
        (Key::Odds(level, Odds::WrongByTen), Condition { is_wrong_by_ten: true, ..on(usual.clone()) }),
    ];
    list.extend((0..COST_DRAWS).map(|draw| (Key::Costs(level, draw), at(costs(basis.seed, draw)))));
    let dearer = TIPPING_FACTORS.iter().map(|factor| at(dearer(level, *factor)));
    list.extend(dearer.enumerate().map(|(place, dearer)| (Key::Tipping(level, place), dearer)));
    list.extend(THRESHOLDS.map(|percent| {
        let certain_from = f64::from(percent) / 100.0;
        (Key::Threshold(level, percent), on(Terms { certain_from, ..usual.clone() }))
    }));
    list
}

/// Under which key a training stands at each level, and the training.
type Lesson = (Box<dyn Fn(Level) -> Key>, Taught);

/// Another training, the same at each level: without the scenario, or with fewer incidents.
fn other_lessons(basis: &Basis<'_>) -> Vec<(Key, Condition)> {
    let mut lessons: Vec<Lesson> = vec![(Box::new(Key::LeftOut), left_out(basis))];
    for incidents in 1..=basis.experience.seeds.len() {
        let learned = Knowledge::of(&basis.experience.clone().cut(incidents));
        let taught = Taught::always(&Arc::new(learned));
        lessons.push((Box::new(move |level| Key::Learned(level, incidents)), taught));
    }
    let at = |level: Level| Terms::at(level, basis.models[0]);
    let of = |level: Level| {
        let each = lessons.iter();
        each.map(move |(key, taught)| (key(level), Condition::model(at(level), taught, alerts(level))))
    };
    basis.levels.iter().flat_map(|level| of(*level)).collect()
}

fn signals(model: OperatingModel, taught: &Taught) -> Vec<(Key, Condition)> {
    let subsets = (0..1_u8 << SIGNALS.len()).flat_map(|signals| [(signals, false), (signals, true)]);
    let of = |(signals, has_alerts)| {
        let condition = Condition::model(Terms::with(of(signals), model), taught, has_alerts);
        (Key::Signals(signals, has_alerts), condition)
    };
    subsets.map(of).collect()
}

/// Whether somebody is called by an alert at this level.
pub fn alerts(level: Level) -> bool {
    level >= Level::Metrics
}

/// The checks that need nothing, and those of these signals.
fn of(signals: u8) -> Vec<usize> {
    let has = |need: Signal| {
        SIGNALS.iter().position(|signal| *signal == need).is_none_or(|place| signals & (1 << place) != 0)
    };
    (0..CHECKS.len()).filter(|place| has(CHECKS[*place].needs)).collect()
}

/// The signal that a level adds to the one before it.
pub fn added(level: Level) -> Option<Signal> {
    let place = Level::ALL.iter().position(|known| *known == level)?;
    SIGNALS.get(place.checked_sub(1)?).copied()
}

/// In incidents of each scenario, knowledge of all others.
fn left_out(basis: &Basis<'_>) -> Taught {
    let without = |name: &String| Arc::new(Knowledge::of(&basis.experience.clone().without(name)));
    let names = basis.experience.cases.iter().map(|case| case.name.clone());
    let instead: BTreeMap<_, _> = names.map(|name| (name.clone(), without(&name))).collect();
    Taught { instead, ..Taught::always(&Arc::new(Knowledge::of(basis.experience))) }
}

fn costs(seed: u64, draw: usize) -> Costs {
    let mut chance = rng(seed, "costs", &draw.to_string());
    let mut costs = Costs::assumed();
    let most = COST_FACTOR.ln();
    for cost in costs.checks.iter_mut().chain(&mut costs.remedies) {
        *cost *= chance.random_range(-most..most).exp();
    }
    costs
}

fn dearer(level: Level, factor: f64) -> Costs {
    let mut costs = Costs::assumed();
    let dear = CHECKS.iter().map(|check| Some(check.needs) == added(level));
    costs.checks.iter_mut().zip(dear).filter(|(_, dear)| *dear).for_each(|(cost, _)| *cost *= factor);
    costs
}

fn skewed(seed: u64, cases: usize) -> Vec<f64> {
    let mut odds: Vec<f64> =
        (0..cases).map(|place| 0.5_f64.powi(i32::try_from(place).unwrap_or(0))).collect();
    odds.shuffle(&mut rng(seed, "odds", "skewed"));
    odds
}
