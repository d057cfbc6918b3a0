//! The HTTP API, and its description as `OpenAPI` made of the same handlers. Teaches that a page has no rights that a program with the same
//! credentials does not have.
//!
//! - [`open`]: joining and signing in, without credentials. [`team`]: what a team does; [`ticket`]: in lines of support; [`roles`]: with a
//!   commander. [`pins`]: evidence
//!   that it pins, and how it reads (`readable`). [`looks`] and [`content`]: what it looks at. [`mod@desk`] and [`planning`]: what the
//!   facilitator does. [`seats`]: who may join. [`events`]: changes as they happen. [`mod@debrief`]: what it was all about, its
//!   [pages](debrief_pages), and what is taken home (`take_home`). [`parting`]: what a participant takes along and leaves behind. [`solo`]:
//!   leading a rehearsal alone. [`request`]: extractors and refusals.
//!
//! There are two descriptions. Everybody may read the participants'; the facilitator's names what participants need not know about, and only
//! the facilitator may read it.

pub mod request;
pub mod events;
pub mod open;
pub mod team;
pub mod ticket;
pub mod roles;
pub mod pins;
mod readable;
pub mod looks;
pub mod content;
pub mod desk;
pub mod seats;
pub mod planning;
pub mod debrief;
pub mod debrief_pages;
mod take_home;
pub mod parting;
pub mod solo;
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

/// A question to the evidence.
struct Asked {
    path: &'static str,
    summary: &'static str,
    parameters: &'static [&'static str],
    /// What the answer holds.
    answer: &'static [(&'static str, &'static str)],
}

/// What can be asked of the evidence. Its router is another crate's; a test compares.
const EVIDENCE: [Asked; 8] = [
    Asked {
        path: "/evidence/logs",
        summary: "Log lines, as far as your level has them",
        parameters: &[
            "text",
            "attribute",
            "service",
            "severity",
            "event",
            "trace",
            "from",
            "to",
            "after",
            "limit",
        ],
        answer: &[
            (
                "logs",
                "[]in the order of arrival: `sequence`, `time`, `severity`, `service`, `logger`, `event`, `body`, `attributes`, `trace_id`, `span_id`",
            ),
            ("next", "what `after` takes to go on"),
            ("truncated", "whether there are more than `limit`"),
        ],
    },
    Asked {
        path: "/evidence/changes",
        summary: "Releases, settings and publishes; at level changes",
        parameters: &["from", "to"],
        answer: &[
            (
                "changes",
                "[]in the order of time: `sequence`, `time`, `what`, `which`, `version`, `service`, `body`, `attributes`",
            ),
            ("truncated", "whether earlier ones were left out"),
        ],
    },
    Asked {
        path: "/evidence/metrics",
        summary: "The names of all metrics, with units and attributes; from level metrics",
        parameters: &[],
        answer: &[(
            "metrics",
            "[]`name`, `unit`, `kind`, `description`, `series` (how many), `labels` (of each series), `truncated`",
        )],
    },
    Asked {
        path: "/evidence/metrics/query",
        summary: "A metric over time; from level metrics",
        parameters: &[
            "name",
            "q",
            "of",
            "function",
            "to",
            "from",
            "step",
            "service",
            "attribute",
            "by",
            "window",
        ],
        answer: &[
            ("name", "the metric"),
            ("unit", "as its sender gave it, before the function"),
            ("kind", "gauge, counter or histogram"),
            (
                "lines",
                "[]`labels` by which a line differs from the others, and `points`: pairs of a time and a value",
            ),
            ("truncated", "whether there are more lines"),
        ],
    },
    Asked {
        path: "/evidence/metrics/requests",
        summary: "Requests that failed, timed out or were slow; from level traces",
        parameters: &["sort", "service", "route", "from", "to"],
        answer: &[(
            "requests",
            "[]`trace_id`, `service`, `route`, `ended`, `duration_s`, `failed`, `timed_out`, `held` (whether its trace still is)",
        )],
    },
    Asked {
        path: "/evidence/traces",
        summary: "Requests on their way through the services; from level traces",
        parameters: &["slowest", "failed", "service", "name", "route", "attribute", "from", "to", "limit"],
        answer: &[
            (
                "traces",
                "[]newest or slowest first: `trace_id`, `start`, `duration_s`, `service`, `name` and `route` of its root, `spans` (how many), `services`, `failed_spans`, `failure`",
            ),
            ("truncated", "whether there are more than `limit`"),
        ],
    },
    Asked {
        path: "/evidence/traces/{id}",
        summary: "One request with all its steps; from level traces",
        parameters: &["id"],
        answer: &[
            ("trace_id", ""),
            ("start", "when its first step began"),
            ("duration_s", "linked traces left out"),
            ("failed", "whether one of its own steps failed"),
            ("services", "[]the names of those that took part"),
            (
                "spans",
                "[]its steps in the order of a waterfall: `trace_id`, `span_id`, `parent_id`, `depth`, `relation`, `service`, `scope`, `name`, `kind`, `offset_s`, `duration_s`, `self_s`, `failed`, `status_message`, `critical`, `attributes`, `events`, `links`",
            ),
            ("critical_path", "[]what the first step waited for, in order of time"),
            ("truncated", "whether steps were left out"),
        ],
    },
    Asked {
        path: "/evidence/alerts",
        summary: "Alerts and their rules; from level metrics",
        parameters: &[],
        answer: &[
            (
                "rules",
                "[]`rule`, `urgency`, `firing`, `since`, `threshold`, `burn_rate_long`, `burn_rate_short`, `long_s`, `short_s`",
            ),
            ("history", "[]`time`, `rule`, `firing`"),
        ],
    },
];

/// What a parameter of a question asks for, and in which form.
fn form_of(path: &str, parameter: &str) -> &'static str {
    match (path, parameter) {
        ("/evidence/metrics/query", "name") => "the metric, as /evidence/metrics lists it",
        (_, "name") => "the name of a step",
        (_, "id") => "a `trace_id`",
        ("/evidence/logs", "limit") => {
            "how many at most, 100 unless you say: the newest; with `after` the oldest that came after it"
        }
        (_, "limit") => "how many at most, 20 unless you say",
        (_, "text") => "a text in the body, the event's name or an attribute's value, in upper or lower case",
        (_, "service") => "the name of the service that tells it, such as cache",
        (_, "route") => "a route as services tell it, such as /p/{product}",
        (_, "event") => {
            "the whole name of an event, as lines have it under `event`; most lines are none, so that another name finds nothing"
        }
        (_, "trace") => "a `trace_id`: the lines of one request",
        (_, "from") => "from this time on: RFC 3339, seconds since 1970, or before now as in -5m",
        (_, "to") => "before this time, in the same forms",
        (_, "attribute") => "key=value, the whole of both; may be repeated, and then all must hold",
        (_, "of") => "for function=ratio: key=value of what is counted; may be repeated",
        (_, "function") => "range, sum, rate, quantile or ratio",
        (_, "q") => "for function=quantile: from 0 to 1",
        (_, "by") => "names of attributes with commas between them: a line for each of their values",
        (_, "step") => "from one point to the next: a duration as in 10s",
        (_, "window") => "what each point looks back over: a duration as in 10s",
        (_, "sort") => "failed or slow",
        (_, "slowest" | "failed") => "true or false",
        (_, "after") => {
            "only what arrived after this: `next` of an earlier answer, or 0 for the oldest lines first"
        }
        (_, "severity") => "the least: trace, debug, info, warn, error or fatal",
        _ => "",
    }
}

fn evidence_paths() -> impl Iterator<Item = (&'static str, Value)> {
    EVIDENCE.iter().map(|Asked { path, summary, parameters, answer }| {
        let parameter = |name: &&str| {
            let is_path = *name == "id";
            let is_needed = is_path || (*path, *name) == ("/evidence/metrics/query", "name");
            json!({ "name": name, "in": if is_path { "path" } else { "query" }, "required": is_needed,
                "schema": { "type": "string" }, "description": form_of(path, name) })
        };
        let parameters: Vec<Value> = parameters.iter().map(parameter).collect();
        let field = |(name, holds): &(&str, &'static str)| {
            let schema = match holds.strip_prefix("[]") {
                Some(holds) => json!({ "type": "array", "items": {}, "description": holds }),
                None => json!({ "description": holds }),
            };
            ((*name).to_owned(), schema)
        };
        let properties: serde_json::Map<String, Value> = answer.iter().map(field).collect();
        let schema = json!({ "type": "object", "properties": properties });
        let answers =
            json!({ "200": { "description": "", "content": { "application/json": { "schema": schema } } } });
        (*path, json!({ "get": { "summary": summary, "parameters": parameters, "responses": answers } }))
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
        .merge(roles::routes())
        .merge(seats::of_team())
        .merge(pins::routes())
        .merge(looks::routes())
        .merge(content::routes())
        .merge(debrief::of_team())
        .merge(parting::routes())
        .merge(solo::routes())
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
        let ask = async |asked: &str| {
            let request = http::Request::get(asked).body(Body::empty()).unwrap();
            let answer = evidence::api::router(evidence.clone()).oneshot(request).await.unwrap();
            let said = to_bytes(answer.into_body(), 4_096).await.unwrap();
            String::from_utf8_lossy(&said).into_owned()
        };
        for Asked { path, parameters, answer, .. } in
            EVIDENCE.iter().filter(|asked| !asked.path.contains('{'))
        {
            assert!(parameters.iter().all(|parameter| !form_of(path, parameter).is_empty()), "{path}");
            if !parameters.contains(&"name") || *path == "/evidence/traces" {
                let said: Value = serde_json::from_str(&ask(path).await).unwrap();
                let said: BTreeSet<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(said, answer.iter().map(|(name, _)| *name).collect(), "{path}");
            }
            let described = of_participants["paths"][path]["get"]["parameters"].as_array().unwrap();
            let described: BTreeSet<&str> =
                described.iter().filter_map(|parameter| parameter["name"].as_str()).collect();
            assert_eq!(described, parameters.iter().copied().collect(), "{path}");
            if parameters.is_empty() {
                continue;
            }
            let said = ask(&format!("{path}?name=none&nope=1")).await;
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
