//! What every storage promises, whichever database is behind it: each promise takes a storage that has never held anything.
//! A backend's tests name them all in a table.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use chassis::{AssetId, Conditions, Version};
use content_store::{
    asset::{ASSETS_MAX, DEFAULT_CONTENT_TYPE, SeedAsset, VERSIONS_PER_ASSET_MAX},
    storage::{Draft, Storage, StorageError},
};
use futures_util::future::join_all;

/// A test for each promise: `promises!(new, a, b)` tests `a` and `b` on what `new().await` points to.
macro_rules! promises {
    ($new:path, $($promise:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $promise() {
            promises::$promise(&*$new().await).await;
        }
    )+};
}
pub(crate) use promises;

/// A little after eight on 2026-03-02, to the microsecond.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(1_772_438_400_000_001)
}

pub(crate) fn id(id: &str) -> AssetId {
    id.parse().unwrap()
}

pub(crate) fn draft(asset: &str, body: impl Into<Bytes>) -> Draft {
    Draft {
        id: id(asset),
        content_type: None,
        body: body.into(),
        expected: Conditions::default(),
        published_at: now(),
    }
}

/// The same, if this version is current.
pub(crate) fn update(asset: &str, version: u64, body: impl Into<Bytes>) -> Draft {
    Draft { expected: Conditions::is(Version(version)), ..draft(asset, body) }
}

fn seed() -> Vec<SeedAsset> {
    let asset = |asset: &str, body: &'static str| SeedAsset {
        id: id(asset),
        content_type: "text/html".to_owned(),
        body: Bytes::from_static(body.as_bytes()),
    };
    vec![asset("promo-banner", "Spring sale"), asset("footer", "Open all week")]
}

/// Ids and versions of all assets.
async fn listed(storage: &dyn Storage) -> Vec<(String, u64)> {
    let list = storage.list().await.unwrap();
    list.iter().map(|asset| (asset.id.as_str().to_owned(), asset.version.0)).collect()
}

pub(crate) async fn a_version_is_kept_as_it_was_published(storage: &dyn Storage) {
    let every_byte: Vec<u8> = (0..=255).collect();
    let typed = Draft { content_type: Some("text/html".to_owned()), ..draft("news", every_byte.clone()) };
    // Nobody keeps nanoseconds.
    let typed = Draft { published_at: now() + Duration::from_nanos(7), ..typed };
    let published = storage.publish(typed).await.unwrap();
    let summary = &published.version;
    assert!(published.is_new);
    assert_eq!((summary.version, summary.bytes, summary.published_at), (Version(1), 256, now()));
    let second = storage.publish(draft("news", "")).await.unwrap();
    assert!(!second.is_new);
    assert_eq!(second.version.content_type, "text/html", "the type stays until another is named");

    let first = storage.read(&id("news"), Some(Version(1))).await.unwrap();
    assert_eq!((&*first.body, first.published_at), (&*every_byte, now()));
    let current = storage.read(&id("news"), None).await.unwrap();
    assert_eq!((current.version, current.body), (Version(2), Bytes::new()));
    assert_eq!(storage.list().await.unwrap(), std::slice::from_ref(&second.version));
    let history = storage.history(&id("news"), None, 9).await.unwrap();
    assert_eq!(history, [second.version, published.version]);
    let plain = storage.publish(draft("plain", "text")).await.unwrap();
    assert_eq!(plain.version.content_type, DEFAULT_CONTENT_TYPE);
}

pub(crate) async fn what_is_not_there_is_told_apart(storage: &dyn Storage) {
    for answer in [
        storage.read(&id("news"), None).await.map(|_| ()),
        storage.read(&id("news"), Some(Version(1))).await.map(|_| ()),
        storage.history(&id("news"), None, 9).await.map(|_| ()),
        storage.delete(&id("news"), Conditions::default()).await,
    ] {
        assert!(matches!(answer, Err(StorageError::UnknownAsset)), "{answer:?}");
    }
    storage.publish(draft("news", "one")).await.unwrap();
    for version in [0, 2, u64::MAX] {
        let answer = storage.read(&id("news"), Some(Version(version))).await;
        assert!(matches!(answer, Err(StorageError::UnknownVersion)), "{answer:?}");
        let answer = storage.publish(update("news", version, "two")).await;
        assert!(matches!(answer, Err(StorageError::Conflict { current: Some(Version(1)) })), "{answer:?}");
    }
}

pub(crate) async fn the_history_is_read_in_pieces(storage: &dyn Storage) {
    for number in 1..=5 {
        storage.publish(draft("news", format!("text {number}"))).await.unwrap();
        storage.publish(draft("other", "text")).await.unwrap();
    }
    for (before, count, expected) in
        [(None, 2, &[5, 4][..]), (Some(4), 2, &[3, 2]), (Some(2), 9, &[1]), (Some(1), 9, &[]), (None, 0, &[])]
    {
        let history = storage.history(&id("news"), before.map(Version), count).await.unwrap();
        let versions: Vec<_> = history.iter().map(|version| version.version.0).collect();
        assert_eq!(versions, expected, "{before:?}, {count}");
    }
    let all = storage.history(&id("news"), Some(Version(u64::MAX)), usize::MAX).await.unwrap();
    assert_eq!(all.len(), 5);
}

pub(crate) async fn concurrent_publishes_get_consecutive_versions(storage: &dyn Storage) {
    let publishes = (0..50).map(|number| storage.publish(draft("news", format!("text {number}"))));
    let mut versions = Vec::new();
    for published in join_all(publishes).await {
        versions.push(published.unwrap().version.version.0);
    }
    versions.sort_unstable();
    assert_eq!(versions, (1..=50).collect::<Vec<_>>());
    assert_eq!(storage.history(&id("news"), None, 100).await.unwrap().len(), 50);
}

pub(crate) async fn of_two_updates_of_one_version_one_wins(storage: &dyn Storage) {
    storage.publish(draft("news", "one")).await.unwrap();
    let updates = join_all(["a", "b", "c", "d"].map(|body| storage.publish(update("news", 1, body)))).await;
    let (won, lost): (Vec<_>, Vec<_>) = updates.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 3));
    for lost in lost {
        assert!(matches!(lost, Err(StorageError::Conflict { current: Some(Version(2)) })));
    }
}

pub(crate) async fn a_refused_publish_leaves_nothing_behind(storage: &dyn Storage) {
    let refused = storage.publish(update("news", 1, "text")).await;
    assert!(matches!(refused, Err(StorageError::Conflict { current: None })));
    assert!(storage.list().await.unwrap().is_empty());
    assert!(storage.seed(seed(), now()).await.unwrap(), "still as good as new");
    let absent = Draft { expected: Conditions::is_absent(), ..draft("footer", "text") };
    let refused = storage.publish(absent).await;
    assert!(matches!(refused, Err(StorageError::Conflict { current: Some(Version(1)) })));
    assert_eq!(storage.read(&id("footer"), None).await.unwrap().body, "Open all week");
}

pub(crate) async fn a_deleted_asset_never_uses_a_number_again(storage: &dyn Storage) {
    storage.publish(draft("news", "one")).await.unwrap();
    storage.publish(draft("news", "two")).await.unwrap();
    storage.delete(&id("news"), Conditions::default()).await.unwrap();
    assert!(storage.list().await.unwrap().is_empty());
    let again = Draft { expected: Conditions::is_absent(), ..draft("news", "three") };
    let again = storage.publish(again).await.unwrap();
    assert_eq!((again.version.version, again.is_new), (Version(3), true));
    assert_eq!(again.version.content_type, DEFAULT_CONTENT_TYPE, "nothing of the deleted one comes back");
    let gone = storage.read(&id("news"), Some(Version(2))).await;
    assert!(matches!(gone, Err(StorageError::UnknownVersion)), "{gone:?}");
    storage.delete(&id("news"), Conditions::default()).await.unwrap();
    assert!(!storage.seed(seed(), now()).await.unwrap(), "it has held something");
}

pub(crate) async fn a_delete_happens_only_under_its_conditions(storage: &dyn Storage) {
    storage.publish(draft("news", "one")).await.unwrap();
    storage.publish(draft("news", "two")).await.unwrap();
    for conditions in [Conditions::is(Version(1)), Conditions::is_absent()] {
        let refused = storage.delete(&id("news"), conditions).await;
        assert!(matches!(refused, Err(StorageError::Conflict { current: Some(Version(2)) })), "{refused:?}");
    }
    assert_eq!(storage.history(&id("news"), None, 9).await.unwrap().len(), 2, "nothing is deleted");
    let gone = storage.delete(&id("nothing"), Conditions::is(Version(1))).await;
    assert!(matches!(gone, Err(StorageError::UnknownAsset)), "{gone:?}");
    storage.delete(&id("news"), Conditions::is(Version(2))).await.unwrap();
    storage.ready().await.unwrap();
}

pub(crate) async fn a_reset_brings_back_what_was_at_first(storage: &dyn Storage) {
    assert!(storage.seed(seed(), now()).await.unwrap());
    let at_first = storage.list().await.unwrap();
    assert_eq!(listed(storage).await, [("footer".to_owned(), 1), ("promo-banner".to_owned(), 1)]);
    assert!(!storage.seed(seed(), now()).await.unwrap(), "only an empty store is seeded");
    storage.publish(draft("footer", "two")).await.unwrap();
    storage.publish(draft("news", "one")).await.unwrap();
    storage.delete(&id("promo-banner"), Conditions::default()).await.unwrap();
    storage.reset(seed(), now() + Duration::from_secs(60)).await.unwrap();
    assert_eq!(storage.list().await.unwrap(), at_first, "with its date");
    assert_eq!(storage.read(&id("footer"), None).await.unwrap().body, "Open all week");
    assert_eq!(storage.history(&id("footer"), None, 9).await.unwrap().len(), 1);
}

/// Takes a storage that holds `asset-1` to `asset-`[`ASSETS_MAX`], the first of them in [`VERSIONS_PER_ASSET_MAX`] versions.
pub(crate) async fn limits_refuse_and_keep_what_is_there(storage: &dyn Storage) {
    assert!(matches!(storage.publish(draft("one-more", "x")).await, Err(StorageError::TooManyAssets)));
    assert_eq!(storage.list().await.unwrap().len() as u64, ASSETS_MAX);
    assert!(matches!(storage.publish(draft("asset-1", "y")).await, Err(StorageError::TooManyVersions)));
    let current = storage.read(&id("asset-1"), None).await.unwrap();
    assert_eq!((current.version.0, current.body), (VERSIONS_PER_ASSET_MAX, Bytes::from("x")));
    storage.publish(draft("asset-2", "y")).await.unwrap();
    storage.delete(&id("asset-1"), Conditions::default()).await.unwrap();
    assert!(matches!(storage.read(&id("asset-1"), None).await, Err(StorageError::UnknownAsset)));
    assert!(matches!(storage.publish(draft("one-more", "x")).await, Err(StorageError::TooManyAssets)));
}
