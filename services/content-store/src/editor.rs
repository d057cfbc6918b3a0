//! The editor's page. Teaches that a page for people is served strictly: its own files, nothing inline, nothing from elsewhere.

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};

/// Where the page shows the special characters of a text, if it does.
const INSPECTION_PLACE: &str = "<!-- inspection -->";

/// The page and its files. Without `inspection` neither the view nor its script is there.
pub(crate) fn pages<S: Clone + Send + Sync + 'static>(inspection: bool) -> Router<S> {
    let view = if inspection { include_str!("editor/inspection.html") } else { "" };
    let page = include_str!("editor/editor.html").replace(INSPECTION_PLACE, view);
    let router = Router::new()
        .route("/editor", get(move || async move { file("text/html; charset=utf-8", page) }))
        .route("/editor/editor.css", fixed("text/css; charset=utf-8", include_str!("editor/editor.css")))
        .route("/editor/editor.js", script(include_str!("editor/editor.js")));
    if inspection {
        router.route("/editor/inspection.js", script(include_str!("editor/inspection.js")))
    } else {
        router
    }
}

fn script<S: Clone + Send + Sync + 'static>(text: &'static str) -> MethodRouter<S> {
    fixed("text/javascript; charset=utf-8", text)
}

fn fixed<S: Clone + Send + Sync + 'static>(
    content_type: &'static str,
    text: &'static str,
) -> MethodRouter<S> {
    get(move || async move { file(content_type, text) })
}

fn file(content_type: &'static str, text: impl IntoResponse) -> Response {
    let headers = [
        ("content-type", content_type),
        (
            "content-security-policy",
            "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-cache"),
    ];
    (headers, text).into_response()
}
