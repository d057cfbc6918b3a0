//! The words that the services have in common: assets, versions, and how they travel. Teaches that a name from outside
//! becomes a type of its own at the border, once.

use std::{fmt, num::NonZeroU64, str::FromStr};

use http::{HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest id, in bytes. It fits a line of a page and a file name.
pub const ASSET_ID_BYTES_MAX: usize = 64;

/// What an editor wrote may be a page with scripts. Should a browser open it where it is kept, with these headers it stays inert:
/// no other type is guessed for it, and what it holds is neither run nor loaded.
pub const INERT: [(HeaderName, HeaderValue); 2] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
];

/// The name of an asset: `[a-z0-9][a-z0-9-]{0,63}`, so that it needs no escaping in any address, page or file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct AssetId(String);

impl AssetId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AssetId {
    type Err = InvalidAssetId;

    fn from_str(id: &str) -> Result<Self, InvalidAssetId> {
        let is_plain = id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let fits = (1..=ASSET_ID_BYTES_MAX).contains(&id.len());
        if fits && is_plain && !id.starts_with('-') { Ok(Self(id.to_owned())) } else { Err(InvalidAssetId) }
    }
}

impl TryFrom<String> for AssetId {
    type Error = InvalidAssetId;

    fn try_from(id: String) -> Result<Self, InvalidAssetId> {
        id.parse()
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an asset id is 1 to 64 lower-case letters, digits and hyphens, and does not begin with a hyphen")]
pub struct InvalidAssetId;

/// The number of a version. An asset's first is 1, and each publish takes the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version(pub u64);

impl FromStr for Version {
    type Err = std::num::ParseIntError;

    fn from_str(version: &str) -> Result<Self, Self::Err> {
        version.parse::<NonZeroU64>().map(|number| Self(number.get()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a version travels from the content store to those who show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    pub id: AssetId,
    pub version: Version,
    pub content_type: String,
    pub body: String,
    /// When it was published (RFC 3339).
    pub published_at: String,
}

/// What the content store sends to the cache after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    pub id: AssetId,
    /// Its version now; none if it was deleted.
    pub version: Option<Version>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain() {
        let check = |id: &str, valid: bool| assert_eq!(id.parse::<AssetId>().is_ok(), valid, "{id:?}");
        check("promo-banner", true);
        check("7", true);
        check("a-", true);
        check(&"a".repeat(64), true);
        check(&"a".repeat(65), false);
        check("", false);
        check("-a", false);
        check("Promo", false);
        check("a_b", false);
        check("a/b", false);
        check("..", false);
        check("é", false);
        check("a\u{b}", false);
    }

    #[test]
    fn versions_begin_at_one() {
        let check = |version: &str, expected| assert_eq!(version.parse().ok(), expected, "{version:?}");
        check("1", Some(Version(1)));
        check("18446744073709551615", Some(Version(u64::MAX)));
        check("18446744073709551616", None);
        check("0", None);
        check("-1", None);
        check("", None);
        check("one", None);
    }
}
