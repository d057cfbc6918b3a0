//! Extractors and responses of handlers. The extractors refuse with problem details (RFC 9457). They bear axum's own names, so that the
//! descriptions can be derived from the handlers.

use axum::{
    extract::{self, FromRequest, FromRequestParts, Request},
    http::request::Parts,
    response::{IntoResponse, Response},
};
use chassis::{Problem, extract::JsonObject};
use http::StatusCode;
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::session::wrong;

/// The response to a read.
pub type Answer<T> = Result<Json<T>, Problem>;

/// The response to a change that creates something.
pub type Created<T> = Result<(StatusCode, Json<T>), Problem>;

/// The response to any other change: no content, or a refusal.
pub type Done = Result<StatusCode, Problem>;

pub(super) const DONE: Done = Ok(StatusCode::NO_CONTENT);

/// Drops the result of a change: the response has no content.
pub(super) fn done<T>(_: T) -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Responds with what a change created.
pub(super) fn created<T>(made: T) -> (StatusCode, Json<T>) {
    (StatusCode::CREATED, Json(made))
}

/// A JSON body. In a request it must be an object.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        JsonObject::from_request(request, state).await.map(|JsonObject(body)| Self(body))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Parts of the path.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(extract::Path::from_request_parts(parts, state).await?.0))
    }
}

/// Parameters of the query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(extract::Query::from_request_parts(parts, state).await?.0))
    }
}

/// Refuses a number that lies outside a range.
pub(super) fn within(name: &str, value: f64, (least, most): (f64, f64)) -> Result<(), Problem> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(wrong(name, format!("{name} goes from {least} to {most}.")))
}

/// Problem details (RFC 9457), for the description.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Detail {
    /// `about:blank`.
    r#type: String,
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// What is wrong, and what to do.
    detail: String,
}

/// Refusals that any request may get: the status, and its meaning.
pub(super) const REFUSALS: [(&str, &str); 10] = [
    ("400", "The request cannot be read."),
    ("401", "No credentials, or wrong ones."),
    ("403", "Not allowed."),
    ("404", "Not found."),
    ("405", "Wrong method."),
    ("409", "Not now."),
    ("413", "Too large, or a limit is reached."),
    ("415", "Not JSON."),
    ("422", "A value is invalid."),
    ("429", "Too often."),
];
