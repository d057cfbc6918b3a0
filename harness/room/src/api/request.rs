//! Extractors for bodies, paths and queries that refuse with problem details (RFC 9457), and the refusals for the descriptions.

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::request::Parts,
};
use chassis::{Problem, extract::JsonObject};
use http::StatusCode;
use serde::{Serialize, de::DeserializeOwned};
use utoipa::{IntoResponses, ToSchema};

/// What a change is answered with: no content, or why not.
pub type Done = Result<StatusCode, Problem>;

pub const DONE: Done = Ok(StatusCode::NO_CONTENT);

/// A JSON body: an object.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let JsonObject(body) = JsonObject::from_request(request, state).await?;
        Ok(Self(body))
    }
}

/// Parts of the path.
pub struct InPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(at)| Self(at)).map_err(|error| Problem::new(error.status(), error.body_text()))
    }
}

/// Parameters of the query.
pub struct InQuery<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for InQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Self(asked)).map_err(|error| Problem::new(error.status(), error.body_text()))
    }
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

/// What any request may be answered with instead.
#[derive(Debug, IntoResponses)]
pub enum Refusal {
    /// The request cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(Detail),
    /// No credentials, or wrong ones.
    #[response(status = 401, content_type = "application/problem+json")]
    Nobody(Detail),
    /// Not allowed.
    #[response(status = 403, content_type = "application/problem+json")]
    NotAllowed(Detail),
    /// Not found.
    #[response(status = 404, content_type = "application/problem+json")]
    NotThere(Detail),
    /// Wrong method.
    #[response(status = 405, content_type = "application/problem+json")]
    WrongMethod(Detail),
    /// Not now.
    #[response(status = 409, content_type = "application/problem+json")]
    NotNow(Detail),
    /// Too large, or a limit is reached.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Detail),
    /// Not JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Detail),
    /// A value is invalid.
    #[response(status = 422, content_type = "application/problem+json")]
    Wrong(Detail),
    /// Too often.
    #[response(status = 429, content_type = "application/problem+json")]
    TooOften(Detail),
}
