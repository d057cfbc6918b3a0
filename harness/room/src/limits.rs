//! Every limit on data that people can make grow, in one place, with its reason. Teaches that a file is bounded when its worst case can be added
//! up: the compiler checks the sum below.
//!
//! A team's round has three parts: notes, looks and log. Each has a limit of its own, so that none can crowd out another. A full part refuses new
//! entries and loses none, except that the room's own lines push out the oldest of the log that gave no help ([`LOG_BYTES_MAX`]).

use chassis::Problem;
use http::StatusCode;
use serde::Serialize;

use crate::{plan::ROUNDS_MAX, room::TEAMS_MAX, store::SESSION_BYTES_MAX};

// ---- One request ------------------------------------------------------------------------------------------------------------------------

/// The largest body of a request: a claim with two hundred pins is a few kilobytes.
pub const BODY_BYTES_MAX: usize = 64 * 1_024;
/// Longest credential that is compared, in bytes: generated ones have 26 characters, and a facilitator may choose a long one.
pub const CREDENTIAL_BYTES_MAX: usize = 256;

// ---- Texts ------------------------------------------------------------------------------------------------------------------------------

/// Longest name of a person or a team, in characters: it stands in a table.
pub const ALIAS_CHARACTERS_MAX: usize = 24;
/// Longest text that a person types at once, in characters: a paragraph.
pub const TEXT_CHARACTERS_MAX: usize = 500;
/// Longest action that a participant takes home, and longest name of its owner, in characters: a line each.
pub const ACTION_CHARACTERS_MAX: usize = 160;
pub const OWNER_CHARACTERS_MAX: usize = 40;
/// Longest remark about the session, in characters: one line.
pub const REMARK_CHARACTERS_MAX: usize = 200;
/// The longest text of a pinned piece of evidence, in characters: what a person can read.
pub const PIN_CHARACTERS_MAX: usize = 4_000;
/// The longest label of a pinned piece of evidence, in characters.
pub const LABEL_CHARACTERS_MAX: usize = 200;
/// The longest path and the longest query of a look, in characters: no query of a page is longer.
pub const LOOK_CHARACTERS_MAX: usize = 200;
/// Most assets and characters of one look: the shop has a dozen assets, and an answer about one names few characters.
pub const NAMED_MAX: usize = 64;

// ---- Lists ------------------------------------------------------------------------------------------------------------------------------

/// Most people at one team's pages: a table's worth, with everybody's phone.
pub const SEATS_PER_TEAM_MAX: usize = 32;
/// Most of a team's seats for one address: half of them. A whole class may share an address, but no single device may fill a team.
pub const SEATS_PER_CLIENT_MAX: usize = SEATS_PER_TEAM_MAX / 2;
/// Most browsers that the facilitator, or one invited person, is signed in with.
pub const DESKS_MAX: usize = 16;
/// Most hypotheses, most pins and most claims of one team in one round: far more than anybody can survey.
pub const ENTRIES_MAX: usize = 200;
/// Most lines of one team's log in one round.
pub const LINES_MAX: usize = 1_000;
/// Most questions from outside to one team in one round: each costs the team two minutes of its work.
pub const QUESTIONS_MAX: usize = 12;
/// How often command may change hands or be offered in one round: more than once a minute in half an hour.
pub const COMMANDS_MAX: usize = 40;
/// Most people who are invited to the desk: co-facilitators and note-takers of a large class.
pub const INVITATIONS_MAX: usize = 12;
/// Most moments that a facilitator marks in a session.
pub const MARKS_MAX: usize = 200;
/// Most feedback answers of a session: one for each seat that there can be.
pub const FEEDBACK_MAX: usize = TEAMS_MAX as usize * SEATS_PER_TEAM_MAX;
/// Most devices in the list of those that have reached the room.
pub const REACHED_MAX: usize = 50;

// ---- What is kept of one team and one round, in bytes of JSON -----------------------------------------------------------------------------

/// Notes: pins, claims, hypotheses, expectations, proposals, questions with their answers, command, and the ticket. Forty full pins, or hundreds of
/// log lines.
pub const NOTES_BYTES_MAX: usize = 160 * 1_024;
/// Looks. Eight people who each ask something new three times a minute for twenty minutes fill three quarters of this.
pub const LOOKS_BYTES_MAX: usize = 96 * 1_024;
/// The log. Only the room's own lines can go beyond this; then the oldest lines that gave no help are dropped.
pub const LOG_BYTES_MAX: usize = 80 * 1_024;
/// How much of the log the team's own actions may fill: a remedy every ten seconds for twenty minutes.
pub const LOG_OF_TEAM_BYTES_MAX: usize = 48 * 1_024;
/// The log refuses messages of the facilitator from this size on: the rest is for alerts and the results of remedies.
pub const LOG_WITH_MESSAGES_BYTES_MAX: usize = 72 * 1_024;
/// The rest: a guess, a remedy under way, some numbers.
const REST_OF_PLAYED_BYTES_MAX: usize = 16 * 1_024;

/// One team's round, all parts together.
pub const PLAYED_BYTES_MAX: usize =
    NOTES_BYTES_MAX + LOOKS_BYTES_MAX + LOG_BYTES_MAX + REST_OF_PLAYED_BYTES_MAX;

/// Everything else of a session: two thousand seats with two actions and a remark each, the plan, the text of a rehearsed
/// scenario, marks, names, tokens.
pub const REST_OF_SESSION_BYTES_MAX: usize = 8 * 1_024 * 1_024;

// A room can read even the largest session that it can write.
const _: () = assert!(
    TEAMS_MAX as u64 * (ROUNDS_MAX * PLAYED_BYTES_MAX) as u64 + REST_OF_SESSION_BYTES_MAX as u64
        <= SESSION_BYTES_MAX
);

/// The length of a value as JSON.
pub fn json_bytes(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).expect("a session is made of plain values").len()
}

pub fn cut(text: &str, characters_max: usize) -> String {
    text.chars().take(characters_max).collect()
}

pub fn full(what: impl Into<String>) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, what)
}
