//! The HTTP API, and its description as `OpenAPI` made of the same handlers. Teaches that a page has no rights that a program with the same
//! credentials does not have.
//!
//! - [`open`]: joining and signing in, without credentials. [`team`]: what a team does. [`pins`]: evidence that it keeps.
//!   [`looks`] and [`content`]: what it looks at. [`desk`] and [`planning`]: what the facilitator does. [`events`]: changes as they happen. [`mod@debrief`]: what it was
//!   all about, and its [pages](debrief_pages). [`request`]: what comes in.

pub mod request;
pub mod events;
pub mod open;
pub mod team;
pub mod pins;
pub mod looks;
pub mod content;
pub mod desk;
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

use crate::room::Room;

/// The names of both credentials in the description.
const SCHEMES: [&str; 2] = ["team", "facilitator"];

#[derive(OpenApi)]
#[openapi(
    info(title = "Incident room", description = "What the pages of an incident room use, for programs."),
    modifiers(&Credentials)
)]
struct Description;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let components = description.components.get_or_insert_with(Components::new);
        for name in SCHEMES {
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
            components.add_security_scheme(name, SecurityScheme::Http(bearer));
        }
    }
}

/// All routes of the API, and its description at `/api/openapi.json`.
pub fn router() -> Router<Room> {
    let (router, description) = routes().split_for_parts();
    let description = serde_json::to_value(description).expect("a description is made of plain values");
    router.route("/api/openapi.json", get(async move || Json(description)))
}

fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(open::routes())
        .merge(team::routes())
        .merge(pins::routes())
        .merge(looks::routes())
        .merge(content::routes())
        .merge(desk::routes())
        .merge(planning::routes())
        .merge(debrief::routes())
        .merge(events::routes())
}
