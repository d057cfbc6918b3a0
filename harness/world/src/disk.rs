//! The content store's storage on a simulated disk: reads take the disk's time, all else the storage's own.

use std::{sync::Arc, time::SystemTime};

use chassis::{AssetId, Conditions, Version, simulation::Disk};
use content_store::{
    asset::{AssetVersion, SeedAsset, VersionSummary},
    storage::{Draft, Pending, Published, Storage},
};

/// A storage on a disk.
pub struct OnDisk {
    pub storage: Arc<dyn Storage>,
    pub disk: Disk,
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
        self.storage.ready()
    }
}
