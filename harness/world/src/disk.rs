//! The disk beneath the content store. Teaches that storage is a queue: a few reads at once, each for as long as the disk
//! needs, and everybody else waits.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use chassis::{AssetId, Version};
use content_store::{
    asset::{AssetVersion, SeedAsset, VersionSummary},
    storage::{Draft, Pending, Published, Storage},
};
use tokio::{sync::Semaphore, time::sleep};

/// How fast a disk is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DiskSpeed {
    /// What each read takes, whatever its size.
    pub seek: Duration,
    /// Bytes a second; endless if zero.
    pub bytes_per_s: f64,
}

/// Reads that a disk works on at once.
const READS_AT_ONCE: usize = 4;

/// A storage on a disk whose speed can be set. Clones are the same disk.
#[derive(Clone)]
pub struct Disk {
    storage: Arc<dyn Storage>,
    heads: Arc<Semaphore>,
    at_first: Option<DiskSpeed>,
    speed: Arc<Mutex<Option<DiskSpeed>>>,
}

impl Disk {
    /// `storage` on a disk of this speed; without one, as fast as the storage is itself.
    pub fn new(storage: Arc<dyn Storage>, speed: Option<DiskSpeed>) -> Self {
        let (heads, at_first) = (Arc::new(Semaphore::new(READS_AT_ONCE)), speed);
        Self { storage, heads, at_first, speed: Arc::new(Mutex::new(speed)) }
    }

    /// Each read takes so long from now on, beside what its bytes take.
    pub fn slow_down(&self, seek: Duration) {
        let speed = DiskSpeed { seek, ..self.at_first.unwrap_or_default() };
        *self.speed.lock().unwrap_or_else(PoisonError::into_inner) = Some(speed);
    }

    /// As fast as at first, from the next read on.
    pub fn restore(&self) {
        // Every field, so that whoever adds one decides here what becomes of it.
        let Self { storage: _, heads: _, at_first, speed } = self;
        *speed.lock().unwrap_or_else(PoisonError::into_inner) = *at_first;
    }

    /// How fast it is now.
    pub fn speed(&self) -> Option<DiskSpeed> {
        *self.speed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for Disk {
    fn read(&self, id: &AssetId, version: Option<Version>) -> Pending<'_, AssetVersion> {
        let read = self.storage.read(id, version);
        Box::pin(async move {
            if self.speed().is_none() {
                return read.await;
            }
            let _head = self.heads.acquire().await.expect("the heads are never closed");
            let found = read.await?;
            if let Some(DiskSpeed { seek, bytes_per_s }) = self.speed() {
                let transfer_s = if bytes_per_s > 0.0 { found.body.len() as f64 / bytes_per_s } else { 0.0 };
                sleep(seek + Duration::from_secs_f64(transfer_s)).await;
            }
            Ok(found)
        })
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

    fn delete(&self, id: &AssetId) -> Pending<'_, ()> {
        self.storage.delete(id)
    }

    fn seed(&self, seed: Vec<SeedAsset>, now: SystemTime) -> Pending<'_, bool> {
        self.storage.seed(seed, now)
    }

    fn reset(&self, seed: Vec<SeedAsset>, now: SystemTime) -> Pending<'_, ()> {
        self.storage.reset(seed, now)
    }
}
