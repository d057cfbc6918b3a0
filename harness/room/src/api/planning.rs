//! What the facilitator prepares: rounds that have not begun, and a QR code for phones. Teaches to check a plan when it is made, not when it
//! is played.

use axum::response::{IntoResponse, Response};
use chassis::Problem;
use http::header;
use incident::OperatingModel;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::request::{Done, Json, Path, Query, done, within};
use crate::{
    access::Facilitator,
    join::{qr, reachable},
    plan::{MINUTES_RANGE, SPEED_RANGE, seed_of},
    session::{Assigned, Round, Session, not_found, wrong},
    voices::{EVERY_MINUTES_RANGE, FIRST_MINUTES_RANGE, Updates},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Planned {
    /// Whether it counts for nothing.
    #[serde(default)]
    practice: bool,
    /// `ops-run-it` or `you-build-it`.
    operating_model: String,
    /// Story minutes a minute, from 1 to 120.
    speed: f64,
    /// Minutes without pauses, from 1 to 180.
    minutes: f64,
    /// When the director asks for status updates; null: only by hand.
    #[serde(default)]
    updates: Option<Updates>,
    /// What each team gets: one row for each team.
    #[serde(deserialize_with = "chassis::extract::objects")]
    teams: Vec<PlannedTeam>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedTeam {
    team: u32,
    scenario: String,
    level: String,
}

/// Adds a round
#[utoipa::path(post, path = "/api/desk/plan")]
pub(super) async fn add_round(Facilitator(room): Facilitator, Json(planned): Json<Planned>) -> Done {
    room.change(|session| {
        let round = round_of(session, session.plan.len(), &planned)?;
        session.add_round(round)
    })
    .map(done)
}

/// Changes a round that has not begun
#[utoipa::path(put, path = "/api/desk/plan/{number}")]
pub(super) async fn change_round(
    Facilitator(room): Facilitator,
    Path(number): Path<usize>,
    Json(planned): Json<Planned>,
) -> Done {
    room.plan(|session| {
        let round = round_of(session, number, &planned)?;
        session.change_round(number, round)
    })
    .await
    .map(done)
}

/// Removes a round that has not begun
#[utoipa::path(delete, path = "/api/desk/plan/{number}")]
pub(super) async fn remove_round(Facilitator(room): Facilitator, Path(number): Path<usize>) -> Done {
    room.plan(|session| session.remove_round(number)).await.map(done)
}

fn round_of(session: &Session, number: usize, planned: &Planned) -> Result<Round, Problem> {
    within("speed", planned.speed, SPEED_RANGE)?;
    within("minutes", planned.minutes, MINUTES_RANGE)?;
    let model: OperatingModel =
        planned.operating_model.parse().map_err(|error| wrong("operating_model", format!("{error}.")))?;
    // A scenario has one seed in a session, so that all teams meet the identical incident.
    let seed = |name: &str| {
        let known = session.plan.iter().flat_map(|round| &round.assigned);
        let mut known = known.filter(|assigned| assigned.scenario == name);
        let beyond = 1_000 + u64::try_from(number).unwrap_or_default();
        known.next().map_or_else(|| seed_of(session.seed, beyond), |assigned| assigned.seed)
    };
    let mut assigned = Vec::new();
    for team in &session.teams {
        let row = planned.teams.iter().find(|row| row.team == team.number);
        let row = row.ok_or_else(|| wrong("teams", format!("There is no row for team {}.", team.number)))?;
        if !world::scenario::library().iter().any(|known| known.name == row.scenario) {
            return Err(wrong("scenario", format!("There is no scenario '{}'.", row.scenario)));
        }
        let level = row.level.parse().map_err(|error| wrong("level", format!("{error}.")))?;
        let (scenario, seed) = (row.scenario.clone(), seed(&row.scenario));
        assigned.push(Assigned { scenario, text: None, seed, level });
    }
    if let Some(Updates { first_minutes, every_minutes }) = planned.updates {
        within("first_minutes", first_minutes, FIRST_MINUTES_RANGE)?;
        within("every_minutes", every_minutes, EVERY_MINUTES_RANGE)?;
    }
    let Planned { practice, speed, minutes, updates, .. } = *planned;
    Ok(Round { practice, operating_model: model, speed, minutes, updates, assigned })
}

#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct Address {
    /// The place in the list of addresses
    address: usize,
}

/// A QR code of an address
#[utoipa::path(get, path = "/api/desk/qr", params(Address), responses((status = 200, content_type = "image/svg+xml", body = String)))]
pub(super) async fn qr_code(
    Facilitator(room): Facilitator,
    Query(Address { address }): Query<Address>,
) -> Result<Response, Problem> {
    let reachable = room.read(|session| reachable(room.address(), &session.code));
    let found = reachable.get(address).and_then(|reachable| qr(&reachable.url));
    let picture = found.ok_or_else(|| not_found("There is no such address."))?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], picture).into_response())
}
