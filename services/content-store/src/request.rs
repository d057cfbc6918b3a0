//! What a request brings, checked once at the border. Teaches that an error here is the caller's, and says what to do.

use std::{fmt::Display, sync::Arc, time::Duration};

use axum::{
    body::HttpBody,
    extract::{FromRequest, FromRequestParts, Request},
};
use bytes::Bytes;
use chassis::{
    Problem, Version,
    operator::{is_bearer, unauthorized},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use tokio::time::timeout;

use crate::{
    Store,
    asset::{ASSET_BYTES_MAX, CONTENT_TYPE_BYTES_MAX},
    storage::{Expected, StorageError},
};

/// A body must have arrived by then; a client that trickles it would hold its place among the requests for ever.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Proof that the request carries the editor's token. Ask for it before the body: a stranger's body is not read.
pub(crate) struct Editor;

impl FromRequestParts<Arc<Store>> for Editor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, store: &Arc<Store>) -> Result<Self, Problem> {
        if is_bearer(&parts.headers, &store.editor_token) { Ok(Self) } else { Err(unauthorized()) }
    }
}

/// What the path or the query says, checked by its type.
pub(crate) struct Checked<E>(pub(crate) E);

impl<S: Send + Sync, E: FromRequestParts<S, Rejection: Display>> FromRequestParts<S> for Checked<E> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        E::from_request_parts(parts, state).await.map(Self).map_err(|rejection| bad(rejection.to_string()))
    }
}

/// The whole body, of at most [`ASSET_BYTES_MAX`].
pub(crate) struct WholeBody(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for WholeBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let too_large = || {
            let detail = format!("A body has at most {ASSET_BYTES_MAX} bytes.");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).with("bytes_max", ASSET_BYTES_MAX)
        };
        // Who announces too much is told before sending it.
        if request.body().size_hint().lower() > ASSET_BYTES_MAX as u64 {
            return Err(too_large());
        }
        let late = || Problem::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.");
        match timeout(BODY_TIMEOUT, Bytes::from_request(request, state)).await.map_err(|_| late())? {
            Ok(body) => Ok(Self(body)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_large()),
            Err(rejection) => Err(Problem::new(rejection.status(), rejection.body_text())),
        }
    }
}

/// What the author believes to be current: `If-Match: "7"` for a version, `If-None-Match: *` for a new asset.
pub(crate) fn expected(headers: &HeaderMap) -> Result<Expected, Problem> {
    match (headers.get(header::IF_MATCH), headers.get(header::IF_NONE_MATCH)) {
        (None, None) => Ok(Expected::Anything),
        (None, Some(any)) if any == "*" => Ok(Expected::Absent),
        (Some(tag), None) => version_of_tag(tag)
            .map(Expected::Version)
            .ok_or_else(|| bad("If-Match takes one version in quotes, as in \"7\".")),
        _ => Err(bad("Send either If-Match with one version in quotes, or If-None-Match with *.")),
    }
}

/// The version's entity tag, as in `"7"`.
pub(crate) fn tag(version: Version) -> HeaderValue {
    format!("\"{version}\"").parse().expect("quotes and digits are allowed in a header")
}

/// The content type of a publish. None means that the client did not choose one: curl claims a form whatever it sends, and
/// no asset is a form.
pub(crate) fn content_type(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(None) };
    let value = value.to_str().map_err(|_| bad("The content type is not plain text."))?;
    if value.len() > CONTENT_TYPE_BYTES_MAX {
        return Err(bad(format!("A content type has at most {CONTENT_TYPE_BYTES_MAX} bytes.")));
    }
    let is_chosen = !value.is_empty() && value != "application/x-www-form-urlencoded";
    Ok(is_chosen.then(|| value.to_owned()))
}

/// A 400.
pub(crate) fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::UnknownAsset => Self::new(StatusCode::NOT_FOUND, "There is no such asset."),
            StorageError::UnknownVersion => {
                Self::new(StatusCode::NOT_FOUND, "The asset has no such version.")
            }
            StorageError::Conflict { current: Some(current) } => {
                let detail =
                    format!("Version {current} is current, not the one that you expected. Read it first.");
                Self::new(StatusCode::PRECONDITION_FAILED, detail).with("current_version", current.0)
            }
            StorageError::Conflict { current: None } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "The asset does not exist, or no longer.")
                    .with("current_version", serde_json::Value::Null)
            }
            StorageError::TooManyAssets | StorageError::TooManyVersions => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string())
            }
            StorageError::Database(_) => {
                tracing::error!(error = &error as &(dyn std::error::Error + 'static), "the storage failed");
                let detail = "The storage failed. Read what is current before you try again.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
            }
        }
    }
}

fn version_of_tag(tag: &HeaderValue) -> Option<Version> {
    tag.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?.parse().ok().map(Version)
}
