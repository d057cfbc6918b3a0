//! The list of conditions: the levels that are compared, and every control. Teaches how many ways there are to be wrong about one
//! difference.

use std::{collections::BTreeMap, sync::Arc};

use chassis::rng;
use diagnosis::{
    Experience, Knowledge, Phase, Terms,
    checks::{CHECKS, Signal, granted},
    terms::{Chooses, Costs},
};
use incident::{Level, OperatingModel};
use rand::{RngExt, seq::SliceRandom};
use world::tape::Tape;

use super::Extent;
use super::condition::{Condition, Key, Odds, Sees, Taught, Who};

/// How often findings are permuted for the placebo.
pub const PLACEBOS: usize = 5;

/// How often every cost is drawn anew, and how far from the assumed one.
pub const COST_DRAWS: usize = 200;
/// A cost is drawn between a third and three times the assumed one.
pub const COST_FACTOR: f64 = 3.0;

/// By which factors a level's own checks are made dearer until its gain is gone.
pub const TIPPING_FACTORS: [f64; 8] = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// So many random checks make an equal menu, and so many menus are drawn.
pub const MENU_CHECKS: usize = 12;
/// Draws of a menu.
pub const MENUS: usize = 20;

/// Draws of an order of checks, and of shuffled labels.
pub const ORDERS: usize = 5;

/// Thresholds for an explanation, in percent.
pub const THRESHOLDS: [u32; 8] = [50, 60, 70, 80, 90, 95, 98, 99];

/// Signals, in the order of the levels.
pub const SIGNALS: [Signal; 4] = [Signal::Logs, Signal::Metrics, Signal::Traces, Signal::Changes];

/// What all conditions are made of.
pub struct Basis<'a> {
    /// The seed of all chance.
    pub seed: u64,
    /// What was seen in training.
    pub experience: &'a Experience,
    /// The tapes.
    pub tapes: &'a [Tape],
    /// The levels that are compared.
    pub levels: &'a [Level],
    /// The operating models; the first is the one of all conditions but those that compare models.
    pub models: &'a [OperatingModel],
}

/// What is run.
pub fn conditions(basis: &Basis<'_>, extent: Extent) -> Vec<(Key, Condition)> {
    let model = basis.models[0];
    let usual = Arc::new(Knowledge::of(basis.experience));
    let taught = Taught::always(&usual);
    let at = |level: Level| Terms::at(level, model);
    let mut list = Vec::new();
    for (place, model) in basis.models.iter().enumerate() {
        for level in basis.levels {
            let condition = Condition::model(Terms::at(*level, *model), taught.clone(), alerts(*level));
            list.push((Key::Level(*level, place > 0), Condition { records: true, ..condition }));
        }
    }
    if extent == Extent::Levels {
        return list;
    }
    placebos(basis, &mut list);
    let runbooks = if extent == Extent::Full { [false, true].as_slice() } else { &[true] };
    for undoes in runbooks.iter().copied() {
        let runbook = Condition::other(Who::Runbook { undoes }, model);
        list.push((Key::Runbook(undoes), Condition { records: true, ..runbook }));
    }
    list.push((Key::Oracle, Condition::other(Who::Oracle, model)));
    if extent == Extent::Quick {
        return list;
    }
    let mut add = |key: Key, level: Level, terms: Terms, taught: &Taught| {
        list.push((key, Condition::model(terms, taught.clone(), alerts(level))));
    };
    let left_out = left_out(basis);
    let learned: Vec<Taught> = (1..=basis.experience.seeds.len())
        .map(|incidents| Taught::always(&Arc::new(Knowledge::of(&basis.experience.clone().cut(incidents)))))
        .collect();
    let shuffled: Vec<Taught> = (0..ORDERS).map(|draw| shuffled(basis, draw)).collect();
    for level in basis.levels.iter().copied() {
        let in_order = |checks| Terms { chooses: Chooses::InOrder, checks, ..at(level) };
        add(Key::Checklist(level), level, in_order(granted(level)), &taught);
        for (draw, shuffled) in shuffled.iter().enumerate() {
            let mut checks = granted(level);
            checks.shuffle(&mut rng(basis.seed, "random checks", &format!("{level:?} {draw}")));
            add(Key::Random(level, draw), level, in_order(checks), &taught);
            add(Key::Shuffled(level, draw), level, at(level), shuffled);
        }
        for draw in 0..MENUS {
            let mut checks = granted(level);
            checks.shuffle(&mut rng(basis.seed, "equal menus", &format!("{level:?} {draw}")));
            checks.truncate(MENU_CHECKS);
            add(Key::Menu(level, draw), level, Terms { checks, ..at(level) }, &taught);
        }
        for draw in 0..COST_DRAWS {
            add(
                Key::Costs(level, draw),
                level,
                Terms { costs: costs(basis.seed, draw), ..at(level) },
                &taught,
            );
        }
        for (place, factor) in TIPPING_FACTORS.iter().enumerate() {
            let terms = Terms { costs: dearer(level, *factor), ..at(level) };
            add(Key::Tipping(level, place), level, terms, &taught);
        }
        let odds = Some(skewed(basis.seed, usual.cases.len()));
        add(Key::Odds(level, Odds::Skewed), level, Terms { odds, ..at(level) }, &taught);
        add(Key::LeftOut(level), level, at(level), &left_out);
        for (incidents, taught) in learned.iter().enumerate() {
            add(Key::Learned(level, incidents + 1), level, at(level), taught);
        }
        for percent in THRESHOLDS {
            let certain_from = f64::from(percent) / 100.0;
            add(Key::Threshold(level, percent), level, Terms { certain_from, ..at(level) }, &taught);
        }
        add(Key::Odds(level, Odds::WrongByTen), level, at(level), &taught);
        add(Key::Before(level), level, at(level), &taught);
    }
    for (key, condition) in &mut list {
        condition.is_wrong_by_ten = matches!(key, Key::Odds(_, Odds::WrongByTen));
        if matches!(key, Key::Before(_)) {
            condition.sees = Sees::Before;
        }
    }
    for signals in 0..1_u8 << SIGNALS.len() {
        for has_alerts in [false, true] {
            let condition = Condition::model(Terms::with(of(signals), model), taught.clone(), has_alerts);
            list.push((Key::Signals(signals, has_alerts), condition));
        }
    }
    list
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

/// For each level above the first: what it adds shows other incidents, and who learned, learned from such.
fn placebos(basis: &Basis<'_>, list: &mut Vec<(Key, Condition)>) {
    let floor = granted(basis.levels[0]);
    for level in basis.levels.iter().copied().skip(1) {
        let added: Vec<usize> = granted(level).into_iter().filter(|place| !floor.contains(place)).collect();
        for draw in 0..PLACEBOS {
            let mut chance = rng(basis.seed, "placebo", &format!("{level:?} {draw}"));
            let mut others = vec![None; CHECKS.len()];
            for check in &added {
                let mut numbers: Vec<usize> = (0..basis.tapes.len()).collect();
                numbers.shuffle(&mut chance);
                others[*check] = Some(numbers);
            }
            let experience = permuted(basis.experience, &added, &mut chance);
            let taught = Taught::always(&Arc::new(Knowledge::of(&experience)));
            // The first level's own way of being called: a placebo brings no alert.
            let has_alerts = alerts(basis.levels[0]);
            let condition = Condition::model(Terms::at(level, basis.models[0]), taught, has_alerts);
            let sees = Sees::Others(Arc::new(others));
            list.push((Key::Placebo(level, draw), Condition { sees, ..condition }));
        }
    }
}

/// Experience in which what these checks said is dealt out anew among all moments of a phase.
fn permuted(experience: &Experience, checks: &[usize], chance: &mut impl rand::Rng) -> Experience {
    let mut permuted = experience.clone();
    for phase in Phase::ALL {
        for check in checks {
            let mut letters: Vec<&mut String> = permuted
                .lived
                .iter_mut()
                .flatten()
                .flat_map(|incident| &mut incident.moments)
                .filter(|moment| moment.starts_with(phase.letter()))
                .collect();
            let at = check + 1..check + 2;
            let mut said: Vec<String> = letters.iter().map(|moment| moment[at.clone()].to_owned()).collect();
            said.shuffle(chance);
            letters.iter_mut().zip(said).for_each(|(moment, said)| moment.replace_range(at.clone(), &said));
        }
    }
    permuted
}

/// In incidents of each scenario, knowledge of all others.
fn left_out(basis: &Basis<'_>) -> Taught {
    let without = |name: &String| Arc::new(Knowledge::of(&basis.experience.clone().without(name)));
    let names = basis.experience.cases.iter().map(|case| case.name.clone());
    let instead: BTreeMap<_, _> = names.map(|name| (name.clone(), without(&name))).collect();
    Taught { instead, ..Taught::always(&Arc::new(Knowledge::of(basis.experience))) }
}

/// Training incidents dealt out anew among the scenarios.
fn shuffled(basis: &Basis<'_>, draw: usize) -> Taught {
    let mut experience = basis.experience.clone();
    let counts: Vec<usize> = experience.lived.iter().map(Vec::len).collect();
    let mut all: Vec<_> = experience.lived.drain(..).flatten().collect();
    all.shuffle(&mut rng(basis.seed, "shuffled labels", &draw.to_string()));
    experience.lived = counts.into_iter().map(|count| all.drain(..count).collect()).collect();
    Taught::always(&Arc::new(Knowledge::of(&experience)))
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
