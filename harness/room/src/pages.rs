//! The files of the pages, and the headers of every response. Teaches that injected text can do little in a page that loads only from its own
//! origin and runs no inline script.

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

use crate::{access::Facilitator, api::request::Path, room::Room, session::not_found};

/// The content security policy of the pages.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    frame-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The files of the folder `pages`, embedded at build time: name and text.
const FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The pages that everybody may read: path and file.
const PAGES: [(&str, &str); 2] = [("/", "join.html"), ("/team", "team.html")];

/// The participants' handout, for printing.
const PARTICIPANT: &str = include_str!(concat!(env!("OUT_DIR"), "/participant.html"));

/// The prefix of files that only the facilitator gets: they name things that participants need not know about.
const OF_DESK: &str = "desk";

pub fn router() -> Router<Room> {
    let mut router = Router::new();
    for (path, name) in PAGES {
        router = router.route(path, get(async move |State(room): State<Room>| file(&room, name)));
    }
    router
        .route("/tokens.css", get(async || with_kind("css", debrief::TOKENS_CSS)))
        .route("/plots.css", get(async || with_kind("css", debrief::PLOTS_CSS)))
        .route("/participant.html", get(async || with_kind("html", PARTICIPANT)))
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
    Path(name): Path<String>,
    mut parts: Parts,
) -> Result<Response, Problem> {
    if name.starts_with(OF_DESK) {
        Facilitator::from_request_parts(&mut parts, &room).await?;
    }
    file(&room, &name)
}

/// The embedded file, or the current file in the folder in which somebody edits the pages.
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
        _ => "text/css; charset=utf-8",
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// Adds the headers of every response: no caching, no MIME sniffing, no framing, no referrer.
pub async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // The shop's pages bring a sandboxed policy of their own.
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
