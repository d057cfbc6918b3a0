//! The pages, as files, and the headers that every answer of the room carries. Teaches that a page which may load only from its own
//! origin, and runs no script that is written into it, leaves little for what somebody typed to do.

use axum::{
    Router,
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use chassis::Problem;
use http::{HeaderName, HeaderValue, header, request::Parts};

use crate::{access::Facilitator, api::request::At, room::Room};

/// What pages may load and do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    frame-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The files, made from the folder `pages` when this is built: name and text.
const FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Where each page is that everybody may read, and its file.
const PAGES: [(&str, &str); 2] = [("/", "join.html"), ("/team", "team.html")];

/// How the names of files begin that only the facilitator reads: they name what participants need not know is there.
const OF_DESK: &str = "desk";

/// Pages and their files.
pub fn router() -> Router<Room> {
    let mut router = Router::new();
    for (path, name) in PAGES {
        router = router.route(path, get(async move || file(name)));
    }
    router
        .route("/tokens.css", get(async || css(debrief::TOKENS_CSS)))
        .route("/plots.css", get(async || css(debrief::PLOTS_CSS)))
        .route("/desk", get(desk))
        .route("/pages/{name}", get(page_file))
        .route("/favicon.ico", get(async || http::StatusCode::NO_CONTENT))
}

/// The facilitator's page, or the one to sign in.
async fn desk(facilitator: Result<Facilitator, Problem>) -> Response {
    file(if facilitator.is_ok() { "desk.html" } else { "sign-in.html" })
}

async fn page_file(
    State(room): State<Room>,
    At(name): At<String>,
    mut parts: Parts,
) -> Result<Response, Problem> {
    if name.starts_with(OF_DESK) {
        Facilitator::from_request_parts(&mut parts, &room).await?;
    }
    Ok(file(&name))
}

fn file(name: &str) -> Response {
    let Some((_, text)) = FILES.iter().find(|(known, _)| *known == name) else {
        return crate::session::not_found("There is nothing at this path.").into_response();
    };
    let kind = match name.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => return css(text),
        _ => "text/plain; charset=utf-8",
    };
    ([(header::CONTENT_TYPE, kind)], *text).into_response()
}

fn css(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], text).into_response()
}

/// What every answer says about itself: it is not kept, not guessed at, not framed, and tells nobody where it came from.
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
