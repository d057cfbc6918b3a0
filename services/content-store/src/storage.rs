//! What the store asks of its storage. Teaches that the promise (one publish, one durable transaction) belongs to the
//! trait, and the database behind it is exchangeable.

use std::{error::Error, pin::Pin, time::SystemTime};

use bytes::Bytes;
use chassis::{AssetId, Conditions, Version};
use thiserror::Error;

use crate::asset::{AssetVersion, SeedAsset, VersionSummary};

/// What every method answers. Boxed, so that a service holds `dyn Storage` and need not know which one.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StorageError>> + Send + 'a>>;

/// Assets and their versions, kept durably.
///
/// Every method is one transaction. When a change has answered `Ok`, it outlives the process.
pub trait Storage: Send + Sync + 'static {
    /// A version with its body; without a number, the current one.
    fn read(&self, id: &AssetId, version: Option<Version>) -> Pending<'_, AssetVersion>;

    /// The current version of every asset, by id.
    fn list(&self) -> Pending<'_, Vec<VersionSummary>>;

    /// The newest versions of an asset, or the newest older than `before`, at most `count` of them, newest first.
    fn history(
        &self,
        id: &AssetId,
        before: Option<Version>,
        count: usize,
    ) -> Pending<'_, Vec<VersionSummary>>;

    /// Adds a version and makes it the current one.
    fn publish(&self, draft: Draft) -> Pending<'_, Published>;

    /// Removes an asset with all its versions, if `expected` allows it for the current one. Should it come back, its numbers go on where they ended: addresses of
    /// versions are cached as immutable.
    fn delete(&self, id: &AssetId, expected: Conditions) -> Pending<'_, ()>;

    /// Fills a storage that has never held anything; says whether it did.
    fn seed(&self, seed: Vec<SeedAsset>, now: SystemTime) -> Pending<'_, bool>;

    /// Puts everything back to exactly `seed`, dated as when it was first seeded, or now if it never was.
    fn reset(&self, seed: Vec<SeedAsset>, now: SystemTime) -> Pending<'_, ()>;

    /// Whether a change could be kept now.
    fn ready(&self) -> Pending<'_, ()>;
}

#[derive(Clone, Debug)]
pub struct Draft {
    pub id: AssetId,
    /// The body's media type; without one, that of the current version.
    pub content_type: Option<String>,
    pub body: Bytes,
    /// What must be current for the publish to go ahead: the guard against a lost update, judged inside the transaction.
    pub expected: Conditions,
    /// The time of the publish. Storages keep whole microseconds.
    pub published_at: SystemTime,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub version: VersionSummary,
    pub is_new: bool,
}

#[derive(Debug, Error)]
pub enum StorageError {
    #[error("there is no such asset")]
    UnknownAsset,
    /// The asset is there, the version is not.
    #[error("the asset has no such version")]
    UnknownVersion,
    /// Something else is current than the author said: somebody published, or deleted, first.
    #[error("the current version is not the expected one")]
    Conflict {
        /// What is current instead; nothing, if the asset does not exist.
        current: Option<Version>,
    },
    /// [`ASSETS_MAX`](crate::asset::ASSETS_MAX) is reached.
    #[error("the store is full: it takes no more assets")]
    TooManyAssets,
    /// [`VERSIONS_PER_ASSET_MAX`](crate::asset::VERSIONS_PER_ASSET_MAX) is reached.
    #[error("the asset is full: it takes no more versions")]
    TooManyVersions,
    /// The disk is full, or the share of it that the database may take.
    #[error("there is no room on the disk")]
    NoRoom(#[source] Box<dyn Error + Send + Sync>),
    #[error("the database failed")]
    Database(#[source] Box<dyn Error + Send + Sync>),
}
