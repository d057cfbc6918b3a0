//! Lines of support: who works at which, and the ticket that goes from one to the next. Every other route of a team keeps to it: a line that has
//! not had the ticket is refused the evidence (409), one that does not see a kind of evidence that kind (403), and one that does not have the
//! ticket now whatever acts or writes (409).

use std::collections::BTreeSet;

use axum::Json;
use chassis::Problem;
use diagnosis::operating::{Line, ticket::Priority};
use http::StatusCode;
use incident::{EventKind, TicketStep};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{Body, DONE, Done};
use crate::{
    access::Member,
    lines::Lines,
    played::{Moment, Played},
    rate_limits::Who,
    room::Room,
    texts,
    ticket::{Pass, Reason, Written},
    ticket_views::{PassView, pass_view},
};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(choose))
        .routes(routes!(hand_over))
        .routes(routes!(acknowledge))
        .routes(routes!(send_back))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Choosing {
    /// `L1`, `L2` or `L3`; two of them where the team has two people; none: whichever is left.
    #[schema(value_type = Vec<String>)]
    lines: BTreeSet<Line>,
}

/// Chooses the lines of support that you work at from the next round on
///
/// They count where an operating model has lines and the team has two people or more. Each line gets somebody when the round begins.
#[utoipa::path(post, path = "/api/team/lines", request_body = Choosing)]
async fn choose(member: Member, Body(Choosing { lines }): Body<Choosing>) -> Done {
    let Who::Seat(seat) = member.who else {
        let detail = "The team's token works at no line; people choose theirs.";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    };
    member.room.change(|session| session.choose_lines(member.team, seat, &lines))?;
    DONE
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HandingOver {
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
#[utoipa::path(post, path = "/api/team/ticket/pass", request_body = HandingOver, responses((status = 200, body = PassView)))]
async fn hand_over(
    member: Member,
    Body(HandingOver { priority, seen, done, attached }): Body<HandingOver>,
) -> Result<Json<PassView>, Problem> {
    let written = Written::HandedOver {
        priority,
        seen: texts::text("seen", &seen)?,
        done: done.map(|done| texts::text("done", &done)).transpose()?,
    };
    member.pass(written, &attached)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SendingBack {
    reason: Reason,
    /// What is missing, or whose it is: 1 to 500 characters.
    words: Option<String>,
    /// As for handing it over.
    #[serde(default)]
    attached: Vec<String>,
}

/// Sends the ticket back to the line that it came from
#[utoipa::path(post, path = "/api/team/ticket/return", request_body = SendingBack, responses((status = 200, body = PassView)))]
async fn send_back(
    member: Member,
    Body(SendingBack { reason, words, attached }): Body<SendingBack>,
) -> Result<Json<PassView>, Problem> {
    let words = words.map(|words| texts::text("words", &words)).transpose()?;
    member.pass(Written::SentBack { reason, words }, &attached)
}

/// Acknowledges the ticket in your line's queue: from now on your line sees, and works
#[utoipa::path(post, path = "/api/team/ticket/acknowledge", responses((status = 200, body = PassView)))]
async fn acknowledge(member: Member) -> Result<Json<PassView>, Problem> {
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
    fn pass(&self, written: Written, attached: &[String]) -> Result<Json<PassView>, Problem> {
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
