//! The pages, as files, and the headers that every answer of the room carries. Teaches that a page which may load only from its own
//! origin, and runs no script that is written into it, leaves little for what somebody typed to do.

use axum::{
    Router,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use chassis::problem;
use http::{HeaderName, HeaderValue, header};

use crate::room::Room;

/// What pages may load and do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    frame-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The files, made from the folder `pages` when this is built: name and text.
const FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Where each page is, and its file.
const PAGES: [(&str, &str); 3] = [("/", "join.html"), ("/team", "team.html"), ("/desk", "desk.html")];

/// Pages and their files.
pub fn router() -> Router<Room> {
    let mut router = Router::new();
    for (path, name) in PAGES {
        router = router.route(path, get(async move || file(name)));
    }
    router
        .route("/tokens.css", get(async || css(debrief::TOKENS_CSS)))
        .route(
            "/pages/{name}",
            get(async |super::api::request::At(name): super::api::request::At<String>| file(&name)),
        )
        .route("/favicon.ico", get(async || http::StatusCode::NO_CONTENT))
        .fallback(problem::unknown_route)
        .method_not_allowed_fallback(problem::unknown_method)
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
