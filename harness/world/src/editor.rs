//! Publishing and rolling back, over HTTP with an editor's credentials: the world has no way into the store that a person
//! does not have.

use std::{io, time::Duration};

use bytes::Bytes;
use chassis::{Answer, AssetId, CallError, Chassis, Envelope, Peer, Wait};
use http::{HeaderValue, Method, Request, StatusCode, header, uri::Authority};
use serde::Deserialize;

/// How long the content store may take to publish: one durable write.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the shop was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditorError {
    /// The content store could not be reached.
    #[error("the content store could not be reached; is the shop running, and at this address?")]
    Unreachable(#[from] CallError),
    /// The content store said no.
    #[error("the content store answered {status}: {detail}")]
    Refused {
        /// Its status.
        status: StatusCode,
        /// Its reason.
        detail: String,
    },
    /// The name is no asset's.
    #[error("'{name}' is no asset id: 1 to 64 lower-case letters, digits and hyphens")]
    BadAsset {
        /// What was given.
        name: String,
    },
    /// The token holds characters that no header can carry.
    #[error("the editor's token holds characters that cannot be sent")]
    BadToken,
    /// A service could not be restarted.
    #[error("a service could not be restarted")]
    NotRestarted(#[from] io::Error),
}

/// Someone who may publish.
#[derive(Debug)]
pub struct Editor {
    store: Peer,
    credentials: String,
}

#[derive(Deserialize)]
struct Published {
    version: u64,
}

#[derive(Deserialize)]
struct Refusal {
    detail: String,
}

impl Editor {
    /// An editor of the content store at `store`.
    pub fn new(caller: &Chassis, store: Authority, token: &str) -> Self {
        Self { store: Peer::new(caller, store), credentials: format!("Bearer {token}") }
    }

    /// Publishes `body` as the next version of `asset`, and says which that is.
    ///
    /// # Errors
    ///
    /// When the content store refuses or cannot be reached.
    pub async fn publish(&self, asset: &str, body: Bytes) -> Result<u64, EditorError> {
        self.change(Method::PUT, asset, "", body).await.and_then(|answer| version(&answer))
    }

    /// Publishes the version before the current one again, and says as which.
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    pub async fn roll_back(&self, asset: &str) -> Result<u64, EditorError> {
        self.change(Method::POST, asset, "/rollback", Bytes::new()).await.and_then(|answer| version(&answer))
    }

    /// Deletes an asset with all its versions.
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    pub async fn delete(&self, asset: &str) -> Result<(), EditorError> {
        self.change(Method::DELETE, asset, "", Bytes::new()).await.map(drop)
    }

    /// The current text of an asset.
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    pub async fn read(&self, asset: &str) -> Result<String, EditorError> {
        let answer = self.store.get(&format!("/assets/{asset}"), Wait::AtMost(PUBLISH_TIMEOUT)).await?;
        let refused = |detail| EditorError::Refused { status: answer.status, detail };
        let envelope: Envelope =
            serde_json::from_slice(&answer.body).map_err(|error| refused(error.to_string()))?;
        Ok(envelope.body)
    }

    /// Every asset and its current version.
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    pub async fn list(&self) -> Result<Vec<(String, u64)>, EditorError> {
        #[derive(Deserialize)]
        struct Listed {
            id: String,
            version: u64,
        }
        let answer = self.store.get("/assets", Wait::AtMost(PUBLISH_TIMEOUT)).await?;
        let listed: Vec<Listed> = serde_json::from_slice(&answer.body)
            .map_err(|error| EditorError::Refused { status: answer.status, detail: error.to_string() })?;
        Ok(listed.into_iter().map(|asset| (asset.id, asset.version)).collect())
    }

    async fn change(
        &self,
        method: Method,
        asset: &str,
        action: &str,
        body: Bytes,
    ) -> Result<Answer, EditorError> {
        let asset: AssetId = asset.parse().map_err(|_| EditorError::BadAsset { name: asset.to_owned() })?;
        let credentials = HeaderValue::from_str(&self.credentials).map_err(|_| EditorError::BadToken)?;
        let request = Request::builder()
            .method(method)
            .uri(format!("/assets/{asset}{action}"))
            .header(header::AUTHORIZATION, credentials)
            .body(body)
            .expect("an asset id needs no escaping in a path");
        let answer = self.store.send(request, Wait::AtMost(PUBLISH_TIMEOUT)).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let refusal = serde_json::from_slice(&answer.body);
        let detail = refusal.map_or_else(|_| "it gave no reason".to_owned(), |Refusal { detail }| detail);
        Err(EditorError::Refused { status: answer.status, detail })
    }
}

/// The version that an answer says was published.
fn version(answer: &Answer) -> Result<u64, EditorError> {
    let refused =
        |error: serde_json::Error| EditorError::Refused { status: answer.status, detail: error.to_string() };
    let published: Published = serde_json::from_slice(&answer.body).map_err(refused)?;
    Ok(published.version)
}
