//! The list of conditions: the compared levels, and every control. Teaches in how many ways one difference can be misleading.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chassis::rng;
use diagnosis::{
    Experience, Knowledge, Terms,
    checks::{CHECKS, Signal, granted},
    operating::parameters::{About, TABLE},
    terms::{Chooses, Costs},
};
use incident::{Level, OperatingModel};
use rand::{RngExt, seq::SliceRandom};
use world::scenario::Scenario;

use super::{
    Extent,
    condition::{Condition, Key, Odds, Taught, Who},
    figures::steps,
    placebo::placebos,
};

/// The number of draws of random costs.
pub const COST_DRAWS: usize = 200;
/// A remedy's cost is drawn between a third of the assumed cost and three times it; a check's cost within the check's own range.
pub const COST_FACTOR: f64 = 3.0;

/// The factors by which the checks that a level adds get dearer until its gain is gone.
pub const TIPPING_FACTORS: [f64; 8] = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// The factors by which the checks that need no telemetry get cheaper.
pub const MIRROR_FACTORS: [f64; 4] = [1.5, 2.0, 4.0, 8.0];

pub const ORDERS: usize = 5;

pub const SIGNALS: [Signal; 4] = [Signal::Logs, Signal::Metrics, Signal::Traces, Signal::Changes];

pub struct Basis<'a> {
    pub seed: u64,
    /// The scenarios to compare.
    pub scenarios: &'a [Scenario],
    pub experience: &'a Experience,
    pub levels: &'a [Level],
    /// The operating models. All conditions use the first, except those that compare models.
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
    if basis.models.len() > 1 {
        list.extend(swings(basis, &taught));
    }
    list.extend(placebos(basis));
    list.extend(baselines(basis, &taught));
    if extent == Extent::Full {
        list.extend(cheaper_dark(basis, &taught));
        list.extend(basis.levels.iter().flat_map(|level| other_assumptions(basis, *level, &taught)));
        list.extend(steps(basis.levels).flat_map(|step| dearer(basis, step, &taught)));
        list.extend(other_lessons(basis));
        list.extend(signals(basis.models[0], &taught));
    }
    let keys: BTreeSet<Key> = list.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys.len(), list.len(), "each condition has a key of its own");
    list
}

/// `dark`, with cheaper checks. Nothing if the lowest level is another.
fn cheaper_dark(basis: &Basis<'_>, taught: &Taught) -> Vec<(Key, Condition)> {
    let is_lowest = basis.levels.first() == Some(&Level::Dark);
    let cheaper = |(place, factor): (usize, &f64)| {
        let costs = changed(&granted(Level::Dark), |cost| cost / factor);
        let terms = Terms { costs, ..Terms::at(Level::Dark, basis.models[0]) };
        (Key::Mirror(place), Condition::model(terms, taught, alerts(Level::Dark)))
    };
    MIRROR_FACTORS.iter().enumerate().filter(|_| is_lowest).map(cheaper).collect()
}

/// A level, with the checks dearer that it adds to the level before it.
fn dearer(basis: &Basis<'_>, (against, level): (Level, Level), taught: &Taught) -> Vec<(Key, Condition)> {
    let known = granted(against);
    let added: Vec<usize> = granted(level).into_iter().filter(|place| !known.contains(place)).collect();
    let dearer = |(place, factor): (usize, &f64)| {
        let costs = changed(&added, |cost| cost * factor);
        let terms = Terms { costs, ..Terms::at(level, basis.models[0]) };
        (Key::Tipping(level, place), Condition::model(terms, taught, alerts(level)))
    };
    TIPPING_FACTORS.iter().enumerate().map(dearer).collect()
}

/// Each assumption about the operating models at the ends of its range, in the cell of the two-by-two that it is about. These conditions
/// record no aftermath: after a failed remedy that no other condition recorded, the evidence stays as it was.
fn swings(basis: &Basis<'_>, taught: &Taught) -> Vec<(Key, Condition)> {
    let ends = |place: usize| [false, true].map(|is_high| (place, is_high));
    let of = |(place, is_high): (usize, bool)| {
        let About { parameter, value, range, .. } = TABLE[place];
        let end = range[usize::from(is_high)];
        let is_built = parameter.is_of_the_team();
        let model = if is_built { OperatingModel::YouBuildIt } else { OperatingModel::OpsRunIt };
        let level = if is_built { basis.levels.last() } else { basis.levels.first() };
        let mut terms = Terms::at(*level.filter(|_| (end - value).abs() > f64::EPSILON)?, model);
        terms.parameters[parameter] = end;
        Some((Key::Swing(place, is_high), Condition::model(terms, taught, alerts(*level?))))
    };
    (0..TABLE.len()).flat_map(ends).filter_map(of).collect()
}

/// Other responders on the same incidents: blind runbooks, an oracle, one that undoes the last change, and some that take checks in a given
/// order.
fn baselines(basis: &Basis<'_>, taught: &Taught) -> Vec<(Key, Condition)> {
    let model = basis.models[0];
    let looking_at_nothing = |who, records| {
        let terms = Terms::with(Vec::new(), model);
        Condition { who, records, ..Condition::model(terms, taught, true) }
    };
    let runbook = |undoes| looking_at_nothing(Who::Runbook { undoes }, true);
    let mut list = vec![
        (Key::Runbook(false), runbook(false)),
        (Key::Runbook(true), runbook(true)),
        (Key::Oracle, looking_at_nothing(Who::Oracle, false)),
    ];
    for level in basis.levels.iter().copied() {
        let terms = Terms::at(level, model);
        let on =
            |who, terms| Condition { who, records: true, ..Condition::model(terms, taught, alerts(level)) };
        list.push((Key::LastChange(level), on(Who::LastChange, terms.clone())));
        let in_order = |checks| on(Who::Model, Terms { chooses: Chooses::InOrder, checks, ..terms.clone() });
        list.push((Key::Checklist(level), in_order(granted(level))));
        list.extend((0..ORDERS).map(|draw| {
            let mut checks = granted(level);
            checks.shuffle(&mut rng(basis.seed, "random checks", &format!("{level:?} {draw}")));
            (Key::Random(level, draw), in_order(checks))
        }));
    }
    list
}

/// Other costs and other prior odds.
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
    list
}

/// Other training, the same at each level: without the scenario, without its family, or without one incident of each scenario.
fn other_lessons(basis: &Basis<'_>) -> Vec<(Key, Condition)> {
    let mut list = Vec::new();
    let mut at_each_level = |key: &dyn Fn(Level) -> Key, taught: &Taught| {
        list.extend(basis.levels.iter().map(|level| {
            let terms = Terms::at(*level, basis.models[0]);
            (key(*level), Condition::model(terms, taught, alerts(*level)))
        }));
    };
    at_each_level(&Key::LeftOut, &left_out(basis, Experience::without));
    at_each_level(&Key::FamilyOut, &left_out(basis, Experience::without_family));
    // The first incident of each scenario stays in: training tried remedies only there.
    for incident in 1..basis.experience.seeds.len() {
        let learned = Knowledge::of(&basis.experience.clone().without_incident(incident));
        at_each_level(&|level| Key::Trained(level, incident - 1), &Taught::always(&Arc::new(learned)));
    }
    list
}

fn signals(model: OperatingModel, taught: &Taught) -> Vec<(Key, Condition)> {
    let subsets = (0..1_u8 << SIGNALS.len()).flat_map(|signals| [(signals, false), (signals, true)]);
    let of = |(signals, has_alerts)| {
        let condition = Condition::model(Terms::with(of(signals), model), taught, has_alerts);
        (Key::Signals(signals, has_alerts), condition)
    };
    subsets.map(of).collect()
}

/// Whether an alert calls the responder at this level.
pub fn alerts(level: Level) -> bool {
    level >= Level::Metrics
}

/// The checks that need no telemetry, and those that need only these signals.
fn of(signals: u8) -> Vec<usize> {
    let has = |need: Signal| {
        SIGNALS.iter().position(|signal| *signal == need).is_none_or(|place| signals & (1 << place) != 0)
    };
    (0..CHECKS.len()).filter(|place| has(CHECKS[*place].needs)).collect()
}

/// For incidents of each scenario, knowledge trained on all other scenarios, or on all other families.
fn left_out(basis: &Basis<'_>, without: fn(Experience, &str) -> Experience) -> Taught {
    let without = |name: &String| Arc::new(Knowledge::of(&without(basis.experience.clone(), name)));
    let is_taught = |name: &&String| basis.experience.cases.iter().any(|case| case.name == **name);
    let names = basis.scenarios.iter().map(|scenario| &scenario.name).filter(is_taught);
    let instead: BTreeMap<_, _> = names.map(|name| (name.clone(), without(name))).collect();
    Taught { instead, ..Taught::always(&Arc::new(Knowledge::of(basis.experience))) }
}

fn costs(seed: u64, draw: usize) -> Costs {
    let mut chance = rng(seed, "costs", &draw.to_string());
    let mut costs = Costs::assumed();
    for (cost, check) in costs.checks.iter_mut().zip(CHECKS) {
        let (least, most) = check.range_minutes();
        *cost = chance.random_range(least.ln()..most.ln()).exp();
    }
    for cost in &mut costs.remedies {
        *cost *= chance.random_range(-COST_FACTOR.ln()..COST_FACTOR.ln()).exp();
    }
    costs
}

/// The assumed costs, with `change` applied to these checks.
fn changed(checks: &[usize], change: impl Fn(f64) -> f64) -> Costs {
    let mut costs = Costs::assumed();
    for check in checks {
        costs.checks[*check] = change(costs.checks[*check]);
    }
    costs
}

fn skewed(seed: u64, cases: usize) -> Vec<f64> {
    let mut odds: Vec<f64> =
        (0..cases).map(|place| 0.5_f64.powi(i32::try_from(place).unwrap_or(0))).collect();
    odds.shuffle(&mut rng(seed, "odds", "skewed"));
    odds
}
