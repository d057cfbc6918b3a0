//! A team's looks: at evidence that its level grants, at health, at assets, and at its shop. Teaches that a look returns the evidence, never its
//! interpretation.
//!
//! The room records each look with its query, and with the assets and characters that the answer named. So the debrief can say when a team saw
//! something.

use std::{collections::BTreeSet, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use chassis::{Chassis, Peer, Problem, Wait};
use http::{HeaderMap, HeaderName, StatusCode, header};
use incident::{EventKind, Service};
use serde::Serialize;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;
use world::customers::PATIENCE;

use super::request::{Answer, Json};
use crate::{
    access::Member,
    evidence_kind::EvidenceKind,
    limits::{LOOK_CHARACTERS_MAX, cut},
    lines::{DASHBOARDS, Sight},
    played::{Look, Played},
    rate_limits::Client,
    room::Room,
    session::{broken, conflict, forbidden, not_found},
    team_world::TeamWorld,
};

/// Timeout of connecting to a port, and of a health check.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);

/// Largest answer of the evidence store, in bytes. It is searched for assets and characters.
const ANSWER_BYTES_MAX: usize = 16 * 1_024 * 1_024;

/// The routes to the evidence store's own API and Prometheus' page, for the team that asks, and to the shop of a team.
pub fn evidence_and_shop() -> Router<Room> {
    Router::new()
        .route("/evidence/{*question}", get(evidence))
        .route("/metrics", get(evidence))
        .route("/s/{key}/", get(shop))
        .route("/s/{key}/{*path}", get(shop))
}

/// The kind of evidence that a path asks for.
fn kind_of(path: &str) -> Option<EvidenceKind> {
    let question = path.strip_prefix("/evidence/").unwrap_or_else(|| path.trim_start_matches('/'));
    if question == "metrics/requests" {
        return Some(EvidenceKind::Traces); // Behind each figure are traces.
    }
    match question.split('/').next()? {
        "logs" => Some(EvidenceKind::Logs),
        "metrics" => Some(EvidenceKind::Metrics),
        "alerts" => Some(EvidenceKind::Alerts),
        "traces" => Some(EvidenceKind::Traces),
        "changes" => Some(EvidenceKind::Changes),
        _ => None,
    }
}

async fn evidence(member: Member, request: Request) -> Result<Response, Problem> {
    let (path, query) =
        (request.uri().path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
    let sight = member.may_look()?;
    let kind = kind_of(&path).ok_or_else(|| not_found("There is nothing at this path."))?;
    if !sight.has(kind)? {
        return Err(not_found("Your team has no such evidence now; the tabs of your page show what it has."));
    }
    let team_world = member.team_world()?;
    // The store's router reads the path again, and must not find this router's parameters.
    let (mut asked, nothing) = request.into_parts();
    asked.extensions.clear();
    let only_dashboards = sight.only_dashboards && kind == EvidenceKind::Metrics;
    if only_dashboards && path == QUERY {
        let address = format!("{QUERY}?{}", on_dashboards(&query)?);
        asked.uri = address.parse().map_err(|_| not_found("There is nothing at this path."))?;
    } else if only_dashboards && path != LIST {
        return Err(forbidden(ONLY_DASHBOARDS));
    }
    let (answer, named) =
        member.answered(&team_world, Request::from_parts(asked, nothing), ANSWER_BYTES_MAX).await?;
    if answer.status().is_success() {
        let at = path.trim_start_matches("/evidence/").to_owned();
        member.remember(&team_world, &at, question(&query), named);
    }
    if only_dashboards && path == LIST {
        return Ok(
            ([(header::CONTENT_TYPE, "application/json")], dashboards_of(answer.body())).into_response()
        );
    }
    Ok(answer.map(Body::from))
}

const LIST: &str = "/evidence/metrics";
const QUERY: &str = "/evidence/metrics/query";
const ONLY_DASHBOARDS: &str = "L1 sees metrics on dashboards that were defined in advance: /evidence/metrics lists what stands on them.";

/// Restricts a query about a metric to the dashboards: to their metrics, and to the one service of each.
pub(super) fn on_dashboards(query: &str) -> Result<String, Problem> {
    let name = query.split('&').find_map(|pair| pair.strip_prefix("name=")).unwrap_or_default();
    let known = DASHBOARDS.iter().find(|(metric, _)| *metric == name);
    let (name, service) = known.ok_or_else(|| forbidden(ONLY_DASHBOARDS))?;
    // The store takes the last value of each parameter, so these override earlier ones, however they are written.
    Ok(format!("{query}&name={name}&service={service}"))
}

/// The list of all metrics, reduced to those on a dashboard.
fn dashboards_of(all: &[u8]) -> Bytes {
    let mut list: serde_json::Value = serde_json::from_slice(all).unwrap_or_default();
    if let Some(metrics) = list["metrics"].as_array_mut() {
        metrics.retain_mut(|metric| {
            let known = DASHBOARDS.iter().find(|(name, _)| metric["name"] == *name);
            let Some((_, service)) = known else { return false };
            let labels = metric["labels"].as_array_mut();
            let count = labels.map_or(0, |labels| {
                labels.retain(|labels| labels["service.name"] == *service);
                labels.len()
            });
            metric["series"] = count.into();
            count > 0
        });
    }
    list.to_string().into()
}

/// Refuses what the level does not grant.
pub(super) fn granted(sight: &Sight, kind: EvidenceKind) -> Result<(), Problem> {
    let refused = || conflict("The telemetry level of this round does not grant that.");
    if sight.has(kind)? { Ok(()) } else { Err(refused()) }
}

impl Member {
    /// What the member may look at: what the team's level grants and their line of support sees. Refused until the team has guessed.
    pub(super) fn may_look(&self) -> Result<Sight, Problem> {
        self.room.read(|session| {
            let at = session.lines_of(self.team, self.who);
            let played = session.played(self.team).ok_or_else(|| conflict("No round has begun."))?;
            played.may_see(at.as_ref())?;
            if played.guess.is_none() {
                return Err(conflict("Give your first guess; then the evidence opens."));
            }
            Ok(played.sight(at.as_ref()))
        })
    }

    /// Queries the evidence store when it is the team's turn. Returns the answer, and the assets and characters that it names.
    pub(super) async fn answered(
        &self,
        team_world: &TeamWorld,
        request: Request,
        bytes_max: usize,
    ) -> Result<(Response<Bytes>, BTreeSet<String>), Problem> {
        let evidence = team_world.evidence.clone();
        let computed = self.room.queries().ask(self.team, move || {
            let answer = evidence::api::answered(evidence, request, bytes_max)?;
            let named = named(answer.body());
            Ok::<_, axum::Error>((answer, named))
        });
        computed.await?.map_err(|error| broken(format!("The answer is too large: {error}")))
    }

    pub(super) fn remember(&self, team_world: &TeamWorld, at: &str, query: String, named: BTreeSet<String>) {
        let line = self.room.read(|session| {
            session.played(self.team)?.looking(session.lines_of(self.team, self.who).as_ref())
        });
        let look = Look { when: team_world.now(), at: at.to_owned(), query, named, line };
        remember(&self.room, team_world, look);
    }
}

/// Records a look. Of several queries that count as one look, the incident record notes only the first.
fn remember(room: &Room, team_world: &TeamWorld, look: Look) {
    let team = team_world.team;
    let name = cut(&look.at, LOOK_CHARACTERS_MAX);
    let is_first = room.change(|session| {
        let looks = session.played(team).map_or(0, Played::looked);
        session.look(team, look) && session.played(team).map_or(0, Played::looked) > looks
    });
    if is_first {
        team_world.world.note(EventKind::Check { name, cost_story_s: 0.0 });
    }
}

/// A query without the parameters that change at each refresh.
fn question(query: &str) -> String {
    let changes =
        |pair: &&str| !["after=", "from=", "to=", "limit="].iter().any(|name| pair.starts_with(name));
    query.split('&').filter(changes).collect::<Vec<_>>().join("&")
}

/// The assets and the special characters that an answer names.
pub(super) fn named(answer: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(answer);
    let mut named: BTreeSet<String> =
        TeamWorld::assets().into_iter().filter(|asset| text.contains(asset.as_str())).collect();
    for (mark, digits_max) in [("U+", 6), ("0x", 2)] {
        named.extend(text.split(mark).skip(1).filter_map(|rest| {
            let digits: String = rest.chars().take(digits_max).take_while(char::is_ascii_hexdigit).collect();
            (digits.len() >= digits_max.min(4)).then(|| format!("{mark}{}", digits.to_uppercase()))
        }));
    }
    named
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    pub(super) services: Vec<ServiceHealth>,
    /// When, in seconds since 1970.
    at_unix_s: f64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServiceHealth {
    #[schema(value_type = String)]
    pub(super) service: Service,
    /// Whether something listens on its port.
    pub(super) port_open: bool,
    /// What its health check answers; null if nothing in a second.
    pub(super) healthz: Option<u16>,
    pub(super) elapsed_ms: u64,
}

/// Whether each service's port is open, and what its health check answers
#[utoipa::path(get, path = "/api/team/health", responses((status = 200, body = Health)))]
pub(super) async fn health(member: Member) -> Answer<Health> {
    granted(&member.may_look()?, EvidenceKind::Health)?;
    let team_world = member.team_world()?;
    let health = health_of(&team_world).await;
    member.remember(&team_world, "health", String::new(), BTreeSet::new());
    Ok(Json(health))
}

pub(super) async fn health_of(team_world: &TeamWorld) -> Health {
    let caller = operator(team_world);
    let mut services = Vec::new();
    for service in Service::ALL.iter().copied() {
        let address = team_world.world.shop().addresses().of(service);
        let connected = timeout(HEALTH_TIMEOUT, caller.network.connect(caller.service, address)).await;
        let port_open = connected.is_ok_and(|connected| connected.is_ok());
        let began = Instant::now();
        let peer = Peer::new(&caller, address.clone());
        let answer = peer.get("/healthz", Wait::AtMost(HEALTH_TIMEOUT)).await;
        let healthz = answer.ok().map(|answer| answer.status.as_u16());
        let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        services.push(ServiceHealth { service, port_open, healthz, elapsed_ms });
    }
    Health { services, at_unix_s: team_world.arrived_unix_s() + team_world.world.at_s() }
}

/// A client that connects to the services directly, as an operator does.
pub(super) fn operator(team_world: &TeamWorld) -> Chassis {
    team_world.world.outsider("responder")
}

/// The content security policy of the shop's pages: it keeps them from running in the room's origin.
const SHOP_POLICY: &str =
    "sandbox allow-forms; default-src 'self' 'unsafe-inline' data:; frame-ancestors 'self'";

/// Headers of the shop's answers that are passed on.
const SHOP_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::RETRY_AFTER, header::CACHE_CONTROL];

async fn shop(State(room): State<Room>, request: Request) -> Result<Response, Problem> {
    let key = request.uri().path().split('/').nth(2).unwrap_or_default();
    let team = room.read(|session| {
        let found = session.teams.iter().find(|team| crate::access::is_same(&team.shop_key, key));
        found.map(|team| team.number)
    });
    let Some(team) = team else {
        let nothing = not_found("There is no shop here.");
        return Err(room.rate_limits().guessed(Client::of(request.extensions()), nothing));
    };
    room.rate_limits().shop_view(team)?;
    let closed = || not_found("The shop is closed. It opens with the next round.");
    let team_world = room.team_world(team).ok_or_else(closed)?;
    let prefix = format!("/s/{key}");
    let asked = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = asked.strip_prefix(&prefix).filter(|path| path.starts_with('/')).unwrap_or("/");
    let (at, query) = ("shop".to_owned(), path.to_owned());
    let look = Look { when: team_world.now(), at, query, named: BTreeSet::new(), line: None };
    remember(&room, &team_world, look);
    let policy = [(header::CONTENT_SECURITY_POLICY, SHOP_POLICY)];
    match customer(&team_world).get(path, Wait::AtMost(PATIENCE)).await {
        Ok(answer) => {
            let passed_on =
                |name: HeaderName| answer.headers.get(&name).map(|value| (name.clone(), value.clone()));
            let headers: HeaderMap = SHOP_HEADERS.into_iter().filter_map(passed_on).collect();
            Ok((answer.status, headers, policy, answer.body).into_response())
        }
        Err(error) => {
            let page = Html(no_page(&error.to_string()));
            Ok((StatusCode::GATEWAY_TIMEOUT, policy, page).into_response())
        }
    }
}

/// A client of the shop's web front, as a customer is.
pub(super) fn customer(team_world: &TeamWorld) -> Peer {
    let front = team_world.world.shop().addresses().web_front.clone();
    Peer::new(&team_world.world.outsider(world::shop::CUSTOMERS), front)
}

/// The page in place of one that did not come. People read it, so it has sentences and no problem details.
fn no_page(why: &str) -> String {
    let (why, seconds) = (why.replace('&', "&amp;").replace('<', "&lt;"), PATIENCE.as_secs());
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>No page</title>\
         <style>body {{ font: 1.5rem/1.4 system-ui, sans-serif; text-align: center; margin: 25vh 1.5rem }} p {{ font-size: 1rem }}</style>\
         <strong>The shop did not answer.</strong><p>Customers give up after {seconds} s.</p><p><small>{why}</small></p></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_page_holds_no_markup_from_elsewhere() {
        let page = no_page("<b>front</b> & cache");
        assert!(page.contains("<small>&lt;b>front&lt;/b> &amp; cache</small>"), "{page}");
    }

    #[test]
    fn an_answer_names_assets_and_characters() {
        let check = |answer: &str, expected: &[&str]| {
            let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(named(answer.as_bytes()), expected, "{answer}");
        };
        check("{}", &[]);
        check(r#"{"shop.asset.id":"promo-banner"}"#, &["promo-banner"]);
        check("U+000b at 12, 0x93 too, U+1F33F", &["U+000B", "0x93", "U+1F33F"]);
        check("U+0 and 0x9", &[]);
    }

    #[test]
    fn dashboards_show_what_was_put_on_them() {
        let asked = "name=http.server.request.duration&service=cache&n%61me=shop.cache.entries";
        let shown = on_dashboards(asked).unwrap();
        assert_eq!(shown, format!("{asked}&name=http.server.request.duration&service=web-front"));
        assert!(on_dashboards("name=shop.cache.entries").is_err() && on_dashboards("").is_err());
        let list = r#"{"metrics":[{"name":"shop.cache.entries","labels":[]},{"name":"http.server.request.duration","series":2,
            "labels":[{"service.name":"cache"},{"service.name":"web-front"}]}]}"#;
        let kept: serde_json::Value = serde_json::from_slice(&dashboards_of(list.as_bytes())).unwrap();
        assert_eq!(kept["metrics"].as_array().unwrap().len(), 1);
        assert_eq!((&kept["metrics"][0]["series"], kept.to_string().contains("cache")), (&1.into(), false));
    }

    #[test]
    fn each_question_asks_for_one_kind_of_evidence() {
        assert_eq!(kind_of("/evidence/logs"), Some(EvidenceKind::Logs));
        assert_eq!(kind_of("/evidence/metrics/query"), Some(EvidenceKind::Metrics));
        assert_eq!(kind_of("/evidence/metrics/requests"), Some(EvidenceKind::Traces));
        assert_eq!(kind_of("/metrics"), Some(EvidenceKind::Metrics));
        assert_eq!(kind_of("/evidence/traces/abc"), Some(EvidenceKind::Traces));
        assert_eq!(kind_of("/evidence/changes"), Some(EvidenceKind::Changes));
        assert_eq!(kind_of("/evidence/usage"), None);
    }
}
