//! A toy shop in which one of two incidents has happened, and an experience of both.

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use diagnosis::{
    Answer, Experience, Finding, Hands, Knowledge, Phase, Terms,
    cause::{Cause, Kind, Place},
    checks::{CHECKS, Check},
    experience::{Case, Moment, Said, TrainingIncident, menu},
    responder::respond,
};
use futures_util::FutureExt;
use incident::{EventKind, OperatingModel, Remedy, Service};

pub(crate) const CACHE: Remedy = Remedy::Restart { service: Service::Cache };
pub(crate) const DISK: Remedy = Remedy::ReplaceDisk;

pub(crate) fn place(name: &str) -> usize {
    CHECKS.iter().position(|check| check.name == name).unwrap()
}

pub(crate) fn case(name: &str, parts: Cause, right: Remedy) -> Case {
    Case {
        name: name.into(),
        cause: format!("{name} happened"),
        parts,
        path: parts.place.path(),
        factors: BTreeSet::new(),
        is_ours: true,
        hurts: true,
        has_asset: false,
        has_character: false,
        right: vec![vec![right]],
    }
}

/// A check's outcome. It says whether customers are served if it can tell. If it is one of `telling`, it says the number of the case.
/// Otherwise it always says the same.
fn outcome(check: &Check, telling: &[&str], case: usize, is_served: bool) -> usize {
    match check {
        check if check.tells_whether_served() => {
            if is_served {
                0
            } else {
                3
            }
        }
        check if telling.contains(&check.name) => case,
        _ => 0,
    }
}

/// An experience of two incidents that only the `telling` checks distinguish: by their first outcome in the one, and by their second in the
/// other.
pub(crate) fn experience(telling: &[&str]) -> Experience {
    let cases = vec![
        case("stuck", Cause::new(Kind::Suspended, Place::Cache), CACHE),
        case("slow", Cause::new(Kind::SlowDisk, Place::ContentStore), DISK),
    ];
    experience_of(cases, telling)
}

/// An experience of these incidents, which only the `telling` checks distinguish.
pub(crate) fn experience_of(cases: Vec<Case>, telling: &[&str]) -> Experience {
    let mut experience = Experience::new(cases, vec![1]);
    let menu = menu(&experience.cases);
    for (number, case) in experience.cases.clone().into_iter().enumerate() {
        let said = |phase| {
            let outcome = |check: &Check| outcome(check, telling, number, phase == Phase::Served);
            Moment::new(phase, CHECKS.iter().map(|check| Some(Said { outcome: outcome(check), names: None })))
        };
        let helped: String =
            menu.iter().map(|sequence| if case.right.contains(sequence) { '1' } else { '0' }).collect();
        experience.incidents[number] =
            vec![TrainingIncident { moments: Phase::ALL.map(said).into(), helped }; 20];
    }
    experience
}

pub(crate) fn knowledge(telling: &[&str]) -> Knowledge {
    Knowledge::of(&experience(telling))
}

/// A shop in which one of the two incidents has happened. It records what is done.
pub(crate) struct Toy {
    truth: usize,
    telling: Vec<&'static str>,
    mends: Option<Remedy>,
    /// The texts that successive looks at the newest texts name, the last one first.
    pub(crate) newest: RefCell<Vec<&'static str>>,
    done: RefCell<Vec<String>>,
    minutes: RefCell<f64>,
    served: RefCell<bool>,
    answer: RefCell<Option<Answer>>,
}

impl Toy {
    pub(crate) fn new(truth: usize, telling: &[&'static str], mends: Option<Remedy>) -> Self {
        let (done, minutes) = (RefCell::default(), RefCell::default());
        let (served, answer) = (RefCell::new(false), RefCell::default());
        let newest = RefCell::default();
        Self { truth, telling: telling.to_vec(), mends, newest, done, minutes, served, answer }
    }

    /// Returns the steps in order, without the looks at whether they helped; the cause of the answer; and the minutes.
    pub(crate) fn play(self, knowledge: &Knowledge, terms: &Terms) -> (Vec<String>, String, f64) {
        respond(&self, knowledge, terms).now_or_never().expect("a toy never waits");
        let cause = self.answer.into_inner().unwrap().cause;
        (self.done.into_inner(), cause, self.minutes.into_inner())
    }
}

impl Hands for Toy {
    fn minutes(&self) -> f64 {
        *self.minutes.borrow()
    }

    fn story_s(&self) -> f64 {
        *self.minutes.borrow() * 60.0
    }

    async fn pass(&self, time: Duration) {
        *self.minutes.borrow_mut() += time.as_secs_f64() / 60.0;
    }

    async fn look(&self, check: &'static Check, takes: Duration) -> Finding {
        self.pass(takes).await;
        if !check.tells_whether_served() {
            self.done.borrow_mut().push(check.name.to_owned());
        }
        let outcome = outcome(check, &self.telling, self.truth, *self.served.borrow());
        let is_list = check.name == "newest-texts";
        let asset = if is_list { self.newest.borrow_mut().pop().map(str::to_owned) } else { None };
        Finding { asset, ..Finding::new(check.outcomes[outcome], "") }
    }

    async fn apply(&self, remedies: &[(Remedy, Duration)], settles: Duration) {
        for (remedy, takes) in remedies {
            self.pass(*takes).await;
            self.done.borrow_mut().push(remedy.to_string());
            *self.served.borrow_mut() |= self.mends.as_ref() == Some(remedy);
        }
        self.pass(settles).await;
    }

    fn note(&self, kind: EventKind) {
        if let EventKind::Escalated { to } = kind {
            self.done.borrow_mut().push(format!("to {to}"));
        }
    }

    fn suppose(&self, _: String, _: Option<&[Service]>) {}

    fn explain(&self, answer: Answer, _: f64) {
        *self.answer.borrow_mut() = Some(answer);
    }
}

pub(crate) fn terms(checks: &[&str]) -> Terms {
    Terms::with(checks.iter().map(|name| place(name)).collect(), OperatingModel::YouBuildIt)
}
