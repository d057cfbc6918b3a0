//! The ticket of a round that a team plays in lines of support: its text, its way, and what each line knows of the incident. Teaches that a
//! handover passes on what somebody wrote down, and nothing else.
//!
//! A line knows its own pins, hypotheses and claims, and those that were attached to a ticket which it got. What it had and did not attach is
//! kept beside the ticket, for the debrief.

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
use http::StatusCode;
use incident::OperatingModel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    claims::Claim,
    evidence_kind::EvidenceKind,
    limits::cut,
    lines::Lines,
    played::{Moment, Played},
    session::{Assigned, conflict},
};

/// The ticket of one team's round, and what each line knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Whether the delivery team has no live telemetry.
    pub is_blind: bool,
    /// Its way, in order.
    pub passes: Vec<Pass>,
    /// Ids of pins, hypotheses and claims.
    pub known: BTreeMap<Line, BTreeSet<String>>,
}

/// A ticket on its way from one line to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    pub from: Line,
    pub to: Line,
    pub by: String,
    pub story_s: f64,
    pub written: Written,
    /// Ids of what it brings along, and of what its line knew and did not attach.
    pub attached: BTreeSet<String>,
    pub left: BTreeSet<String>,
    /// When, in story seconds, and by whom.
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
    /// The ticket of this incident, which L1 has.
    pub fn new(assigned: &Assigned) -> Self {
        let terms = Terms {
            seed: Some(seed_of(&assigned.scenario, assigned.seed)),
            ..Terms::at(assigned.level, OperatingModel::OpsRunIt)
        };
        Self { is_blind: operating::Ticket::new(&terms).is_blind(), ..Self::default() }
    }

    /// The line that has it, or in whose queue it is.
    pub fn line(&self) -> Line {
        self.passes.last().map_or(Line::First, |pass| pass.to)
    }

    pub fn is_queued(&self) -> bool {
        self.passes.last().is_some_and(|pass| pass.acknowledged.is_none())
    }

    /// Whether a line has it, or has had it.
    pub fn is_open_to(&self, line: Line) -> bool {
        line == Line::First || self.passes.iter().any(|pass| pass.to == line && pass.acknowledged.is_some())
    }

    /// The line that had it at a time of the story.
    pub fn line_at(&self, story_s: f64) -> Line {
        let had = |pass: &&Pass| pass.acknowledged.as_ref().is_some_and(|(at_s, _)| *at_s <= story_s);
        self.passes.iter().rfind(had).map_or(Line::First, |pass| pass.to)
    }

    /// Whether one of these lines knows of it.
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
    /// Whether whoever has the ticket knows of a pin, a hypothesis or a claim.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.ticket.as_ref().is_none_or(|ticket| ticket.is_known(&[ticket.line()].into(), id))
    }

    /// What a pin, a hypothesis or a claim says, by its id.
    pub fn words_of(&self, id: &str) -> String {
        let pin = self.pins.iter().find(|pin| pin.id == id).map(|pin| pin.label.clone());
        let thought = || self.hypotheses.iter().find(|one| one.id == id).map(|one| one.text.clone());
        let claim = || self.claims.iter().find(|claim| claim.id == id).map(|claim| claim.words.clone());
        pin.or_else(thought).or_else(claim).unwrap_or_else(|| "removed since".to_owned())
    }

    /// The claims that make the explanation: all, or those known to the line that handed it in last, or that has the ticket.
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
        let exists = |id: &str| {
            self.pins.iter().any(|pin| pin.id == id)
                || self.hypotheses.iter().any(|one| one.id == id)
                || self.claims.iter().any(|claim| claim.id == id)
        };
        if let Some(id) = attached.iter().find(|id| !exists(id) || !self.knows(id)) {
            let id = cut(id, 12);
            let detail = format!("Your line knows no {id}: attach ids of its pins, hypotheses and claims.");
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("parameter", "attached"));
        }
        let mut attached: BTreeSet<String> = attached.iter().cloned().collect();
        // A claim without its evidence would be another claim.
        let claims = self.claims.iter().filter(|claim| attached.contains(&claim.id));
        attached.extend(claims.flat_map(|claim| claim.pins.clone()).collect::<Vec<_>>());
        let ticket = self.ticket()?;
        let known = ticket.known.get(&from).cloned().unwrap_or_default();
        let had = ticket.known.get(&to).cloned().unwrap_or_default();
        let is_left = |id: &&String| exists(id) && !attached.contains(*id) && !had.contains(*id);
        let left = known.iter().filter(is_left).cloned().collect();
        let did = match &written {
            Written::HandedOver { priority, .. } => {
                format!("handed the ticket to {} ({priority:?})", to.name())
            }
            Written::SentBack { reason, .. } => {
                format!("sent the ticket back to {}: {}", to.name(), reason.words())
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
        self.tell(now, "handover", format!("{} {did}", from.name()), Some(by));
        Ok(pass)
    }

    /// Takes the ticket out of its line's queue. Answers with the line.
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
