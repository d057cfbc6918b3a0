//! The debrief of a session: what each team did, side by side by telemetry level, and what else could have happened. Its pages and files are
//! functions of the session report alone. The incident room fills the report and serves the pages.
//!
//! People's times are wall-clock minutes. Figures from virtual time say so, and never share an axis with people's times.
//!
//! - [`team_page()`], [`facilitator_page()`]: the page for each kind of reader; `page` makes it. [`csv`]: the files.
//! - `round`: one team's round. `clocks`: wall clock and story clock. `summary`: a round in a row of figures. `replay`: a round step by step.
//! - `handovers`: the ticket's way, and what handovers lost. `command`: who decided. `updates`: status updates beside what was known then.
//! - `charts`: visits by outcome. `explanation` and `places`: the incident's chain, and a team's claims about it.
//! - `take_home`: a participant's own file, with questions to their own system.
//! - `facts`: when each fact could be known. `repair`: what a repair would have changed. `model`: the model responder's steps.

pub mod csv;
mod charts;
mod clocks;
mod command;
mod explanation;
mod facts;
mod handovers;
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
use report::session::{Missing, Pending, Progress, SessionReport};

use page::DebriefPage;
use round::Round;

pub use command::commands;
pub use handovers::handovers;
pub use repair::{CHOICES, Choice};
pub use take_home::{ACTIONS, take_home_page};

/// Who reads a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reader {
    pub is_facilitator: bool,
    /// Whether to show all combinations before all repairs are spent.
    pub anyway: bool,
}

impl Reader {
    /// The address of a team's files, or of all teams' files.
    fn files_of(self, team: Option<u32>) -> String {
        match team {
            Some(team) if self.is_facilitator => format!("/api/desk/debrief/teams/{team}"),
            Some(_) => "/api/team/debrief".to_owned(),
            None => "/api/desk/debrief".to_owned(),
        }
    }

    /// The address of a team's page for the facilitator.
    fn page_of(self, round: &Round<'_>) -> String {
        format!("/desk/debrief/teams/{}{}", round.team, self.query())
    }

    fn query(self) -> &'static str {
        if self.anyway { "?anyway=true" } else { "" }
    }
}

/// The page of one team: its own rounds in full, the others only as curves without names.
pub fn team_page(session: &SessionReport, team: u32, reader: Reader) -> Result<String, askama::Error> {
    DebriefPage::of(session, &Round::all(session), Some(team), reader).render()
}

/// The page of all teams, for the facilitator: incident by incident, poorest telemetry on top.
pub fn facilitator_page(session: &SessionReport, reader: Reader) -> Result<String, askama::Error> {
    DebriefPage::of(session, &Round::all(session), None, reader).render()
}

/// The page for a team that comes before the answers are open.
pub fn closed_page(why: &str) -> Result<String, askama::Error> {
    #[derive(Template)]
    #[template(path = "session-closed.html")]
    struct Closed<'a> {
        why: &'a str,
    }
    Closed { why }.render()
}

/// A value that changes whenever the page has news: more figures are computed, or a repair was spent.
pub fn stamp(progress: &Progress, spent: usize) -> String {
    format!("{}-{}-{spent}", progress.done, progress.of)
}

/// The sentence shown in place of a figure that is not computed yet.
fn instead<T>(pending: &Pending<T>) -> Option<String> {
    pending.as_ref().err().map(|missing| match missing {
        Missing::Computing => "Being computed; this part of the page appears by itself.".to_owned(),
        Missing::Closed => "Computed once the answers are open to everybody.".to_owned(),
        Missing::Failed(why) => format!("This part could not be computed: {why}."),
    })
}
