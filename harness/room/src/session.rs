//! A session: who is here, which rounds there are, and what each team [did](crate::played) in them. Teaches that everything which must outlive a
//! restart stands in one place, as plain data.
//!
//! Nothing here does IO or knows a clock: whoever changes a session says when it is. Anybody may read the fields; a `&mut Session` exists
//! only within a [`Change`](crate::state::Change).

use std::collections::BTreeSet;

use chassis::Problem;
use http::StatusCode;
use incident::{Level, OperatingModel};
use report::session::{Action, Feedback};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub schema: String,
    /// Where all chance comes from.
    pub seed: u64,
    /// What people type to join.
    pub code: String,
    pub facilitator_token: String,
    /// Others who may come to the desk.
    pub invitations: Vec<Invitation>,
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
    /// Teams that have said that they are ready for the next round.
    #[serde(default)]
    pub ready: BTreeSet<u32>,
    #[serde(default)]
    pub purpose: Purpose,
    /// What participants said of it, sorted: the order tells nothing about who said what.
    #[serde(default)]
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
    /// When the director asks for status updates; none: only by hand.
    #[serde(default)]
    pub updates: Option<Updates>,
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
    /// The lines of support that they chose, or got.
    pub lines: Lines,
    /// What they mean to do at home.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// Whether they have said what they think of the session; what they said bears no name.
    #[serde(default)]
    pub has_said: bool,
    /// What they are in their team's incidents.
    pub roles: Roles,
    /// The invitation that they came with to the desk; none for who knows the facilitator's token, and in a team.
    pub invitation: Option<u32>,
    /// Where from; it outlives no restart, as nothing about a person is kept.
    #[serde(skip)]
    pub client: Option<Client>,
    #[serde(skip)]
    pub last_heard: Option<Instant>,
    /// Whether any request came from this seat since it was taken.
    #[serde(skip)]
    pub used: bool,
}

/// A moment that somebody at the desk wants to talk about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Mark {
    pub round: usize,
    /// The time of the story.
    pub story: String,
    pub text: String,
    /// Who marked it; none: the facilitator.
    pub by: Option<String>,
}

impl Purpose {
    /// Who ends a pause that nobody asked for.
    pub(crate) fn who_resumes(self) -> &'static str {
        if self == Self::Solo { "you go on" } else { "the facilitator resumes it" }
    }
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
            invitations: Vec::new(),
            teams: (1..=teams).map(team).collect(),
            plan: crossover(seed, teams, seen),
            phase: Phase::Lobby,
            current: None,
            marks: Vec::new(),
            seats: Vec::new(),
            joining_closed: false,
            ready: BTreeSet::new(),
            purpose: Purpose::Class,
            feedback: Vec::new(),
        }
    }

    /// One person's rehearsal: one team, one round.
    pub fn solo(seed: u64, scenario: &str, level: Level) -> Self {
        let plan = vec![rehearsal(seed, scenario, level)];
        let mut session = Self { plan, purpose: Purpose::Solo, ..Self::new(seed, 1, &BTreeSet::new()) };
        "Rehearsal".clone_into(&mut session.teams[0].name);
        session
    }

    /// Makes every credential anew: those of a session that others have a copy of are known.
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
