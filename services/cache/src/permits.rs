//! How many fills run at once, and whether any of them still gets anywhere.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chassis::serve::limits::DESCRIPTORS_WANTED;
use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

/// Fills that may run at once: they spare the content store a stampede.
pub const FILL_PERMITS: usize = 64;

/// More fills at once need more connections to the content store than a process can open.
pub const FILL_PERMITS_MAX: u64 = DESCRIPTORS_WANTED;

/// Without a free permit for so long, the cache cannot fill what it is asked for.
pub const STARVED_AFTER: Duration = Duration::from_secs(5);

/// A fill older than this will not end by itself: the content store answers in milliseconds.
pub const STUCK_AFTER: Duration = Duration::from_secs(10);

/// The permits, and when they were last seen to move.
#[derive(Debug)]
pub struct Permits {
    limit: usize,
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    running: Arc<Mutex<Running>>,
}

#[derive(Debug)]
struct Running {
    moved_at: Instant,
    started: BTreeMap<u64, Instant>,
    next: u64,
}

impl Permits {
    pub fn new(limit: usize) -> Self {
        let running = Running { moved_at: Instant::now(), started: BTreeMap::new(), next: 0 };
        let free = Arc::new(Semaphore::new(limit));
        Self { limit, free, waiting: AtomicUsize::new(0), running: Arc::new(Mutex::new(running)) }
    }

    /// Waits for a free permit, as long as the caller lives.
    pub async fn acquire(&self) -> Permit {
        let waits = Waits::new(&self.waiting);
        let permit = Arc::clone(&self.free).acquire_owned().await.expect("the semaphore is never closed");
        drop(waits);
        let mut running = self.running.lock();
        let now = Instant::now();
        let number = running.next;
        running.next += 1;
        running.moved_at = now;
        running.started.insert(number, now);
        Permit { number, running: Arc::clone(&self.running), _place: permit }
    }

    pub fn used(&self) -> usize {
        self.limit - self.free.available_permits()
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub fn oldest_age(&self, now: Instant) -> Duration {
        let running = self.running.lock();
        running.started.first_key_value().map_or(Duration::ZERO, |(_, started)| now.duration_since(*started))
    }

    /// Whether a request that needs a fill can expect one; if not, why.
    pub fn ready(&self, now: Instant) -> Result<(), String> {
        let running = self.running.lock();
        if self.free.available_permits() == 0 && now.duration_since(running.moved_at) > STARVED_AFTER {
            return Err(format!("no fill permit came free for {STARVED_AFTER:?}"));
        }
        // Numbers rise, so the first is the oldest.
        match running.started.first_key_value() {
            Some((_, started)) if now.duration_since(*started) > STUCK_AFTER => {
                Err(format!("a fill has been running for more than {STUCK_AFTER:?}"))
            }
            _ => Ok(()),
        }
    }
}

/// The right to run one fill; free again when dropped.
#[derive(Debug)]
pub struct Permit {
    number: u64,
    running: Arc<Mutex<Running>>,
    _place: OwnedSemaphorePermit,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut running = self.running.lock();
        running.started.remove(&self.number);
        running.moved_at = Instant::now();
    }
}

/// Counts waiting requests, including those that give up.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
