//! Who may join: a team lets latecomers in, and the facilitator opens and closes joining, removes people, renews codes and tokens, and
//! invites others to the desk.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request::{Created, DONE, Done, Json, Path, created, done};
use crate::{
    access::{Facilitator, Member},
    invitations::{Invitation, Rights},
    rate_limits::Who,
    texts,
};

/// Lets somebody into the team who joined while a round is under way
#[utoipa::path(post, path = "/api/team/seats/{id}/let-in")]
pub(super) async fn let_in(member: Member, Path(id): Path<u32>) -> Done {
    member.room.change(|session| session.let_in(id, Some(member.team))).map(done)
}

/// Turns somebody away who waits to join the team
#[utoipa::path(delete, path = "/api/team/seats/{id}")]
pub(super) async fn turn_away(member: Member, Path(id): Path<u32>) -> Done {
    member.room.change(|session| session.take_away(id, Some(member.team))).map(done)
}

/// Whether people may join.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Opening {
    open: bool,
}

/// Closes joining, or opens it again
#[utoipa::path(post, path = "/api/desk/joining")]
pub(super) async fn joining(Facilitator(room): Facilitator, Json(is): Json<Opening>) -> StatusCode {
    room.change(|session| session.open_joining(is.open));
    StatusCode::NO_CONTENT
}

/// Makes a new code to join with; who is in stays in
#[utoipa::path(post, path = "/api/desk/code")]
pub(super) async fn new_code(Facilitator(room): Facilitator) -> StatusCode {
    room.change(|session| session.renew_code());
    StatusCode::NO_CONTENT
}

/// Lets somebody into a team who waits
#[utoipa::path(post, path = "/api/desk/seats/{id}/let-in")]
pub(super) async fn desk_let_in(Facilitator(room): Facilitator, Path(id): Path<u32>) -> Done {
    room.change(|session| session.let_in(id, None)).map(done)
}

/// Takes somebody's seat away
///
/// Whoever sat there knew the team's token for programs, so that the team gets a new one.
#[utoipa::path(delete, path = "/api/desk/seats/{id}")]
pub(super) async fn remove(Facilitator(room): Facilitator, Path(id): Path<u32>) -> Done {
    let team = room.change(|session| session.take_away(id, None))?;
    room.feeds().end(Who::Seat(id));
    room.feeds().end(Who::Program(team));
    DONE
}

/// Makes a new token for a team's programs; the old one is invalid
#[utoipa::path(post, path = "/api/desk/teams/{team}/token")]
pub(super) async fn new_token(Facilitator(room): Facilitator, Path(team): Path<u32>) -> Done {
    room.change(|session| session.renew_token(team))?;
    room.feeds().end(Who::Program(team));
    DONE
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Inviting {
    /// Whom it is for: 1 to 24 characters.
    name: String,
    rights: Rights,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Invited {
    id: u32,
    /// What they sign in with. It is told this once.
    token: String,
}

/// Invites somebody to the desk: a second facilitator, or a note-taker who sees everything and marks moments
#[utoipa::path(post, path = "/api/desk/invitations", responses((status = 201, body = Invited)))]
pub(super) async fn invite(Facilitator(room): Facilitator, Json(one): Json<Inviting>) -> Created<Invited> {
    let name = texts::name("name", &one.name)?;
    let Invitation { id, token, .. } = room.change(|session| session.invite(name, one.rights))?;
    Ok(created(Invited { id, token }))
}

/// Takes an invitation back; who came with it is signed out at once
#[utoipa::path(delete, path = "/api/desk/invitations/{id}")]
pub(super) async fn uninvite(Facilitator(room): Facilitator, Path(id): Path<u32>) -> Done {
    for seat in room.change(|session| session.uninvite(id))? {
        room.feeds().end(Who::Desk(seat));
    }
    DONE
}
