//! Who is in: a team lets people in who come late, and the facilitator says whether, where and with what code people may join.

use axum::extract::State;
use chassis::Problem;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{At, Body, Refusal};
use crate::{
    access::{Facilitator, Member, code, token},
    allowance::Who,
    room::Room,
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
}

/// Lets somebody into the team who joined while a round is under way
#[utoipa::path(post, path = "/api/team/seats/{id}/let-in", tag = "team", security(("team" = [])),
    params(("id" = u32, Path)), responses((status = 204), Refusal))]
async fn let_in(State(room): State<Room>, member: Member, At(id): At<u32>) -> Result<StatusCode, Problem> {
    room.session().let_in(id, Some(member.team))?;
    room.changed_in(member.team);
    Ok(StatusCode::NO_CONTENT)
}

/// Turns somebody away who waits to be let into the team
#[utoipa::path(delete, path = "/api/team/seats/{id}", tag = "team", security(("team" = [])),
    params(("id" = u32, Path)), responses((status = 204), Refusal))]
async fn turn_away(State(room): State<Room>, member: Member, At(id): At<u32>) -> Result<StatusCode, Problem> {
    room.session().take_away(id, Some(member.team))?;
    room.changed_in(member.team);
    Ok(StatusCode::NO_CONTENT)
}

/// Whether people may join.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Opening {
    /// True to open joining, false to close it.
    open: bool,
}

/// Closes joining, or opens it again
#[utoipa::path(post, path = "/api/desk/joining", tag = "desk", security(("facilitator" = [])), request_body = Opening,
    responses((status = 204), Refusal))]
async fn joining(
    State(room): State<Room>,
    _: Facilitator,
    Body(Opening { open }): Body<Opening>,
) -> Result<StatusCode, Problem> {
    room.session().joining_closed = !open;
    room.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new code to join with; who is in stays in
#[utoipa::path(post, path = "/api/desk/code", tag = "desk", security(("facilitator" = [])),
    responses((status = 204), Refusal))]
async fn new_code(State(room): State<Room>, _: Facilitator) -> StatusCode {
    room.session().code = code();
    room.changed();
    StatusCode::NO_CONTENT
}

/// Lets somebody into a team who waits
#[utoipa::path(post, path = "/api/desk/seats/{id}/let-in", tag = "desk", security(("facilitator" = [])),
    params(("id" = u32, Path)), responses((status = 204), Refusal))]
async fn desk_let_in(
    State(room): State<Room>,
    _: Facilitator,
    At(id): At<u32>,
) -> Result<StatusCode, Problem> {
    let team = room.session().let_in(id, None)?;
    room.changed_in(team);
    Ok(StatusCode::NO_CONTENT)
}

/// Takes somebody's seat away
///
/// Whoever sat there knew the team's token for programs, so that the team gets a new one.
#[utoipa::path(delete, path = "/api/desk/seats/{id}", tag = "desk", security(("facilitator" = [])),
    params(("id" = u32, Path)), responses((status = 204), Refusal))]
async fn remove(State(room): State<Room>, _: Facilitator, At(id): At<u32>) -> Result<StatusCode, Problem> {
    let team = room.session().take_away(id, None)?;
    room.boards().end(Who::Seat(id));
    room.boards().end(Who::Program(team));
    room.changed_in(team);
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new token for a team's programs; the old one opens nothing any longer
#[utoipa::path(post, path = "/api/desk/teams/{team}/token", tag = "desk", security(("facilitator" = [])),
    params(("team" = u32, Path)), responses((status = 204), Refusal))]
async fn new_token(
    State(room): State<Room>,
    _: Facilitator,
    At(team): At<u32>,
) -> Result<StatusCode, Problem> {
    room.session().team_mut(team)?.token = token();
    room.boards().end(Who::Program(team));
    room.changed_in(team);
    Ok(StatusCode::NO_CONTENT)
}
