//! Error responses as `application/problem+json` (RFC 9457). Teaches that every endpoint reports errors in one format, also where
//! no handler exists.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
}

impl Problem {
    pub(crate) fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self { parameter: Some(name.to_owned()), ..Self::of(StatusCode::BAD_REQUEST, detail) }
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::of(StatusCode::NOT_FOUND, detail)
    }

    fn of(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or_default();
        Self { title, status: status.as_u16(), detail: detail.into(), parameter: None }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(self).into_response().into_body())
            .into_response()
    }
}

/// The response for an unknown path.
pub(crate) async fn no_such_path() -> Problem {
    Problem::not_found("There is nothing at this path.")
}

/// The response to a method that a path does not support; the `Allow` header lists those that it does.
pub(crate) async fn no_such_method(method: Method) -> Problem {
    Problem::of(StatusCode::METHOD_NOT_ALLOWED, format!("{method} cannot be used at this path."))
}
