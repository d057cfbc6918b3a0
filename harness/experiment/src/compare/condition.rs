//! Under which conditions each incident is diagnosed: who responds, on which terms, and what their looks show. Teaches that an
//! experiment is a list of conditions, of which all but a few are there to show that the few mean something.

use std::{collections::BTreeMap, sync::Arc};

use diagnosis::{
    Answer, Hands, Knowledge, Terms, operating::ticket::seed_of, remedies::with_asset, responder, runbook,
};
use incident::{Level, OperatingModel, Remedy};

use super::{
    placebo::PlaceboFindings,
    playback::{Diagnosis, Playback, PlaybackHands},
};

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
    /// Somebody who undoes the last change first.
    LastChange(Level),
    /// All scenarios of the same family are on no list.
    FamilyOut(Level),
    /// `dark`, with what needs no telemetry made cheaper, by the place of the factor.
    Mirror(usize),
    Random(Level, usize),
    Checklist(Level),
    Costs(Level, usize),
    /// What is new at the level made dearer, by the place of the factor.
    Tipping(Level, usize),
    Odds(Level, Odds),
    LeftOut(Level),
    /// Trained without one incident of each scenario: the one after so many others.
    Trained(Level, usize),
    /// Some signals, one bit each in the order of the levels; whether there are alerts.
    Signals(u8, bool),
    /// A program from outside.
    Program(Level),
    /// An assumption about the operating models, by its place in the table, at the low or the high end of its range.
    Swing(usize, bool),
}

/// Odds that a responder holds for right beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Odds {
    /// Each scenario half as likely as the one before it, in a random order.
    Skewed,
    /// What happened was held for ten times less likely than it is.
    WrongByTen,
}

#[derive(Clone)]
pub enum Who {
    Model {
        terms: Terms,
        taught: Taught,
    },
    Runbook {
        /// Whether the newest publish is undone first.
        undoes: bool,
    },
    /// Somebody who undoes the last change first.
    LastChange {
        /// With these looks.
        terms: Terms,
        /// With this knowledge of what causes are called.
        taught: Taught,
    },
    Oracle,
}

#[derive(Clone)]
pub struct Taught {
    pub usually: Arc<Knowledge>,
    /// In incidents of these scenarios.
    pub instead: BTreeMap<String, Arc<Knowledge>>,
}

#[derive(Clone)]
pub struct Condition {
    pub who: Who,
    pub model: OperatingModel,
    /// Whether an alert calls, and not a complaint.
    pub has_alerts: bool,
    /// What the added checks show instead.
    pub placebo: Option<Arc<PlaceboFindings>>,
    /// Record the aftermath of failed remedies. Otherwise they leave the evidence as it was, unless another condition used them.
    pub records: bool,
    /// Whether the odds beforehand are turned against what happened.
    pub is_wrong_by_ten: bool,
}

impl Taught {
    pub fn always(knowledge: &Arc<Knowledge>) -> Self {
        Self { usually: Arc::clone(knowledge), instead: BTreeMap::new() }
    }
}

impl Condition {
    pub fn model(terms: Terms, taught: &Taught, has_alerts: bool) -> Self {
        let model = terms.model;
        let who = Who::Model { terms, taught: taught.clone() };
        Self { who, model, has_alerts, placebo: None, records: false, is_wrong_by_ten: false }
    }

    pub fn other(who: Who, model: OperatingModel) -> Self {
        Self { who, model, has_alerts: true, placebo: None, records: false, is_wrong_by_ten: false }
    }

    /// The assumed costs, for who looks at nothing.
    fn usual(&self, seed: Option<u64>) -> Terms {
        Terms { seed, ..Terms::with(Vec::new(), self.model) }
    }

    /// Diagnoses the incident of this number; nothing if nobody is called.
    pub async fn diagnose(&self, playback: &Playback<'_>, number: usize) -> Option<Diagnosis> {
        let placebo = self.placebo.as_deref().map(|findings| (findings, number));
        let hands = PlaybackHands::new(playback, self.has_alerts, placebo, self.records)?;
        let seed = Some(seed_of(&playback.tape.scenario, playback.tape.seed));
        match &self.who {
            Who::Model { terms, taught } => {
                let name = &playback.tape.scenario;
                let knowledge = taught.instead.get(name).unwrap_or(&taught.usually);
                let mut terms = Terms { seed, ..terms.clone() };
                if self.is_wrong_by_ten {
                    let odds =
                        |case: &diagnosis::experience::Case| if case.name == *name { 0.1 } else { 1.0 };
                    terms.odds = Some(knowledge.cases.iter().map(odds).collect());
                }
                responder::respond(&hands, knowledge, &terms).await;
            }
            Who::LastChange { terms, taught } => {
                let terms = Terms { seed, ..terms.clone() };
                runbook::undo_last_change(&hands, &taught.usually, &terms).await;
            }
            Who::Runbook { undoes } => {
                let newest = playback.tape.newest_publish.as_deref().filter(|_| *undoes);
                let steps = runbook::undo_and_restart(newest);
                if playback.tape.lost_s.is_some() {
                    runbook::follow(&hands, &steps, &self.usual(seed)).await;
                }
            }
            Who::Oracle => {
                let truth: &Answer = &playback.tape.truth;
                hands.explain(truth.clone(), 1.0);
                let right = playback.scenario.remedies.right.first();
                let published = playback.tape.published.as_deref();
                let named: Option<Vec<Remedy>> = right.and_then(|right| with_asset(right, published));
                if let Some(remedies) = named {
                    runbook::follow(&hands, &remedies, &self.usual(seed)).await;
                }
            }
        }
        Some(hands.diagnosis())
    }
}
