//! Roles in an incident, which nobody has to take: who holds which, how command goes on, the commander's go, and the scribe's lines. While a
//! team plays lines of support, the ticket says who acts, and these rest.

use axum::Json;
use chassis::Problem;
use http::StatusCode;
use incident::EventKind;
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    request::{Body, DONE, Done, InPath},
    team::Text,
};
use crate::{
    access::Member,
    played::Moment,
    role_views::{OfferView, ProposalView, offer_view, proposal_view},
    roles::{Command, Role, only_people},
    room::Room,
    session::conflict,
    texts,
};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(take, put_down))
        .routes(routes!(offer))
        .routes(routes!(accept))
        .routes(routes!(decide))
        .routes(routes!(note))
}

/// Takes a role that is free, or whose holder has been silent for a minute; the deputy may take command at any time
#[utoipa::path(put, path = "/api/team/roles/{role}", params(("role" = Role, Path)))]
async fn take(member: Member, InPath(role): InPath<Role>) -> Done {
    let (seat, now) = (member.seat()?, (Instant::now(), member.moment()));
    member.room.change(|session| session.take_role(member.team, seat, role, now))?;
    DONE
}

/// Puts a role down; nobody holds it then
#[utoipa::path(delete, path = "/api/team/roles/{role}", params(("role" = Role, Path)))]
async fn put_down(member: Member, InPath(role): InPath<Role>) -> Done {
    let (seat, now) = (member.seat()?, member.moment());
    member.room.change(|session| session.put_down_role(member.team, seat, role, now))?;
    DONE
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Offering {
    /// The seat of somebody of your team: `people` under `roles` of your state lists them.
    to: u32,
    /// What the next commander has to know: 1 to 500 characters.
    words: String,
}

/// Offers command to somebody of the team; you have it until they accept
#[utoipa::path(post, path = "/api/team/command/offer", request_body = Offering, responses((status = 200, body = OfferView)))]
async fn offer(
    member: Member,
    Body(Offering { to, words }): Body<Offering>,
) -> Result<Json<OfferView>, Problem> {
    let (seat, words) = (member.seat()?, texts::text("words", &words)?);
    let now = member.team_world()?.now();
    let made = member.room.change(|session| session.offer_command(member.team, (seat, to), words, now))?;
    Ok(Json(offer_view(&made)))
}

/// Accepts the command that was offered to you
#[utoipa::path(post, path = "/api/team/command/accept", responses((status = 200, body = OfferView)))]
async fn accept(member: Member) -> Result<Json<OfferView>, Problem> {
    let (seat, now) = (member.seat()?, member.team_world()?.now());
    let taken: Command = member.room.change(|session| session.accept_command(member.team, seat, now))?;
    if let (Some(from), Some(to)) = (&taken.from, &taken.to) {
        member.note(EventKind::Note { text: format!("command went from {from} to {to}") });
    }
    Ok(Json(offer_view(&taken)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Deciding {
    /// Whether it begins now; false: it is not to be done.
    go: bool,
}

/// Gives a proposed remedy the go, or says that it is not to be done now: the commander or the deputy, or anybody where nobody commands
#[utoipa::path(post, path = "/api/team/proposals/{id}", params(("id" = String, Path)), request_body = Deciding,
    responses((status = 200, body = ProposalView)))]
async fn decide(
    member: Member,
    InPath(id): InPath<String>,
    Body(Deciding { go }): Body<Deciding>,
) -> Result<Json<ProposalView>, Problem> {
    member.may_decide()?;
    let before = member.team_world()?.figures().availability;
    let (decided, _) = member.work(|played, now| played.decide(&id, go, (now, before), &member.alias))?;
    Ok(Json(proposal_view(&decided)))
}

/// Writes a line into the team's log: the scribe does
#[utoipa::path(post, path = "/api/team/notes", request_body = Text)]
async fn note(member: Member, Body(Text { text }): Body<Text>) -> Done {
    let text = texts::text("text", &text)?;
    let seat = member.seat()?;
    let scribe = member.room.read(|session| session.holder(member.team, Role::Scribe).map(|one| one.id));
    if scribe != Some(seat) {
        return Err(conflict("The scribe writes the log; take that role first."));
    }
    member.work(|played, now| {
        played.may_act()?;
        played.tell(now, "note", &text, Some(&member.alias));
        Ok(())
    })?;
    member.note(EventKind::Note { text: format!("the scribe: {text}") });
    DONE
}

impl Member {
    /// The seat of a person; a program has none.
    pub(super) fn seat(&self) -> Result<u32, Problem> {
        self.who.seat().ok_or_else(only_people)
    }

    /// When it is in the team's world; between rounds nothing is timed.
    fn moment(&self) -> Moment {
        self.room.team_world(self.team).map(|team_world| team_world.now()).unwrap_or_default()
    }

    /// Refuses who needs another's go.
    fn may_decide(&self) -> Result<(), Problem> {
        let needed = self
            .room
            .read(|session| session.whose_go(self.team, self.who).map(|commander| commander.alias.clone()));
        needed.map_or(Ok(()), |commander| {
            let detail = format!("{commander} commands: they or the deputy give the go.");
            Err(Problem::new(StatusCode::FORBIDDEN, detail))
        })
    }
}
