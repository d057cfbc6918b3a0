//! The responder's choices in a toy shop, where they can be worked out by hand: which look, whether a look at all, which remedy first,
//! and when it gives up.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use diagnosis::{
    Answer, Experience, Finding, Hands, Knowledge, Phase, Terms,
    checks::{CHECKS, Check},
    experience::{Case, Lived, moment},
    operating::HANDOVER,
    responder::{NOT_ENOUGH, NOTHING_KNOWN, respond},
};
use futures_util::FutureExt;
use incident::{EventKind, OperatingModel, Remedy, Service};

const CACHE: Remedy = Remedy::Restart { service: Service::Cache };
const DISK: Remedy = Remedy::ReplaceDisk;

fn place(name: &str) -> usize {
    CHECKS.iter().position(|check| check.name == name).unwrap()
}

fn case(name: &str, right: Remedy) -> Case {
    Case {
        name: name.into(),
        cause: format!("{name} happened"),
        path: vec![Service::Cache],
        factors: BTreeSet::new(),
        is_ours: true,
        hurts: true,
        has_asset: false,
        has_character: false,
        right: vec![vec![right]],
    }
}

/// Two incidents that only one check tells apart: it says its first outcome in the one, its second in the other.
fn knowledge(telling: &[&str]) -> Knowledge {
    let cases = vec![case("stuck", CACHE), case("slow", DISK)];
    let mut experience = Experience::new(cases, vec![1]);
    // The menu is in order of the remedies: the restart comes before the disk.
    for (case, helped) in ["10", "01"].iter().enumerate() {
        let said = |phase| {
            let outcomes = CHECKS.iter().map(|check| if telling.contains(&check.name) { case } else { 0 });
            moment(phase, outcomes.map(Some))
        };
        let moments = Phase::ALL.map(said).into();
        experience.lived[case] = vec![Lived { moments, helped: (*helped).to_owned() }; 20];
    }
    Knowledge::of(&experience)
}

/// A shop in which one of the two has happened. It writes down what is done.
struct Toy {
    truth: usize,
    telling: Vec<&'static str>,
    mends: Option<Remedy>,
    done: RefCell<Vec<String>>,
    minutes: RefCell<f64>,
    served: RefCell<bool>,
    answer: RefCell<Option<Answer>>,
}

impl Toy {
    fn new(truth: usize, telling: &[&'static str], mends: Option<Remedy>) -> Self {
        let (done, minutes) = (RefCell::default(), RefCell::default());
        let (served, answer) = (RefCell::new(false), RefCell::default());
        Self { truth, telling: telling.to_vec(), mends, done, minutes, served, answer }
    }

    /// What is done, in order, and the answer's cause.
    fn play(self, knowledge: &Knowledge, terms: &Terms) -> (Vec<String>, String, f64) {
        respond(&self, knowledge, terms).now_or_never().expect("a toy never waits");
        let cause = self.answer.into_inner().unwrap().cause;
        (self.done.into_inner(), cause, self.minutes.into_inner())
    }
}

impl Hands for Toy {
    fn minutes(&self) -> f64 {
        *self.minutes.borrow()
    }

    async fn pass(&self, time: Duration) {
        *self.minutes.borrow_mut() += time.as_secs_f64() / 60.0;
    }

    async fn look(&self, check: &'static Check, takes: Duration) -> Finding {
        self.pass(takes).await;
        self.done.borrow_mut().push(check.name.to_owned());
        let outcome = if self.telling.contains(&check.name) { self.truth } else { 0 };
        Finding::new(check.outcomes[outcome], "")
    }

    async fn apply(&self, remedies: &[(Remedy, Duration)], settles: Duration) -> bool {
        for (remedy, takes) in remedies {
            self.pass(*takes).await;
            self.done.borrow_mut().push(remedy.to_string());
            *self.served.borrow_mut() |= self.mends.as_ref() == Some(remedy);
        }
        self.pass(settles).await;
        *self.served.borrow()
    }

    fn are_customers_served(&self) -> bool {
        *self.served.borrow()
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

fn terms(checks: &[&str]) -> Terms {
    Terms::with(checks.iter().map(|name| place(name)).collect(), OperatingModel::YouBuildIt)
}

/// A shop in which restarting takes half an hour: so much that a look saves more than it costs.
fn slow_restarts(checks: &[&str]) -> Terms {
    let mut terms = terms(checks);
    terms.costs.remedies[diagnosis::remedies::kind(&CACHE)] = 30.0;
    terms
}

#[test]
fn the_look_that_tells_is_taken_and_the_remedy_follows_from_it() {
    let telling = ["permits"];
    let all = ["hit-ratio", "permits", "traffic"];
    for (truth, remedy, cause) in [(0, CACHE, "stuck happened"), (1, DISK, "slow happened")] {
        let toy = Toy::new(truth, &telling, Some(remedy.clone()));
        let (done, said, _) = toy.play(&knowledge(&telling), &slow_restarts(&all));
        assert_eq!((done, said.as_str()), (vec!["permits".to_owned(), remedy.to_string()], cause));
    }
}

#[test]
fn of_two_looks_that_tell_as_much_the_cheaper_one_is_taken() {
    let telling = ["editors-history", "hit-ratio"];
    let toy = Toy::new(0, &telling, Some(CACHE));
    let (done, ..) = toy.play(&knowledge(&telling), &slow_restarts(&telling));
    assert_eq!(done[0], "hit-ratio");
}

#[test]
fn a_look_that_costs_more_than_it_saves_is_not_taken_before_acting() {
    // Restarting takes 6 minutes with the wait and helps in every other case: cheaper than an hour of looking.
    let telling = ["editors-history"];
    let toy = Toy::new(0, &telling, Some(CACHE));
    let (done, said, _) = toy.play(&knowledge(&telling), &terms(&telling));
    assert_eq!((done[0].as_str(), said.as_str()), ("restart the cache", "stuck happened"));
}

#[test]
fn a_failed_remedy_speaks_for_the_other_explanation() {
    let toy = Toy::new(1, &[], Some(DISK));
    let (done, said, _) = toy.play(&knowledge(&[]), &terms(&[]));
    assert_eq!(done, [CACHE.to_string(), DISK.to_string()]);
    assert_eq!(said, "slow happened");
}

#[test]
fn where_nothing_helps_it_says_that_it_does_not_know() {
    let toy = Toy::new(0, &["permits"], None);
    let (done, said, _) = toy.play(&knowledge(&["permits"]), &terms(&["permits"]));
    assert!(done.contains(&CACHE.to_string()), "{done:?}");
    assert!([NOT_ENOUGH, NOTHING_KNOWN].contains(&said.as_str()), "{said}");
}

#[test]
fn where_others_must_be_asked_it_hands_over_and_pays_for_it() {
    let telling = ["permits"];
    let played = |model| {
        let terms = Terms { model, ..slow_restarts(&telling) };
        Toy::new(1, &telling, Some(DISK)).play(&knowledge(&telling), &terms)
    };
    let (done, _, minutes) = played(OperatingModel::OpsRunIt);
    assert_eq!(done, ["permits", "to L2", &DISK.to_string()]);
    let (_, _, at_once) = played(OperatingModel::YouBuildIt);
    assert!((minutes - at_once - HANDOVER.as_secs_f64() / 60.0).abs() < 1e-9);
}
