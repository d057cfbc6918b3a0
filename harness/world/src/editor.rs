//! Publishes and rolls back over HTTP with an editor's credentials: the world has no access to the store that a person lacks.

use std::{io, time::Duration};

use bytes::Bytes;
use chassis::{Answer, AssetId, CallError, Chassis, Envelope, Peer, Wait};
use http::{HeaderValue, Method, Request, StatusCode, header, uri::Authority};
use serde::{Deserialize, de::DeserializeOwned};

/// The timeout of one call to the content store, which makes one durable write to publish.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the shop was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditorError {
    #[error("the content store could not be reached; is the shop running, and at this address?")]
    Unreachable(#[from] CallError),
    #[error("the content store answered {status}: {detail}")]
    Refused { status: StatusCode, detail: String },
    #[error("'{name}' is no asset id: 1 to 64 lower-case letters, digits and hyphens")]
    BadAsset { name: String },
    #[error("the editor's token holds characters that cannot be sent")]
    BadToken,
    #[error("a service could not be restarted")]
    NotRestarted(#[from] io::Error),
}

/// A client with an editor's credentials.
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
    pub fn new(caller: &Chassis, store: Authority, token: &str) -> Self {
        Self { store: Peer::new(caller, store), credentials: format!("Bearer {token}") }
    }

    /// Publishes `body` as the next version of `asset`, and returns that version.
    pub async fn publish(&self, asset: &str, body: Bytes) -> Result<u64, EditorError> {
        self.change(Method::PUT, asset, "", body).await.and_then(|answer| published(&answer))
    }

    /// Publishes `body` as `asset` unless there is such an asset. Returns whether there was none.
    pub async fn create(&self, asset: &str, body: Bytes) -> Result<bool, EditorError> {
        let mut request = self.request(Method::PUT, asset, "", body)?;
        request.headers_mut().insert(header::IF_NONE_MATCH, HeaderValue::from_static("*"));
        match self.send(request).await {
            Ok(_) => Ok(true),
            Err(EditorError::Refused { status: StatusCode::PRECONDITION_FAILED, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Publishes the previous version again, and returns the number it gets.
    pub async fn roll_back(&self, asset: &str) -> Result<u64, EditorError> {
        self.change(Method::POST, asset, "/rollback", Bytes::new())
            .await
            .and_then(|answer| published(&answer))
    }

    pub async fn delete(&self, asset: &str) -> Result<(), EditorError> {
        self.change(Method::DELETE, asset, "", Bytes::new()).await.map(drop)
    }

    pub async fn read(&self, asset: &str) -> Result<String, EditorError> {
        let answer = self.store.get(&format!("/assets/{asset}"), Wait::AtMost(PUBLISH_TIMEOUT)).await?;
        Ok(read::<Envelope>(&answer)?.body)
    }

    pub async fn list(&self) -> Result<Vec<(String, u64)>, EditorError> {
        #[derive(Deserialize)]
        struct Listed {
            id: String,
            version: u64,
        }
        let answer = self.store.get("/assets", Wait::AtMost(PUBLISH_TIMEOUT)).await?;
        Ok(read::<Vec<Listed>>(&answer)?.into_iter().map(|asset| (asset.id, asset.version)).collect())
    }

    async fn change(
        &self,
        method: Method,
        asset: &str,
        action: &str,
        body: Bytes,
    ) -> Result<Answer, EditorError> {
        self.send(self.request(method, asset, action, body)?).await
    }

    fn request(
        &self,
        method: Method,
        asset: &str,
        action: &str,
        body: Bytes,
    ) -> Result<Request<Bytes>, EditorError> {
        let asset: AssetId = asset.parse().map_err(|_| EditorError::BadAsset { name: asset.to_owned() })?;
        let credentials = HeaderValue::from_str(&self.credentials).map_err(|_| EditorError::BadToken)?;
        let request = Request::builder()
            .method(method)
            .uri(format!("/assets/{asset}{action}"))
            .header(header::AUTHORIZATION, credentials)
            .body(body)
            .expect("an asset id needs no escaping in a path");
        Ok(request)
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Answer, EditorError> {
        let answer = self.store.send(request, Wait::AtMost(PUBLISH_TIMEOUT)).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let refusal = serde_json::from_slice(&answer.body);
        let detail = refusal.map_or_else(|_| "it gave no reason".to_owned(), |Refusal { detail }| detail);
        Err(EditorError::Refused { status: answer.status, detail })
    }
}

/// The published version, read from an answer.
fn published(answer: &Answer) -> Result<u64, EditorError> {
    Ok(read::<Published>(answer)?.version)
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, EditorError> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| EditorError::Refused { status: answer.status, detail: error.to_string() })
}
