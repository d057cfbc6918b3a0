//! The content store's storage on a simulated disk: reads take the disk's time, all other operations the storage's own.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use chassis::{AssetId, Conditions, Version, simulation::Disk};
use content_store::{
    asset::{AssetVersion, SeedAsset, VersionSummary},
    storage::{Draft, Pending, Published, Storage, StorageError},
};

/// A storage on a disk.
pub struct OnDisk {
    pub storage: Arc<dyn Storage>,
    pub disk: Disk,
    full: AtomicBool,
}

impl OnDisk {
    pub fn new(storage: Arc<dyn Storage>, disk: Disk) -> Self {
        Self { storage, disk, full: AtomicBool::new(false) }
    }

    /// Fills the disk: from now on it has no room for another version.
    pub fn fill(&self) {
        self.full.store(true, Ordering::Relaxed);
    }

    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Replaces the disk by one that is as fast as at first and has room.
    pub fn replace(&self) {
        // Name every field, so that a new field does not compile until somebody decides here what becomes of it.
        let Self { storage: _, disk, full } = self;
        disk.restore();
        full.store(false, Ordering::Relaxed);
    }
}

impl Storage for OnDisk {
    fn read(&self, id: &AssetId, version: Option<Version>) -> Pending<'_, AssetVersion> {
        let read = self.storage.read(id, version);
        Box::pin(self.disk.read(read, |found| found.body.len()))
    }

    fn list(&self) -> Pending<'_, Vec<VersionSummary>> {
        self.storage.list()
    }

    fn history(
        &self,
        id: &AssetId,
        before: Option<Version>,
        count: usize,
    ) -> Pending<'_, Vec<VersionSummary>> {
        self.storage.history(id, before, count)
    }

    fn publish(&self, draft: Draft) -> Pending<'_, Published> {
        if self.is_full() {
            return Box::pin(async { Err(no_room()) });
        }
        self.storage.publish(draft)
    }

    fn delete(&self, id: &AssetId, expected: Conditions) -> Pending<'_, ()> {
        self.storage.delete(id, expected)
    }

    fn seed(&self, seed: Vec<SeedAsset>, now: SystemTime) -> Pending<'_, bool> {
        self.storage.seed(seed, now)
    }

    fn reset(&self, seed: Vec<SeedAsset>, now: SystemTime) -> Pending<'_, ()> {
        self.storage.reset(seed, now)
    }

    fn ready(&self) -> Pending<'_, ()> {
        if self.is_full() {
            return Box::pin(async { Err(no_room()) });
        }
        self.storage.ready()
    }
}

fn no_room() -> StorageError {
    StorageError::NoRoom(io::Error::from(io::ErrorKind::StorageFull).into())
}
