//! What people at lines of support see of the ticket, and of what happened. Teaches that two people of one team may read two stories.

use diagnosis::operating::Line;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    lines::Lines,
    played::{LogLine, Played},
    session::Session,
    ticket::{Pass, Ticket, Written},
    views::story_time,
};

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LinesView {
    /// Yours, such as `L1`. Empty: you have chosen none, and get one when the round begins.
    pub yours: Vec<&'static str>,
    pub people: Vec<AtLines>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AtLines {
    pub alias: String,
    pub lines: Vec<&'static str>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a page shows or does not")]
pub struct TicketView {
    /// The line that has it, or in whose queue it is.
    pub line: &'static str,
    /// Whether it waits there to be acknowledged.
    pub queued: bool,
    /// Whether that is your line.
    pub yours: bool,
    /// Whether your line has had it: then you see what your line sees.
    pub open: bool,
    /// Whether your lines have no live telemetry.
    pub blind: bool,
    /// What your lines wrote and got, oldest first. A line gets the last text alone.
    pub passes: Vec<PassView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PassView {
    pub from: &'static str,
    pub to: &'static str,
    pub by: String,
    pub story: String,
    pub written: Written,
    /// What it brought along, in words.
    pub attached: Vec<String>,
    /// When it was acknowledged, and by whom; null: not yet.
    pub acknowledged: Option<String>,
}

/// Who works at which lines, and somebody's own.
pub fn lines_view(session: &Session, number: u32, at: &Lines) -> LinesView {
    let names = |lines: &Lines| lines.iter().map(|line| line.name()).collect();
    let seats = session.seats.iter().filter(|seat| seat.team == Some(number) && !seat.waiting);
    let people = seats.map(|seat| AtLines { alias: seat.alias.clone(), lines: names(&seat.lines) }).collect();
    LinesView { yours: names(at), people }
}

/// A ticket as people at these lines may read it.
pub fn ticket_view(ticket: &Ticket, played: &Played, at: &Lines) -> TicketView {
    let is_own = |pass: &&Pass| at.contains(&pass.from) || at.contains(&pass.to);
    let open = played.is_open_to(Some(at));
    TicketView {
        line: ticket.line().name(),
        queued: ticket.is_queued(),
        yours: at.contains(&ticket.line()),
        open,
        blind: open && ticket.is_blind && at.last() == Some(&Line::Third) && at.len() == 1,
        passes: ticket.passes.iter().filter(is_own).map(|pass| pass_view(pass, played)).collect(),
    }
}

pub fn pass_view(pass: &Pass, played: &Played) -> PassView {
    PassView {
        from: pass.from.name(),
        to: pass.to.name(),
        by: pass.by.clone(),
        story: story_time(pass.story_s),
        written: pass.written.clone(),
        attached: pass.attached.iter().map(|id| format!("{id}: {}", played.words_of(id))).collect(),
        acknowledged: pass.acknowledged.as_ref().map(|(at_s, by)| format!("{} {by}", story_time(*at_s))),
    }
}

/// Whether somebody at these lines was told a line of the log.
pub fn is_told(line: &LogLine, ticket: &Ticket, at: &Lines) -> bool {
    match line.kind.as_str() {
        // Customers call the help desk, and alerts stand on its dashboards.
        "complaint" | "alert" => at.contains(&Line::First),
        "remedy" | "hint" | "explained" => at.contains(&ticket.line_at(line.when.story_s)),
        // It names the lines between which the ticket went.
        "handover" => at.iter().any(|own| line.text.contains(own.name())),
        _ => true,
    }
}
