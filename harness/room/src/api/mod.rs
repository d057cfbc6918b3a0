//! The HTTP API, and its description as `OpenAPI` made of the same handlers. Teaches that a page has no rights that a program with the same
//! credentials does not have.
//!
//! - [`open`]: joining and signing in, without credentials. [`team`]: a team's actions; [`ticket`]: those in lines of support; [`roles`]: those
//!   with a commander. [`pins`]: evidence that a team pins, and its text for people (`readable`). [`looks`] and [`content`]: what a team looks at.
//!   [`mod@desk`] and [`planning`]: the facilitator's actions. [`seats`]: who may join. [`events`]: changes as they happen. [`mod@debrief`]: the
//!   analysis of a session, its [pages](debrief_pages), and files to take home (`take_home`). [`parting`]: a participant's actions, own file and
//!   feedback. [`request`]: extractors and refusals.
//!
//! There are two descriptions. Everybody may read the participants'. Only the facilitator may read the facilitator's, because it names things that
//! participants need not know about.

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
#[cfg(test)]
mod debrief_tests;

use axum::{Json, Router, routing::get};
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::request::{Detail, REFUSALS};
use crate::{
    access::{self, Facilitator},
    room::Room,
};

/// All routes of the API, and their descriptions at `/api/openapi.json` and `/api/desk/openapi.json`.
pub fn router() -> Router<Room> {
    let [of_participants, of_desk] = descriptions();
    Router::from(participants())
        .merge(Router::from(desk()))
        .route("/api/openapi.json", get(async move || Json(of_participants)))
        .route("/api/desk/openapi.json", get(async move |_: Facilitator| Json(of_desk)))
}

fn participants() -> OpenApiRouter<Room> {
    OpenApiRouter::with_openapi(Common::openapi())
        .routes(routes!(open::open))
        .routes(routes!(open::join))
        .routes(routes!(open::seat))
        .routes(routes!(open::leave))
        .routes(routes!(open::join_test))
        .routes(routes!(team::view))
        .routes(routes!(team::catalogue))
        .routes(routes!(team::guess))
        .routes(routes!(team::add_hypothesis))
        .routes(routes!(team::strike_hypothesis))
        .routes(routes!(team::use_remedy, team::break_off_remedy))
        .routes(routes!(team::hand_over))
        .routes(routes!(team::add_claim))
        .routes(routes!(team::change_claim, team::remove_claim))
        .routes(routes!(team::explain))
        .routes(routes!(team::answer_question))
        .routes(routes!(team::answer_outside))
        .routes(routes!(team::argue))
        .routes(routes!(team::ready))
        .routes(routes!(team::lead))
        .routes(routes!(ticket::choose))
        .routes(routes!(ticket::hand_over))
        .routes(routes!(ticket::acknowledge))
        .routes(routes!(ticket::send_back))
        .routes(routes!(roles::take, roles::put_down))
        .routes(routes!(roles::offer))
        .routes(routes!(roles::accept))
        .routes(routes!(roles::decide))
        .routes(routes!(roles::note))
        .routes(routes!(seats::let_in))
        .routes(routes!(seats::turn_away))
        .routes(routes!(pins::add))
        .routes(routes!(pins::remove))
        .routes(routes!(looks::health))
        .routes(routes!(content::asset))
        .routes(routes!(content::versions))
        .routes(routes!(content::version))
        .routes(routes!(debrief::spend))
        .routes(routes!(debrief::team_news))
        .routes(routes!(debrief::result))
        .nest("/api/team/debrief", tables().merge(of_rounds()))
        .routes(routes!(parting::parting, parting::note))
        .routes(routes!(parting::feedback))
        .routes(routes!(parting::file))
        .routes(routes!(events::team_events))
}

fn desk() -> OpenApiRouter<Room> {
    let of_team = tables().merge(of_rounds()).routes(routes!(debrief::news));
    OpenApiRouter::with_openapi(Common::openapi())
        .routes(routes!(open::sign_in))
        .routes(routes!(desk::view))
        .routes(routes!(desk::process))
        .routes(routes!(desk::start, desk::hold))
        .routes(routes!(desk::pause))
        .routes(routes!(desk::resume))
        .routes(routes!(desk::extend))
        .routes(routes!(desk::end))
        .routes(routes!(desk::abort))
        .routes(routes!(desk::reveal))
        .routes(routes!(desk::hint))
        .routes(routes!(desk::hints))
        .routes(routes!(desk::message))
        .routes(routes!(desk::mark))
        .routes(routes!(desk::level))
        .routes(routes!(desk::answer))
        .routes(routes!(desk::rename))
        .routes(routes!(desk::forward))
        .routes(routes!(seats::joining))
        .routes(routes!(seats::new_code))
        .routes(routes!(seats::desk_let_in))
        .routes(routes!(seats::remove))
        .routes(routes!(seats::new_token))
        .routes(routes!(seats::invite))
        .routes(routes!(seats::uninvite))
        .routes(routes!(planning::add_round))
        .routes(routes!(planning::change_round, planning::remove_round))
        .routes(routes!(planning::qr_code))
        .routes(routes!(debrief::desk_feedback))
        .nest("/api/desk/debrief", tables().routes(routes!(debrief::news)))
        .nest("/api/desk/debrief/teams/{team}", of_team)
        .routes(routes!(events::desk_events))
}

/// Files about all rounds: a team gets its own, and the facilitator those of all teams and of each.
fn tables() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(debrief::all))
        .routes(routes!(debrief::rounds))
        .routes(routes!(debrief::visits))
}

/// Files about one round of a team.
fn of_rounds() -> OpenApiRouter<Room> {
    OpenApiRouter::new().routes(routes!(debrief::record)).routes(routes!(debrief::review))
}

/// What both descriptions hold.
#[derive(OpenApi)]
#[openapi(components(schemas(Detail)))]
struct Common;

const OF_TEAM: &str = "What the pages of an incident room use, for programs. Where a team plays lines of support, each person's state and \
    evidence are those of their lines: 409 says that the ticket is not there, 403 that another line sees what was asked for.";
const OF_DESK: &str = "What the facilitator's pages use, for programs.";

/// The participants' description and the facilitator's.
pub fn descriptions() -> [Value; 2] {
    let both = [
        (participants(), "team", "Incident room", OF_TEAM),
        (desk(), "facilitator", "Incident room: facilitator", OF_DESK),
    ];
    both.map(|(router, who, title, about)| {
        let mut description =
            serde_json::to_value(router.into_openapi()).expect("a description is made of plain values");
        description["info"]["title"] = title.into();
        description["info"]["description"] = about.into();
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

/// Adds to an operation what all of them have in common: the credential that its path asks for, the team in its path, status 204 if it declares no
/// response, and the refusals.
fn complete(path: &str, method: &str, who: &str, operation: &mut Value) {
    let part = if path.starts_with("/evidence/") { Some("team") } else { path.split('/').nth(2) };
    let tag = part.filter(|part| ["team", "desk"].contains(part));
    let tag = tag.filter(|_| path != open::SIGN_IN);
    operation["tags"] = json!([tag.unwrap_or("open")]);
    operation["security"] = tag.map_or(json!([{}]), |_| json!([{ who: [] }]));
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    if path.contains("{team}") && !parameters.iter().any(|known| known["name"] == "team") {
        parameters.push(json!({ "name": "team", "in": "path", "required": true,
            "schema": { "type": "integer", "format": "int32", "minimum": 0 } }));
    }
    if method != "get" && tag.is_some() {
        parameters.push(json!({ "name": access::REQUESTED_WITH, "in": "header", "required": false,
            "schema": { "type": "string" },
            "description": "Any value; needed with a cookie, and not with a bearer token." }));
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    let answers = operation["responses"].as_object_mut().expect("each operation has a map of responses");
    if answers.is_empty() {
        answers.insert("204".to_owned(), json!({ "description": "" }));
    }
    let problem =
        json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    answers.extend(
        REFUSALS
            .map(|(status, means)| (status.to_owned(), json!({ "description": means, "content": problem }))),
    );
}

/// A query to the evidence store.
struct Asked {
    path: &'static str,
    summary: &'static str,
    /// The names of its parameters, with blanks between them.
    parameters: &'static str,
    /// The fields of the answer, one a line: the name, brackets if it is a list, a colon, and the meaning.
    answer: &'static str,
}

/// All queries to the evidence store. Their router is in another crate; a test compares the two.
const EVIDENCE: [Asked; 8] = [
    Asked {
        path: "/evidence/logs",
        summary: "Log lines, as far as your level has them",
        parameters: "text attribute service severity event trace from to after limit",
        answer: "
            logs[]: in the order of arrival: `sequence`, `time`, `severity`, `service`, `logger`, `event`, `body`, `attributes`, `trace_id`, `span_id`
            next: what `after` takes to go on
            truncated: whether there are more than `limit`",
    },
    Asked {
        path: "/evidence/changes",
        summary: "Releases, settings and publishes; at level changes",
        parameters: "from to",
        answer: "
            changes[]: in the order of time: `sequence`, `time`, `what`, `which`, `version`, `service`, `body`, `attributes`
            truncated: whether earlier ones were left out",
    },
    Asked {
        path: "/evidence/metrics",
        summary: "The names of all metrics, with units and attributes; from level metrics",
        parameters: "",
        answer: "
            metrics[]: `name`, `unit`, `kind`, `description`, `series` (how many), `labels` (of each series), `truncated`",
    },
    Asked {
        path: "/evidence/metrics/query",
        summary: "A metric over time; from level metrics",
        parameters: "name q of function to from step service attribute by window",
        answer: "
            name: the metric
            unit: as its sender gave it, before the function
            kind: gauge, counter or histogram
            lines[]: `labels` by which a line differs from the others, and `points`: pairs of a time and a value
            truncated: whether there are more lines",
    },
    Asked {
        path: "/evidence/metrics/requests",
        summary: "Requests that failed, timed out or were slow; from level traces",
        parameters: "sort service route from to",
        answer: "
            requests[]: `trace_id`, `service`, `route`, `ended`, `duration_s`, `failed`, `timed_out`, `held` (whether its trace still is)",
    },
    Asked {
        path: "/evidence/traces",
        summary: "Requests on their way through the services; from level traces",
        parameters: "slowest failed service name route attribute from to limit",
        answer: "
            traces[]: newest or slowest first: `trace_id`, `start`, `duration_s`, `service`, `name` and `route` of its root, `spans` (how many), `services`, `failed_spans`, `failure`
            truncated: whether there are more than `limit`",
    },
    Asked {
        path: "/evidence/traces/{id}",
        summary: "One request with all its steps; from level traces",
        parameters: "id",
        answer: "
            trace_id: its own
            start: when its first step began
            duration_s: linked traces left out
            failed: whether one of its own steps failed
            services[]: the names of those that took part
            spans[]: its steps in the order of a waterfall: `trace_id`, `span_id`, `parent_id`, `depth`, `relation`, `service`, `scope`, `name`, `kind`, `offset_s`, `duration_s`, `self_s`, `failed`, `status_message`, `critical`, `attributes`, `events`, `links`
            critical_path[]: what the first step waited for, in order of time
            truncated: whether steps were left out",
    },
    Asked {
        path: "/evidence/alerts",
        summary: "Alerts and their rules; from level metrics",
        parameters: "",
        answer: "
            rules[]: `rule`, `urgency`, `firing`, `since`, `threshold`, `burn_rate_long`, `burn_rate_short`, `long_s`, `short_s`
            history[]: `time`, `rule`, `firing`",
    },
];

/// The meaning and the form of a query's parameter.
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
        (_, "service") => "the name of the service that sent it, such as cache",
        (_, "route") => "a route as services tell it, such as /p/{product}",
        (_, "event") => {
            "the whole name of an event, as lines have it under `event`; most lines have no event, and a name that no line has finds nothing"
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
        let parameter = |name: &str| {
            let is_path = name == "id";
            let is_needed = is_path || (*path, name) == ("/evidence/metrics/query", "name");
            json!({ "name": name, "in": if is_path { "path" } else { "query" }, "required": is_needed,
                "schema": { "type": "string" }, "description": form_of(path, name) })
        };
        let parameters: Vec<Value> = parameters.split_whitespace().map(parameter).collect();
        let field = |(name, holds): (&str, &str)| match name.strip_suffix("[]") {
            Some(name) => (name.to_owned(), json!({ "type": "array", "items": {}, "description": holds })),
            None => (name.to_owned(), json!({ "description": holds })),
        };
        let fields = answer.lines().filter_map(|line| line.trim_start().split_once(": "));
        let properties: serde_json::Map<String, Value> = fields.map(field).collect();
        let schema = json!({ "type": "object", "properties": properties });
        let answers =
            json!({ "200": { "description": "", "content": { "application/json": { "schema": schema } } } });
        (*path, json!({ "get": { "summary": summary, "parameters": parameters, "responses": answers } }))
    })
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
        for Asked { path, parameters, .. } in EVIDENCE.iter().filter(|asked| !asked.path.contains('{')) {
            let parameters: Vec<&str> = parameters.split_whitespace().collect();
            assert!(parameters.iter().all(|parameter| !form_of(path, parameter).is_empty()), "{path}");
            if !parameters.contains(&"name") || *path == "/evidence/traces" {
                let said: Value = serde_json::from_str(&ask(path).await).unwrap();
                let said: BTreeSet<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
                let schema = &of_participants["paths"][path]["get"]["responses"]["200"]["content"];
                let fields = schema["application/json"]["schema"]["properties"].as_object().unwrap();
                assert_eq!(said, fields.keys().map(String::as_str).collect(), "{path}");
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
