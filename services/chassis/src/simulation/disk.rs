//! A disk. Teaches that storage is a queue: a few reads at once, each for as long as the disk needs, and everybody else waits.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
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

/// A disk whose speed can be set. Clones are the same disk.
#[derive(Clone)]
pub struct Disk {
    heads: Arc<Semaphore>,
    at_first: Option<DiskSpeed>,
    speed: Arc<Mutex<Option<DiskSpeed>>>,
}

impl Disk {
    /// A disk of this speed; without one it takes no time.
    pub fn new(speed: Option<DiskSpeed>) -> Self {
        let heads = Arc::new(Semaphore::new(READS_AT_ONCE));
        Self { heads, at_first: speed, speed: Arc::new(Mutex::new(speed)) }
    }

    /// Each read takes so long from now on, beside what its bytes take.
    pub fn slow_down(&self, seek: Duration) {
        let speed = DiskSpeed { seek, ..self.at_first.unwrap_or_default() };
        *self.speed.lock() = Some(speed);
    }

    /// As fast as at first, from the next read on.
    pub fn restore(&self) {
        // Every field, so that whoever adds one decides here what becomes of it.
        let Self { heads: _, at_first, speed } = self;
        *speed.lock() = *at_first;
    }

    pub fn speed(&self) -> Option<DiskSpeed> {
        *self.speed.lock()
    }

    /// Does `read`, which says how many bytes it found, and takes the time that the disk takes for them.
    pub async fn read<T, E>(
        &self,
        read: impl Future<Output = Result<T, E>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Result<T, E> {
        if self.speed().is_none() {
            return read.await;
        }
        let _head = self.heads.acquire().await.expect("the heads are never closed");
        let found = read.await?;
        if let Some(DiskSpeed { seek, bytes_per_s }) = self.speed() {
            let transfer_s = if bytes_per_s > 0.0 { bytes(&found) as f64 / bytes_per_s } else { 0.0 };
            sleep(seek + Duration::from_secs_f64(transfer_s)).await;
        }
        Ok(found)
    }
}
