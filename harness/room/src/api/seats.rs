//! Who may join: a team lets latecomers in, and the facilitator opens and closes joining, removes people, renews codes and tokens, and
//! invites others to the desk.

use axum::Json;
use chassis::Problem;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{Body, DONE, Done, InPath};
use crate::{
    access::{Facilitator, Member},
    invitations::Rights,
    rate_limits::Who,
    room::Room,
    texts,
};

pub(super) fn of_team() -> OpenApiRouter<Room> {
    OpenApiRouter::new().routes(routes!(let_in)).routes(routes!(turn_away))
}

pub(super) fn of_desk() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(joining))
        .routes(routes!(new_code))
        .routes(routes!(desk_let_in))
        .routes(routes!(remove))
        .routes(routes!(new_token))
        .routes(routes!(invite))
        .routes(routes!(uninvite))
}

/// Lets somebody into the team who joined while a round is under way
#[utoipa::path(post, path = "/api/team/seats/{id}/let-in", params(("id" = u32, Path)))]
async fn let_in(member: Member, InPath(id): InPath<u32>) -> Done {
    member.room.change(|session| session.let_in(id, Some(member.team)))?;
    DONE
}

/// Turns somebody away who waits to join the team
#[utoipa::path(delete, path = "/api/team/seats/{id}", params(("id" = u32, Path)))]
async fn turn_away(member: Member, InPath(id): InPath<u32>) -> Done {
    member.room.change(|session| session.take_away(id, Some(member.team)))?;
    DONE
}

/// Whether people may join.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Opening {
    open: bool,
}

/// Closes joining, or opens it again
#[utoipa::path(post, path = "/api/desk/joining", request_body = Opening)]
async fn joining(Facilitator { room, .. }: Facilitator, Body(Opening { open }): Body<Opening>) -> Done {
    room.change(|session| session.open_joining(open));
    DONE
}

/// Makes a new code to join with; who is in stays in
#[utoipa::path(post, path = "/api/desk/code")]
async fn new_code(Facilitator { room, .. }: Facilitator) -> StatusCode {
    room.change(|session| session.renew_code());
    StatusCode::NO_CONTENT
}

/// Lets somebody into a team who waits
#[utoipa::path(post, path = "/api/desk/seats/{id}/let-in", params(("id" = u32, Path)))]
async fn desk_let_in(Facilitator { room, .. }: Facilitator, InPath(id): InPath<u32>) -> Done {
    room.change(|session| session.let_in(id, None))?;
    DONE
}

/// Takes somebody's seat away
///
/// Whoever sat there knew the team's token for programs, so that the team gets a new one.
#[utoipa::path(delete, path = "/api/desk/seats/{id}", params(("id" = u32, Path)))]
async fn remove(Facilitator { room, .. }: Facilitator, InPath(id): InPath<u32>) -> Done {
    let team = room.change(|session| session.take_away(id, None))?;
    room.feeds().end(Who::Seat(id));
    room.feeds().end(Who::Program(team));
    DONE
}

/// Makes a new token for a team's programs; the old one is invalid
#[utoipa::path(post, path = "/api/desk/teams/{team}/token", params(("team" = u32, Path)))]
async fn new_token(Facilitator { room, .. }: Facilitator, InPath(team): InPath<u32>) -> Done {
    room.change(|session| session.renew_token(team))?;
    room.feeds().end(Who::Program(team));
    DONE
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Inviting {
    /// Whom it is for: 1 to 24 characters.
    name: String,
    rights: Rights,
}

#[derive(Debug, Serialize, ToSchema)]
struct Invited {
    id: u32,
    /// What they sign in with. It is told this once.
    token: String,
}

/// Invites somebody to the desk: a second facilitator, or a note-taker who sees everything and marks moments
#[utoipa::path(post, path = "/api/desk/invitations", request_body = Inviting, responses((status = 201, body = Invited)))]
async fn invite(
    Facilitator { room, .. }: Facilitator,
    Body(Inviting { name, rights }): Body<Inviting>,
) -> Result<(StatusCode, Json<Invited>), Problem> {
    let name = texts::name("name", &name)?;
    let made = room.change(|session| session.invite(name, rights))?;
    Ok((StatusCode::CREATED, Json(Invited { id: made.id, token: made.token })))
}

/// Takes an invitation back; who came with it is signed out at once
#[utoipa::path(delete, path = "/api/desk/invitations/{id}", params(("id" = u32, Path)))]
async fn uninvite(Facilitator { room, .. }: Facilitator, InPath(id): InPath<u32>) -> Done {
    for seat in room.change(|session| session.uninvite(id))? {
        room.feeds().end(Who::Desk(seat));
    }
    DONE
}
