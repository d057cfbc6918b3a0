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
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::{
    allowance::Client,
    claims::{Claim, Pin},
    limits::{
        LINES_MAX, LOG_BYTES_MAX, LOG_OF_TEAM_BYTES_MAX, LOG_WITH_MESSAGES_BYTES_MAX, LOOK_CHARACTERS_MAX,
        LOOKS_BYTES_MAX, NAMED_MAX, NOTES_BYTES_MAX, TEXT_CHARACTERS_MAX, cut, full, json_bytes,
    },
};

/// The format of a session's file.
pub const SCHEMA: &str = "incident-room/1";

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
    /// Whether nobody may join any more.
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
    /// Its number.
    #[serde(default)]
    pub id: u32,
    /// The team; none for the facilitator.
    pub team: Option<u32>,
    /// How they are called.
    pub alias: String,
    /// What their browser shows.
    pub token: String,
    /// Whether they are still to be let in.
    #[serde(default)]
    pub waiting: bool,
    /// Where from; it outlives no restart, as nothing about a person is kept.
    #[serde(skip)]
    pub client: Option<Client>,
    /// When they were heard last.
    #[serde(skip)]
    pub heard: Option<Instant>,
    /// Whether they were heard at all since they took the seat.
    #[serde(skip)]
    pub used: bool,
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
    /// Further looks, for which there was no room.
    #[serde(default)]
    pub looks_beyond: usize,
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
    /// How often the path of an explanation was mapped, and noted in the record.
    #[serde(default)]
    pub paths_noted: usize,
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

    /// The line of support.
    pub fn line(&self) -> Line {
        [Line::First, Line::Second, Line::Third][usize::from(self.line.clamp(1, 3)) - 1]
    }

    /// The next number.
    pub fn number(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id - 1
    }

    /// Writes a line into the log. The oldest lines go when there are too many, which happens to the room's own lines alone: what a team
    /// and its facilitator add is refused before.
    pub fn tell(&mut self, when: Moment, kind: &str, text: impl Into<String>, by: Option<&str>) {
        let (kind, text, by) =
            (kind.to_owned(), cut(&text.into(), TEXT_CHARACTERS_MAX), by.map(str::to_owned));
        self.log.push(LogLine { when, kind, text, by });
        while self.log.len() > LINES_MAX || json_bytes(&self.log) > LOG_BYTES_MAX {
            self.log.remove(0);
        }
    }

    /// Whether the log has room for something that the team does.
    ///
    /// # Errors
    ///
    /// When it has none.
    pub fn may_act(&self) -> Result<(), Problem> {
        if self.log.len() < LINES_MAX / 2 && json_bytes(&self.log) < LOG_OF_TEAM_BYTES_MAX {
            return Ok(());
        }
        Err(full(
            "Your team has done so much in this round that its log is full. The facilitator can end the round.",
        ))
    }

    /// Whether the log has room for a message of the facilitator.
    ///
    /// # Errors
    ///
    /// When it has none.
    pub fn may_be_told(&self) -> Result<(), Problem> {
        if json_bytes(&self.log) < LOG_WITH_MESSAGES_BYTES_MAX {
            return Ok(());
        }
        Err(full("The team's log of this round is full: no further message has room in it."))
    }

    /// Whether what the team wrote down has room, after a change of what was `before`; taking something away is always possible.
    ///
    /// # Errors
    ///
    /// When it has none.
    pub fn fits_after(&self, before: &Self) -> Result<(), Problem> {
        let bytes = self.notes_bytes();
        if bytes <= NOTES_BYTES_MAX || bytes <= before.notes_bytes() {
            return Ok(());
        }
        let kilobytes = NOTES_BYTES_MAX / 1_024;
        Err(full(format!(
            "Pins, claims and thoughts of a round take {kilobytes} kilobytes at most. Remove a pin that you do not need."
        )))
    }

    fn notes_bytes(&self) -> usize {
        json_bytes(&(&self.pins, &self.claims, &self.hypotheses, &self.answer))
    }

    /// Remembers a look; asking the same again within a minute is the same look. Says whether it was a new one that is kept.
    pub fn look(&mut self, mut look: Look) -> bool {
        look.at = cut(&look.at, LOOK_CHARACTERS_MAX);
        look.query = cut(&look.query, LOOK_CHARACTERS_MAX);
        let is_same = |known: &&mut Look| {
            known.at == look.at && known.query == look.query && look.when.at_s - known.when.at_s < SAME_LOOK_S
        };
        if let Some(known) = self.looks.iter_mut().rev().find(is_same) {
            let new = look.named.into_iter().take(NAMED_MAX.saturating_sub(known.named.len()));
            let new: Vec<String> = new.collect();
            known.named.extend(new);
            return false;
        }
        look.named = look.named.into_iter().take(NAMED_MAX).collect();
        self.looks.push(look);
        if json_bytes(&self.looks) <= LOOKS_BYTES_MAX {
            return true;
        }
        self.looks.pop();
        self.looks_beyond += 1;
        false
    }

    /// How often the team looked.
    pub fn looked(&self) -> usize {
        self.looks.len() + self.looks_beyond
    }
}

/// A page that follows what it shows asks the same again and again: within so many seconds of the shop it is one look.
const SAME_LOOK_S: f64 = 60.0;

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
