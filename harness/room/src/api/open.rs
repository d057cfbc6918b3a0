//! Joining a team and signing in: the routes that need no credentials, because they give them.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, State},
    response::{IntoResponse, Response},
};
use chassis::Problem;
use http::{Extensions, HeaderMap, StatusCode, header, request::Parts};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::request::{Answer, Json};
use crate::{
    access::{DESK, REQUESTED_WITH, SEAT, code_of, cookie, cookie_of, is_same},
    rate_limits::{Client, Who},
    room::Room,
    seats::{Newcomer, Taken},
    session::{Phase, Seat, Team, forbidden},
    texts,
};

/// The one route of the facilitator that needs no credentials.
pub(super) const SIGN_IN: &str = "/api/desk/sign-in";

/// What anybody may know before joining.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Open {
    teams: Vec<OpenTeam>,
    needs_code: bool,
    /// Whether people may join now.
    joining_open: bool,
    phase: Phase,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OpenTeam {
    number: u32,
    name: String,
    members: usize,
}

/// The teams
#[utoipa::path(get, path = "/api/open", responses((status = 200, body = Open)))]
pub(super) async fn open(State(room): State<Room>) -> Json<Open> {
    Json(room.read(|session| {
        let team = |team: &Team| OpenTeam {
            number: team.number,
            name: team.name.clone(),
            members: session.members(team.number).len(),
        };
        let teams = session.teams.iter().map(team).collect();
        Open { teams, needs_code: true, joining_open: !session.joining_closed, phase: session.phase }
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Joining {
    code: String,
    team: u32,
    /// How to be called: 1 to 24 characters that can be seen, no real name needed.
    alias: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Joined {
    team: u32,
    /// Whether somebody of the team, or the facilitator, has to let you in first: `/api/seat` says when it has happened.
    waiting: bool,
}

/// Joins a team
///
/// A browser has one seat: who joins again gives the old one up. While a round is under way, a team that has people lets others in itself.
#[utoipa::path(post, path = "/api/join", responses((status = 200, body = Joined)))]
pub(super) async fn join(
    State(room): State<Room>,
    Parts { headers, extensions, .. }: Parts,
    Json(joining): Json<Joining>,
) -> Result<Response, Problem> {
    let client = Client::of(&extensions);
    // Checked before any limit, so that guesses never hold up the right code.
    if !room.read(|session| is_same(&session.code, &code_of(&joining.code))) {
        let refused = forbidden("That is not the code; the facilitator shows it.");
        return Err(room.rate_limits().guessed(client, refused));
    }
    let alias = texts::name("alias", &joining.alias)?;
    let shown = cookie_of(&headers, SEAT);
    let newcomer = Newcomer { team: joining.team, alias, client, shown: shown.as_deref() };
    let Taken { seat, gone } = room.change(|session| {
        let now = Instant::now();
        // A join that is refused for another reason does not use up the limit of its address.
        session.given_up_for(&newcomer, now)?;
        room.rate_limits().join(client)?;
        session.join(newcomer, now)
    })?;
    for id in gone {
        room.feeds().end(Who::Seat(id));
    }
    let headers = [(header::SET_COOKIE, cookie(SEAT, &seat.token))];
    Ok((headers, Json(Joined { team: joining.team, waiting: seat.waiting })).into_response())
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnSeat {
    team: u32,
    name: String,
    you: String,
    /// Whether you are still to be let in.
    waiting: bool,
}

/// The seat that this browser has taken
#[utoipa::path(get, path = "/api/seat", responses((status = 200, body = OwnSeat)))]
pub(super) async fn seat(State(room): State<Room>, parts: Parts) -> Answer<OwnSeat> {
    let none = || Problem::new(StatusCode::UNAUTHORIZED, "This browser has no seat in a team.");
    let shown = cookie_of(&parts.headers, SEAT).ok_or_else(none)?;
    let Some(Seat { id, team: Some(team), alias, waiting, .. }) = room.seat_of(&shown) else {
        return Err(room.rate_limits().guessed(Client::of(&parts.extensions), none()));
    };
    room.rate_limits().request(Who::Seat(id), None, false)?;
    let name = room.read(|session| session.team(team).map(|team| team.name.clone()))?;
    Ok(Json(OwnSeat { team, name, you: alias, waiting }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SigningIn {
    token: String,
}

/// Signs the facilitator in, or somebody with an invitation
#[utoipa::path(post, path = "/api/desk/sign-in")]
pub(super) async fn sign_in(
    State(room): State<Room>,
    extensions: Extensions,
    Json(shown): Json<SigningIn>,
) -> Result<Response, Problem> {
    let token = shown.token.trim();
    let (is_itself, invitation) =
        room.read(|session| (is_same(&session.facilitator_token, token), session.invited(token).cloned()));
    if !is_itself && invitation.is_none() {
        let detail = "That is neither the facilitator's token, which was printed when the room opened, nor that of an invitation.";
        let refused = forbidden(detail);
        return Err(room.rate_limits().guessed(Client::of(&extensions), refused));
    }
    let Taken { seat, gone } = room.change(|session| session.sign_in(invitation.as_ref(), Instant::now()));
    for id in gone {
        room.feeds().end(Who::Desk(id));
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(DESK, &seat.token))]).into_response())
}

/// Leaves the team, or the facilitator's page; streams of that seat end
#[utoipa::path(post, path = "/api/leave")]
pub(super) async fn leave(State(room): State<Room>, headers: HeaderMap) -> Result<Response, Problem> {
    requested_by_page(&headers)?;
    let shown: Vec<String> = [SEAT, DESK].iter().filter_map(|name| cookie_of(&headers, name)).collect();
    for seat in room.change(|session| session.leave(&shown)) {
        room.feeds().end(if seat.team.is_some() { Who::Seat(seat.id) } else { Who::Desk(seat.id) });
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    for name in [SEAT, DESK] {
        response.headers_mut().append(header::SET_COOKIE, cookie(name, ""));
    }
    Ok(response)
}

/// Tells the facilitator that this device has reached the room
#[utoipa::path(post, path = "/api/join-test")]
pub(super) async fn join_test(
    State(room): State<Room>,
    headers: HeaderMap,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
) -> Result<StatusCode, Problem> {
    requested_by_page(&headers)?;
    room.rate_limits().test(Client::new(from.ip()))?;
    room.reached_from(from.ip());
    Ok(StatusCode::NO_CONTENT)
}

/// Checks the header that pages of another site cannot send.
fn requested_by_page(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(REQUESTED_WITH) {
        return Ok(());
    }
    Err(forbidden("A change needs the header X-Requested-With."))
}
