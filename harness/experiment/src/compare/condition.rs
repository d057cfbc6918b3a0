//! Under which conditions each incident is diagnosed: who responds, on which terms, and what their looks show. Teaches that an
//! experiment is a list of conditions, of which all but a few are there to show that the few mean something.

use std::{collections::BTreeMap, sync::Arc};

use diagnosis::{Answer, Hands, Knowledge, Terms, remedies::with_asset, responder, runbook, terms::Costs};
use incident::{Level, OperatingModel, Remedy};

use super::{
    film::{Film, Shows, TapedHands, Told},
    placebo::Deck,
};

/// What a condition is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The model responder at a telemetry level, in an operating model.
    Level(Level, bool),
    /// The same, with as many checks at the same cost as the level adds, which show other incidents.
    Placebo(Level, usize),
    /// A runbook followed blindly; whether it begins with undoing the newest publish.
    Runbook(bool),
    /// Somebody who knows the truth when called.
    Oracle,
    /// Checks in a random order.
    Random(Level, usize),
    /// Checks in the order of the table.
    Checklist(Level),
    /// So many random checks, the same number at every level.
    Menu(Level, usize),
    /// Every cost drawn anew.
    Costs(Level, usize),
    /// What is new at the level made dearer, by the place of the factor.
    Tipping(Level, usize),
    /// Other odds beforehand.
    Odds(Level, Odds),
    /// The scenario is on no list.
    LeftOut(Level),
    /// So many training incidents.
    Learned(Level, usize),
    /// Training incidents with shuffled labels.
    Shuffled(Level, usize),
    /// Evidence from before the trigger.
    Before(Level),
    /// Some signals, one bit each in the order of the levels; whether there are alerts.
    Signals(u8, bool),
    /// Another threshold for an explanation, in percent.
    Threshold(Level, u32),
}

/// Odds that a responder holds for right beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Odds {
    /// Each scenario half as likely as the one before it, in a random order.
    Skewed,
    /// What happened was held for ten times less likely than it is.
    WrongByTen,
}

/// Who responds.
#[derive(Clone)]
pub enum Who {
    /// The model responder.
    Model {
        /// On these terms.
        terms: Terms,
        /// With this knowledge.
        taught: Taught,
    },
    /// Somebody who follows a runbook.
    Runbook {
        /// Whether the newest publish is undone first.
        undoes: bool,
    },
    /// Somebody who knows.
    Oracle,
}

/// What looks show.
#[derive(Clone)]
pub enum Sees {
    /// What there was to see.
    Itself,
    /// What there was before the trigger.
    Before,
    /// Some checks show other incidents.
    Others(Arc<Deck>),
}

/// What a model responder knows.
#[derive(Clone)]
pub struct Taught {
    /// Usually.
    pub usually: Arc<Knowledge>,
    /// In incidents of these scenarios.
    pub instead: BTreeMap<String, Arc<Knowledge>>,
}

/// A condition.
#[derive(Clone)]
pub struct Condition {
    /// Who responds.
    pub who: Who,
    /// Who may do what.
    pub model: OperatingModel,
    /// Whether an alert calls, and not a complaint.
    pub has_alerts: bool,
    /// What looks show.
    pub sees: Sees,
    /// Whether what failing remedies do is recorded; otherwise they leave the evidence as it was, if no other condition used them.
    pub records: bool,
    /// Whether the odds beforehand are turned against what happened.
    pub is_wrong_by_ten: bool,
}

impl Taught {
    /// Always the same.
    pub fn always(knowledge: &Arc<Knowledge>) -> Self {
        Self { usually: Arc::clone(knowledge), instead: BTreeMap::new() }
    }
}

impl Condition {
    /// The model responder on these terms.
    pub fn model(terms: Terms, taught: &Taught, has_alerts: bool) -> Self {
        let model = terms.model;
        let who = Who::Model { terms, taught: taught.clone() };
        Self { who, model, has_alerts, sees: Sees::Itself, records: false, is_wrong_by_ten: false }
    }

    /// Somebody else.
    pub fn other(who: Who, model: OperatingModel) -> Self {
        Self { who, model, has_alerts: true, sees: Sees::Itself, records: false, is_wrong_by_ten: false }
    }

    /// Diagnoses the incident of this number; nothing if nobody is called.
    pub async fn diagnose(&self, film: &Film<'_>, number: usize) -> Option<Told> {
        let shows = match &self.sees {
            Sees::Itself => Shows::Itself,
            Sees::Before => Shows::Before,
            Sees::Others(deck) => Shows::Others(deck, number),
        };
        let hands = TapedHands::new(film, self.has_alerts, shows, self.records)?;
        match &self.who {
            Who::Model { terms, taught } => {
                let name = &film.tape.scenario;
                let knowledge = taught.instead.get(name).unwrap_or(&taught.usually);
                if self.is_wrong_by_ten {
                    let odds =
                        |case: &diagnosis::experience::Case| if case.name == *name { 0.1 } else { 1.0 };
                    let odds = knowledge.cases.iter().map(odds).collect();
                    let terms = Terms { odds: Some(odds), ..terms.clone() };
                    responder::respond(&hands, knowledge, &terms).await;
                } else {
                    responder::respond(&hands, knowledge, terms).await;
                }
            }
            Who::Runbook { undoes } => {
                let newest = film.tape.newest_publish.as_deref().filter(|_| *undoes);
                let steps = runbook::undo_and_restart(newest);
                if film.tape.lost_s.is_some() {
                    runbook::follow(&hands, &steps, &Costs::assumed(), self.model).await;
                }
            }
            Who::Oracle => {
                let truth: &Answer = &film.tape.truth;
                hands.explain(truth.clone(), 1.0);
                let right = film.scenario.remedies.right.first();
                let published = film.tape.published.as_deref();
                let named: Option<Vec<Remedy>> = right.and_then(|right| with_asset(right, published));
                if let Some(remedies) = named {
                    runbook::follow(&hands, &remedies, &Costs::assumed(), self.model).await;
                }
            }
        }
        Some(hands.told())
    }
}
