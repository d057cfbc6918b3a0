//! A session: people, rounds, and what each team [did](crate::played) in them. Teaches to keep everything that must outlive a restart in one place,
//! as plain data.
//!
//! Nothing here does IO or reads a clock: the caller says what time it is. Any code may read the fields; a `&mut Session` exists only within a
//! [`Change`](crate::state::Change).

use std::{collections::BTreeSet, fmt};

use chassis::Problem;
use http::StatusCode;
use incident::{Level, OperatingModel};
pub use report::session::Mark;
use report::session::{Action, Feedback};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;
use world::scenario::{Scenario, ScenarioError, scenario};

use crate::{
    access,
    invitations::Invitation,
    lines::Lines,
    plan::{crossover, rehearsal},
    played::Played,
    rate_limits::Client,
    roles::Roles,
    voices::Updates,
};

/// The format of a session's file.
pub const SCHEMA: &str = "incident-room/5";

/// Everything that outlives a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub schema: String,
    /// The seed of every random choice.
    pub seed: u64,
    /// The code that people type to join.
    pub code: String,
    pub facilitator_token: String,
    /// Further people who may sign in at the desk.
    pub invitations: Vec<Invitation>,
    /// By number from 1.
    pub teams: Vec<Team>,
    /// The rounds; the first is for practice.
    pub plan: Vec<Round>,
    pub phase: Phase,
    /// The round that is under way, or was last.
    pub current: Option<usize>,
    pub marks: Vec<Mark>,
    pub seats: Vec<Seat>,
    pub joining_closed: bool,
    /// Teams that have said that they are ready for the next round.
    pub ready: BTreeSet<u32>,
    pub purpose: Purpose,
    /// Participants' feedback, sorted, so that the order does not reveal its authors.
    pub feedback: Vec<Feedback>,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A facilitator leads teams.
    #[default]
    Class,
    /// One person rehearses alone, and leads the round as well.
    Solo,
    /// A finished session to look at: nothing in it changes any more.
    Example,
}

/// Where a session is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before the first round.
    #[default]
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
    /// Whether this is a practice round, which is not scored.
    pub practice: bool,
    pub operating_model: OperatingModel,
    /// Story minutes per wall-clock minute.
    pub speed: f64,
    /// Wall-clock minutes, without pauses.
    pub minutes: f64,
    /// When the director asks for status updates; none: only by hand.
    pub updates: Option<Updates>,
    pub assigned: Vec<Assigned>,
}

/// The incident of one team in one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assigned {
    pub scenario: String,
    /// The text of the scenario's file; none if it is of the library. The file itself is read once: it may change, or go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub seed: u64,
    /// The telemetry level at the beginning.
    pub level: Level,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Team {
    /// From 1.
    pub number: u32,
    pub name: String,
    /// The credential of its programs.
    pub token: String,
    /// The secret part of its shop's address.
    pub shop_key: String,
    /// The backend that also receives its telemetry.
    pub forward: Option<String>,
    pub played: Vec<Played>,
}

/// Somebody at a page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seat {
    pub id: u32,
    /// None for the facilitator.
    pub team: Option<u32>,
    pub alias: String,
    /// The credential of their browser.
    pub token: String,
    /// Whether they still wait to be let in.
    pub waiting: bool,
    /// The lines of support that they chose, or were assigned to.
    pub lines: Lines,
    /// The actions that they mean to take at home.
    pub actions: Vec<Action>,
    /// Whether they have given feedback; the feedback bears no name.
    pub has_said: bool,
    pub roles: Roles,
    /// The invitation with which they signed in at the desk; none for the facilitator, and for members of a team.
    pub invitation: Option<u32>,
    /// Where their requests come from. It is not saved, because nothing about a person is kept.
    #[serde(skip)]
    pub client: Option<Client>,
    #[serde(skip)]
    pub last_heard: Option<Instant>,
    /// Whether any request came from this seat since it was taken.
    #[serde(skip)]
    pub used: bool,
}

impl Assigned {
    /// # Errors
    ///
    /// If the library no longer has the scenario, or this version does not read the text of its file.
    pub fn scenario(&self) -> Result<Scenario, ScenarioError> {
        match &self.text {
            Some(text) => Scenario::of_file(&self.scenario, text),
            None => scenario(&self.scenario),
        }
    }
}

impl Session {
    /// A session without people. Its plan uses scenarios in `seen` only when no others are left.
    pub fn new(seed: u64, teams: u32, seen: &BTreeSet<String>) -> Self {
        let team = |number| Team {
            number,
            name: format!("Team {number}"),
            token: access::token(),
            shop_key: access::token(),
            ..Team::default()
        };
        Self {
            schema: SCHEMA.to_owned(),
            seed,
            code: access::code(),
            facilitator_token: access::token(),
            teams: (1..=teams).map(team).collect(),
            plan: crossover(seed, teams, seen),
            ..Self::default()
        }
    }

    /// One person's rehearsal: one team, one round. `text` is that of the scenario's file; none if it is of the library.
    pub fn solo(seed: u64, (scenario, text): (&str, Option<String>), level: Level) -> Self {
        let plan = vec![rehearsal(seed, (scenario, text), level)];
        let mut session = Self { plan, purpose: Purpose::Solo, ..Self::new(seed, 1, &BTreeSet::new()) };
        "Rehearsal".clone_into(&mut session.teams[0].name);
        session
    }

    /// Replaces every credential. Anybody with a copy of the session knows the old ones.
    pub(crate) fn renew_credentials(&mut self) {
        (self.code, self.facilitator_token) = (access::code(), access::token());
        for team in &mut self.teams {
            (team.token, team.shop_key) = (access::token(), access::token());
        }
        self.seats.iter_mut().for_each(|seat| seat.token = access::token());
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

    /// The number of the round at this place of the plan, wherever it is shown: the first scored round is 1, whatever comes before it. Practice
    /// rounds have no number; for them it is 0.
    pub fn number_of(&self, place: usize) -> usize {
        let until = self.plan.get(..=place).filter(|until| until.last().is_some_and(|round| !round.practice));
        until.map_or(0, scored)
    }

    /// How many rounds are scored: the highest number that there is.
    pub fn scored_rounds(&self) -> usize {
        scored(&self.plan)
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

    /// The place in the plan of the round that may begin now.
    pub fn may_begin(&self) -> Result<usize, Problem> {
        if self.is_under_way() {
            return Err(conflict("A round is under way; end it first."));
        }
        self.next_round().ok_or_else(|| conflict("There is no further round; add one."))
    }

    /// The members of a team, without those who wait to be let in.
    pub fn seated(&self, number: u32) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(move |seat| seat.team == Some(number) && !seat.waiting)
    }

    pub fn members(&self, number: u32) -> Vec<String> {
        self.seated(number).map(|seat| seat.alias.clone()).collect()
    }
}

fn scored(rounds: &[Round]) -> usize {
    rounds.iter().filter(|round| !round.practice).count()
}

pub fn conflict(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, detail)
}

pub fn not_found(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, detail)
}

/// Status 403: only somebody else may do it.
pub(crate) fn forbidden(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, detail)
}

/// Status 422: a parameter has an invalid value.
pub(crate) fn wrong(parameter: &str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("parameter", parameter)
}

/// Status 500: the room itself failed.
pub(crate) fn broken(detail: impl fmt::Display) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail.to_string())
}

fn no_team(number: u32) -> Problem {
    not_found(format!("There is no team {number}."))
}

fn not_playing() -> Problem {
    conflict("This team does not play this round.")
}
