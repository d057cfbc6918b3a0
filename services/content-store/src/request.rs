//! What a request brings, checked once at the border. Teaches that an error here is the caller's, and says what to do.

use std::sync::Arc;

use axum::{
    body::HttpBody,
    extract::{FromRequest, FromRequestParts, Request},
};
use bytes::Bytes;
use chassis::{
    Problem, conditions,
    extract::{BODY_TIMEOUT, late},
    operator::{is_bearer, unauthorized},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use mime::Mime;
use tokio::time::timeout;

use crate::{
    Store,
    asset::{ASSET_BYTES_MAX, CONTENT_TYPE_BYTES_MAX},
    storage::StorageError,
};

/// Proof that the request carries the editor's token. Ask for it before the body: a stranger's body is not read.
pub(crate) struct Editor;

impl FromRequestParts<Arc<Store>> for Editor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, store: &Arc<Store>) -> Result<Self, Problem> {
        if is_bearer(&parts.headers, &store.editor_token) { Ok(Self) } else { Err(unauthorized()) }
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
        match timeout(BODY_TIMEOUT, Bytes::from_request(request, state)).await.map_err(|_| late())? {
            Ok(body) => Ok(Self(body)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_large()),
            Err(rejection) => Err(rejection.into()),
        }
    }
}

/// The content type of a publish. None means that the client did not choose one: curl claims a form whatever it sends, and
/// no asset is a form.
pub(crate) fn content_type(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(None) };
    let value = value.to_str().map_err(|_| bad("The content type is not plain text."))?;
    if value.len() > CONTENT_TYPE_BYTES_MAX {
        return Err(bad(format!("A content type has at most {CONTENT_TYPE_BYTES_MAX} bytes.")));
    }
    if value.is_empty() {
        return Ok(None);
    }
    let Ok(media_type) = value.parse::<Mime>() else {
        return Err(unsupported(format!(
            "'{value}' is no content type such as 'text/plain; charset=utf-8'."
        )));
    };
    if media_type.type_() == mime::MULTIPART {
        return Err(unsupported("The body is a form. Send the text itself, as curl does with -T FILE."));
    }
    Ok((media_type.essence_str() != "application/x-www-form-urlencoded").then(|| value.to_owned()))
}

/// Whether the body is the text itself: neither compressed, which nobody would undo, nor a piece of it.
pub(crate) fn is_whole_text(headers: &HeaderMap) -> Result<(), Problem> {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    if codings.into_iter().any(|coding| !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity")) {
        return Err(unsupported("The body is compressed. Send the text as it is, without Content-Encoding."));
    }
    if headers.contains_key(header::CONTENT_RANGE) {
        return Err(bad("An asset is published whole. Send all of it, without Content-Range."));
    }
    Ok(())
}

fn unsupported(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
}

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
            StorageError::Conflict { current } => conditions::conflict(current),
            StorageError::TooManyAssets | StorageError::TooManyVersions => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string())
            }
            StorageError::NoRoom(_) => {
                tracing::error!(error = &error as &(dyn std::error::Error + 'static), "the disk is full");
                let detail = "The store's disk is full. Make room, read what is current, and publish again.";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, detail)
            }
            StorageError::Database(_) => {
                tracing::error!(error = &error as &(dyn std::error::Error + 'static), "the storage failed");
                let detail = "The storage failed. Read what is current before you try again.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
            }
        }
    }
}
