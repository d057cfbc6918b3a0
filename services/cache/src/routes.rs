//! The cache's HTTP face.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chassis::{
    App, AssetId, Conditions, Notification, Problem,
    asset::INERT,
    extract::{Checked, JsonObject},
    logs::cause_chain,
    operator::{is_bearer, unauthorized},
    problem,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tokio::time::Instant;

use crate::{
    fills::{Fills, Found},
    fragments::Fragment,
    store::FetchError,
};

/// The headers of an answer, and as many again.
const HEADERS: usize = 12;

/// `GET /fragments/{id}`, `POST /notifications`, for which a token may be needed, and `/readyz`.
pub fn app(fills: Fills, notification_token: Option<&str>) -> App {
    let token: Option<Arc<str>> = notification_token.map(Into::into);
    let notify = post(notify).route_layer(from_fn(move |request: Request, next: Next| {
        let is_allowed = token.as_deref().is_none_or(|token| is_bearer(request.headers(), token));
        async move { if is_allowed { next.run(request).await } else { unauthorized().into_response() } }
    }));
    let router = Router::new()
        .route("/fragments/{id}", get(fragment))
        .route("/notifications", notify)
        .fallback(problem::unknown_route)
        .with_state(fills.clone());
    App { router, ready: Router::new().route("/readyz", get(ready)).with_state(fills) }
}

async fn fragment(
    State(fills): State<Fills>,
    Checked(Path(id)): Checked<Path<AssetId>>,
    conditions: Conditions,
) -> Result<Response, Problem> {
    let (fragment, found) = fills.fragment(&id).await.map_err(|error| problem_of(&error))?;
    answer(&fragment, found, &conditions)
}

async fn notify(
    State(fills): State<Fills>,
    JsonObject(notification): JsonObject<Notification>,
) -> StatusCode {
    fills.fragments().note(notification, Instant::now());
    StatusCode::NO_CONTENT
}

async fn ready(State(fills): State<Fills>) -> Result<&'static str, Problem> {
    fills.ready().map(|()| "ok\n").map_err(|reason| Problem::new(StatusCode::SERVICE_UNAVAILABLE, reason))
}

fn answer(fragment: &Fragment, found: Found, conditions: &Conditions) -> Result<Response, Problem> {
    let unchanged = conditions.answer(fragment.version)?;
    let mut response = unchanged.unwrap_or_else(|| {
        let mut whole = Response::new(fragment.body.clone().into());
        // Room for these, and for what is added on the way.
        *whole.headers_mut() = HeaderMap::with_capacity(HEADERS);
        whole.headers_mut().extend(INERT);
        whole.headers_mut().insert(header::CONTENT_TYPE, fragment.content_type.clone());
        whole
    });
    let age_s = Instant::now().duration_since(fragment.filled_at).as_secs();
    let headers = response.headers_mut();
    headers.insert(header::ETAG, fragment.tag.clone());
    headers.insert(header::AGE, age_s.into());
    headers.insert(HeaderName::from_static("x-cache"), HeaderValue::from_static(found.name()));
    Ok(response)
}

fn problem_of(error: &FetchError) -> Problem {
    let status = match error {
        FetchError::Missing { .. } => StatusCode::NOT_FOUND,
        FetchError::Unreachable(_) => StatusCode::GATEWAY_TIMEOUT,
        FetchError::Refused { .. } | FetchError::Unreadable { .. } => StatusCode::BAD_GATEWAY,
    };
    Problem::new(status, cause_chain(error))
}
