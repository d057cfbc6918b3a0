//! Evidence that a team keeps. The server reads it again itself, so that a pin is what was there, and not what somebody typed.

use std::sync::Arc;

use ::debrief::figures::printable;
use axum::{Json, body::Body as HttpBody, extract::State};
use chassis::{Peer, Problem, Wait};
use evidence::{LogQuery, SpanId, TraceId, UnixTime};
use http::{Request, StatusCode};
use incident::{Level, Route, Service};
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use world::customers::{PATIENCE, any_page};

use super::{
    content::version_text,
    looks::{answered, health_of},
    request::{At, Body, Refusal},
    team::{Made, change, floor, room_for},
};
use crate::{
    access::Member,
    claims::Pin,
    floor::Floor,
    limits::{LABEL_CHARACTERS_MAX, PIN_CHARACTERS_MAX, cut},
    room::Room,
    session::{conflict, not_found},
};

/// The largest answer about a metric that is read to be kept.
const CHART_BYTES_MAX: usize = 4 * 1_024 * 1_024;

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new().routes(routes!(add)).routes(routes!(remove))
}

/// What is to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "source", rename_all = "lowercase")]
enum Source {
    /// A log line.
    Log {
        /// Its place in the order of arrival.
        sequence: u64,
    },
    /// A span of a trace.
    Span {
        /// The trace's id.
        trace: String,
        /// The span's id.
        span: String,
    },
    /// An interval of a chart.
    Chart {
        /// The question, as to `/evidence/metrics/query`.
        query: String,
        /// From this second since 1970.
        from: f64,
        /// To this one.
        to: f64,
    },
    /// A version of an asset.
    Version {
        /// The asset.
        asset: String,
        /// The version.
        version: u64,
    },
    /// A change.
    Change {
        /// Its place in the order of arrival.
        sequence: u64,
    },
    /// What a service's health check says now.
    Health {
        /// The service.
        service: String,
    },
    /// What a customer gets now.
    Page {
        /// The kind of page: home, category, product or checkout.
        route: String,
    },
}

/// Keeps a piece of evidence
#[utoipa::path(post, path = "/api/team/pins", tag = "team", security(("team" = [])), request_body = Source,
    responses((status = 201, body = Made), Refusal))]
async fn add(
    State(room): State<Room>,
    member: Member,
    Body(source): Body<Source>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let level = {
        let session = room.session();
        let played = session.played(member.team).ok_or_else(|| conflict("No round has begun."))?;
        if played.guess.is_none() {
            return Err(conflict("Say first what you would guess; then the evidence opens."));
        }
        room_for(played.pins.len())?;
        played.level
    };
    let floor = floor(&room, &member)?;
    let (label, text) = read(&room, &member, &floor, source, level).await?;
    // A label stands in lists, files and terminals, and may hold what a customer or a question brought along.
    let (label, text) = (cut(&printable(&label), LABEL_CHARACTERS_MAX), cut(&text, PIN_CHARACTERS_MAX));
    let id = change(&room, &member, |played, story| {
        // Others may have pinned while this was read.
        room_for(played.pins.len())?;
        let id = played.number();
        played.pins.push(Pin { id, by: member.alias.clone(), story, label, text });
        Ok(id)
    })?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Keeps it no longer; claims lose it
#[utoipa::path(delete, path = "/api/team/pins/{id}", tag = "team", security(("team" = [])), params(("id" = u32, Path)),
    responses((status = 204), Refusal))]
async fn remove(State(room): State<Room>, member: Member, At(id): At<u32>) -> Result<StatusCode, Problem> {
    change(&room, &member, |played, _| {
        let before = played.pins.len();
        played.pins.retain(|pin| pin.id != id);
        played.claims.iter_mut().for_each(|claim| claim.pins.retain(|pin| *pin != id));
        if played.pins.len() < before { Ok(()) } else { Err(not_found("There is no such pin.")) }
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Label and text of a piece of evidence.
async fn read(
    room: &Room,
    member: &Member,
    floor: &Arc<Floor>,
    source: Source,
    level: Level,
) -> Result<(String, String), Problem> {
    let needs = |least: Level| if level >= least { Ok(()) } else { Err(gone()) };
    match source {
        Source::Log { sequence } => computed(room, member, floor, move |floor| log(floor, sequence)).await,
        Source::Span { trace, span } => {
            needs(Level::Traces)?;
            computed(room, member, floor, move |floor| span_of(floor, &trace, &span)).await
        }
        Source::Chart { query, from, to } => {
            needs(Level::Metrics)?;
            chart(room, member, floor, &query, from, to).await
        }
        Source::Version { asset, version } => {
            needs(Level::Logs)?;
            if !Floor::assets().contains(&asset) {
                return Err(gone());
            }
            let text = version_text(floor, &asset, version).await?;
            Ok((format!("{asset} version {version}"), text))
        }
        Source::Change { sequence } => {
            needs(Level::Changes)?;
            computed(room, member, floor, move |floor| changed(floor, sequence)).await
        }
        Source::Health { service } => {
            let service: Service = service.parse().map_err(|_| gone())?;
            let health = serde_json::to_value(health_of(floor).await).unwrap_or_default();
            let services = health["services"].as_array().cloned().unwrap_or_default();
            let found = services.into_iter().find(|row| row["service"] == service.name()).ok_or_else(gone)?;
            let says = found["healthz"].as_u64().map_or("no answer".to_owned(), |status| status.to_string());
            Ok((format!("{service} health check: {says}"), found.to_string()))
        }
        Source::Page { route } => {
            let route: Route = route.parse().map_err(|_| gone())?;
            Ok(page(floor, route).await)
        }
    }
}

/// What the evidence store says, when it is the team's turn.
async fn computed(
    room: &Room,
    member: &Member,
    floor: &Arc<Floor>,
    question: impl FnOnce(&Floor) -> Result<(String, String), Problem> + Send + 'static,
) -> Result<(String, String), Problem> {
    let floor = Arc::clone(floor);
    room.queries().ask(member.team, move || question(&floor)).await?
}

fn log(floor: &Floor, sequence: u64) -> Result<(String, String), Problem> {
    let query = LogQuery { after: Some(sequence.saturating_sub(1)), limit: 1, ..LogQuery::default() };
    let found = floor.evidence.logs(&query).logs.into_iter().find(|entry| entry.sequence == sequence);
    let entry = found.ok_or_else(gone)?;
    let text = serde_json::to_string_pretty(&entry).unwrap_or_default();
    Ok((format!("{}: {}", entry.service, entry.body), text))
}

fn changed(floor: &Floor, sequence: u64) -> Result<(String, String), Problem> {
    let all = floor.evidence.changes(UnixTime::default(), UnixTime::MAX).changes;
    let change = all.into_iter().find(|change| change.sequence == sequence).ok_or_else(gone)?;
    let text = serde_json::to_string_pretty(&change).unwrap_or_default();
    Ok((format!("{} {}", change.which, change.what), text))
}

fn span_of(floor: &Floor, trace: &str, span: &str) -> Result<(String, String), Problem> {
    let (trace, span): (TraceId, SpanId) =
        (trace.parse().map_err(|_| gone())?, span.parse().map_err(|_| gone())?);
    let view = floor.evidence.trace(trace).ok_or_else(gone)?;
    let found = view.spans.into_iter().find(|known| known.span_id == span).ok_or_else(gone)?;
    let text = serde_json::to_string_pretty(&found).unwrap_or_default();
    Ok((format!("{}: {} took {:.3} s", found.service, found.name, found.duration_s), text))
}

async fn chart(
    room: &Room,
    member: &Member,
    floor: &Arc<Floor>,
    query: &str,
    from: f64,
    to: f64,
) -> Result<(String, String), Problem> {
    let is_own = |pair: &&str| !["from=", "to="].iter().any(|name| pair.starts_with(name));
    let kept: Vec<&str> = query.split('&').filter(is_own).collect();
    let address = format!("/evidence/metrics/query?{}&from={from}&to={to}", kept.join("&"));
    let wrong =
        |detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("parameter", "query");
    let request = Request::get(&address).body(HttpBody::empty()).map_err(|error| wrong(error.to_string()))?;
    let (answer, _) = answered(room, member, floor, request, CHART_BYTES_MAX).await?;
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    if !answer.status().is_success() {
        return Err(wrong(format!("The question cannot be answered: {text}")));
    }
    let names: Vec<&str> = kept.iter().filter_map(|pair| pair.strip_prefix("name=")).collect();
    Ok((format!("chart of {}", names.join(", ")), text))
}

async fn page(floor: &Floor, route: Route) -> (String, String) {
    let shop = floor.world.shop();
    let peer = Peer::new(&floor.world.outsider(world::shop::CUSTOMERS), shop.addresses().web_front.clone());
    let began = Instant::now();
    let answer = peer.get(&any_page(route), Wait::AtMost(PATIENCE)).await;
    let seconds = began.elapsed().as_secs_f64();
    match answer {
        Ok(answer) => {
            let label = format!("{route} page: {} after {seconds:.1} s", answer.status.as_u16());
            (label, String::from_utf8_lossy(&answer.body).into_owned())
        }
        Err(error) => (format!("{route} page: nothing after {seconds:.1} s"), error.to_string()),
    }
}

fn gone() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "There is no such evidence here, or it is no longer held.")
}
