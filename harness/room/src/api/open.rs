//! Joining a team and signing in: what needs no credentials, because it gives them.

use std::net::SocketAddr;

use axum::{
    Json,
    extract::{ConnectInfo, State},
    response::{IntoResponse, Response},
};
use chassis::Problem;
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{Body, Refusal};
use crate::{
    access::{ATTEMPTS_BURST, ATTEMPTS_PER_SECOND, DESK, SEAT, cookie, cookie_of, is_same, token},
    room::Room,
    session::{ALIAS_CHARACTERS_MAX, Phase, SEATS_PER_TEAM_MAX, Seat, conflict, typed},
};

/// Facilitator's browsers that are remembered.
const DESKS_MAX: usize = 16;

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(join))
        .routes(routes!(sign_in))
        .routes(routes!(leave))
        .routes(routes!(join_test))
}

/// What somebody may know who has not joined.
#[derive(Debug, Serialize, ToSchema)]
struct Open {
    teams: Vec<OpenTeam>,
    needs_code: bool,
    phase: Phase,
}

/// A team that can be joined.
#[derive(Debug, Serialize, ToSchema)]
struct OpenTeam {
    number: u32,
    name: String,
    members: usize,
}

/// The teams
#[utoipa::path(get, path = "/api/open", tag = "open", security(()), responses((status = 200, body = Open)))]
async fn open(State(room): State<Room>) -> Json<Open> {
    let session = room.session();
    let team = |team: &crate::session::Team| OpenTeam {
        number: team.number,
        name: team.name.clone(),
        members: session.members(team.number).len(),
    };
    let teams = session.teams.iter().map(team).collect();
    Json(Open { teams, needs_code: true, phase: session.phase })
}

/// Who joins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Joining {
    /// The code that the facilitator shows.
    code: String,
    /// The team.
    team: u32,
    /// How to be called: 1 to 24 characters, no real name needed.
    alias: String,
}

/// A team that was joined.
#[derive(Debug, Serialize, ToSchema)]
struct Joined {
    team: u32,
}

/// Joins a team
#[utoipa::path(post, path = "/api/join", tag = "open", security(()), request_body = Joining,
    responses((status = 200, body = Joined), Refusal))]
async fn join(State(room): State<Room>, Body(joining): Body<Joining>) -> Result<Response, Problem> {
    room.limits().spend("join", ATTEMPTS_PER_SECOND, ATTEMPTS_BURST)?;
    let alias = typed("alias", &joining.alias, ALIAS_CHARACTERS_MAX)?;
    let token = {
        let mut session = room.session();
        if !is_same(&session.code, &joining.code.trim().to_uppercase()) {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "That is not the code; the facilitator shows it.",
            ));
        }
        session.team(joining.team)?;
        if session.members(joining.team).len() >= SEATS_PER_TEAM_MAX {
            return Err(conflict(format!("The team is full: {SEATS_PER_TEAM_MAX} pages are open.")));
        }
        let token = token();
        session.seats.push(Seat { team: Some(joining.team), alias, token: token.clone() });
        token
    };
    room.changed();
    let headers = [(header::SET_COOKIE, cookie(SEAT, &token))];
    Ok((headers, Json(Joined { team: joining.team })).into_response())
}

/// What the facilitator shows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SigningIn {
    /// The facilitator's token.
    token: String,
}

/// Signs the facilitator in
#[utoipa::path(post, path = "/api/desk/sign-in", tag = "open", security(()), request_body = SigningIn,
    responses((status = 204), Refusal))]
async fn sign_in(State(room): State<Room>, Body(shown): Body<SigningIn>) -> Result<Response, Problem> {
    room.limits().spend("sign in", ATTEMPTS_PER_SECOND, ATTEMPTS_BURST)?;
    let token = {
        let mut session = room.session();
        if !is_same(&session.facilitator_token, shown.token.trim()) {
            let detail = "That is not the facilitator's token; it was printed when the room opened.";
            return Err(Problem::new(StatusCode::FORBIDDEN, detail));
        }
        let desks = session.seats.iter().filter(|seat| seat.team.is_none()).count();
        if desks >= DESKS_MAX {
            let oldest = session.seats.iter().position(|seat| seat.team.is_none());
            oldest.map(|oldest| session.seats.remove(oldest));
        }
        let token = token();
        session.seats.push(Seat { team: None, alias: "facilitator".to_owned(), token: token.clone() });
        token
    };
    room.changed();
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(DESK, &token))]).into_response())
}

/// Leaves the team, or the facilitator's page
#[utoipa::path(post, path = "/api/leave", tag = "open", security(()), responses((status = 204), Refusal))]
async fn leave(State(room): State<Room>, headers: HeaderMap) -> Result<Response, Problem> {
    if !headers.contains_key(crate::access::REQUESTED_WITH) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "A change needs the header X-Requested-With."));
    }
    let shown: Vec<String> = [SEAT, DESK].iter().filter_map(|name| cookie_of(&headers, name)).collect();
    room.session().seats.retain(|seat| !shown.iter().any(|shown| is_same(&seat.token, shown)));
    room.changed();
    let mut response = StatusCode::NO_CONTENT.into_response();
    for name in [SEAT, DESK] {
        response.headers_mut().append(header::SET_COOKIE, cookie(name, ""));
    }
    Ok(response)
}

/// Tells the facilitator that this device has reached the room
#[utoipa::path(post, path = "/api/join-test", tag = "open", security(()), responses((status = 204), Refusal))]
async fn join_test(
    State(room): State<Room>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
) -> Result<StatusCode, Problem> {
    room.limits().spend("join test", ATTEMPTS_PER_SECOND, ATTEMPTS_BURST)?;
    room.reached_from(from.ip());
    room.changed();
    Ok(StatusCode::NO_CONTENT)
}
