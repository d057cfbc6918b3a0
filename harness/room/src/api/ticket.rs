//! Lines of support: who works at which, and the ticket that goes from one to the next. All other routes of a team enforce it. They refuse evidence
//! to a line that has not had the ticket (409), a kind of evidence to a line that does not see it (403), and actions and notes to a line that does
//! not have the ticket now (409).

use std::collections::BTreeSet;

use diagnosis::operating::{Line, ticket::Priority};
use incident::{EventKind, TicketStep};
use serde::Deserialize;
use utoipa::ToSchema;

use super::request::{Answer, Done, Json, done};
use crate::{
    access::Member,
    lines::Lines,
    played::{Moment, Played},
    rate_limits::Who,
    session::forbidden,
    texts,
    ticket::{Pass, PassView, Reason, Written, pass_view},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Choosing {
    /// `L1`, `L2` or `L3`; two of them where the team has two people; none: whichever is left.
    #[schema(value_type = Vec<String>)]
    lines: BTreeSet<Line>,
}

/// Chooses the lines of support that you work at from the next round on
///
/// They count where an operating model has lines and the team has two people or more. When the round begins, the room assigns somebody to a line that nobody chose.
#[utoipa::path(post, path = "/api/team/lines")]
pub(super) async fn choose(member: Member, Json(Choosing { lines }): Json<Choosing>) -> Done {
    let Who::Seat(seat) = member.who else {
        let detail = "The team's token works at no line; people choose theirs.";
        return Err(forbidden(detail));
    };
    member.room.change(|session| session.choose_lines(member.team, seat, &lines)).map(done)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HandingOver {
    /// `P1`: most pages fail; `P2`: some do; `P3`: none is seen to fail.
    #[schema(value_type = String)]
    priority: Priority,
    /// What was seen: 1 to 500 characters.
    seen: String,
    /// What was done, if anything.
    done: Option<String>,
    /// Ids of pins, hypotheses and claims that the next line gets with it; a claim brings its pins. It gets nothing else.
    #[serde(default)]
    attached: Vec<String>,
}

/// Writes the ticket and hands it to the next line of support
///
/// The next line reads it, and acknowledges it or sends it back. Until it has it, nobody acts.
#[utoipa::path(post, path = "/api/team/ticket/pass", responses((status = 200, body = PassView)))]
pub(super) async fn hand_over(
    member: Member,
    Json(HandingOver { priority, seen, done, attached }): Json<HandingOver>,
) -> Answer<PassView> {
    let written = Written::HandedOver {
        priority,
        seen: texts::text("seen", &seen)?,
        done: done.map(|done| texts::text("done", &done)).transpose()?,
    };
    member.pass(written, &attached)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SendingBack {
    reason: Reason,
    /// What is missing, or whose it is: 1 to 500 characters.
    words: Option<String>,
    /// As for handing it over.
    #[serde(default)]
    attached: Vec<String>,
}

/// Sends the ticket back to the line that it came from
#[utoipa::path(post, path = "/api/team/ticket/return", responses((status = 200, body = PassView)))]
pub(super) async fn send_back(
    member: Member,
    Json(SendingBack { reason, words, attached }): Json<SendingBack>,
) -> Answer<PassView> {
    let words = words.map(|words| texts::text("words", &words)).transpose()?;
    member.pass(Written::SentBack { reason, words }, &attached)
}

/// Acknowledges the ticket in your line's queue: from now on your line sees, and works
#[utoipa::path(post, path = "/api/team/ticket/acknowledge", responses((status = 200, body = PassView)))]
pub(super) async fn acknowledge(member: Member) -> Answer<PassView> {
    let at = member.lines();
    let (pass, view) = member.at_any_line(|played, now| {
        let pass = played.acknowledge(at.as_ref(), now, &member.alias)?;
        Ok((pass.clone(), pass_view(&pass, played)))
    })?;
    let waited_s = pass.acknowledged.map_or(0.0, |(at_s, _)| at_s - pass.story_s);
    let text = format!("after {:.0} min", waited_s / 60.0);
    member.note(EventKind::Ticket { step: TicketStep::Acknowledged, by: pass.to.name().to_owned(), text });
    member.note(EventKind::Escalated { to: pass.to.name().to_owned() });
    Ok(Json(view))
}

impl Member {
    fn pass(&self, written: Written, attached: &[String]) -> Answer<PassView> {
        let at: Option<Lines> = self.lines();
        let work = |played: &mut Played, now: Moment| {
            let pass = played.pass(at.as_ref(), written, attached, (now, &self.alias))?;
            Ok((pass_view(&pass, played), pass))
        };
        let (view, pass): (PassView, Pass) = self.at_any_line(work)?;
        let is_sent_back = matches!(pass.written, Written::SentBack { .. });
        let step = if is_sent_back { TicketStep::Bounced } else { TicketStep::Opened };
        let text = pass.written.to_string();
        self.note(EventKind::Ticket { step, by: pass.from.name().to_owned(), text });
        Ok(Json(view))
    }
}
