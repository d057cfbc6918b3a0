//! Joining a team and signing in: what needs no credentials, because it gives them.

use std::net::SocketAddr;

use axum::{
    Json,
    extract::{ConnectInfo, State},
    response::{IntoResponse, Response},
};
use chassis::Problem;
use http::{Extensions, HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{Body, Refusal};
use crate::{
    access::{DESK, REQUESTED_WITH, SEAT, code_of, cookie, cookie_of, is_same},
    allowance::{Client, Who},
    room::Room,
    seats::{Newcomer, Taken},
    session::Phase,
    texts,
};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(join))
        .routes(routes!(seat))
        .routes(routes!(leave))
        .routes(routes!(join_test))
}

/// The one door of the facilitator that needs no credentials.
pub(super) fn of_desk() -> OpenApiRouter<Room> {
    OpenApiRouter::new().routes(routes!(sign_in))
}

/// What somebody may know who has not joined.
#[derive(Debug, Serialize, ToSchema)]
struct Open {
    teams: Vec<OpenTeam>,
    needs_code: bool,
    /// Whether people may join now.
    joining_open: bool,
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
    Json(Open { teams, needs_code: true, joining_open: !session.joining_closed, phase: session.phase })
}

/// Who joins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Joining {
    /// The code that the facilitator shows.
    code: String,
    /// The team.
    team: u32,
    /// How to be called: 1 to 24 characters that can be seen, no real name needed.
    alias: String,
}

/// A team that was joined.
#[derive(Debug, Serialize, ToSchema)]
struct Joined {
    team: u32,
    /// Whether somebody of the team, or the facilitator, has to let you in first: `/api/seat` says when it has happened.
    waiting: bool,
}

/// Joins a team
///
/// A browser has one seat: who joins again gives the old one up. While a round is under way, a team that has people lets others in itself.
#[utoipa::path(post, path = "/api/join", tag = "open", security(()), request_body = Joining,
    responses((status = 200, body = Joined), Refusal))]
async fn join(
    State(room): State<Room>,
    extensions: Extensions,
    headers: HeaderMap,
    Body(joining): Body<Joining>,
) -> Result<Response, Problem> {
    let client = Client::of(&extensions);
    // The right code is never held up by those who guess; so it is looked at first.
    if !is_same(&room.session().code, &code_of(&joining.code)) {
        let refused = Problem::new(StatusCode::FORBIDDEN, "That is not the code; the facilitator shows it.");
        return Err(room.allowance().guessed(client, refused));
    }
    let alias = texts::name("alias", &joining.alias)?;
    room.allowance().join(client)?;
    let shown = cookie_of(&headers, SEAT);
    let newcomer = Newcomer { team: joining.team, alias, client, shown: shown.as_deref() };
    let taken = room.session().take_seat(newcomer, Instant::now())?;
    let Taken { seat, gone } = taken;
    for id in gone {
        room.boards().end(Who::Seat(id));
    }
    room.changed();
    let headers = [(header::SET_COOKIE, cookie(SEAT, &seat.token))];
    Ok((headers, Json(Joined { team: joining.team, waiting: seat.waiting })).into_response())
}

/// The seat of a browser.
#[derive(Debug, Serialize, ToSchema)]
struct OwnSeat {
    team: u32,
    /// How the team is called.
    name: String,
    /// How you are called.
    you: String,
    /// Whether you are still to be let in.
    waiting: bool,
}

/// The seat that this browser has taken
#[utoipa::path(get, path = "/api/seat", tag = "open", security(()),
    responses((status = 200, body = OwnSeat), Refusal))]
async fn seat(
    State(room): State<Room>,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Json<OwnSeat>, Problem> {
    let none = || Problem::new(StatusCode::UNAUTHORIZED, "This browser has no seat, or no longer.");
    let shown = cookie_of(&headers, SEAT).ok_or_else(none)?;
    let found = {
        let mut session = room.session();
        let found = session.seats.iter_mut().find(|seat| seat.team.is_some() && is_same(&seat.token, &shown));
        let found = found.map(|seat| {
            seat.hear(Instant::now());
            (seat.id, seat.team.unwrap_or_default(), seat.alias.clone(), seat.waiting)
        });
        match found {
            Some((id, team, you, waiting)) => {
                Some((id, OwnSeat { team, name: session.team(team)?.name.clone(), you, waiting }))
            }
            None => None,
        }
    };
    let Some((id, own)) = found else {
        return Err(room.allowance().guessed(Client::of(&extensions), none()));
    };
    room.allowance().request(Who::Seat(id), None, false)?;
    Ok(Json(own))
}

/// What the facilitator shows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SigningIn {
    /// The facilitator's token.
    token: String,
}

/// Signs the facilitator in
#[utoipa::path(post, path = "/api/desk/sign-in", tag = "desk", security(()), request_body = SigningIn,
    responses((status = 204), Refusal))]
async fn sign_in(
    State(room): State<Room>,
    extensions: Extensions,
    Body(shown): Body<SigningIn>,
) -> Result<Response, Problem> {
    if !is_same(&room.session().facilitator_token, shown.token.trim()) {
        let detail = "That is not the facilitator's token; it was printed when the room opened.";
        let refused = Problem::new(StatusCode::FORBIDDEN, detail);
        return Err(room.allowance().guessed(Client::of(&extensions), refused));
    }
    let Taken { seat, gone } = room.session().take_desk(Instant::now());
    for id in gone {
        room.boards().end(Who::Desk(id));
    }
    room.changed();
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(DESK, &seat.token))]).into_response())
}

/// Leaves the team, or the facilitator's page; whatever followed with that seat ends
#[utoipa::path(post, path = "/api/leave", tag = "open", security(()), responses((status = 204), Refusal))]
async fn leave(State(room): State<Room>, headers: HeaderMap) -> Result<Response, Problem> {
    requested_by_page(&headers)?;
    let shown: Vec<String> = [SEAT, DESK].iter().filter_map(|name| cookie_of(&headers, name)).collect();
    let is_shown = |token: &str| shown.iter().any(|shown| is_same(token, shown));
    let gone: Vec<_> = room.session().seats.extract_if(.., |seat| is_shown(&seat.token)).collect();
    for seat in &gone {
        room.boards().end(if seat.team.is_some() { Who::Seat(seat.id) } else { Who::Desk(seat.id) });
    }
    if !gone.is_empty() {
        room.changed();
    }
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
    headers: HeaderMap,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
) -> Result<StatusCode, Problem> {
    requested_by_page(&headers)?;
    room.allowance().test(Client::new(from.ip()))?;
    room.reached_from(from.ip());
    room.boards().changed_on_the_desk();
    Ok(StatusCode::NO_CONTENT)
}

/// What a page sends along, and a page of another site cannot.
fn requested_by_page(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(REQUESTED_WITH) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "A change needs the header X-Requested-With."))
}
