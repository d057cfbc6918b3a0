//! The HTTP API, and its description as `OpenAPI` made of the same handlers. Teaches that a page has no rights that a program with the same
//! credentials does not have.
//!
//! - [`open`]: joining and signing in, without credentials. [`team`]: what a team does; [`ticket`]: in lines of support. [`pins`]: evidence that it pins.
//!   [`looks`] and [`content`]: what it looks at. [`desk`] and [`planning`]: what the facilitator does. [`seats`]: who may join. [`events`]:
//!   changes as they happen. [`mod@debrief`]: what it was all about, and its [pages](debrief_pages). [`request`]: extractors and refusals.
//!
//! There are two descriptions. Everybody may read the participants'; the facilitator's names what participants need not know about, and only
//! the facilitator may read it.

pub mod request;
pub mod events;
pub mod open;
pub mod team;
pub mod ticket;
pub mod pins;
pub mod looks;
pub mod content;
pub mod desk;
pub mod seats;
pub mod planning;
pub mod debrief;
pub mod debrief_pages;
mod take_home;
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
use crate::{
    access::{self, Facilitator},
    room::Room,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Incident room",
        description = "What the pages of an incident room use, for programs. Where a team plays lines of support, each person's state and \
            evidence are those of their lines: 409 says that the ticket is not there, 403 that another line sees what was asked for."
    ),
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
        if who == "team" {
            for (path, item) in evidence_paths() {
                description["paths"][path] = item;
            }
        }
        description["components"]["securitySchemes"] = json!({ who: { "type": "http", "scheme": "bearer" } });
        for (path, item) in description["paths"].as_object_mut().into_iter().flatten() {
            let operations = item.as_object_mut().into_iter().flatten();
            operations.for_each(|(method, operation)| complete(path, method, who, operation));
        }
        description
    })
}

/// What all operations have in common: the credential that their path asks for, no content unless they say otherwise, and refusals.
fn complete(path: &str, method: &str, who: &str, operation: &mut Value) {
    let part = if path.starts_with("/evidence/") { Some("team") } else { path.split('/').nth(2) };
    let tag = part.filter(|part| ["team", "desk"].contains(part));
    let tag = tag.filter(|_| path != SIGN_IN);
    operation["tags"] = json!([tag.unwrap_or("open")]);
    operation["security"] = tag.map_or(json!([{}]), |_| json!([{ who: [] }]));
    if method != "get" && tag.is_some() {
        let header = json!({ "name": access::REQUESTED_WITH, "in": "header", "required": false, "schema": { "type": "string" },
            "description": "Any value; needed with a cookie, and not with a bearer token." });
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(header),
            None => operation["parameters"] = json!([header]),
        }
    }
    let answers = operation["responses"].as_object_mut().expect("each operation has a map of responses");
    if answers.is_empty() {
        answers.insert("204".to_owned(), json!({ "description": "" }));
    }
    answers.extend(Refusal::responses().iter().map(|(status, refusal)| (status.clone(), json(refusal))));
}

/// What can be asked of the evidence, and with which parameters. Its router is another crate's; a test compares.
const EVIDENCE: [(&str, &str, &[&str]); 8] = [
    (
        "/evidence/logs",
        "Log lines, as far as your level has them",
        &["text", "attribute", "service", "severity", "event", "trace", "from", "to", "after", "limit"],
    ),
    ("/evidence/changes", "Releases, settings and publishes; at level changes", &["from", "to"]),
    ("/evidence/metrics", "The names of all metrics, with units and attributes; from level metrics", &[]),
    (
        "/evidence/metrics/query",
        "A metric over time; from level metrics",
        &["name", "q", "of", "function", "to", "from", "step", "service", "attribute", "by", "window"],
    ),
    (
        "/evidence/metrics/requests",
        "Requests that failed, timed out or were slow; from level traces",
        &["sort", "service", "route", "from", "to"],
    ),
    (
        "/evidence/traces",
        "Requests on their way through the services; from level traces",
        &["slowest", "failed", "service", "name", "route", "attribute", "from", "to", "limit"],
    ),
    ("/evidence/traces/{id}", "One request with all its steps; from level traces", &["id"]),
    ("/evidence/alerts", "Alerts and their rules; from level metrics", &[]),
];

/// The form of a parameter of the evidence, where it is not a plain text.
fn form_of(parameter: &str) -> &'static str {
    match parameter {
        "from" | "to" => "RFC 3339, seconds since 1970, or before now as in -5m",
        "attribute" | "of" => "key=value; may be repeated",
        "function" => "range, sum, rate, quantile or ratio",
        "q" => "for function=quantile: from 0 to 1",
        "by" => "names of attributes with commas between them",
        "step" | "window" => "a duration as in 10s",
        "sort" => "failed or slow",
        "slowest" | "failed" => "true or false",
        "after" => "a place in the order of arrival",
        "severity" => "the least: trace, debug, info, warn, error or fatal",
        _ => "",
    }
}

fn evidence_paths() -> impl Iterator<Item = (&'static str, Value)> {
    EVIDENCE.iter().map(|(path, summary, parameters)| {
        let parameter = |name: &&str| {
            let is_path = *name == "id";
            json!({ "name": name, "in": if is_path { "path" } else { "query" }, "required": is_path || *name == "name",
                "schema": { "type": "string" }, "description": form_of(name) })
        };
        let parameters: Vec<Value> = parameters.iter().map(parameter).collect();
        let answer = json!({ "200": { "description": "", "content": { "application/json": {} } } });
        (*path, json!({ "get": { "summary": summary, "parameters": parameters, "responses": answer } }))
    })
}

fn json(of: &impl Serialize) -> Value {
    serde_json::to_value(of).expect("a description is made of plain values")
}

fn participants() -> OpenApiRouter<Room> {
    OpenApiRouter::with_openapi(Participants::openapi())
        .merge(open::routes())
        .merge(team::routes())
        .merge(ticket::routes())
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::body::{Body, to_bytes};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn the_description_names_the_evidence_with_its_parameters_and_the_header_of_a_change() {
        let [of_participants, _] = descriptions();
        let clock = chassis::Clock::real();
        let evidence = evidence::Evidence::new(world::observed::limits(), move || clock.wall());
        for (path, _, parameters) in EVIDENCE.iter().filter(|(path, ..)| !path.contains('{')) {
            let described = of_participants["paths"][path]["get"]["parameters"].as_array().unwrap();
            let described: BTreeSet<&str> =
                described.iter().filter_map(|parameter| parameter["name"].as_str()).collect();
            assert_eq!(described, parameters.iter().copied().collect(), "{path}");
            if parameters.is_empty() {
                continue;
            }
            let asked = format!("{path}?name=none&nope=1");
            let request = http::Request::get(&asked).body(Body::empty()).unwrap();
            let answer = evidence::api::router(evidence.clone()).oneshot(request).await.unwrap();
            let said = to_bytes(answer.into_body(), 4_096).await.unwrap();
            let said = String::from_utf8_lossy(&said).into_owned();
            let (_, known) = said.split_once("there are: ").unwrap_or_else(|| panic!("{path}: {said}"));
            let known: BTreeSet<&str> = known
                .split(['"', '}'])
                .next()
                .unwrap()
                .split(", ")
                .map(|name| name.trim_end_matches('.'))
                .collect();
            assert_eq!(known, described, "{path}");
        }
        let change = &of_participants["paths"]["/api/team/claims"]["post"];
        let names = change["parameters"].as_array().unwrap().iter().map(|parameter| &parameter["name"]);
        assert!(
            names.into_iter().any(|name| name.as_str().unwrap().eq_ignore_ascii_case("x-requested-with"))
        );
    }
}
