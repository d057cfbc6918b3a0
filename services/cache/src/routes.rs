//! The cache's HTTP face.

use axum::{
    Json, Router,
    extract::{Path, State, rejection::JsonRejection},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chassis::{App, AssetId, Notification, Problem, logs::cause_chain, problem};
use http::{HeaderMap, StatusCode, header};
use tokio::time::Instant;

use crate::{
    fills::{Fills, Found},
    fragments::Fragment,
    store::FetchError,
};

/// `GET /fragments/{id}`, `POST /notifications`, and `/readyz`.
pub fn app(fills: Fills) -> App {
    let router = Router::new()
        .route("/fragments/{id}", get(fragment))
        .route("/notifications", post(notify))
        .fallback(problem::unknown_route)
        .with_state(fills.clone());
    App { router, ready: Router::new().route("/readyz", get(ready)).with_state(fills) }
}

async fn fragment(
    State(fills): State<Fills>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id: AssetId = id
        .parse()
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("'{id}' is no asset: {error}.")))?;
    let (fragment, found) = fills.fragment(&id).await.map_err(|error| problem_of(&error))?;
    Ok(answer(&fragment, found, &headers))
}

async fn notify(
    State(fills): State<Fills>,
    notification: Result<Json<Notification>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(notification) = notification?;
    fills.fragments().note(notification, Instant::now());
    Ok(StatusCode::NO_CONTENT)
}

async fn ready(State(fills): State<Fills>) -> Result<&'static str, Problem> {
    fills.ready().map(|()| "ok\n").map_err(|reason| Problem::new(StatusCode::SERVICE_UNAVAILABLE, reason))
}

fn answer(fragment: &Fragment, found: Found, request: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", fragment.version);
    let age_s = Instant::now().duration_since(fragment.filled_at).as_secs();
    let unchanged =
        request.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let headers = [
        (header::ETAG, tag),
        (header::AGE, age_s.to_string()),
        ("x-cache".parse().expect("a header's name"), found.name().into()),
    ];
    if unchanged {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let content_type = [(header::CONTENT_TYPE, fragment.content_type.clone())];
    (headers, content_type, fragment.body.clone()).into_response()
}

fn problem_of(error: &FetchError) -> Problem {
    let status = match error {
        FetchError::Missing { .. } => StatusCode::NOT_FOUND,
        FetchError::Unreachable(_) => StatusCode::GATEWAY_TIMEOUT,
        FetchError::Refused { .. } | FetchError::Unreadable { .. } => StatusCode::BAD_GATEWAY,
    };
    Problem::new(status, cause_chain(error))
}
