//! The debrief of a session: what each team did, side by side by telemetry level, and what else could have happened. Its pages and files are
//! functions of the session report alone; the incident room fills it, and serves them.
//!
//! People's times are minutes that they sat there. What is computed in virtual time says so, and never shares an axis with them.
//!
//! - [`team_page()`], [`facilitator_page()`]: the page, for its readers; `page` makes it. [`csv`]: the files.
//! - `round`: one team's round. `clocks`: people's minutes and the story's. `summary`: a round in a row of figures. `replay`: as it went.
//! - `handovers`: the way of the ticket, and what it lost. `command`: who decided. `updates`: what was told outside, beside what was known.
//! - `charts`: what customers met. `explanation` and `places`: what happened, and what a team claimed of it.
//! - `take_home`: a participant's own file, with a `checklist` for their own system. `feedback`: what people said of the session.
//! - `facts`: what could be known when. `repair`: what a repair would have changed. `model`: the model responder's way.

pub mod csv;
mod charts;
mod checklist;
mod clocks;
mod command;
mod explanation;
mod facts;
mod feedback;
mod handovers;
mod lessons;
mod model;
mod page;
mod places;
mod repair;
mod replay;
mod round;
mod summary;
mod take_home;
mod updates;

use askama::Template;
use incident::{Level, OperatingModel};
use report::session::{Pending, Progress, SessionReport};

pub use command::commands;
pub use handovers::handovers;
pub use repair::{CHOICES, Choice};
pub use take_home::{ACTIONS, take_home_page};

/// Who reads a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reader {
    pub is_facilitator: bool,
    /// Whether they want all combinations before all repairs are spent.
    pub anyway: bool,
}

/// A link: what it says, and where it leads.
type Link = (String, String);

const RESTS_ON: &str = "Availability is the share of visits that are served, whole or degraded. All figures of people follow from the incident records. \
    What was replayed, recorded or tried by a model ran in virtual time with the same programs. It is not compared with anything that ran live.";

/// The page of one team: its own rounds in full, the others only as curves without names.
///
/// # Errors
///
/// If the page cannot be written.
pub fn team_page(session: &SessionReport, team: u32, reader: Reader) -> Result<String, askama::Error> {
    page::DebriefPage::of(session, Some(team), reader).render()
}

/// The page of all teams, for the facilitator: incident by incident, poorest telemetry on top.
///
/// # Errors
///
/// If the page cannot be written.
pub fn facilitator_page(session: &SessionReport, reader: Reader) -> Result<String, askama::Error> {
    page::DebriefPage::of(session, None, reader).render()
}

/// What a team reads that comes before the answers are open.
///
/// # Errors
///
/// If the page cannot be written.
pub fn closed_page(why: &str) -> Result<String, askama::Error> {
    #[derive(Template)]
    #[template(path = "session-closed.html")]
    struct Closed<'a> {
        why: &'a str,
    }
    Closed { why }.render()
}

/// A value that changes whenever the page has something new: more is computed, or a repair was spent.
pub fn stamp(progress: &Progress, spent: usize) -> String {
    format!("{}-{}-{spent}", progress.done, progress.of)
}

#[derive(Template)]
#[template(path = "session-progress.html")]
struct ProgressBar<'a> {
    progress: &'a Progress,
}

fn level_class(level: Level) -> String {
    format!("level-{level}")
}

fn model_name(model: OperatingModel) -> &'static str {
    match model {
        OperatingModel::OpsRunIt => "Ops Run It",
        OperatingModel::YouBuildIt => "You Build It You Run It",
    }
}

/// The sentence shown in place of a figure that is not computed yet.
fn instead<T>(pending: &Pending<T>) -> Option<String> {
    match pending {
        Pending::Ready(_) => None,
        Pending::Computing => Some("Being computed; this part of the page appears by itself.".to_owned()),
        Pending::Closed => Some("Computed once the answers are open to everybody.".to_owned()),
        Pending::Failed(why) => Some(format!("This part could not be computed: {why}.")),
    }
}
