//! Evidence that a team pins. The server reads it again itself, so that a pin holds what was there, and not what somebody typed.

use std::{sync::Arc, time::Duration};

use ::debrief::figures::printable;
use axum::body::Body;
use chassis::{Problem, Wait};
use evidence::{LogQuery, MetricAnswer, SpanId, TraceId, UnixTime};
use http::Request;
use incident::{Route, Service};
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use world::customers::any_page;

use super::{
    content::{current_version, escaped, published_unix_s, version_text},
    looks::{customer, granted, health_of, named, on_dashboards},
    readable::{self, telling},
    request::{Created, Done, Json, Path, created, done},
};
use crate::{
    access::Member,
    claims::{Evidence, Pin, services_in},
    evidence_kind::EvidenceKind,
    limits::{LABEL_CHARACTERS_MAX, PIN_CHARACTERS_MAX, cut},
    lines::Sight,
    session::{conflict, wrong},
    team_world::TeamWorld,
    views::story_time,
};

/// Timeout of a page that is pinned: far longer than a working page takes. The person who pins it waits as long.
const PAGE_TIMEOUT: Duration = Duration::from_secs(3);

/// Largest answer about a metric that can be pinned, in bytes.
const CHART_BYTES_MAX: usize = 4 * 1_024 * 1_024;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "source", rename_all = "lowercase")]
pub(super) enum Source {
    Log {
        /// Its place in the order of arrival.
        sequence: u64,
    },
    Span {
        trace: String,
        span: String,
    },
    Chart {
        /// The parameters as to `/evidence/metrics/query`, as in `name=http.server.request.duration&function=quantile&q=0.9&by=service`.
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
#[utoipa::path(post, path = "/api/team/pins", responses((status = 201, body = Pin)))]
pub(super) async fn add(member: Member, Json(source): Json<Source>) -> Created<Pin> {
    let sight = member.may_look()?;
    let at = member.lines();
    // Checked before the expensive read, and again when the pin is kept, as others may have pinned meanwhile.
    member.room.read(|session| {
        let played = session.playing(member.team)?;
        played.may_work(at.as_ref())?;
        played.may_pin()
    })?;
    let team_world = member.team_world()?;
    let read = member.read(&team_world, source, &sight).await?;
    let whole = format!("{} {}", read.label, read.text);
    let evidence = Evidence {
        source: read.source,
        when: read.at_unix_s.map_or_else(|| team_world.now(), |at_unix_s| team_world.moment_at(at_unix_s)),
        named: named(whole.as_bytes()),
        services: services_in(&whole)
            .into_iter()
            .chain(read.service.map(|service| service.to_string()))
            .collect(),
        // Labels appear in lists, files and terminals, and may contain text of a customer or of a query.
        label: cut(&printable(&read.label), LABEL_CHARACTERS_MAX),
        text: cut(&escaped(read.text.as_bytes()), PIN_CHARACTERS_MAX),
    };
    member.work(|played, now| played.pin(evidence, now, &member.alias)).map(created)
}

/// Removes a pin; claims that rest on it lose it
#[utoipa::path(delete, path = "/api/team/pins/{id}")]
pub(super) async fn remove(member: Member, Path(id): Path<String>) -> Done {
    member.work(|played, _| played.unpin(&id)).map(done)
}

/// The content of a piece of evidence.
struct Read {
    source: &'static str,
    label: String,
    text: String,
    /// The time that it is about, in seconds since 1970; none for now.
    at_unix_s: Option<f64>,
    /// The service that it is from, where there is one.
    service: Option<Service>,
}

impl Member {
    async fn read(
        &self,
        team_world: &Arc<TeamWorld>,
        source: Source,
        sight: &Sight,
    ) -> Result<Read, Problem> {
        match source {
            Source::Log { sequence } => {
                granted(sight, EvidenceKind::Logs)?;
                self.computed(team_world, move |team_world| log(team_world, sequence)).await
            }
            Source::Span { trace, span } => {
                granted(sight, EvidenceKind::Traces)?;
                self.computed(team_world, move |team_world| span_of(team_world, &trace, &span)).await
            }
            Source::Chart { query, from, to } => {
                granted(sight, EvidenceKind::Metrics)?;
                let query = if sight.only_dashboards { on_dashboards(&query)? } else { query };
                self.chart(team_world, &query, [from, to]).await
            }
            Source::Version { asset, version } => {
                granted(sight, EvidenceKind::AssetText)?;
                if !TeamWorld::assets().contains(&asset) {
                    let detail = "The shop has no such asset; 'assets' of the team's state lists them.";
                    return Err(wrong("asset", detail));
                }
                version_of(team_world, asset, version, sight.has(EvidenceKind::AssetHistory)?).await
            }
            Source::Change { sequence } => {
                granted(sight, EvidenceKind::Changes)?;
                self.computed(team_world, move |team_world| changed(team_world, sequence)).await
            }
            Source::Health { service } => {
                granted(sight, EvidenceKind::Health)?;
                let service: Service =
                    service.parse().map_err(|_| unknown("service", "service", &Service::ALL))?;
                let health =
                    health_of(team_world).await.services.into_iter().find(|row| row.service == service);
                let health = health.expect("each service is asked");
                let says = health.healthz.map_or("no answer".to_owned(), |status| status.to_string());
                let label = format!("{service} health check: {says}");
                let port = if health.port_open { "open" } else { "closed" };
                let text =
                    format!("{service}\nport: {port}\n/healthz: {says}, after {} ms", health.elapsed_ms);
                Ok(Read { source: "health", label, text, at_unix_s: None, service: Some(service) })
            }
            Source::Page { route } => {
                let route: Route =
                    route.parse().map_err(|_| unknown("route", "kind of page", &Route::ALL))?;
                Ok(page(team_world, route).await)
            }
        }
    }

    /// Queries the evidence store when it is the team's turn.
    async fn computed(
        &self,
        team_world: &Arc<TeamWorld>,
        question: impl FnOnce(&TeamWorld) -> Result<Read, Problem> + Send + 'static,
    ) -> Result<Read, Problem> {
        let team_world = Arc::clone(team_world);
        self.room.queries().ask(self.team, move || question(&team_world)).await?
    }

    async fn chart(
        &self,
        team_world: &TeamWorld,
        query: &str,
        [from, to]: [f64; 2],
    ) -> Result<Read, Problem> {
        let is_own = |pair: &&str| !["from=", "to="].iter().any(|name| pair.starts_with(name));
        let kept: Vec<&str> = query.split('&').filter(is_own).collect();
        let address = format!("/evidence/metrics/query?{}&from={from}&to={to}", kept.join("&"));
        let request = Request::get(&address)
            .body(Body::empty())
            .map_err(|error| wrong("query", format!("{error}.")))?;
        let (answer, _) = self.answered(team_world, request, CHART_BYTES_MAX).await?;
        if !answer.status().is_success() {
            let said = String::from_utf8_lossy(answer.body());
            return Err(wrong("query", format!("The question cannot be answered: {said}")));
        }
        let answer: MetricAnswer =
            serde_json::from_slice(answer.body()).expect("the evidence store writes what it reads");
        let [begins, ends] = [from, to].map(|at| story_time(team_world.moment_at(at).story_s));
        let text = readable::chart(&answer, &kept.join("&"), &format!("{begins} to {ends}"));
        let label = format!("chart of {}", answer.name);
        Ok(Read { source: "chart", label, text, at_unix_s: Some(from), service: None })
    }
}

/// Reads a version of an asset. A member who may not read its history gets only the current version, so that pinning reveals no more.
async fn version_of(
    team_world: &TeamWorld,
    asset: String,
    version: u64,
    with_history: bool,
) -> Result<Read, Problem> {
    let at_unix_s = if with_history {
        published_unix_s(team_world, &asset, version).await?
    } else {
        let current = current_version(team_world, &asset).await?;
        if version != current {
            let detail = format!(
                "Version {current} of {asset} is the current one; the telemetry level of this round grants no other."
            );
            return Err(conflict(detail));
        }
        None
    };
    let text = version_text(team_world, &asset, version).await?;
    let (label, service) = (format!("{asset} version {version}"), Some(Service::ContentStore));
    Ok(Read { source: "version", label, text, at_unix_s, service })
}

fn log(team_world: &TeamWorld, sequence: u64) -> Result<Read, Problem> {
    let query = LogQuery { after: Some(sequence.saturating_sub(1)), limit: 1, ..LogQuery::default() };
    let found = team_world.evidence.logs(&query).logs.into_iter().find(|entry| entry.sequence == sequence);
    let entry = found.ok_or_else(|| gone("sequence", &format!("log line {sequence}")))?;
    let label = format!("{}: {}{}", entry.service, entry.body, telling(&entry.attributes));
    let at_unix_s = Some(entry.time.seconds_since(UnixTime::default()));
    let (text, service) = (readable::log_line(&entry), entry.service.parse().ok());
    Ok(Read { source: "log", label, text, at_unix_s, service })
}

fn changed(team_world: &TeamWorld, sequence: u64) -> Result<Read, Problem> {
    let all = team_world.evidence.changes(UnixTime::default(), UnixTime::MAX).changes;
    let change = all.into_iter().find(|change| change.sequence == sequence);
    let change = change.ok_or_else(|| gone("sequence", &format!("change {sequence}")))?;
    let text = readable::change(&change);
    let at_unix_s = Some(change.time.seconds_since(UnixTime::default()));
    let label = format!("{} {}", change.which, change.what);
    Ok(Read { source: "change", label, text, at_unix_s, service: None })
}

fn span_of(team_world: &TeamWorld, trace: &str, span: &str) -> Result<Read, Problem> {
    let (trace, span): (TraceId, SpanId) = (
        trace.parse().map_err(|error| wrong("trace", format!("{error}.")))?,
        span.parse().map_err(|error| wrong("span", format!("{error}.")))?,
    );
    let view = team_world.evidence.trace(trace).ok_or_else(|| gone("trace", &format!("trace {trace}")))?;
    let began = view.start.seconds_since(UnixTime::default());
    let found = view.spans.into_iter().find(|known| known.span_id == span);
    let found = found.ok_or_else(|| gone("span", &format!("step {span} of trace {trace}")))?;
    let end = match (found.timed_out, found.failed) {
        (true, _) => ", timed out",
        (false, true) => ", failed",
        (false, false) => "",
    };
    let about = telling(&found.attributes);
    let label = format!("{}: {}{about} took {:.3} s{end}", found.service, found.name, found.duration_s);
    let (text, at_unix_s) = (readable::step(&found), Some(began + found.offset_s));
    // No single service: a step that calls another service is evidence about both.
    Ok(Read { source: "span", label, text, at_unix_s, service: None })
}

async fn page(team_world: &TeamWorld, route: Route) -> Read {
    let began = Instant::now();
    let path = any_page(route);
    let answer = customer(team_world).get(&path, Wait::AtMost(PAGE_TIMEOUT)).await;
    let seconds = began.elapsed().as_secs_f64();
    let (label, text) = match answer {
        Ok(answer) => {
            let label = format!("{route} page {path}: {} after {seconds:.1} s", answer.status.as_u16());
            (label, String::from_utf8_lossy(&answer.body).into_owned())
        }
        Err(error) => {
            let text =
                format!("{error}. The room waits {seconds:.0} s for a page to pin; customers wait longer.");
            (format!("{route} page {path}: no answer within {seconds:.0} s"), text)
        }
    };
    Read { source: "page", label, text, at_unix_s: None, service: Some(Service::WebFront) }
}

fn gone(parameter: &str, what: &str) -> Problem {
    wrong(parameter, format!("There is no {what}, or it is no longer held."))
}

fn unknown(parameter: &str, what: &str, known: &[impl ToString]) -> Problem {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    wrong(parameter, format!("There is no such {what}; there are: {}.", known.join(", ")))
}
