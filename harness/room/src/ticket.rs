//! The ticket of a round that a team plays in lines of support: its text, its path, and what each line knows of the incident. Teaches that a
//! handover passes on what somebody wrote down, and nothing else.
//!
//! A line knows its own pins, hypotheses and claims, and those attached to tickets that it received. The ticket also keeps a list of what a line
//! knew and did not attach, for the debrief.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use chassis::Problem;
use diagnosis::{
    Terms,
    operating::{
        self, Line,
        ticket::{Priority, seed_of},
    },
};
use incident::OperatingModel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    claims::Claim,
    evidence_kind::EvidenceKind,
    limits::cut,
    lines::Lines,
    played::{LogLine, Moment, Played},
    session::{Assigned, Session, conflict, wrong},
    views::story_time,
};

/// The ticket of one team's round, and what each line knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Whether L3, the delivery team, has no live telemetry.
    pub is_blind: bool,
    /// The passes from line to line, in order.
    pub passes: Vec<Pass>,
    /// The ids of the pins, hypotheses and claims that each line knows.
    pub known: BTreeMap<Line, BTreeSet<String>>,
}

/// One pass of the ticket from a line to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    pub from: Line,
    pub to: Line,
    pub by: String,
    pub story_s: f64,
    pub written: Written,
    /// Ids of the attached items. `left` has those that `from` knew, `to` did not, and nobody attached.
    pub attached: BTreeSet<String>,
    pub left: BTreeSet<String>,
    /// When it was acknowledged, in story seconds, and by whom.
    pub acknowledged: Option<(f64, String)>,
}

/// What a ticket says to the line that gets it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Written {
    /// It goes to the next line.
    HandedOver {
        /// `P1`: most pages fail; `P2`: some do; `P3`: none is seen to fail.
        #[schema(value_type = String)]
        priority: Priority,
        /// What was seen: 1 to 500 characters.
        seen: String,
        /// What was done, if anything.
        done: Option<String>,
    },
    /// It goes back to the line before.
    SentBack {
        reason: Reason,
        /// What is missing, or whose it is.
        words: Option<String>,
    },
}

/// Why a ticket is sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    MoreDetail,
    NotOurs,
}

impl Reason {
    pub fn words(self) -> &'static str {
        match self {
            Self::MoreDetail => "more detail is needed",
            Self::NotOurs => "it is not ours",
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HandedOver { priority, seen, done } => {
                let done = done.as_ref().map_or_else(String::new, |done| format!(" Done: {done}"));
                write!(f, "{priority:?}. Seen: {seen}{done}")
            }
            Self::SentBack { reason, words } => {
                let words = words.as_ref().map_or_else(String::new, |words| format!(": {words}"));
                write!(f, "{}{words}", reason.words())
            }
        }
    }
}

impl Ticket {
    /// A new ticket of this incident, at L1.
    pub fn new(assigned: &Assigned) -> Self {
        let terms = Terms {
            seed: Some(seed_of(&assigned.scenario, assigned.seed)),
            ..Terms::at(assigned.level, OperatingModel::OpsRunIt)
        };
        Self { is_blind: operating::Ticket::new(&terms).is_blind(), ..Self::default() }
    }

    /// The line that has the ticket, or has it in its queue.
    pub fn line(&self) -> Line {
        self.passes.last().map_or(Line::First, |pass| pass.to)
    }

    pub fn is_queued(&self) -> bool {
        self.passes.last().is_some_and(|pass| pass.acknowledged.is_none())
    }

    /// Whether a line has or has had the ticket.
    pub fn is_open_to(&self, line: Line) -> bool {
        line == Line::First || self.passes.iter().any(|pass| pass.to == line && pass.acknowledged.is_some())
    }

    /// The line that had the ticket at a time of the story.
    pub fn line_at(&self, story_s: f64) -> Line {
        let had = |pass: &&Pass| pass.acknowledged.as_ref().is_some_and(|(at_s, _)| *at_s <= story_s);
        self.passes.iter().rfind(had).map_or(Line::First, |pass| pass.to)
    }

    /// Whether one of these lines knows the item with this id.
    pub fn is_known(&self, lines: &Lines, id: &str) -> bool {
        lines.iter().any(|line| self.known.get(line).is_some_and(|known| known.contains(id)))
    }

    pub(crate) fn shows(&self, line: Line, kind: EvidenceKind) -> bool {
        use EvidenceKind::{Alerts, AssetHistory, AssetText, Health, Metrics};
        match line {
            Line::First => matches!(kind, Health | Metrics | Alerts),
            Line::Second => true,
            Line::Third => !self.is_blind || matches!(kind, Health | AssetText | AssetHistory),
        }
    }
}

impl Played {
    /// Whether the line with the ticket knows a pin, a hypothesis or a claim.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.ticket.as_ref().is_none_or(|ticket| ticket.is_known(&[ticket.line()].into(), id))
    }

    /// What a pin, a hypothesis or a claim says, by its id; none if it was removed.
    fn says(&self, id: &str) -> Option<&str> {
        let pin = self.pins.iter().find(|pin| pin.id == id).map(|pin| &pin.label);
        let thought = || self.hypotheses.iter().find(|one| one.id == id).map(|one| &one.text);
        let claim = || self.claims.iter().find(|claim| claim.id == id).map(|claim| &claim.words);
        pin.or_else(thought).or_else(claim).map(String::as_str)
    }

    pub fn words_of(&self, id: &str) -> String {
        self.says(id).unwrap_or("removed since").to_owned()
    }

    /// The claims that make the explanation: all of them, or in a team with lines, those known to the line that submitted last, or else to the line
    /// with the ticket.
    pub fn explanation(&self) -> Vec<Claim> {
        let Some(ticket) = &self.ticket else { return self.claims.clone() };
        let line = self.explained.as_ref().and_then(|explained| explained.line).unwrap_or(ticket.line());
        let known = |claim: &&Claim| ticket.is_known(&[line].into(), &claim.id);
        self.claims.iter().filter(known).cloned().collect()
    }

    /// Passes the ticket on, to the next line or back, with what is attached.
    pub(crate) fn pass(
        &mut self,
        at: Option<&Lines>,
        written: Written,
        attached: &[String],
        (now, by): (Moment, &str),
    ) -> Result<Pass, Problem> {
        self.may_act()?;
        let from = self.ticket()?.line();
        let to =
            match &written {
                Written::HandedOver { .. } if from == Line::Third => {
                    return Err(conflict("There is no further line: L3 is the team that built it."));
                }
                Written::HandedOver { .. } => {
                    self.may_work(at)?;
                    from.next()
                }
                Written::SentBack { .. } if from == Line::First => {
                    return Err(conflict("L1 opened this ticket: there is no line to send it back to."));
                }
                Written::SentBack { .. } if at.is_some_and(|at| at.contains(&from)) => {
                    if from == Line::Third { Line::Second } else { Line::First }
                }
                Written::SentBack { .. } => return Err(conflict(format!("{} has the ticket.", from.name()))),
            };
        if let Some(pending) = &self.pending {
            let detail = format!("{} is under way. Wait until it is done, or break it off.", pending.remedy);
            return Err(conflict(detail));
        }
        let exists = |id: &str| self.says(id).is_some();
        if let Some(id) = attached.iter().find(|id| !exists(id) || !self.knows(id)) {
            let id = cut(id, 12);
            let detail = format!("Your line knows no {id}: attach ids of its pins, hypotheses and claims.");
            return Err(wrong("attached", detail));
        }
        let mut attached: BTreeSet<String> = attached.iter().cloned().collect();
        // An attached claim brings its pins: without its evidence it would be another claim.
        let claims = self.claims.iter().filter(|claim| attached.contains(&claim.id));
        attached.extend(claims.flat_map(|claim| claim.pins.clone()).collect::<Vec<_>>());
        let ticket = self.ticket()?;
        let known = ticket.known.get(&from).cloned().unwrap_or_default();
        let had = ticket.known.get(&to).cloned().unwrap_or_default();
        let is_left = |id: &&String| exists(id) && !attached.contains(*id) && !had.contains(*id);
        let left = known.iter().filter(is_left).cloned().collect();
        let (from_name, to_name) = (from.name(), to.name());
        let did = match &written {
            Written::HandedOver { priority, .. } => {
                format!("{from_name} handed the ticket to {to_name} ({priority:?})")
            }
            Written::SentBack { reason, .. } => {
                format!("{from_name} sent the ticket back to {to_name}: {}", reason.words())
            }
        };
        let pass = Pass {
            from,
            to,
            by: by.to_owned(),
            story_s: now.story_s,
            written,
            attached: attached.clone(),
            left,
            acknowledged: None,
        };
        let ticket = self.ticket_mut()?;
        ticket.known.entry(to).or_default().extend(attached);
        ticket.passes.push(pass.clone());
        self.tell(now, "handover", did, Some(by));
        Ok(pass)
    }

    /// Takes the ticket out of its line's queue. Returns the acknowledged pass.
    pub(crate) fn acknowledge(&mut self, at: Option<&Lines>, now: Moment, by: &str) -> Result<Pass, Problem> {
        self.may_act()?;
        let waiting = self.ticket_mut()?.passes.last_mut().filter(|pass| pass.acknowledged.is_none());
        let waiting = waiting.filter(|pass| at.is_some_and(|at| at.contains(&pass.to)));
        let pass = waiting.ok_or_else(|| conflict("There is no ticket in your queue."))?;
        pass.acknowledged = Some((now.story_s, by.to_owned()));
        let pass = pass.clone();
        let did = format!("{} acknowledged the ticket of {}", pass.to.name(), pass.from.name());
        self.tell(now, "handover", did, Some(by));
        Ok(pass)
    }

    pub(crate) fn ticket(&self) -> Result<&Ticket, Problem> {
        self.ticket.as_ref().ok_or_else(no_ticket)
    }

    pub(crate) fn ticket_mut(&mut self) -> Result<&mut Ticket, Problem> {
        self.ticket.as_mut().ok_or_else(no_ticket)
    }
}

fn no_ticket() -> Problem {
    conflict("Your team plays no lines of support in this round, so there is no ticket.")
}

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

/// Who works at which lines. `at` has the reader's own lines.
pub fn lines_view(session: &Session, number: u32, at: &Lines) -> LinesView {
    let names = |lines: &Lines| lines.iter().map(|line| line.name()).collect();
    let people = session
        .seated(number)
        .map(|seat| AtLines { alias: seat.alias.clone(), lines: names(&seat.lines) })
        .collect();
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

/// Whether people at these lines see a line of the log.
pub fn is_told(line: &LogLine, ticket: &Ticket, at: &Lines) -> bool {
    match line.kind.as_str() {
        // Customers call the help desk, and alerts stand on its dashboards.
        "complaint" | "alert" => at.contains(&Line::First),
        "remedy" | "hint" | "explained" => at.contains(&ticket.line_at(line.when.story_s)),
        // The text names both lines of the handover.
        "handover" => at.iter().any(|own| line.text.contains(own.name())),
        _ => true,
    }
}
