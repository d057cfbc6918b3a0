//! The storage's promises: what was acknowledged is there, numbers have no gaps, of two updates one wins.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use chassis::{Blocking, Version};
use common::{EIGHT, id, seed};
use content_store::{
    asset::{ASSETS_MAX, VERSIONS_PER_ASSET_MAX},
    redb_storage::RedbStorage,
    storage::{Draft, Expected, Storage, StorageError},
};

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + EIGHT + Duration::from_micros(1)
}

fn draft(asset: &str, body: impl Into<Bytes>) -> Draft {
    Draft {
        id: id(asset),
        content_type: None,
        body: body.into(),
        expected: Expected::Anything,
        published_at: now(),
    }
}

#[tokio::test]
async fn a_file_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("assets.redb");
    let storage = RedbStorage::open(&file, Blocking::Pool).unwrap();
    assert!(storage.seed(seed(), now()).await.unwrap());
    storage.publish(draft("footer", &b"two\x0b\xff"[..])).await.unwrap();
    let before = storage.read(&id("footer"), None).await.unwrap();
    assert!(RedbStorage::open(&file, Blocking::Pool).is_err(), "one file, one store");
    drop(storage);

    let storage = RedbStorage::open(&file, Blocking::Pool).unwrap();
    assert!(!storage.seed(seed(), now()).await.unwrap(), "only an empty store is seeded");
    let after = storage.read(&id("footer"), None).await.unwrap();
    assert_eq!(after, before);
    assert_eq!((after.version, after.published_at), (Version(2), now()));
    assert_eq!(after.body, &b"two\x0b\xff"[..]);
}

#[test]
fn a_file_that_is_no_database_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("assets.redb");
    std::fs::write(&file, "not a database, but long enough to hold one".repeat(500)).unwrap();
    assert!(matches!(RedbStorage::open(&file, Blocking::Inline), Err(StorageError::Database(_))));
    assert!(matches!(RedbStorage::open(folder.path(), Blocking::Inline), Err(StorageError::Database(_))));
}

#[tokio::test]
async fn concurrent_publishes_get_consecutive_versions() {
    let storage = RedbStorage::in_memory(Blocking::Pool).unwrap();
    let publishes = (0..50).map(|number| storage.publish(draft("news", format!("text {number}"))));
    let mut versions = Vec::new();
    for published in futures_util::future::join_all(publishes).await {
        versions.push(published.unwrap().version.version.0);
    }
    versions.sort_unstable();
    assert_eq!(versions, (1..=50).collect::<Vec<_>>());
    assert_eq!(storage.history(&id("news"), None, 100).await.unwrap().len(), 50);
}

#[tokio::test]
async fn of_two_updates_of_one_version_one_wins() {
    let storage = RedbStorage::in_memory(Blocking::Pool).unwrap();
    storage.publish(draft("news", "one")).await.unwrap();
    let update = |body: &'static str| {
        storage.publish(Draft { expected: Expected::Version(Version(1)), ..draft("news", body) })
    };
    let updates = futures_util::future::join_all(["a", "b", "c", "d"].map(update)).await;
    let (won, lost): (Vec<_>, Vec<_>) = updates.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 3));
    for lost in lost {
        assert!(matches!(lost, Err(StorageError::Conflict { current: Some(Version(2)) })));
    }
}

#[tokio::test]
async fn a_refused_publish_leaves_nothing_behind() {
    let storage = RedbStorage::in_memory(Blocking::Inline).unwrap();
    let absent = Draft { expected: Expected::Version(Version(1)), ..draft("news", "text") };
    assert!(matches!(storage.publish(absent).await, Err(StorageError::Conflict { current: None })));
    assert!(storage.list().await.unwrap().is_empty());
    assert!(storage.seed(seed(), now()).await.unwrap(), "still as good as new");
}

#[tokio::test]
async fn limits_refuse_and_keep_what_is_there() {
    let storage = RedbStorage::in_memory(Blocking::Inline).unwrap();
    for number in 1..=ASSETS_MAX {
        storage.publish(draft(&format!("asset-{number}"), "x")).await.unwrap();
    }
    assert!(matches!(storage.publish(draft("one-more", "x")).await, Err(StorageError::TooManyAssets)));
    assert_eq!(storage.list().await.unwrap().len() as u64, ASSETS_MAX);
    for _ in 2..=VERSIONS_PER_ASSET_MAX {
        storage.publish(draft("asset-1", "x")).await.unwrap();
    }
    assert!(matches!(storage.publish(draft("asset-1", "y")).await, Err(StorageError::TooManyVersions)));
    let current = storage.read(&id("asset-1"), None).await.unwrap();
    assert_eq!((current.version.0, current.body), (VERSIONS_PER_ASSET_MAX, Bytes::from("x")));
    storage.delete(&id("asset-1")).await.unwrap();
    assert!(matches!(storage.read(&id("asset-1"), None).await, Err(StorageError::UnknownAsset)));
}
