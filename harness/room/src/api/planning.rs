//! What the facilitator prepares: rounds that have not begun, and a code for people's phones. Teaches that a plan is checked when it is made, not when it is played.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use chassis::Problem;
use http::{StatusCode, header};
use incident::OperatingModel;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    desk::{within, wrong},
    request::{Asked, At, Body, Object, Refusal},
};
use crate::{
    access::Facilitator,
    join::{qr, reachable},
    plan::{MINUTES_RANGE, ROUNDS_MAX, SPEED_RANGE, seed_of},
    room::Room,
    session::{Assigned, Round, Session, conflict, not_found},
};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(add_round))
        .routes(routes!(change_round, remove_round))
        .routes(routes!(qr_code))
}

/// A round as it is planned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Planned {
    /// Whether it counts for nothing.
    #[serde(default)]
    practice: bool,
    /// `ops-run-it` or `you-build-it`.
    operating_model: String,
    /// Story minutes a minute, from 1 to 120.
    speed: f64,
    /// Minutes without pauses, from 1 to 180.
    minutes: f64,
    /// What each team gets: one row for each team.
    #[schema(value_type = Vec<PlannedTeam>)]
    teams: Vec<Object<PlannedTeam>>,
}

/// What one team gets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlannedTeam {
    /// The team.
    team: u32,
    /// The scenario.
    scenario: String,
    /// The telemetry level.
    level: String,
}

/// Adds a round
#[utoipa::path(post, path = "/api/desk/plan", tag = "desk", security(("facilitator" = [])), request_body = Planned,
    responses((status = 204), Refusal))]
async fn add_round(
    State(room): State<Room>,
    _: Facilitator,
    Body(planned): Body<Planned>,
) -> Result<StatusCode, Problem> {
    {
        let mut session = room.session();
        if session.plan.len() >= ROUNDS_MAX {
            return Err(conflict(format!("{ROUNDS_MAX} rounds are the most.")));
        }
        let round = round_of(&session, session.plan.len(), &planned)?;
        session.plan.push(round);
    }
    room.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// Changes a round that has not begun
#[utoipa::path(put, path = "/api/desk/plan/{number}", tag = "desk", security(("facilitator" = [])),
    params(("number" = usize, Path)), request_body = Planned, responses((status = 204), Refusal))]
async fn change_round(
    State(room): State<Room>,
    _: Facilitator,
    At(number): At<usize>,
    Body(planned): Body<Planned>,
) -> Result<StatusCode, Problem> {
    {
        let mut session = room.session();
        not_begun(&session, number)?;
        let round = round_of(&session, number, &planned)?;
        session.plan[number] = round;
    }
    room.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a round off the plan that has not begun
#[utoipa::path(delete, path = "/api/desk/plan/{number}", tag = "desk", security(("facilitator" = [])),
    params(("number" = usize, Path)), responses((status = 204), Refusal))]
async fn remove_round(
    State(room): State<Room>,
    _: Facilitator,
    At(number): At<usize>,
) -> Result<StatusCode, Problem> {
    {
        let mut session = room.session();
        not_begun(&session, number)?;
        session.plan.remove(number);
    }
    room.changed();
    Ok(StatusCode::NO_CONTENT)
}

fn not_begun(session: &Session, number: usize) -> Result<(), Problem> {
    if number >= session.plan.len() {
        return Err(not_found("There is no such round."));
    }
    match session.next_round() {
        Some(next) if number >= next => Ok(()),
        _ => Err(conflict("This round has begun.")),
    }
}

fn round_of(session: &Session, number: usize, planned: &Planned) -> Result<Round, Problem> {
    within("speed", planned.speed, SPEED_RANGE)?;
    within("minutes", planned.minutes, MINUTES_RANGE)?;
    let model: OperatingModel =
        planned.operating_model.parse().map_err(|error| wrong("operating_model", format!("{error}.")))?;
    // Who keeps a scenario keeps its seed, so that all teams of a session meet the identical incident.
    let seed = |name: &str| {
        let known = session.plan.iter().flat_map(|round| &round.assigned);
        let mut known = known.filter(|assigned| assigned.scenario == name);
        let beyond = 1_000 + u64::try_from(number).unwrap_or_default();
        known.next().map_or_else(|| seed_of(session.seed, beyond), |assigned| assigned.seed)
    };
    let mut assigned = Vec::new();
    for team in &session.teams {
        let row = planned.teams.iter().map(|Object(row)| row).find(|row| row.team == team.number);
        let row = row.ok_or_else(|| wrong("teams", format!("There is no row for team {}.", team.number)))?;
        if !world::scenario::library().iter().any(|known| known.name == row.scenario) {
            return Err(wrong("scenario", format!("There is no scenario '{}'.", row.scenario)));
        }
        let level = row.level.parse().map_err(|error| wrong("level", format!("{error}.")))?;
        assigned.push(Assigned { scenario: row.scenario.clone(), seed: seed(&row.scenario), level });
    }
    let Planned { practice, speed, minutes, .. } = *planned;
    Ok(Round { practice, operating_model: model, speed, minutes, assigned })
}

/// Which address.
#[derive(Debug, Deserialize)]
struct Address {
    address: usize,
}

/// An address as a code for a phone's camera
#[utoipa::path(get, path = "/api/desk/qr", tag = "desk", security(("facilitator" = [])),
    params(("address" = usize, Query, description = "The place in the list of addresses")),
    responses((status = 200, content_type = "image/svg+xml", body = String), Refusal))]
async fn qr_code(
    State(room): State<Room>,
    _: Facilitator,
    Asked(Address { address }): Asked<Address>,
) -> Result<Response, Problem> {
    let code = room.session().code.clone();
    let reachable = reachable(room.address(), &code);
    let found = reachable.get(address).and_then(|reachable| qr(&reachable.url));
    let picture = found.ok_or_else(|| not_found("There is no such address."))?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], picture).into_response())
}
