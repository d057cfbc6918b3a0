//! Runs the responder on training incidents without repeating them: the experience holds what every look said and which remedies helped.
//! Teaches to judge a policy by what it would have cost, and not by what it knows.
//!
//! **No level is worse than the one below.** The policy of a level is the finished policy of the level below plus further looks. It adds
//! looks only if training incidents that were held back from teaching cost less with them. Two responders replay these incidents: one
//! was taught such scenarios, the other never saw their family. The second must not explain more of them wrongly, either. The experience
//! lists the looks that were left aside.
//! So neither the mean cost of those incidents nor the number of wrong explanations can rise with the level. On other incidents both can;
//! the report lists every such case.

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::BTreeSet,
    future::Future,
    ops::Range,
    time::Duration,
};

use futures_util::FutureExt;
use incident::{OperatingModel, Remedy};

use crate::{
    Answer, Experience, Finding, Hands, Knowledge, Phase, Terms,
    checks::{CHECKS, Check, Signal, Topic},
    experience::{Case, Moment, TrainingIncident, menu},
    explanation::{RIGHT_FROM, agreement},
    remedies::PUBLISHED,
    responder::{NOT_ENOUGH, NOTHING_KNOWN, respond},
    terms::Stakes,
};

/// Names of assets in a replay: the harmful one, and any other.
pub const NAMES: [&str; 2] = ["the-one", "another"];

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replayed {
    /// Minutes from the call until customers were served again; `None` if never.
    pub restored: Option<f64>,
    pub answered: f64,
    /// Whether the answer was right; `None` if there was none.
    pub is_right: Option<bool>,
    pub cost: f64,
}

/// Replays one incident, given by its case and its number. `names`: of the harmful asset, and of any other.
pub fn replay(
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

/// The number of incidents of each scenario that are held back from teaching, to judge a policy by: the last ones.
const HELD_BACK: usize = 2;

/// Shares that differ by less count as equal.
const ROUNDING: f64 = 1e-9;

/// Judges a policy by training incidents. One half of the weight goes to a responder that was taught all but the held-back incidents, and
/// meets those. The other half goes to a responder that was never taught a family of scenarios, and meets every incident of it.
pub struct Judge<'a> {
    experience: &'a Experience,
    taught: usize,
    known: Knowledge,
    /// By case: knowledge without the family of that case.
    unprepared: Vec<Knowledge>,
}

impl<'a> Judge<'a> {
    pub fn new(experience: &'a Experience) -> Self {
        let taught = experience.seeds.len().saturating_sub(HELD_BACK).max(1);
        let without = |case: &Case| Knowledge::of(&experience.clone().without_family(&case.name));
        let unprepared = experience.cases.iter().map(without).collect();
        Self { experience, taught, known: Knowledge::of(&experience.clone().cut(taught)), unprepared }
    }

    pub fn judged(&self, checks: &[usize]) -> Judged {
        let terms = Terms::with(checks.to_vec(), OperatingModel::YouBuildIt);
        let (mut costs, mut wrong) = (Vec::new(), Vec::new());
        for (case, unprepared) in self.unprepared.iter().enumerate() {
            let count = self.experience.incidents[case].len();
            let replayed = |incidents: Range<usize>, knowledge| -> Vec<Replayed> {
                incidents
                    .map(|incident| replay(self.experience, (case, incident), knowledge, &terms, NAMES))
                    .collect()
            };
            let (known, unprepared) =
                (replayed(self.taught..count, &self.known), replayed(0..count, unprepared));
            let mean_of =
                |all: &[Replayed], of: fn(&Replayed) -> f64| mean(&all.iter().map(of).collect::<Vec<_>>());
            let cost = |one: &Replayed| one.cost;
            costs.push(f64::midpoint(mean_of(&known, cost), mean_of(&unprepared, cost)));
            let is_wrong = |one: &Replayed| f64::from(u8::from(one.is_right == Some(false)));
            wrong.push(mean_of(&unprepared, is_wrong));
        }
        Judged { costs, wrong: mean(&wrong) }
    }
}

pub struct Judged {
    pub costs: Vec<f64>,
    /// The mean share of incidents that the responder explained wrongly without having been taught their family.
    pub wrong: f64,
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The mean saving of the second costs against the first, scenario by scenario, and its standard error.
fn saved(first: &[f64], second: &[f64]) -> (f64, f64) {
    let differences: Vec<f64> = first.iter().zip(second).map(|(first, second)| first - second).collect();
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let squares: f64 = differences.iter().map(|difference| (difference - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0).max(1.0) / count).sqrt())
}

/// The signals of which looks may be left aside, in the order of the levels.
const SIGNALS: [Signal; 4] = [Signal::Logs, Signal::Metrics, Signal::Traces, Signal::Changes];

/// The looks to leave aside, chosen signal by signal. `judge_all` judges policies, on several threads if it likes; without an answer there is
/// none here. For each signal the candidates are all unions of its topics. A candidate is rejected unless held-back training incidents
/// are cheaper with it than without the signal, by more than one standard error. It is also rejected if the responder that was never taught
/// their family explains more of them wrongly. Of the rest, the largest wins, unless a smaller one is cheaper by as much again (Breiman and
/// others, *Classification and Regression Trees*, 1984).
pub fn left_aside(
    experience: &Experience,
    judge_all: impl Fn(&Judge<'_>, &[Vec<usize>]) -> Option<Vec<Judged>>,
) -> Option<Vec<String>> {
    let experience = Experience { left_aside: Vec::new(), ..experience.clone() };
    let judge = Judge::new(&experience);
    let mut checks = of(Signal::Nothing);
    let mut left = Vec::new();
    for signal in SIGNALS {
        let below = judge.judged(&checks);
        let candidates = candidates(signal);
        let policies: Vec<_> = candidates.iter().map(|added| [&checks[..], added].concat()).collect();
        let mut best = (below.costs, &Vec::new());
        for (judged, added) in judge_all(&judge, &policies)?.into_iter().zip(&candidates) {
            let (saved, chance) = saved(&best.0, &judged.costs);
            if saved > chance + ROUNDING && judged.wrong <= below.wrong + ROUNDING {
                best = (judged.costs, added);
            }
        }
        let taken = best.1.clone();
        let is_left = |place: &usize| !taken.contains(place);
        left.extend(of(signal).into_iter().filter(is_left).map(|place| CHECKS[place].name.to_owned()));
        checks.extend(taken);
    }
    Some(left)
}

/// All unions of a signal's topics, as indices into [`CHECKS`]: those with the most looks first.
fn candidates(signal: Signal) -> Vec<Vec<usize>> {
    let looks = of(signal);
    let topics: BTreeSet<Topic> = looks.iter().map(|place| CHECKS[*place].topic).collect();
    let mut unions: Vec<Vec<usize>> = vec![Vec::new()];
    for topic in topics {
        let of_topic = looks.iter().copied().filter(|place| CHECKS[*place].topic == topic);
        let of_topic: Vec<usize> = of_topic.collect();
        let with_it: Vec<_> = unions.iter().map(|union| [&union[..], &of_topic].concat()).collect();
        unions.extend(with_it);
    }
    unions.retain(|union| !union.is_empty());
    for union in &mut unions {
        union.sort_unstable();
    }
    unions.sort_by_key(|union| Reverse(union.len()));
    unions
}

/// The number of policies that [`left_aside`] judges.
pub fn policies() -> usize {
    SIGNALS.into_iter().map(|signal| candidates(signal).len()).sum()
}

fn of(signal: Signal) -> Vec<usize> {
    (0..CHECKS.len()).filter(|place| CHECKS[*place].needs == signal).collect()
}

struct Replay<'a> {
    experience: &'a Experience,
    case: usize,
    incident: usize,
    names: [&'a str; 2],
    menu: Vec<Vec<Remedy>>,
    minutes: Cell<f64>,
    restored: Cell<Option<f64>>,
    /// Menu index of the sequence that was used last.
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

    /// This incident, then the others of its case. Remedies were tried only in the first incidents of a case, so the later ones borrow from
    /// them.
    fn own(&self) -> impl Iterator<Item = &'a TrainingIncident> {
        let own = &self.experience.incidents[self.case];
        std::iter::once(&own[self.incident]).chain(own)
    }

    /// The observations that a look returns: before any remedy, those of the current phase; after a remedy, those that followed it.
    fn moment(&self) -> Option<&Moment> {
        let tried = |incident: &'a TrainingIncident, sequence: usize| {
            letter(incident, sequence)?;
            let before = incident.moments.iter().filter(|moment| !moment.phase.is_after_remedy()).count();
            let place = (0..sequence).filter(|sequence| letter(incident, *sequence).is_some()).count();
            incident.moments.get(before + place)
        };
        let left =
            self.acted.get().and_then(|sequence| self.own().find_map(|incident| tried(incident, sequence)));
        let phase = Phase::of(self.minutes.get());
        left.or_else(|| self.own().next()?.moments.iter().find(|moment| moment.phase == phase))
    }

    /// Whether a sequence helped in this incident or, if it was not tried here, in another one of the same case.
    fn helped(&self, sequence: usize) -> bool {
        self.own().find_map(|incident| letter(incident, sequence)) == Some(b'1')
    }
}

/// The result of a sequence in an incident; `None` if it was not tried there.
fn letter(incident: &TrainingIncident, sequence: usize) -> Option<u8> {
    incident.helped.as_bytes().get(sequence).copied().filter(|letter| *letter != b'.')
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

    fn explain(&self, answer: Answer, _: f64) {
        *self.answer.borrow_mut() = Some(answer);
    }
}
