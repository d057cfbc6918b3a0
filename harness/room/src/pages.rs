//! The pages, as files, and the headers that every answer of the room carries. Teaches that a page which loads only from its own origin, and
//! runs no inline script, leaves injected text little to do.

use std::{fs, io};

use axum::{
    Router,
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use chassis::Problem;
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};

use crate::{access::Facilitator, api::request::InPath, room::Room, session::not_found};

/// What pages may load and do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    frame-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The files, made from the folder `pages` when this is built: name and text.
const FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Where each page is that everybody may read, and its file.
const PAGES: [(&str, &str); 2] = [("/", "join.html"), ("/team", "team.html")];

/// What participants get on paper.
const PARTICIPANT: &str = include_str!("../../../docs/participant.md");

/// Files whose names begin with this are served to the facilitator alone: they name what participants need not know about.
const OF_DESK: &str = "desk";

pub fn router() -> Router<Room> {
    let mut router = Router::new();
    for (path, name) in PAGES {
        router = router.route(path, get(async move |State(room): State<Room>| file(&room, name)));
    }
    router
        .route("/tokens.css", get(async || with_kind("css", debrief::TOKENS_CSS)))
        .route("/plots.css", get(async || with_kind("css", debrief::PLOTS_CSS)))
        .route("/participant.md", get(async || with_kind("md", PARTICIPANT)))
        .route("/desk", get(desk))
        .route("/pages/{name}", get(page_file))
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
}

/// The facilitator's page, or the one to sign in.
async fn desk(
    State(room): State<Room>,
    facilitator: Result<Facilitator, Problem>,
) -> Result<Response, Problem> {
    file(&room, if facilitator.is_ok() { "desk.html" } else { "sign-in.html" })
}

async fn page_file(
    State(room): State<Room>,
    InPath(name): InPath<String>,
    mut parts: Parts,
) -> Result<Response, Problem> {
    if name.starts_with(OF_DESK) {
        Facilitator::from_request_parts(&mut parts, &room).await?;
    }
    file(&room, &name)
}

/// A file as it was built in, or as it stands now in the folder in which somebody edits the pages.
fn file(room: &Room, name: &str) -> Result<Response, Problem> {
    let (stem, kind) = name.split_once('.').unwrap_or_default();
    let is_plain = stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let nothing = || not_found("There is nothing at this path.");
    if !is_plain || !["html", "js", "css"].contains(&kind) {
        return Err(nothing());
    }
    let Some(folder) = room.pages() else {
        let (_, text) = FILES.iter().find(|(known, _)| *known == name).ok_or_else(nothing)?;
        return Ok(with_kind(kind, *text));
    };
    let text = fs::read(folder.join(name)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => nothing(),
        _ => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{name} cannot be read: {error}")),
    })?;
    Ok(with_kind(kind, text))
}

fn with_kind(kind: &str, text: impl IntoResponse) -> Response {
    let kind = match kind {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "md" => "text/markdown; charset=utf-8",
        _ => "text/css; charset=utf-8",
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// The headers of every answer: not cached, not sniffed, not framed, no referrer.
pub async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // A shop's pages bring a narrower one of their own.
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
