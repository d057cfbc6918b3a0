//! A session: who is here, which rounds there are, and what each team did in them. Teaches that everything which must outlive a
//! restart stands in one place, as plain data.
//!
//! Nothing here does IO or knows a clock: whoever changes a session says when it is. Anybody may read the fields; a `&mut Session` exists
//! only within a [`Change`](crate::state::Change).

use std::collections::BTreeSet;

use chassis::Problem;
use diagnosis::operating::Line;
use http::StatusCode;
use incident::{Level, OperatingModel, Remedy};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::{
    access,
    claims::{Claim, Pin},
    plan::crossover,
    rate_limits::Client,
};

/// The format of a session's file.
pub const SCHEMA: &str = "incident-room/2";

/// Everything that outlives a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub schema: String,
    /// Where all chance comes from.
    pub seed: u64,
    /// What people type to join.
    pub code: String,
    pub facilitator_token: String,
    /// By number from 1.
    pub teams: Vec<Team>,
    /// The rounds; the first is for practice.
    pub plan: Vec<Round>,
    pub phase: Phase,
    /// The round that is under way, or was last.
    pub current: Option<usize>,
    pub marks: Vec<Mark>,
    /// Everybody who has joined or signed in.
    pub seats: Vec<Seat>,
    #[serde(default)]
    pub joining_closed: bool,
}

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before the first round.
    Lobby,
    /// A round is under way.
    Running,
    /// A round is under way, and customers and clock stand still.
    Paused,
    /// A round is over.
    Over,
    /// The answers are open to everybody.
    Debrief,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// A practice round counts for nothing.
    pub practice: bool,
    pub operating_model: OperatingModel,
    /// Story minutes per wall-clock minute.
    pub speed: f64,
    /// Wall-clock minutes, without pauses.
    pub minutes: f64,
    /// What each team gets, by team.
    pub assigned: Vec<Assigned>,
}

/// What one team gets in one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assigned {
    pub scenario: String,
    pub seed: u64,
    /// At the beginning.
    pub level: Level,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Team {
    /// From 1.
    pub number: u32,
    pub name: String,
    /// What its programs show.
    pub token: String,
    /// The part of its shop's address that nobody else knows.
    pub shop_key: String,
    /// The backend that also receives its telemetry.
    pub forward: Option<String>,
    /// What it did in each round that has begun.
    pub played: Vec<Played>,
}

/// Somebody at a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seat {
    #[serde(default)]
    pub id: u32,
    /// None for the facilitator.
    pub team: Option<u32>,
    pub alias: String,
    /// What their browser shows.
    pub token: String,
    /// Whether they are still to be let in.
    #[serde(default)]
    pub waiting: bool,
    /// Where from; it outlives no restart, as nothing about a person is kept.
    #[serde(skip)]
    pub client: Option<Client>,
    #[serde(skip)]
    pub last_heard: Option<Instant>,
    /// Whether any request came from this seat since it was taken.
    #[serde(skip)]
    pub used: bool,
}

/// A moment that the facilitator wants to talk about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Mark {
    pub round: usize,
    /// The time of the story.
    pub story: String,
    pub text: String,
}

/// A time by both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// The shop's own seconds.
    pub at_s: f64,
    /// The story's seconds since 08:00.
    pub story_s: f64,
}

/// What one team did in one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Played {
    pub round: usize,
    /// The telemetry level now.
    pub level: Level,
    /// The line of support that the team is: 1 to 3.
    pub line: u8,
    /// When the next line takes over, in story seconds.
    pub handover_story_s: Option<f64>,
    pub guess: Option<Guess>,
    pub hypotheses: Vec<Hypothesis>,
    pub pins: Vec<Pin>,
    /// Their explanation, in parts.
    pub claims: Vec<Claim>,
    /// The last submission of the explanation.
    pub explained: Option<Submitted>,
    /// Their answer to the question that is asked after an early restoration.
    pub answer: Option<String>,
    pub asked: bool,
    pub looks: Vec<Look>,
    /// How many further looks there was no room for.
    #[serde(default)]
    pub looks_beyond: usize,
    pub log: Vec<LogLine>,
    /// How many hints were given.
    pub hints: usize,
    /// The latent fault that they chose to see repaired.
    pub repair: Option<String>,
    /// The number of the next hypothesis, pin or claim.
    pub next_id: u32,
    /// How far the clocks had come when this was written.
    pub now: Moment,
    /// How many of the scenario's steps have happened.
    pub steps_done: usize,
    pub pending: Option<Pending>,
    /// How often the path of an explanation was mapped, and noted in the record.
    #[serde(default)]
    pub paths_noted: usize,
}

/// A remedy that takes its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    pub remedy: Remedy,
    /// When it is done, in story seconds.
    pub due_story_s: f64,
    pub by: String,
}

/// What a team suspected before they saw any evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Guess {
    /// A cause of the catalogue; none: no idea.
    pub cause: Option<String>,
    /// In percent.
    pub confidence: u8,
    pub by: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hypothesis {
    pub id: u32,
    pub by: String,
    /// The time of the story.
    pub story: String,
    pub text: String,
    /// Whether the team has given it up.
    pub struck: bool,
}

/// A submission of the explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Submitted {
    /// The time of the story.
    pub story: String,
    pub by: String,
}

/// One look at the evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    #[serde(flatten)]
    pub when: Moment,
    /// `logs`, `metrics`, ...
    pub at: String,
    pub query: String,
    /// Assets and characters that the answer named.
    pub named: BTreeSet<String>,
}

/// A line of what a team was told, and did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    #[serde(flatten)]
    pub when: Moment,
    /// `complaint`, `alert`, `remedy`, `message`, `hint`, `level`, `explained`, `handover` or `note`.
    pub kind: String,
    pub text: String,
    pub by: Option<String>,
}

impl Session {
    /// Nobody has come yet. Scenarios that were `seen` are left out of the plan as long as there are others.
    pub fn new(seed: u64, teams: u32, seen: &BTreeSet<String>) -> Self {
        let team = |number| Team {
            number,
            name: format!("Team {number}"),
            token: access::token(),
            shop_key: access::token(),
            forward: None,
            played: Vec::new(),
        };
        Self {
            schema: SCHEMA.to_owned(),
            seed,
            code: access::code(),
            facilitator_token: access::token(),
            teams: (1..=teams).map(team).collect(),
            plan: crossover(seed, teams, seen),
            phase: Phase::Lobby,
            current: None,
            marks: Vec::new(),
            seats: Vec::new(),
            joining_closed: false,
        }
    }

    /// Whether a round is under way, running or paused.
    pub fn is_under_way(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Paused)
    }

    pub fn team(&self, number: u32) -> Result<&Team, Problem> {
        self.teams.iter().find(|team| team.number == number).ok_or_else(|| no_team(number))
    }

    pub(crate) fn team_mut(&mut self, number: u32) -> Result<&mut Team, Problem> {
        self.teams.iter_mut().find(|team| team.number == number).ok_or_else(|| no_team(number))
    }

    /// What a team does in the round that is under way, or did in the last.
    pub fn played(&self, number: u32) -> Option<&Played> {
        let current = self.current?;
        self.team(number).ok()?.played.iter().find(|played| played.round == current)
    }

    /// What a team does in the round that is under way; refused if none is.
    pub fn playing(&self, number: u32) -> Result<&Played, Problem> {
        if !self.is_under_way() {
            return Err(conflict("No round is under way."));
        }
        self.team(number)?;
        self.played(number).ok_or_else(not_playing)
    }

    pub(crate) fn played_mut(&mut self, number: u32) -> Result<&mut Played, Problem> {
        let current = self.current.ok_or_else(|| conflict("No round has begun."))?;
        let team = self.team_mut(number)?;
        team.played.iter_mut().find(|played| played.round == current).ok_or_else(not_playing)
    }

    /// The round that is under way, or was last.
    pub fn round(&self) -> Option<&Round> {
        self.plan.get(self.current?)
    }

    /// What a team was given in the current round.
    pub fn assigned(&self, number: u32) -> Option<&Assigned> {
        self.round()?.assigned.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The place in the plan of the round that comes next.
    pub fn next_round(&self) -> Option<usize> {
        let next = self.current.map_or(0, |current| current + 1);
        (next < self.plan.len()).then_some(next)
    }

    /// Who sits at a team, without those who wait.
    pub fn members(&self, number: u32) -> Vec<String> {
        let seats = self.seats.iter().filter(|seat| seat.team == Some(number) && !seat.waiting);
        seats.map(|seat| seat.alias.clone()).collect()
    }
}

impl Played {
    pub fn new(round: usize, level: Level, model: OperatingModel) -> Self {
        Self {
            round,
            level,
            line: Line::called(model) as u8 + 1,
            handover_story_s: None,
            guess: None,
            hypotheses: Vec::new(),
            pins: Vec::new(),
            claims: Vec::new(),
            explained: None,
            answer: None,
            asked: false,
            looks: Vec::new(),
            looks_beyond: 0,
            log: Vec::new(),
            hints: 0,
            repair: None,
            next_id: 1,
            now: Moment::default(),
            steps_done: 0,
            pending: None,
            paths_noted: 0,
        }
    }

    pub fn line(&self) -> Line {
        [Line::First, Line::Second, Line::Third][usize::from(self.line.clamp(1, 3)) - 1]
    }

    /// How often the team looked.
    pub fn looked(&self) -> usize {
        self.looks.len() + self.looks_beyond
    }
}

/// It cannot be done now.
pub fn conflict(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, detail)
}

/// It does not exist.
pub fn not_found(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, detail)
}

fn no_team(number: u32) -> Problem {
    not_found(format!("There is no team {number}."))
}

fn not_playing() -> Problem {
    conflict("This team does not play this round.")
}
