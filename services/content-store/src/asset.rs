//! Assets and their versions, as the store keeps them. Teaches that a version, once published, never changes.

use std::time::SystemTime;

use bytes::Bytes;
use chassis::{AssetId, Version};
use serde::{Serialize, Serializer};

/// Largest body, in bytes. Copy for a page is far smaller; the bound keeps one publish from filling memory.
pub const ASSET_BYTES_MAX: usize = 1_048_576;

/// Longest content type, in bytes: it is repeated in every envelope and every line of the history.
pub const CONTENT_TYPE_BYTES_MAX: usize = 128;

/// Most ids ever used, deleted ones included: a deleted id keeps its counter, so that no version is used twice.
pub const ASSETS_MAX: u64 = 10_000;

/// Most versions of one asset: thirty a day for a year. Past it the store refuses rather than forgets.
pub const VERSIONS_PER_ASSET_MAX: u64 = 10_000;

/// The content type of a first publish that names none.
pub const DEFAULT_CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// What is known of a version without reading its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionSummary {
    pub id: AssetId,
    pub version: Version,
    pub content_type: String,
    pub bytes: u64,
    /// When it was published, to the microsecond.
    #[serde(serialize_with = "as_rfc3339")]
    pub published_at: SystemTime,
}

/// One published version, complete. It never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetVersion {
    pub id: AssetId,
    pub version: Version,
    pub content_type: String,
    /// What the editor sent, byte for byte.
    pub body: Bytes,
    /// When it was published, to the microsecond.
    pub published_at: SystemTime,
}

/// An asset that a new store begins with, and that a reset brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedAsset {
    pub id: AssetId,
    pub content_type: String,
    /// The body of version 1.
    pub body: Bytes,
}

/// The time as RFC 3339 text, as in `2026-03-02T08:00:00.25Z`.
pub fn rfc3339(time: SystemTime) -> String {
    // The store keeps whole microseconds of the years around ours, which jiff can always express.
    jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}

/// [`rfc3339`] for serde.
pub(crate) fn as_rfc3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*time))
}
