//! The storage on redb: what every storage promises, and what is special to a file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod promises;

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use chassis::{Blocking, Version};
use content_store::{
    asset::{ASSET_BYTES_MAX, ASSETS_MAX, VERSIONS_PER_ASSET_MAX},
    redb_storage::RedbStorage,
    storage::{Storage, StorageError},
};
use promises::{draft, id, now, promises};
use redb::StorageBackend;

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
    a_delete_happens_only_under_its_conditions,
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

/// A disk of limited room, which keeps what was written to it when the database is opened again.
#[derive(Clone, Debug, Default)]
struct SmallDisk {
    bytes: Arc<Mutex<Vec<u8>>>,
    room: Arc<AtomicUsize>,
}

impl StorageBackend for SmallDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        let bytes = self.bytes.lock().unwrap();
        let read = bytes.get(offset..offset + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(read);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        // A file with a hole takes no room.
        self.bytes.lock().unwrap().resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        let end = offset + data.len();
        if end > self.room.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.lock().unwrap()[offset..end].copy_from_slice(data);
        Ok(())
    }
}

#[tokio::test]
async fn a_disk_that_was_full_takes_publishes_again_without_a_restart() {
    let disk = SmallDisk::default();
    disk.room.store(usize::MAX, Ordering::SeqCst);
    let opened = disk.clone();
    let storage = RedbStorage::on(move || opened.clone(), Blocking::Pool).unwrap();
    storage.publish(draft("footer", "one")).await.unwrap();
    storage.ready().await.unwrap();

    for round in 1..=3 {
        disk.room.store(disk.bytes.lock().unwrap().len(), Ordering::SeqCst);
        let large = vec![b'x'; ASSET_BYTES_MAX];
        let mut published = 0;
        let full = loop {
            match storage.publish(draft("large", large.clone())).await {
                Ok(_) => published += 1,
                Err(error) => break error,
            }
            assert!(published < 10, "the disk is never full");
        };
        assert!(matches!(full, StorageError::NoRoom(_)), "{full:?}");
        // What is kept can be read, and nobody is told that all is well.
        for _ in 0..2 {
            assert_eq!(storage.read(&id("footer"), None).await.unwrap().version, Version(round));
            assert!(matches!(storage.ready().await, Err(StorageError::NoRoom(_))));
        }

        disk.room.store(usize::MAX, Ordering::SeqCst);
        storage.ready().await.unwrap();
        let published = storage.publish(draft("footer", "more")).await.unwrap();
        assert_eq!(published.version.version, Version(round + 1));
        storage.publish(draft("large", large)).await.unwrap();
    }
    // Nothing is needed in between: a publish finds out by itself.
    disk.room.store(0, Ordering::SeqCst);
    storage.publish(draft("footer", "lost")).await.unwrap_err();
    storage.publish(draft("footer", "lost")).await.unwrap_err();
    disk.room.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(storage.publish(draft("footer", "kept")).await.unwrap().version.version, Version(5));
    storage.ready().await.unwrap();
}

#[tokio::test]
async fn many_readers_go_on_while_a_publish_fails() {
    let disk = SmallDisk::default();
    disk.room.store(usize::MAX, Ordering::SeqCst);
    let opened = disk.clone();
    let storage = RedbStorage::on(move || opened.clone(), Blocking::Pool).unwrap();
    storage.publish(draft("footer", "one")).await.unwrap();
    disk.room.store(disk.bytes.lock().unwrap().len(), Ordering::SeqCst);
    let large = vec![b'x'; ASSET_BYTES_MAX];
    storage.publish(draft("large", large.clone())).await.unwrap_err();
    let publishes = (0..20).map(|_| storage.publish(draft("large", large.clone())));
    let reads = (0..200).map(|_| storage.read(&id("footer"), None));
    let (published, read) = futures_util::future::join(
        futures_util::future::join_all(publishes),
        futures_util::future::join_all(reads),
    )
    .await;
    assert!(published.iter().all(Result::is_err));
    for read in read {
        assert_eq!(read.unwrap().body, "one");
    }
}
