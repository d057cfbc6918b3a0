//! The HTTP API, and its description as `OpenAPI` made of the same handlers. Teaches that a page has no rights that a program with the same
//! credentials does not have.
//!
//! - [`open`]: joining and signing in, without credentials. [`team`]: what a team does. [`pins`]: evidence that it keeps.
//!   [`looks`] and [`content`]: what it looks at. [`desk`] and [`planning`]: what the facilitator does. [`seats`]: who is in. [`events`]:
//!   changes as they happen. [`mod@debrief`]: what it was all about, and its [pages](debrief_pages). [`request`]: what comes in.
//!
//! There are two descriptions. Everybody may read the participants'; the facilitator's names what participants need not know is there, and
//! is for the facilitator alone.

pub mod request;
pub mod events;
pub mod open;
pub mod team;
pub mod pins;
pub mod looks;
pub mod content;
pub mod desk;
pub mod seats;
pub mod planning;
pub mod debrief;
pub mod debrief_pages;
#[cfg(test)]
mod debrief_tests;

use axum::{Json, Router, routing::get};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Components,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{access::Facilitator, room::Room};

#[derive(OpenApi)]
#[openapi(
    info(title = "Incident room", description = "What the pages of an incident room use, for programs."),
    modifiers(&OfTeam)
)]
struct Participants;

#[derive(OpenApi)]
#[openapi(
    info(title = "Incident room: facilitator", description = "What the facilitator's pages use, for programs."),
    modifiers(&OfFacilitator)
)]
struct Desk;

/// The credential that the participants' description is about.
struct OfTeam;

/// The credential that the facilitator's description is about.
struct OfFacilitator;

impl Modify for OfTeam {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        add_credential(description, "team");
    }
}

impl Modify for OfFacilitator {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        add_credential(description, "facilitator");
    }
}

fn add_credential(description: &mut utoipa::openapi::OpenApi, name: &str) {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let components = description.components.get_or_insert_with(Components::new);
    components.add_security_scheme(name, SecurityScheme::Http(bearer));
}

/// All routes of the API, and their descriptions at `/api/openapi.json` and `/api/desk/openapi.json`.
pub fn router() -> Router<Room> {
    let (participants, of_participants) = participants().split_for_parts();
    let (desk, of_desk) = desk().split_for_parts();
    let written =
        |description| serde_json::to_value(description).expect("a description is made of plain values");
    let (of_participants, of_desk) = (written(of_participants), written(of_desk));
    participants
        .merge(desk)
        .route("/api/openapi.json", get(async move || Json(of_participants)))
        .route("/api/desk/openapi.json", get(async move |_: Facilitator| Json(of_desk)))
}

fn participants() -> OpenApiRouter<Room> {
    OpenApiRouter::with_openapi(Participants::openapi())
        .merge(open::routes())
        .merge(team::routes())
        .merge(seats::of_team())
        .merge(pins::routes())
        .merge(looks::routes())
        .merge(content::routes())
        .merge(debrief::of_team())
        .merge(events::of_team())
}

fn desk() -> OpenApiRouter<Room> {
    OpenApiRouter::with_openapi(Desk::openapi())
        .merge(open::of_desk())
        .merge(desk::routes())
        .merge(seats::of_desk())
        .merge(planning::routes())
        .merge(debrief::of_desk())
        .merge(events::of_desk())
}
