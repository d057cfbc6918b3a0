//! The HTTP API, and its description as `OpenAPI` made of the same handlers. Teaches that a page has no rights that a program with the same
//! credentials does not have.
//!
//! - [`open`]: joining and signing in, without credentials. [`team`]: what a team does. [`pins`]: evidence that it pins.
//!   [`looks`] and [`content`]: what it looks at. [`desk`] and [`planning`]: what the facilitator does. [`seats`]: who may join. [`events`]:
//!   changes as they happen. [`mod@debrief`]: what it was all about, and its [pages](debrief_pages). [`request`]: extractors and refusals.
//!
//! There are two descriptions. Everybody may read the participants'; the facilitator's names what participants need not know about, and only
//! the facilitator may read it.

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
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{IntoResponses, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use self::{
    open::SIGN_IN,
    request::{Detail, Refusal},
};
use crate::{access::Facilitator, room::Room};

#[derive(OpenApi)]
#[openapi(
    info(title = "Incident room", description = "What the pages of an incident room use, for programs."),
    components(schemas(Detail))
)]
struct Participants;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Incident room: facilitator",
        description = "What the facilitator's pages use, for programs."
    ),
    components(schemas(Detail))
)]
struct Desk;

/// All routes of the API, and their descriptions at `/api/openapi.json` and `/api/desk/openapi.json`.
pub fn router() -> Router<Room> {
    let [of_participants, of_desk] = descriptions();
    Router::from(participants())
        .merge(Router::from(desk()))
        .route("/api/openapi.json", get(async move || Json(of_participants)))
        .route("/api/desk/openapi.json", get(async move |_: Facilitator| Json(of_desk)))
}

/// What the participants and the facilitator may ask for.
pub fn descriptions() -> [Value; 2] {
    [(participants(), "team"), (desk(), "facilitator")].map(|(router, who)| {
        let mut description = json(&router.into_openapi());
        description["components"]["securitySchemes"] = json!({ who: { "type": "http", "scheme": "bearer" } });
        for (path, item) in description["paths"].as_object_mut().into_iter().flatten() {
            let operations = item.as_object_mut().into_iter().flatten();
            operations.for_each(|(_, operation)| complete(path, who, operation));
        }
        description
    })
}

/// What all operations have in common: the credential that their path asks for, no content unless they say otherwise, and refusals.
fn complete(path: &str, who: &str, operation: &mut Value) {
    let tag = path.split('/').nth(2).filter(|part| ["team", "desk"].contains(part));
    let tag = tag.filter(|_| path != SIGN_IN);
    operation["tags"] = json!([tag.unwrap_or("open")]);
    operation["security"] = tag.map_or(json!([{}]), |_| json!([{ who: [] }]));
    let answers = operation["responses"].as_object_mut().expect("each operation has a map of responses");
    if answers.is_empty() {
        answers.insert("204".to_owned(), json!({ "description": "" }));
    }
    answers.extend(Refusal::responses().iter().map(|(status, refusal)| (status.clone(), json(refusal))));
}

fn json(of: &impl Serialize) -> Value {
    serde_json::to_value(of).expect("a description is made of plain values")
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
