//! A session of the incident room: each team's actions in each round, and the results computed afterwards. The room fills it from its
//! session and the incident records. Every page and file of a session's debrief is a function of this value. Statements, expectations,
//! proposals and questions stand here as the room keeps them.

use incident::{
    ContributingFactor, Event, EventKind, IncidentRecord, Level, OperatingModel, Outcome, Remedy, Run,
    Service, Timeline, outcome,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::visits::VisitSpans;

/// The part of a session that its reader may see now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionReport {
    /// Whether the answers are open to the teams.
    pub is_open: bool,
    /// The number and the name of each team.
    pub teams: Vec<(u32, String)>,
    pub marks: Vec<Mark>,
    /// By team, then by round. Only rounds that somebody attended.
    pub rounds: Vec<TeamRound>,
    /// Team number, team name and number of each round that nobody attended. It is no failure, and no figure includes it.
    pub absent: Vec<(u32, String, usize)>,
    /// Whether teams see all combinations of the latent faults.
    pub shows_combinations: bool,
    pub progress: Progress,
    /// Feedback on the session, in an order that does not reveal its authors.
    pub feedback: Vec<Feedback>,
}

/// One participant's anonymous feedback on the session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Feedback {
    /// Whether they learned something new.
    pub learned: bool,
    /// Whether they would come again.
    pub again: bool,
    /// One line in the participant's own words.
    pub words: Option<String>,
}

/// An action that a participant plans to take at home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    pub text: String,
    pub owner: Option<String>,
    /// A date as in 2026-03-31.
    pub due: Option<String>,
}

/// A moment that somebody at the desk wants to talk about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Mark {
    /// The round's place in the plan.
    pub round: usize,
    /// The time of the story.
    pub story: String,
    pub text: String,
    /// Who marked it; none: the facilitator.
    pub by: Option<String>,
}

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// The shop's own seconds.
    pub at_s: f64,
    /// The story's seconds since 08:00.
    pub story_s: f64,
}

/// How many of the replays and recordings that a page asked for are done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    pub done: usize,
    pub of: usize,
    pub doing: Option<String>,
}

/// A condensed incident record: everything except the visits by the second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Played {
    pub run: Run,
    /// False if the run was broken off.
    pub complete: bool,
    pub events: Vec<Event>,
    pub outcome: Outcome,
    pub visits: VisitSpans,
    /// Seconds without a failed visit at the end of the run; `None` if a visit failed shortly before the end.
    pub without_failure_at_the_end_s: Option<u32>,
}

/// What one team did in one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TeamRound {
    pub team: u32,
    pub name: String,
    /// The first scored round is 1; a practice round is 0.
    pub number: usize,
    /// Its place in the session's plan, from 0. Addresses and marks name the round by it.
    pub place: usize,
    pub is_practice: bool,
    pub operating_model: OperatingModel,
    pub level: Level,
    pub level_at_the_end: Level,
    pub incident: Incident,
    pub played: Played,
    pub facts: Vec<FactClaimed>,
    /// The points for each part of the explanation; empty if nothing was submitted.
    pub points: Vec<PartPoints>,
    /// Peak number of people at the team's pages; 0 if a program did everything.
    pub people: usize,
    /// The facilitator's help, in order: hints, and raised telemetry levels. Comparisons mark a team that was helped.
    pub help: Vec<Help>,
    /// Each remedy that was begun, in order.
    pub tried: Vec<Tried>,
    /// How many of those, begun since the loss, neither restored availability nor were needed.
    pub wrong_remedies: usize,
    pub questions: Vec<Question>,
    pub commands: Vec<Command>,
    pub proposals: Vec<Proposal>,
    pub mistaken: Vec<Mistaken>,
    /// Whether the claims changed after the last submission so much that their score would differ.
    pub is_changed: bool,
    pub guess: Option<Guess>,
    pub hypotheses: usize,
    /// The extra question for a team that restored early; `None` if it was not asked.
    pub question: Option<String>,
    pub answer: Option<String>,
    /// How often the team looked at evidence or at the shop; a burst of questions is one look.
    pub looks: usize,
    pub hints: usize,
    /// The ticket's handovers, if the team played lines of support.
    pub handovers: Vec<Handover>,
    /// The latent fault that the team chose to repair afterwards.
    pub repair: Option<ContributingFactor>,
    /// The effect that the team expected of that repair, before it saw the real one.
    pub repair_expected: Option<Expected>,
    /// When the team argued for that repair during the round, in story seconds, and the author.
    pub argued: Option<(f64, String)>,
    /// The results computed afterwards; `None` for practice rounds, and for the rounds of other teams.
    pub computed: Option<Computed>,
}

/// The points of one part of the explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartPoints {
    /// `cause`, `asset`, `character`, `path` or `factors`.
    pub part: String,
    pub got: f64,
    pub of: f64,
    /// The points if the pinned evidence had shown the claim. More than `got` if the claim is right but its evidence does not show it.
    pub if_shown: f64,
}

/// A handover of the ticket from one line of support to another. Times are story seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// `L1`, `L2` or `L3`.
    pub from: String,
    pub to: String,
    pub by: String,
    pub passed_s: f64,
    /// Whether the ticket was sent back to the previous line.
    pub is_sent_back: bool,
    pub text: String,
    /// When, and by whom; `None` if nobody acknowledged it.
    pub acknowledged: Option<(f64, String)>,
    /// The attached pins, hypotheses and claims.
    pub passed_on: Vec<String>,
    /// Pins, hypotheses and claims that the line had but did not attach. Empty if nobody acknowledged the handover.
    pub lost: Vec<Lost>,
}

/// Knowledge that a handover did not pass on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lost {
    pub what: String,
    /// When another line found it again; `None` if none did.
    pub again_s: Option<f64>,
}

/// Help that the facilitator gave a team.
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

/// A remedy that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    #[serde(flatten)]
    pub what: Expectation,
    pub verdict: Verdict,
}

/// The expected and the observed effect of a remedy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    pub remedy: Remedy,
    pub by: String,
    /// When somebody decided on it. Plots place the remedy here.
    pub begun_story_s: f64,
    /// `None` if nobody stated an expectation.
    pub expected: Option<Expected>,
    /// The share of visits served when it was begun.
    pub before: Option<f64>,
    /// When it was done; `None` if it was broken off, failed, or was still under way when the round ended.
    pub done: Option<Moment>,
    /// The share of visits served half a minute after it was done. `None` if another remedy followed, or the round ended, before that.
    pub after: Option<f64>,
    pub came: Option<Outlook>,
}

/// What a remedy was worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It restored availability.
    Restored,
    /// It was needed, but restores only if these remedies follow it.
    NeededWith(Vec<Remedy>),
    /// It did not restore availability, and was not needed for the restoration.
    Wrong,
    /// It was never done.
    NotDone,
}

/// What somebody expects customers to meet after a remedy, or of an incident after a repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outlook {
    /// All are served again; or the incident is prevented.
    Back,
    /// More are served than before; or less is lost.
    Better,
    /// Nothing changes.
    Same,
    /// Fewer are served; or more is lost.
    Worse,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Expected {
    pub outlook: Outlook,
    /// Why, in own words.
    pub words: Option<String>,
}

/// Whose words a message brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    #[default]
    Facilitator,
    Director,
    Customers,
    Press,
    HelpDesk,
}

/// A question from outside the team. A question with a due time asks for a status update.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// `q` and a number.
    pub id: String,
    pub voice: Voice,
    pub asked_story_s: f64,
    pub due_story_s: Option<f64>,
    pub text: String,
    pub answer: Option<String>,
    pub answered_story_s: Option<f64>,
    pub by: Option<String>,
    /// What the team knew when it answered.
    pub known: Option<KnownThen>,
}

/// A team's knowledge at one moment, beside the measured figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KnownThen {
    /// Pins. Here and in `hypotheses`, which lists those still standing, the room keeps ids and a report spells them out.
    pub pins: Vec<String>,
    pub hypotheses: Vec<String>,
    /// The share of recent visits that were served.
    pub served: Option<f64>,
    pub loss_usd: f64,
}

/// A handover of incident command from one person to another, or an offer of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// `None` if nobody had command.
    pub from: Option<String>,
    /// `None` if the commander put it down.
    pub to: Option<String>,
    /// The seat to which command is offered.
    pub to_seat: Option<u32>,
    /// The words of the offer; `None` if command was taken without one.
    pub words: Option<String>,
    pub offered_story_s: Option<f64>,
    /// When command was taken or put down; `None` if the offer was not accepted.
    pub taken_story_s: Option<f64>,
}

/// A proposed remedy, and the commander's decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// `r` and a number.
    pub id: String,
    pub remedy: Remedy,
    pub expected: Option<Expected>,
    pub by: String,
    pub proposed_story_s: f64,
    pub decided: Option<Decided>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    pub is_go: bool,
    pub by: String,
    pub story_s: f64,
}

/// The incident that was played. Teams with the same scenario and seed had the identical incident.
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
    /// It was claimed, but the evidence pinned to the claim does not show it.
    SaidNotShown,
    WithoutEvidence,
    Missed,
}

/// A fact, and how and when a team found it. Times are story seconds.
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
    /// A placeholder fact. Only its kind matters: it is the kind of the claim.
    pub about: Fact,
    pub words: String,
    /// What the team chose in the catalogue.
    pub choice: Option<String>,
    pub pins: usize,
}

/// A team's guess before it saw any evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    /// The guessed kind of cause, in words; `None` for no idea.
    pub kind: Option<String>,
    /// `None` if there was no idea.
    pub confidence_percent: Option<u8>,
    /// Whether the cause is of that kind. Without evidence, a right guess is luck.
    pub is_right: bool,
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

/// A result computed in virtual time once the answers are open, or the reason why it is missing.
pub type Pending<T> = Result<T, Missing>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Missing {
    Computing,
    /// The answers are not open yet: it is computed afterwards.
    Closed,
    Failed(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Computed {
    pub knowable: Pending<Knowable>,
    /// Two replays of the incident: as it was, and with the chosen repair. `None` if no repair was chosen.
    pub replays: Option<Pending<[Played; 2]>>,
    /// `None` while teams may not see them.
    pub combinations: Option<Pending<Combinations>>,
    pub model: Pending<Played>,
}

/// When each fact could be known, according to a recording of the incident in which nobody acts. Times are story seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knowable {
    pub lost_s: Option<f64>,
    pub complained_s: Option<f64>,
    pub alerted_s: Option<f64>,
    /// Minutes after the first call at which the recording took every check.
    pub looked_at_minutes: Vec<f64>,
    pub of: Vec<Fact>,
    /// For each fact of `of`, in the same order: when it could be known at each level.
    pub facts: Vec<Vec<(Level, Known)>>,
}

/// When a fact could first be known at a level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Known {
    After {
        /// Minutes after availability was lost in the recording, or after the first call if it never was. A team's own minutes
        /// are counted in the same way: see [`TeamRound::counted_from_s`].
        minutes: f64,
        story_s: f64,
        /// The question of the check that names the fact; `None` if it took several checks together.
        by: Option<String>,
    },
    /// The fact holds in nearly all known incidents.
    Beforehand,
    /// No check in the recording shows it.
    Never,
    NobodyCalled,
}

/// The sixteen combinations of the latent faults, each a replay with the team's own remedies at their own times. A combination's number has
/// a bit for each fault that is present, in the order of [`ContributingFactor::LATENT_FAULTS`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Combinations {
    pub losses_usd: Vec<f64>,
    pub lost: Vec<bool>,
    /// Each fault's Shapley share of the loss, and its value in dollars; `None` if there is no loss to share. A fault's entry is `None` if a
    /// replay cannot measure it: poor telemetry acts only through people, and a replay repeats their actions.
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

    /// Whether the explanation is right; `None` if none was scored.
    pub fn is_right(&self) -> Option<bool> {
        self.outcome.explanation_score.map(|score| score >= self.run.rules.explanation_right_from)
    }

    pub fn loss_usd(&self) -> f64 {
        self.outcome.incident_financial_loss_usd.0
    }
}

impl TeamRound {
    /// The zero of a team's minutes, in story seconds: the loss, or the first call if availability was never lost. `None` without either:
    /// a report then gives no minutes.
    pub fn counted_from_s(&self) -> Option<f64> {
        let called = |event: &&Event| {
            matches!(event.kind, EventKind::Alerted { .. } | EventKind::CustomerComplaint { .. })
        };
        let first_call = || self.played.events.iter().find(called).map(|event| event.story_s);
        self.played.outcome.lost_s.or_else(first_call)
    }

    /// Whether the team got more than its level shows: a hint, or a raised level.
    pub fn is_helped(&self) -> bool {
        self.hints > 0 || self.level_at_the_end != self.level
    }
}

impl Outlook {
    pub fn words(self) -> &'static str {
        match self {
            Self::Back => "all served again",
            Self::Better => "more served",
            Self::Same => "no change",
            Self::Worse => "fewer served",
        }
    }
}

impl Voice {
    pub fn words(self) -> &'static str {
        match self {
            Self::Facilitator => "Facilitator",
            Self::Director => "Director",
            Self::Customers => "Customers",
            Self::Press => "Press",
            Self::HelpDesk => "Help desk",
        }
    }
}

/// The effect of a repair on the loss. `replays` holds the incident without the repair, then with it.
pub fn outlook_of_repair(replays: &[Played; 2]) -> Outlook {
    /// Share of the loss. A smaller difference counts as none.
    const CHANGES_FROM: f64 = 0.05;
    let [before_usd, after_usd] = replays.each_ref().map(Played::loss_usd);
    let changes = |difference: f64| difference > CHANGES_FROM * before_usd.max(1.0);
    match replays[1].outcome.lost_s {
        None if before_usd > 0.0 => Outlook::Back,
        _ if changes(before_usd - after_usd) => Outlook::Better,
        _ if changes(after_usd - before_usd) => Outlook::Worse,
        _ => Outlook::Same,
    }
}
