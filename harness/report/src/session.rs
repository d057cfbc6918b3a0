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
    /// Teams in order, then rounds: those in which somebody was there.
    pub rounds: Vec<TeamRound>,
    /// Number, name and round of each team that nobody attended: it failed at nothing, and stands in no figure.
    pub absent: Vec<(u32, String, usize)>,
    /// Whether teams see all combinations of the latent faults.
    pub shows_combinations: bool,
    pub progress: Progress,
    /// What participants said of the session, in an order that tells nothing about who said it.
    #[serde(default)]
    pub feedback: Vec<Feedback>,
}

/// What one participant said of the session, without a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Feedback {
    /// Whether they learned something new.
    pub learned: bool,
    /// Whether they would come again.
    pub again: bool,
    /// One line of their own.
    pub words: Option<String>,
}

/// What a participant means to do at home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    pub text: String,
    pub owner: Option<String>,
    /// A date as in 2026-03-31.
    pub due: Option<String>,
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
    /// What each part of the explanation got, of the points that it could; empty if nothing was submitted.
    pub points: Vec<PartPoints>,
    /// The most people at the team's pages at any moment; 0 where a program did it all.
    pub people: usize,
    /// What the facilitator gave: hints and telemetry, in order. Teams that were helped are compared with that said.
    pub help: Vec<Help>,
    /// Each remedy that was begun, in order.
    pub tried: Vec<Tried>,
    /// How many of those neither restored nor were needed.
    pub wrong_remedies: usize,
    /// What was asked from outside.
    pub questions: Vec<Asked>,
    /// Command as it went from one to another.
    pub commands: Vec<Command>,
    /// Remedies that needed the commander's go.
    pub proposals: Vec<Proposed>,
    pub mistaken: Vec<Mistaken>,
    /// Whether the claims were changed after they had been submitted last.
    pub is_changed: bool,
    pub guess: Option<Guess>,
    pub hypotheses: Vec<Hypothesis>,
    /// What a team that restored early was asked; none if it was not.
    pub question: Option<String>,
    pub answer: Option<String>,
    /// Wall-clock seconds from the beginning of the round to that answer.
    pub answered_story_s: Option<f64>,
    /// How often the team looked at evidence or at the shop; a burst of questions is one look.
    pub looks: usize,
    pub hints: usize,
    /// The way of the ticket, where the team played lines of support.
    #[serde(default)]
    pub handovers: Vec<Handover>,
    /// The latent fault that the team chose to repair afterwards.
    pub repair: Option<ContributingFactor>,
    /// What the team expected of that, before it saw what it does.
    pub repair_expected: Option<Expected>,
    /// When the team argued for it while its round went on, in story seconds, and who wrote that.
    pub argued: Option<(f64, String)>,
    /// What was computed about it; none for a practice round, and for the rounds of other teams.
    pub computed: Option<Computed>,
}

/// A part of the explanation, and what it got of its points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartPoints {
    /// `cause`, `asset`, `character`, `path` or `factors`.
    pub part: String,
    pub got: f64,
    pub of: f64,
    /// What it would have got if its evidence showed it: more than it got where it was said, not shown.
    pub if_shown: f64,
}

/// A ticket that went from one line of support to another. Times are story seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// `L1`, `L2` or `L3`.
    pub from: String,
    pub to: String,
    pub by: String,
    pub passed_s: f64,
    /// Whether it went back to the line before.
    pub is_sent_back: bool,
    /// What was written.
    pub text: String,
    /// When, and by whom; none: not at all.
    pub acknowledged: Option<(f64, String)>,
    /// Pins, thoughts and claims that it brought along.
    pub passed_on: Vec<String>,
    /// Those that its line had, and did not attach; empty where nobody took it up.
    pub lost: Vec<Lost>,
}

/// Something that a handover did not pass on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lost {
    pub what: String,
    /// When another line found it again; none: never.
    pub again_s: Option<f64>,
}

/// Something that the facilitator gave a team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Help {
    pub story_s: f64,
    pub kind: HelpKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HelpKind {
    Hint,
    /// The telemetry level was raised.
    Level,
}

/// A remedy that was tried. Times are story seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    pub remedy: Remedy,
    /// When somebody decided on it: a drawing stands here.
    pub begun_s: f64,
    /// When it was done; none if it was broken off or failed.
    pub done_s: Option<f64>,
    pub verdict: Verdict,
    /// What was expected of it; none: nobody said.
    pub expected: Option<Expected>,
    /// What customers met half a minute after it; none: not seen, as another followed or the round ended.
    pub came: Option<Outlook>,
    pub before: Option<f64>,
    pub after: Option<f64>,
}

/// What a remedy was worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Availability came back with it.
    Restored,
    /// It was needed, and works only together with these, which restored.
    NeededWith(Vec<Remedy>),
    /// It did not restore, and what restored did not need it.
    Wrong,
    /// It was never done.
    NotDone,
}

/// What somebody expects customers to meet after a remedy, or of an incident after a repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outlook {
    /// All are served again; the incident is prevented.
    Back,
    /// More are served; less is lost.
    Better,
    Same,
    /// Fewer are served; more is lost.
    Worse,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    pub outlook: Outlook,
    /// Why, in the team's words.
    pub words: Option<String>,
}

/// A question from outside, and the answer. One that is due asked for a status update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Who asked, in words.
    pub voice: String,
    pub asked_s: f64,
    /// Until when it was due, in story seconds.
    pub due_s: Option<f64>,
    pub text: String,
    pub answer: Option<String>,
    /// When it was answered, in story seconds; none: not at all.
    pub answered_s: Option<f64>,
    pub by: Option<String>,
    pub known: Option<KnownThen>,
}

/// What a team had in its hands when it answered, and what was measured then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownThen {
    /// What was pinned, and what was thought and not struck out, in words.
    pub pins: Vec<String>,
    pub hypotheses: Vec<String>,
    /// The share of visits served.
    pub served: Option<f64>,
    pub loss_usd: f64,
}

/// Command that went from one person to another, or was offered. Times are story seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// None: nobody had it.
    pub from: Option<String>,
    /// None: it was put down.
    pub to: Option<String>,
    pub words: Option<String>,
    /// None: it was taken without an offer.
    pub offered_s: Option<f64>,
    /// None: the offer was not accepted.
    pub taken_s: Option<f64>,
}

/// A remedy that somebody proposed to the commander. Times are story seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposed {
    pub remedy: Remedy,
    pub by: String,
    pub proposed_s: f64,
    /// Whether it got the go, from whom, and when; none: nobody decided.
    pub decided: Option<(bool, String, f64)>,
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
    /// It was claimed, and the evidence pinned to it shows something else.
    SaidNotShown,
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
    /// What kind of cause, in words. None: no idea.
    pub kind: Option<String>,
    /// None where there was no idea to be sure of.
    pub confidence_percent: Option<u8>,
    /// Whether it is of that kind. Without evidence, being right is luck.
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
    /// The facts of the explanation.
    pub of: Vec<Fact>,
    /// For each of them, in their order: when it could be known at each level.
    pub facts: Vec<Vec<(Level, Known)>>,
}

/// When a fact could first be known at a level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Known {
    After {
        /// Minutes after availability was lost in the recording; after the round's first call where it never was. A team's own minutes
        /// are counted from the same: see [`TeamRound::counted_from_s`].
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
    /// Each fault's Shapley share of the loss, and its value; none if there is nothing to share out. None for a fault that a replay cannot
    /// measure: poor telemetry acts through people, who do in a replay what they did.
    pub shares: Option<Vec<Option<(f64, f64)>>>,
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

impl TeamRound {
    /// From when on minutes are counted: the loss, or the first call where nothing was lost. None where neither was: then no minutes are
    /// said at all.
    pub fn counted_from_s(&self) -> Option<f64> {
        let called = |event: &&Event| {
            matches!(event.kind, EventKind::Alerted { .. } | EventKind::CustomerComplaint { .. })
        };
        let first_call = || self.played.events.iter().find(called).map(|event| event.story_s);
        self.played.outcome.lost_s.or_else(first_call)
    }

    /// Whether the facilitator helped this team.
    pub fn is_helped(&self) -> bool {
        !self.help.is_empty()
    }
}

/// What a repair brought: less lost, as much, or more.
pub fn outlook_of_repair([before_usd, after_usd]: [f64; 2], is_lost: bool) -> Outlook {
    /// Of the loss: a smaller difference is none.
    const CHANGES_FROM: f64 = 0.05;
    let changes = |difference: f64| difference > CHANGES_FROM * before_usd.max(1.0);
    match (is_lost, before_usd, after_usd) {
        (false, before, _) if before > 0.0 => Outlook::Back,
        (_, before, after) if changes(before - after) => Outlook::Better,
        (_, before, after) if changes(after - before) => Outlook::Worse,
        _ => Outlook::Same,
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
