//! The storage on redb: what every storage promises, and what is special to a file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod promises;

use chassis::{Blocking, Version};
use content_store::{
    asset::{ASSETS_MAX, VERSIONS_PER_ASSET_MAX},
    redb_storage::RedbStorage,
    storage::{Storage, StorageError},
};
use promises::{draft, id, now, promises};

async fn new() -> Box<RedbStorage> {
    Box::new(RedbStorage::in_memory(Blocking::Pool).unwrap())
}

async fn full() -> Box<RedbStorage> {
    let storage = Box::new(RedbStorage::in_memory(Blocking::Inline).unwrap());
    for number in 1..=ASSETS_MAX {
        storage.publish(draft(&format!("asset-{number}"), "x")).await.unwrap();
    }
    for _ in 2..=VERSIONS_PER_ASSET_MAX {
        storage.publish(draft("asset-1", "x")).await.unwrap();
    }
    storage
}

promises!(
    new,
    a_version_is_kept_as_it_was_published,
    what_is_not_there_is_told_apart,
    the_history_is_read_in_pieces,
    concurrent_publishes_get_consecutive_versions,
    of_two_updates_of_one_version_one_wins,
    a_refused_publish_leaves_nothing_behind,
    a_deleted_asset_never_uses_a_number_again,
    a_reset_brings_back_what_was_at_first,
);
promises!(full, limits_refuse_and_keep_what_is_there);

#[tokio::test]
async fn a_file_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("assets.redb");
    let storage = RedbStorage::open(&file, Blocking::Pool).unwrap();
    storage.publish(draft("footer", "one")).await.unwrap();
    storage.publish(draft("footer", &b"two\x0b\xff"[..])).await.unwrap();
    let before = storage.read(&id("footer"), None).await.unwrap();
    assert!(RedbStorage::open(&file, Blocking::Pool).is_err(), "one file, one store");
    drop(storage);

    let storage = RedbStorage::open(&file, Blocking::Pool).unwrap();
    assert!(!storage.seed(Vec::new(), now()).await.unwrap(), "only an empty store is seeded");
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
