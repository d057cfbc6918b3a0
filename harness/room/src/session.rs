//! A session: who is here, which rounds there are, and what each team did in them. Teaches that everything which must outlive a
//! restart stands in one place, as plain data.
//!
//! Nothing here does IO or knows a clock: whoever changes a session says when it is.

use std::collections::BTreeSet;

use chassis::Problem;
use diagnosis::operating::Line;
use http::StatusCode;
use incident::{Level, OperatingModel, Remedy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::claims::{Claim, Pin};

/// The format of a session's file.
pub const SCHEMA: &str = "incident-room/1";

/// Longest name of a person or a team, in characters: it stands in a table.
pub const ALIAS_CHARACTERS_MAX: usize = 24;
/// Longest text that a person types at once, in characters.
pub const TEXT_CHARACTERS_MAX: usize = 500;
/// Most people at one team's pages: a table's worth, with everybody's phone.
pub const SEATS_PER_TEAM_MAX: usize = 32;
/// Most hypotheses, pins and claims of one team in one round, each: far more than anybody can overlook.
pub const ENTRIES_MAX: usize = 200;
/// Most looks that are remembered of one team in one round.
pub const LOOKS_MAX: usize = 5_000;
/// Most lines of one team's log in one round.
pub const LINES_MAX: usize = 1_000;

/// Everything that outlives a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The format.
    pub schema: String,
    /// Where all chance comes from.
    pub seed: u64,
    /// What people type to join.
    pub code: String,
    /// What the facilitator signs in with.
    pub facilitator_token: String,
    /// The teams, by number from 1.
    pub teams: Vec<Team>,
    /// The rounds; the first is for practice.
    pub plan: Vec<Round>,
    /// Where the session is.
    pub phase: Phase,
    /// The round that is under way, or was last.
    pub current: Option<usize>,
    /// Moments that the facilitator wants to talk about.
    pub marks: Vec<Mark>,
    /// Everybody who has joined or signed in.
    pub seats: Vec<Seat>,
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
    /// What happened is told.
    Debrief,
}

/// One round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Whether it counts for nothing.
    pub practice: bool,
    /// Who restores service.
    pub operating_model: OperatingModel,
    /// Story minutes per wall-clock minute.
    pub speed: f64,
    /// How long it takes, in wall-clock minutes without pauses.
    pub minutes: f64,
    /// What each team gets, by team.
    pub assigned: Vec<Assigned>,
}

/// What one team gets in one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assigned {
    /// The scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// The telemetry level at the beginning.
    pub level: Level,
}

/// One team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Team {
    /// From 1.
    pub number: u32,
    /// How it is called.
    pub name: String,
    /// What its programs show.
    pub token: String,
    /// The part of its shop's address that nobody else knows.
    pub shop_key: String,
    /// Where its telemetry goes besides.
    pub forward: Option<String>,
    /// What it did in each round that has begun.
    pub played: Vec<Played>,
}

/// Somebody at a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seat {
    /// The team; none for the facilitator.
    pub team: Option<u32>,
    /// How they are called.
    pub alias: String,
    /// What their browser shows.
    pub token: String,
}

/// A moment to talk about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Mark {
    /// In which round.
    pub round: usize,
    /// The time of the story.
    pub story: String,
    /// Why.
    pub text: String,
}

/// When something happened.
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
    /// The round.
    pub round: usize,
    /// The telemetry level now.
    pub level: Level,
    /// The line of support that the team is: 1 to 3.
    pub line: u8,
    /// When the line after it takes over, in story seconds.
    pub handover_story_s: Option<f64>,
    /// What they thought before they saw anything.
    pub guess: Option<Guess>,
    /// What they think.
    pub hypotheses: Vec<Hypothesis>,
    /// Evidence that they kept.
    pub pins: Vec<Pin>,
    /// Their explanation, in parts.
    pub claims: Vec<Claim>,
    /// When they submitted it last, and who.
    pub explained: Option<Submitted>,
    /// What they answered when they had restored early.
    pub answer: Option<String>,
    /// Whether they have been asked.
    pub asked: bool,
    /// Where they looked.
    pub looks: Vec<Look>,
    /// What they were told, and did.
    pub log: Vec<LogLine>,
    /// Hints given.
    pub hints: usize,
    /// The latent fault that they chose to see repaired.
    pub repair: Option<String>,
    /// The number of the next hypothesis, pin or claim.
    pub next_id: u32,
    /// How far the clocks had come when this was written.
    pub now: Moment,
    /// How many of the scenario's steps have happened.
    pub steps_done: usize,
    /// The remedy that somebody is at.
    pub pending: Option<Pending>,
}

/// A remedy that takes its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// The remedy.
    pub remedy: Remedy,
    /// When it is done, in story seconds.
    pub due_story_s: f64,
    /// Who does it.
    pub by: String,
}

/// What a team thought before they saw any evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Guess {
    /// A cause of the catalogue; none: no idea.
    pub cause: Option<String>,
    /// How sure, in percent.
    pub confidence: u8,
    /// Who said it.
    pub by: String,
}

/// What a team thinks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hypothesis {
    /// Its number.
    pub id: u32,
    /// Who wrote it.
    pub by: String,
    /// The time of the story.
    pub story: String,
    /// What it says.
    pub text: String,
    /// Whether they think so no more.
    pub struck: bool,
}

/// When an explanation was submitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Submitted {
    /// The time of the story.
    pub story: String,
    /// Who did.
    pub by: String,
}

/// One look at the evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// When.
    #[serde(flatten)]
    pub when: Moment,
    /// At what: `logs`, `metrics`, ...
    pub at: String,
    /// What was asked.
    pub query: String,
    /// Assets and characters that the answer named.
    pub named: BTreeSet<String>,
}

/// A line of what a team was told, and did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// When.
    #[serde(flatten)]
    pub when: Moment,
    /// `complaint`, `alert`, `remedy`, `message`, `hint`, `level`, `explained`, `handover` or `note`.
    pub kind: String,
    /// What it says.
    pub text: String,
    /// Who did it.
    pub by: Option<String>,
}

impl Played {
    /// Nothing done yet.
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
            log: Vec::new(),
            hints: 0,
            repair: None,
            next_id: 1,
            now: Moment::default(),
            steps_done: 0,
            pending: None,
        }
    }

    /// The line of support.
    pub fn line(&self) -> Line {
        [Line::First, Line::Second, Line::Third][usize::from(self.line.clamp(1, 3)) - 1]
    }

    /// The next number.
    pub fn number(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id - 1
    }

    /// Writes a line into the log; the oldest go when there are too many.
    pub fn tell(&mut self, when: Moment, kind: &str, text: impl Into<String>, by: Option<&str>) {
        if self.log.len() == LINES_MAX {
            self.log.remove(0);
        }
        let (kind, text, by) = (kind.to_owned(), text.into(), by.map(str::to_owned));
        self.log.push(LogLine { when, kind, text, by });
    }

    /// Remembers a look; asking the same again within a minute is the same look. Says whether it was a new one.
    pub fn look(&mut self, look: Look) -> bool {
        let is_same = |known: &&mut Look| {
            known.at == look.at && known.query == look.query && look.when.at_s - known.when.at_s < SAME_LOOK_S
        };
        if let Some(known) = self.looks.iter_mut().rev().find(is_same) {
            known.named.extend(look.named);
            return false;
        }
        if self.looks.len() < LOOKS_MAX {
            self.looks.push(look);
        }
        true
    }
}

/// A page that follows what it shows asks the same again and again: within so many seconds of the shop it is one look.
const SAME_LOOK_S: f64 = 60.0;

/// A text that somebody typed, without blanks around it.
///
/// # Errors
///
/// When it is empty or too long.
pub fn typed(name: &str, text: &str, characters_max: usize) -> Result<String, Problem> {
    let text: String = text.trim().chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let count = text.chars().count();
    if (1..=characters_max).contains(&count) {
        return Ok(text);
    }
    let detail = format!("{name} has {count} characters; 1 to {characters_max} are taken.");
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("parameter", name))
}

/// It cannot be done now.
pub fn conflict(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, detail)
}

/// It is not there.
pub fn not_found(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, detail)
}

pub(crate) fn no_team(number: u32) -> Problem {
    not_found(format!("There is no team {number}."))
}
