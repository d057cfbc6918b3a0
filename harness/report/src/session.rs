//! A session of the incident room: what each team did in each round, and what was computed about it afterwards. The room fills it from
//! its session and the incident records; every page and file of a session's debrief is a function of it.

use incident::{
    ContributingFactor, Event, EventKind, IncidentRecord, Level, OperatingModel, Outcome, Remedy, Run,
    Service, Timeline, outcome,
};
use serde::{Deserialize, Serialize};

use crate::visits::VisitSpans;

/// The session, as far as somebody may read it now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionReport {
    /// Whether the answers are open to the teams.
    pub is_open: bool,
    /// The number and the name of each team.
    pub teams: Vec<(u32, String)>,
    /// What the facilitator marked.
    pub marks: Vec<Mark>,
    /// Teams in order, then rounds.
    pub rounds: Vec<TeamRound>,
    /// Whether teams see all combinations of the latent faults.
    pub shows_combinations: bool,
    pub progress: Progress,
}

/// A moment that the facilitator marked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub round: usize,
    pub time: String,
    pub text: String,
}

/// How many of the replays and recordings that a page asked for are done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub done: usize,
    pub of: usize,
    pub doing: Option<String>,
}

/// An incident record in short: everything but the visits by the second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Played {
    pub run: Run,
    /// False if it was broken off.
    pub complete: bool,
    pub events: Vec<Event>,
    pub outcome: Outcome,
    pub visits: VisitSpans,
    /// For how many seconds no visit had failed when it ended; none if some had just now.
    pub without_failure_at_the_end_s: Option<u32>,
}

/// What one team did in one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TeamRound {
    pub team: u32,
    pub name: String,
    /// The first scored round is 1; the practice round is 0.
    pub number: usize,
    pub is_practice: bool,
    pub operating_model: OperatingModel,
    pub level: Level,
    pub level_at_the_end: Level,
    pub incident: Incident,
    pub played: Played,
    pub facts: Vec<FactClaimed>,
    pub mistaken: Vec<Mistaken>,
    /// Whether the claims were changed after they had been submitted last.
    pub is_changed: bool,
    pub guess: Option<Guess>,
    pub hypotheses: Vec<Hypothesis>,
    /// What a team that restored early was asked; none if it was not.
    pub question: Option<String>,
    pub answer: Option<String>,
    /// How often the team looked at evidence.
    pub looks: usize,
    pub hints: usize,
    /// The latent fault that the team chose to repair afterwards.
    pub repair: Option<ContributingFactor>,
    /// What was computed about it; none for a practice round, and for the rounds of other teams.
    pub computed: Option<Computed>,
}

/// What was played. Teams with the same scenario and seed had the identical incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// The scenario, as the plan names it.
    pub scenario: String,
    pub seed: u64,
    pub title: String,
    pub description: String,
    /// What customers notice, in a sentence.
    pub customers: String,
    /// When it began, in story seconds.
    pub begun_s: f64,
    /// Each sequence of remedies that restores availability.
    pub restored_by: Vec<Vec<Remedy>>,
    pub lessons: Vec<Lesson>,
}

/// One fact of the explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    Cause(String),
    Asset(String),
    Character(String),
    Path(Vec<Service>),
    Factor(ContributingFactor),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Claimed {
    WithEvidence,
    /// A part of it was claimed, with evidence.
    InPart,
    WithoutEvidence,
    Missed,
}

/// A fact, and when and how a team met it. Times are story seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactClaimed {
    pub fact: Fact,
    pub claimed: Claimed,
    pub words: Option<String>,
    /// How many pieces of evidence are pinned to it.
    pub pins: usize,
    pub seen_s: Option<f64>,
    pub said_s: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mistaken {
    /// A fact of the kind that the claim is about.
    pub about: Fact,
    pub words: String,
    /// What the team chose in the catalogue.
    pub choice: Option<String>,
    pub pins: usize,
}

/// What a team thought before it saw any evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    /// None: no idea.
    pub cause: Option<String>,
    pub confidence_percent: u8,
    /// Without evidence, being right is luck.
    pub is_right: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    pub time: String,
    pub text: String,
    pub is_struck: bool,
}

/// A defect that is made on purpose: its comment in the sources, and the code below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    pub factor: ContributingFactor,
    /// From the root of the sources.
    pub file: String,
    pub line: u32,
    pub says: String,
    pub excerpt: String,
}

/// Something that is computed in virtual time once the answers are open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Pending<T> {
    Ready(T),
    Computing,
    /// It is computed once the answers are open.
    Closed,
    Failed(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Computed {
    pub knowable: Pending<Knowable>,
    /// The incident replayed as it was, and with the chosen repair; none if none was chosen.
    pub replays: Option<Pending<[Played; 2]>>,
    /// None as long as they are not to be seen.
    pub combinations: Option<Pending<Combinations>>,
    pub model: Pending<Played>,
}

/// When each fact could be known, by a recording of the incident in which nobody acts. Times are story seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knowable {
    pub lost_s: Option<f64>,
    pub complained_s: Option<f64>,
    pub alerted_s: Option<f64>,
    /// How many minutes after the first call everything was looked at.
    pub looked_at_minutes: Vec<f64>,
    /// For each fact of the explanation, in its order: when it could be known at each level.
    pub facts: Vec<Vec<(Level, Known)>>,
}

/// When a fact could first be known at a level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Known {
    After {
        /// Minutes after availability was lost in the recording; after the call where it never was.
        minutes: f64,
        story_s: f64,
        /// What the check asks that names it; none if it took several checks together.
        by: Option<String>,
    },
    /// It is so in nearly all known incidents.
    Beforehand,
    /// By no check in the recording.
    Never,
    NobodyCalled,
}

/// The sixteen combinations of the latent faults, each a replay with the team's own remedies at their own times. A combination's number has
/// a bit for each fault that is present, in the order of [`ContributingFactor::LATENT_FAULTS`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Combinations {
    pub losses_usd: Vec<f64>,
    pub lost: Vec<bool>,
    /// Each fault's Shapley share of the loss, and its value; none if there is nothing to share out.
    pub shares: Option<Vec<(f64, f64)>>,
    pub whole_usd: f64,
    /// The smallest sets of repairs with which availability is never lost.
    pub smallest_sets: Vec<Vec<ContributingFactor>>,
    pub views_per_second: f64,
}

impl Played {
    pub fn of(record: &IncidentRecord) -> Self {
        Self {
            run: record.run.clone(),
            complete: record.complete,
            events: record.events.clone(),
            outcome: outcome(record),
            visits: VisitSpans::of(record),
            without_failure_at_the_end_s: Timeline::new(&record.availability)
                .without_failure_at_the_end_s(&record.run.rules),
        }
    }

    /// The remedies that were used, and when in story seconds.
    pub fn remedies(&self) -> Vec<(f64, Remedy)> {
        let used = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Remedy(remedy) => Some((event.story_s, remedy.clone())),
            _ => None,
        });
        used.collect()
    }

    /// Whether the explanation is right; none if there is none.
    pub fn is_right(&self) -> Option<bool> {
        self.outcome.explanation_score.map(|score| score >= self.run.rules.explanation_right_from)
    }

    pub fn loss_usd(&self) -> f64 {
        self.outcome.incident_financial_loss_usd.0
    }
}

impl<T> Pending<T> {
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Pending<U> {
        match self {
            Self::Ready(value) => Pending::Ready(make(value)),
            Self::Computing => Pending::Computing,
            Self::Closed => Pending::Closed,
            Self::Failed(why) => Pending::Failed(why),
        }
    }
}
