//! The conditions under which each incident is diagnosed: the responder, its terms, and what its checks show. Teaches that an
//! experiment is a list of conditions: a few are the result, and all others show that the result means something.

use std::{collections::BTreeMap, sync::Arc};

use diagnosis::{
    Hands, Knowledge, Terms, experience::Case, operating::ticket::seed_of, remedies::with_asset, responder,
    runbook,
};
use incident::Level;

use super::{
    placebo::PlaceboFindings,
    playback::{Diagnosis, Playback, PlaybackHands},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The model responder at a telemetry level, in the first operating model or (true) in the other.
    Level(Level, bool),
    /// The level as a placebo: the checks that it adds show other incidents, at the same cost. By draw.
    Placebo(Level, usize),
    /// A runbook followed blindly; true if it first undoes the newest publish.
    Runbook(bool),
    /// A responder that knows the truth when called.
    Oracle,
    /// A responder that undoes the last change first.
    LastChange(Level),
    /// The training leaves out all scenarios of the incident's family.
    FamilyOut(Level),
    /// `dark`, with its checks made cheaper; by the place of the factor.
    Mirror(usize),
    Random(Level, usize),
    Checklist(Level),
    Costs(Level, usize),
    /// The checks that the level adds made dearer; by the place of the factor.
    Tipping(Level, usize),
    Odds(Level, Odds),
    LeftOut(Level),
    /// The training leaves out one incident of each scenario: 0 is the second one, because the first always stays in.
    Trained(Level, usize),
    /// A subset of the signals, one bit each in the order of the levels; true with alerts.
    Signals(u8, bool),
    /// An external program.
    Program(Level),
    /// An assumption about the operating models, by its place in the table, at the low or (true) the high end of its range.
    Swing(usize, bool),
}

/// The responder's prior odds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Odds {
    /// Each scenario half as likely as the one before it, in a random order.
    Skewed,
    /// The true scenario gets a tenth of its odds.
    WrongByTen,
}

#[derive(Clone, Copy)]
pub enum Who {
    Model,
    Runbook {
        /// Whether the newest publish is undone first.
        undoes: bool,
    },
    /// Undoes the last change first, and knows the names of the causes from training.
    LastChange,
    Oracle,
}

#[derive(Clone)]
pub struct Taught {
    pub usually: Arc<Knowledge>,
    /// Replaces `usually` in incidents of these scenarios.
    pub instead: BTreeMap<String, Arc<Knowledge>>,
}

#[derive(Clone)]
pub struct Condition {
    pub who: Who,
    pub terms: Terms,
    pub taught: Taught,
    /// Whether an alert calls the responder, rather than a complaint.
    pub has_alerts: bool,
    /// The findings that the added checks show instead of the real ones.
    pub placebo: Option<Arc<PlaceboFindings>>,
    /// Record the aftermath of failed remedies. Otherwise they leave the evidence as it was, unless another condition recorded them.
    pub records: bool,
    /// Whether the prior odds are turned against the true scenario.
    pub is_wrong_by_ten: bool,
}

impl Taught {
    pub fn always(knowledge: &Arc<Knowledge>) -> Self {
        Self { usually: Arc::clone(knowledge), instead: BTreeMap::new() }
    }
}

impl Condition {
    pub fn model(terms: Terms, taught: &Taught, has_alerts: bool) -> Self {
        let (who, taught) = (Who::Model, taught.clone());
        Self { who, terms, taught, has_alerts, placebo: None, records: false, is_wrong_by_ten: false }
    }

    /// Diagnoses incident `number`; `None` if nobody is called.
    pub async fn diagnose(&self, playback: &Playback<'_>, number: usize) -> Option<Diagnosis> {
        let placebo = self.placebo.as_deref().map(|findings| (findings, number));
        let hands = PlaybackHands::new(playback, self.has_alerts, placebo, self.records)?;
        let (tape, name) = (playback.tape, &playback.tape.scenario);
        let knowledge = self.taught.instead.get(name).unwrap_or(&self.taught.usually);
        let mut terms = Terms { seed: Some(seed_of(name, tape.seed)), ..self.terms.clone() };
        match self.who {
            Who::Model => {
                if self.is_wrong_by_ten {
                    let odds = |case: &Case| if case.name == *name { 0.1 } else { 1.0 };
                    terms.odds = Some(knowledge.cases.iter().map(odds).collect());
                }
                responder::respond(&hands, knowledge, &terms).await;
            }
            Who::LastChange => runbook::undo_last_change(&hands, knowledge, &terms).await,
            Who::Runbook { undoes } => {
                let steps = runbook::undo_and_restart(tape.newest_publish.as_deref().filter(|_| undoes));
                if tape.lost_s.is_some() {
                    runbook::follow(&hands, &steps, &terms).await;
                }
            }
            Who::Oracle => {
                hands.explain(tape.truth.clone(), 1.0);
                let right = playback.scenario.remedies.right.first();
                if let Some(remedies) = right.and_then(|right| with_asset(right, tape.published.as_deref())) {
                    runbook::follow(&hands, &remedies, &terms).await;
                }
            }
        }
        Some(hands.diagnosis())
    }
}
