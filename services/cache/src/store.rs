//! How a version is fetched from the content store. Teaches that failures differ: some pass, some never will.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use chassis::{AssetId, CallError, Envelope, Peer, Version, Wait};
use http::{Method, StatusCode, header};

/// How long the content store may take: it answers from memory or one read of its disk.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, thiserror::Error)]
pub enum FetchError {
    /// There is no such asset, or not in this version.
    #[error("the content store has no {id}")]
    Missing { id: AssetId },
    /// The content store could not be reached in time.
    #[error("the content store could not be reached")]
    Unreachable(#[source] Arc<CallError>),
    #[error("the content store answered {status}")]
    Refused { status: StatusCode },
    /// The content store answered with something that is no envelope.
    #[error("version {version} of {id} could not be read")]
    Unreadable { id: AssetId, version: Version, source: Arc<serde_json::Error> },
}

impl FetchError {
    /// A short name for it, as `error.type` in telemetry.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::Unreachable(error) => error.kind(),
            Self::Refused { .. } => "refused",
            Self::Unreadable { .. } => "unreadable",
        }
    }

    /// Whether the same request will fail the same way however often it is sent: a version never changes.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::Unreadable { .. })
    }
}

/// The version that is current now.
pub async fn current_version(store: &Peer, id: &AssetId) -> Result<Version, FetchError> {
    let path = format!("/assets/{id}");
    let answer = store.call(Method::HEAD, &path, Bytes::new(), Wait::AtMost(STORE_TIMEOUT)).await;
    let answer = answer.map_err(|error| FetchError::Unreachable(Arc::new(error)))?;
    check(answer.status, id)?;
    let tag = answer.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let version = tag.and_then(|tag| tag.trim_matches('"').parse().ok());
    version.ok_or(FetchError::Refused { status: answer.status })
}

/// One version, by its address that never changes.
pub async fn fetch(store: &Peer, id: &AssetId, version: Version) -> Result<Envelope, FetchError> {
    let answer = store.get(&format!("/assets/{id}/versions/{version}"), Wait::AtMost(STORE_TIMEOUT)).await;
    let answer = answer.map_err(|error| FetchError::Unreachable(Arc::new(error)))?;
    check(answer.status, id)?;
    let unreadable = |error| FetchError::Unreadable { id: id.clone(), version, source: Arc::new(error) };
    serde_json::from_slice(&answer.body).map_err(unreadable)
}

fn check(status: StatusCode, id: &AssetId) -> Result<(), FetchError> {
    match status {
        StatusCode::OK => Ok(()),
        StatusCode::NOT_FOUND => Err(FetchError::Missing { id: id.clone() }),
        status => Err(FetchError::Refused { status }),
    }
}
