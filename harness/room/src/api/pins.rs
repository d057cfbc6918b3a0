//! Evidence that a team pins. The server reads it again itself, so that a pin is what was there, and not what somebody typed.

use std::sync::Arc;

use ::debrief::figures::printable;
use axum::{Json, body::Body as HttpBody};
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
    looks::health_of,
    request::{Body, DONE, Done, InPath},
    team::Made,
};
use crate::{
    access::Member,
    evidence_kind::EvidenceKind,
    limits::{LABEL_CHARACTERS_MAX, PIN_CHARACTERS_MAX, cut},
    room::Room,
    session::Played,
    team_world::TeamWorld,
};

/// The largest answer about a metric that is read to be kept.
const CHART_BYTES_MAX: usize = 4 * 1_024 * 1_024;

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new().routes(routes!(add)).routes(routes!(remove))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "source", rename_all = "lowercase")]
enum Source {
    Log {
        /// Its place in the order of arrival.
        sequence: u64,
    },
    Span {
        trace: String,
        span: String,
    },
    Chart {
        /// The question, as to `/evidence/metrics/query`.
        query: String,
        /// From this second since 1970.
        from: f64,
        to: f64,
    },
    Version {
        asset: String,
        version: u64,
    },
    Change {
        /// Its place in the order of arrival.
        sequence: u64,
    },
    /// What a service's health check says now.
    Health {
        service: String,
    },
    Page {
        /// The kind of page: home, category, product or checkout.
        route: String,
    },
}

/// Pins a piece of evidence
#[utoipa::path(post, path = "/api/team/pins", request_body = Source, responses((status = 201, body = Made)))]
async fn add(member: Member, Body(source): Body<Source>) -> Result<(StatusCode, Json<Made>), Problem> {
    let level = member.may_look()?;
    // Asked before anything is read, which costs; and again when it is kept, as others may have pinned meanwhile.
    member.room.read(|session| session.playing(member.team).and_then(Played::may_pin))?;
    let team_world = member.team_world()?;
    let (label, text) = read(&member, &team_world, source, level).await?;
    // A label stands in lists, files and terminals, and may hold what a customer or a question brought along.
    let (label, text) = (cut(&printable(&label), LABEL_CHARACTERS_MAX), cut(&text, PIN_CHARACTERS_MAX));
    let id = member.work(|played, now| played.pin(label, text, now, &member.alias))?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Removes a pin; claims that rest on it lose it
#[utoipa::path(delete, path = "/api/team/pins/{id}", params(("id" = u32, Path)))]
async fn remove(member: Member, InPath(id): InPath<u32>) -> Done {
    member.work(|played, _| played.unpin(id))?;
    DONE
}

/// Label and text of a piece of evidence.
async fn read(
    member: &Member,
    team_world: &Arc<TeamWorld>,
    source: Source,
    level: Level,
) -> Result<(String, String), Problem> {
    let needs = |kind: EvidenceKind| if kind.is_open_at(level) { Ok(()) } else { Err(gone()) };
    match source {
        Source::Log { sequence } => {
            computed(member, team_world, move |team_world| log(team_world, sequence)).await
        }
        Source::Span { trace, span } => {
            needs(EvidenceKind::Traces)?;
            computed(member, team_world, move |team_world| span_of(team_world, &trace, &span)).await
        }
        Source::Chart { query, from, to } => {
            needs(EvidenceKind::Metrics)?;
            chart(member, team_world, &query, from, to).await
        }
        Source::Version { asset, version } => {
            needs(EvidenceKind::AssetText)?;
            if !TeamWorld::assets().contains(&asset) {
                return Err(gone());
            }
            let text = version_text(team_world, &asset, version).await?;
            Ok((format!("{asset} version {version}"), text))
        }
        Source::Change { sequence } => {
            needs(EvidenceKind::Changes)?;
            computed(member, team_world, move |team_world| changed(team_world, sequence)).await
        }
        Source::Health { service } => {
            let service: Service = service.parse().map_err(|_| gone())?;
            let health = serde_json::to_value(health_of(team_world).await).unwrap_or_default();
            let services = health["services"].as_array().cloned().unwrap_or_default();
            let found = services.into_iter().find(|row| row["service"] == service.name()).ok_or_else(gone)?;
            let says = found["healthz"].as_u64().map_or("no answer".to_owned(), |status| status.to_string());
            Ok((format!("{service} health check: {says}"), found.to_string()))
        }
        Source::Page { route } => {
            let route: Route = route.parse().map_err(|_| gone())?;
            Ok(page(team_world, route).await)
        }
    }
}

/// What the evidence store says, when it is the team's turn.
async fn computed(
    member: &Member,
    team_world: &Arc<TeamWorld>,
    question: impl FnOnce(&TeamWorld) -> Result<(String, String), Problem> + Send + 'static,
) -> Result<(String, String), Problem> {
    let team_world = Arc::clone(team_world);
    member.room.queries().ask(member.team, move || question(&team_world)).await?
}

fn log(team_world: &TeamWorld, sequence: u64) -> Result<(String, String), Problem> {
    let query = LogQuery { after: Some(sequence.saturating_sub(1)), limit: 1, ..LogQuery::default() };
    let found = team_world.evidence.logs(&query).logs.into_iter().find(|entry| entry.sequence == sequence);
    let entry = found.ok_or_else(gone)?;
    let text = serde_json::to_string_pretty(&entry).unwrap_or_default();
    Ok((format!("{}: {}", entry.service, entry.body), text))
}

fn changed(team_world: &TeamWorld, sequence: u64) -> Result<(String, String), Problem> {
    let all = team_world.evidence.changes(UnixTime::default(), UnixTime::MAX).changes;
    let change = all.into_iter().find(|change| change.sequence == sequence).ok_or_else(gone)?;
    let text = serde_json::to_string_pretty(&change).unwrap_or_default();
    Ok((format!("{} {}", change.which, change.what), text))
}

fn span_of(team_world: &TeamWorld, trace: &str, span: &str) -> Result<(String, String), Problem> {
    let (trace, span): (TraceId, SpanId) =
        (trace.parse().map_err(|_| gone())?, span.parse().map_err(|_| gone())?);
    let view = team_world.evidence.trace(trace).ok_or_else(gone)?;
    let found = view.spans.into_iter().find(|known| known.span_id == span).ok_or_else(gone)?;
    let text = serde_json::to_string_pretty(&found).unwrap_or_default();
    Ok((format!("{}: {} took {:.3} s", found.service, found.name, found.duration_s), text))
}

async fn chart(
    member: &Member,
    team_world: &Arc<TeamWorld>,
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
    let (answer, _) = member.answered(team_world, request, CHART_BYTES_MAX).await?;
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    if !answer.status().is_success() {
        return Err(wrong(format!("The question cannot be answered: {text}")));
    }
    let names: Vec<&str> = kept.iter().filter_map(|pair| pair.strip_prefix("name=")).collect();
    Ok((format!("chart of {}", names.join(", ")), text))
}

async fn page(team_world: &TeamWorld, route: Route) -> (String, String) {
    let shop = team_world.world.shop();
    let peer =
        Peer::new(&team_world.world.outsider(world::shop::CUSTOMERS), shop.addresses().web_front.clone());
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
