//! The content store's database on a machine that can be started again. A start opens the database anew, with nothing in memory.

use std::{sync::Arc, time::SystemTime};

use chassis::{AssetId, Blocking, Conditions, Version};
use content_store::{
    asset::{AssetVersion, SeedAsset, VersionSummary},
    redb_storage::RedbStorage,
    storage::{Draft, Pending, Published, Storage, StorageError},
};
use parking_lot::Mutex;

use crate::file::File;

/// A database in a file. Clones share it.
#[derive(Clone)]
pub struct Machine {
    file: File,
    open: Arc<Mutex<RedbStorage>>,
}

impl Machine {
    /// Opens the database in the file, or creates it.
    pub fn start(file: File) -> Result<Self, StorageError> {
        let open = Arc::new(Mutex::new(open(&file)?));
        Ok(Self { file, open })
    }

    /// The power fails and comes back. If the database cannot be opened then, its next use opens it.
    pub fn lose_power(&self) {
        self.file.lose_power();
        if let Ok(opened) = open(&self.file) {
            *self.open.lock() = opened;
        }
    }

    fn now(&self) -> RedbStorage {
        self.open.lock().clone()
    }
}

fn open(file: &File) -> Result<RedbStorage, StorageError> {
    let file = file.clone();
    RedbStorage::on(move || file.open(), Blocking::Inline)
}

impl Storage for Machine {
    fn read(&self, id: &AssetId, version: Option<Version>) -> Pending<'_, AssetVersion> {
        let (now, id) = (self.now(), id.clone());
        Box::pin(async move { now.read(&id, version).await })
    }

    fn list(&self) -> Pending<'_, Vec<VersionSummary>> {
        let now = self.now();
        Box::pin(async move { now.list().await })
    }

    fn history(
        &self,
        id: &AssetId,
        before: Option<Version>,
        count: usize,
    ) -> Pending<'_, Vec<VersionSummary>> {
        let (now, id) = (self.now(), id.clone());
        Box::pin(async move { now.history(&id, before, count).await })
    }

    fn publish(&self, draft: Draft) -> Pending<'_, Published> {
        let now = self.now();
        Box::pin(async move { now.publish(draft).await })
    }

    fn delete(&self, id: &AssetId, expected: Conditions) -> Pending<'_, ()> {
        let (now, id) = (self.now(), id.clone());
        Box::pin(async move { now.delete(&id, expected).await })
    }

    fn seed(&self, seed: Vec<SeedAsset>, at: SystemTime) -> Pending<'_, bool> {
        let now = self.now();
        Box::pin(async move { now.seed(seed, at).await })
    }

    fn reset(&self, seed: Vec<SeedAsset>, at: SystemTime) -> Pending<'_, ()> {
        let now = self.now();
        Box::pin(async move { now.reset(seed, at).await })
    }

    fn ready(&self) -> Pending<'_, ()> {
        let now = self.now();
        Box::pin(async move { now.ready().await })
    }
}
