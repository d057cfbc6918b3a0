//! The responder on training incidents, without playing them again: what every look said and which remedies helped is in the experience.
//! Teaches to believe a policy for what it would have cost, and not for what it knows.
//!
//! **No level is worse than the one below.** The policy of a level is the finished policy of the level below, with further looks. It takes
//! such looks only if training incidents that were held back from teaching are cheaper with them, replayed by somebody who knows such a
//! scenario and by somebody who never heard of its family, and if the latter does not explain more of them wrongly; what is left aside is
//! kept with the experience. So neither the mean cost of those incidents nor their wrong explanations can rise with the level. Those of
//! other incidents can, and every case of it is listed in the report.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    ops::Range,
    time::Duration,
};

use futures_util::FutureExt;
use incident::{EventKind, OperatingModel, Remedy, Service};

use crate::{
    Answer, Experience, Finding, Hands, Knowledge, Phase, Terms,
    checks::{CHECKS, Check, Signal, Topic},
    experience::{Case, Moment, TrainingIncident, menu},
    explanation::{RIGHT_FROM, agreement},
    remedies::PUBLISHED,
    responder::{NOT_ENOUGH, NOTHING_KNOWN, respond},
    terms::Stakes,
};

/// What assets are called in a replay: the one that did the harm, and any other.
pub const NAMES: [&str; 2] = ["the-one", "another"];

/// What came of one replay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replayed {
    /// When customers were served again, in minutes after the call; none if never.
    pub restored: Option<f64>,
    /// When the answer was given.
    pub answered: f64,
    /// Whether the answer was right; none if there was none.
    pub is_right: Option<bool>,
    /// What it cost, by the stakes.
    pub cost: f64,
}

/// Replays one incident: the case and the number of the incident.
///
/// # Panics
///
/// If hands on a recording wait, which they never do.
pub fn replay(
    experience: &Experience,
    incident: (usize, usize),
    knowledge: &Knowledge,
    terms: &Terms,
) -> Replayed {
    replay_naming(experience, incident, knowledge, terms, NAMES)
}

/// The same, with these names for the asset that did the harm, and for any other.
///
/// # Panics
///
/// If hands on a recording wait, which they never do.
pub fn replay_naming(
    experience: &Experience,
    incident: (usize, usize),
    knowledge: &Knowledge,
    terms: &Terms,
    names: [&str; 2],
) -> Replayed {
    let hands = Replay::new(experience, incident, names);
    respond(&hands, knowledge, terms).now_or_never().expect("hands on a recording never wait");
    hands.replayed(&terms.stakes)
}

/// Replays every training incident on these terms.
pub fn all(experience: &Experience, knowledge: &Knowledge, terms: &Terms) -> Vec<Replayed> {
    let incidents = experience
        .incidents
        .iter()
        .enumerate()
        .flat_map(|(case, all)| (0..all.len()).map(move |incident| (case, incident)));
    incidents.map(|incident| replay(experience, incident, knowledge, terms)).collect()
}

/// Incidents of each scenario that are held back from teaching, to judge a policy by: the last ones.
const HELD_BACK: usize = 2;

/// Shares that differ by less are the same.
const ROUNDING: f64 = 1e-9;

/// Training incidents by which a policy is judged: half of the weight has somebody who was taught all but the incidents held back, and
/// meets these; half has somebody who never heard of a family of scenarios, and meets every incident of it.
pub struct Judge<'a> {
    experience: &'a Experience,
    taught: usize,
    known: Knowledge,
    /// By case.
    unprepared: Vec<Knowledge>,
}

impl<'a> Judge<'a> {
    /// Teaches.
    pub fn new(experience: &'a Experience) -> Self {
        let taught = experience.seeds.len().saturating_sub(HELD_BACK).max(1);
        let without = |case: &Case| Knowledge::of(&experience.clone().without_family(&case.name));
        let unprepared = experience.cases.iter().map(without).collect();
        Self { experience, taught, known: Knowledge::of(&experience.clone().cut(taught)), unprepared }
    }

    /// Judges these looks.
    pub fn judged(&self, checks: &[usize]) -> Judged {
        let terms = Terms::with(checks.to_vec(), OperatingModel::YouBuildIt);
        let mut judged = Judged { costs: Vec::new(), wrong: Vec::new() };
        for (case, unprepared) in self.unprepared.iter().enumerate() {
            let count = self.experience.incidents[case].len();
            let replayed = |incidents: Range<usize>, knowledge| -> Vec<Replayed> {
                incidents
                    .map(|incident| replay(self.experience, (case, incident), knowledge, &terms))
                    .collect()
            };
            let (known, unprepared) =
                (replayed(self.taught..count, &self.known), replayed(0..count, unprepared));
            let mean = |all: &[Replayed], of: &dyn Fn(&Replayed) -> f64| {
                all.iter().map(of).sum::<f64>() / all.len().max(1) as f64
            };
            let cost = |one: &Replayed| one.cost;
            judged.costs.push(f64::midpoint(mean(&known, &cost), mean(&unprepared, &cost)));
            let is_wrong = |one: &Replayed| f64::from(u8::from(one.is_right == Some(false)));
            judged.wrong.push(mean(&unprepared, &is_wrong));
        }
        judged
    }
}

/// What came of it, scenario by scenario.
pub struct Judged {
    /// The mean cost.
    pub costs: Vec<f64>,
    /// The share that was explained wrongly by who never heard of the family.
    pub wrong: Vec<f64>,
}

impl Judged {
    /// The mean share that was explained wrongly by who never heard of the family.
    pub fn wrong(&self) -> f64 {
        self.wrong.iter().sum::<f64>() / self.wrong.len().max(1) as f64
    }
}

/// How much cheaper the second costs are, scenario by scenario: the mean, and its standard error.
fn saved(first: &[f64], second: &[f64]) -> (f64, f64) {
    let differences: Vec<f64> = first.iter().zip(second).map(|(first, second)| first - second).collect();
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let squares: f64 = differences.iter().map(|difference| (difference - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0).max(1.0) / count).sqrt())
}

/// The looks to be left aside, signal by signal. Of what a signal adds, all is tried, all but one topic, one topic alone, and nothing.
/// Nothing is taken with which held-back training incidents are dearer than without the signal, or more of them explained wrongly by who
/// never heard of their family; of the rest, as much as possible, unless less is cheaper by more than one standard error (Breiman and
/// others, *Classification and Regression Trees*, 1984).
pub fn left_aside(experience: &Experience) -> Vec<String> {
    let experience = Experience { left_aside: Vec::new(), ..experience.clone() };
    let judge = Judge::new(&experience);
    let mut checks = of(Signal::Nothing);
    let mut left = Vec::new();
    for signal in [Signal::Logs, Signal::Metrics, Signal::Traces, Signal::Changes] {
        let added = of(signal);
        let mut topics: Vec<Topic> = added.iter().map(|place| CHECKS[*place].topic).collect();
        topics.sort_unstable();
        topics.dedup();
        let of_topic = |topic: Topic, is_it: bool| -> Vec<usize> {
            added.iter().copied().filter(|place| (CHECKS[*place].topic == topic) == is_it).collect()
        };
        let parts = topics.iter().flat_map(|topic| [of_topic(*topic, false), of_topic(*topic, true)]);
        let below = judge.judged(&checks);
        let mut best = (below.costs.clone(), Vec::new());
        for tried in std::iter::once(added.clone()).chain(parts) {
            let judged = judge.judged(&[checks.clone(), tried.clone()].concat());
            let is_no_worse =
                saved(&below.costs, &judged.costs).0 >= 0.0 && judged.wrong() <= below.wrong() + ROUNDING;
            let (saved_here, chance) = saved(&best.0, &judged.costs);
            let is_more = tried.len() > best.1.len();
            if is_no_worse && saved_here > if is_more { -chance } else { chance } {
                best = (judged.costs, tried);
            }
        }
        left.extend(
            added.iter().filter(|place| !best.1.contains(place)).map(|place| CHECKS[*place].name.to_owned()),
        );
        checks.extend(best.1);
    }
    left
}

fn of(signal: Signal) -> Vec<usize> {
    (0..CHECKS.len()).filter(|place| CHECKS[*place].needs == signal).collect()
}

/// A responder's hands on a training incident.
struct Replay<'a> {
    experience: &'a Experience,
    case: usize,
    incident: usize,
    names: [&'a str; 2],
    menu: Vec<Vec<Remedy>>,
    minutes: Cell<f64>,
    restored: Cell<Option<f64>>,
    /// The sequence that was used last.
    acted: Cell<Option<usize>>,
    answer: RefCell<Option<Answer>>,
}

impl<'a> Replay<'a> {
    fn new(experience: &'a Experience, (case, incident): (usize, usize), names: [&'a str; 2]) -> Self {
        let menu = menu(&experience.cases);
        let restored = Cell::new((!experience.cases[case].hurts).then_some(0.0));
        let (minutes, acted, answer) = (Cell::new(0.0), Cell::new(None), RefCell::default());
        Self { experience, case, incident, names, menu, minutes, restored, acted, answer }
    }

    fn case(&self) -> &Case {
        &self.experience.cases[self.case]
    }

    fn replayed(self, stakes: &Stakes) -> Replayed {
        let names = self.names;
        let (case, answered, restored) = (self.case().clone(), self.minutes.get(), self.restored.get());
        let answer = self.answer.into_inner().unwrap_or_default();
        let knows = ![NOT_ENOUGH, NOTHING_KNOWN].contains(&answer.cause.as_str());
        let expected = Answer {
            cause: case.cause.clone(),
            parts: Some(case.parts),
            asset: case.has_asset.then(|| names[0].to_owned()),
            character: None,
            path: case.path,
            factors: case.factors,
        };
        let is_right = knows.then(|| agreement(&answer, &expected) >= RIGHT_FROM);
        let can_mend = case.hurts && case.is_ours;
        let lost = if can_mend { restored.unwrap_or(answered + stakes.last_resort) } else { 0.0 };
        let calm = (answered - lost).max(0.0) * stakes.calm_minute;
        let said = match is_right {
            Some(true) => 0.0,
            Some(false) => stakes.wrong,
            None => stakes.none,
        };
        Replayed { restored, answered, is_right, cost: lost + calm + said }
    }

    /// What was seen: before anybody acted, at the time; after a remedy, what it left behind.
    fn moment(&self) -> Option<&Moment> {
        let own = &self.experience.incidents[self.case];
        let of_phase =
            |phase: Phase| own[self.incident].moments.iter().find(|moment| moment.phase() == phase);
        let Some(sequence) = self.acted.get() else { return of_phase(Phase::of(self.minutes.get())) };
        // The first incidents of a case are those in which remedies were tried.
        let tried = |incident: &'a TrainingIncident| {
            let letters = incident.helped.as_bytes();
            (*letters.get(sequence)? != b'.').then_some(())?;
            let before = incident.moments.iter().filter(|moment| !moment.phase().is_after_remedy()).count();
            let place = letters[..sequence].iter().filter(|letter| **letter != b'.').count();
            incident.moments.get(before + place)
        };
        let mut own = std::iter::once(&own[self.incident]).chain(own);
        own.find_map(tried).or_else(|| of_phase(Phase::of(self.minutes.get())))
    }

    /// Whether a sequence helped in this incident, or in one like it in which it was tried.
    fn helped(&self, sequence: usize) -> bool {
        let own = &self.experience.incidents[self.case];
        let mut own = std::iter::once(&own[self.incident]).chain(own);
        let tried = |incident: &TrainingIncident| {
            incident.helped.as_bytes().get(sequence).copied().filter(|letter| *letter != b'.')
        };
        own.find_map(tried) == Some(b'1')
    }
}

impl Hands for Replay<'_> {
    fn minutes(&self) -> f64 {
        self.minutes.get()
    }

    fn story_s(&self) -> f64 {
        self.minutes.get() * 60.0
    }

    async fn pass(&self, time: Duration) {
        self.minutes.set(self.minutes.get() + time.as_secs_f64() / 60.0);
    }

    fn look(&self, check: &'static Check, takes: Duration) -> impl Future<Output = Finding> {
        self.minutes.set(self.minutes.get() + takes.as_secs_f64() / 60.0);
        let place = CHECKS.iter().position(|known| known.name == check.name).unwrap_or_default();
        let said = self.moment().and_then(|moment| moment.said(place));
        let outcome = said.map_or(0, |said| said.outcome);
        let right = said.and_then(|said| said.names);
        let asset = right.map(|right| self.names[usize::from(!right)].to_owned());
        let class = right.filter(|right| *right && check.names_characters()).and(self.case().parts.class);
        std::future::ready(Finding { asset, class, ..Finding::new(check.outcomes[outcome], "") })
    }

    async fn apply(&self, remedies: &[(Remedy, Duration)], settles: Duration) {
        for (_, takes) in remedies {
            self.pass(*takes).await;
        }
        // Rolling back an innocent text changes nothing.
        let template: Vec<Remedy> = remedies
            .iter()
            .filter_map(|(remedy, _)| match remedy {
                Remedy::RollBack { asset } if asset == self.names[1] => None,
                Remedy::RollBack { .. } => Some(Remedy::RollBack { asset: PUBLISHED.to_owned() }),
                other => Some(other.clone()),
            })
            .collect();
        if let Some(sequence) = self.menu.iter().position(|known| *known == template) {
            self.acted.set(Some(sequence));
            if self.restored.get().is_none() && self.helped(sequence) {
                self.restored.set(Some(self.minutes.get()));
            }
        }
        self.pass(settles).await;
    }

    fn note(&self, _: EventKind) {}

    fn suppose(&self, _: String, _: Option<&[Service]>) {}

    fn explain(&self, answer: Answer, _: f64) {
        *self.answer.borrow_mut() = Some(answer);
    }
}
