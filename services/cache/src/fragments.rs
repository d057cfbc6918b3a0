//! What the cache keeps, and for how long it is fresh. Teaches that freshness is a decision of the service: moka only
//! keeps entries, and its own clock could not be moved.

use std::{
    collections::{BTreeMap, hash_map::DefaultHasher},
    hash::BuildHasherDefault,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use chassis::{AssetId, Notification, Version};
use http::HeaderValue;
use moka::policy::EvictionPolicy;
use parking_lot::Mutex;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tokio::time::Instant;

/// For how many seconds a fragment is fresh, unless an operator chooses otherwise: editors accept that an unannounced change shows
/// after so long.
pub const TIME_TO_LIVE_S: u32 = 15;

/// The share of its life by which each fragment's may be longer or shorter, so that they do not all expire at once.
pub const TIME_TO_LIVE_JITTER: f64 = 0.2;

/// Memory for fragments, in bytes: four of the largest, or thousands of ordinary ones.
pub const CAPACITY_BYTES: u64 = 4 * 1_024 * 1_024;

/// How long a deletion is believed, where nobody has thought of an asset's coming back.
pub const DELETION_KEPT: Duration = Duration::from_secs(24 * 3_600);

/// Changes remembered until a fill has caught up with them or no older fragment can be fresh, and as many deletions; beyond that the
/// time to live must do.
pub const CHANGES_MAX: usize = 10_000;

/// One fragment: one version of an asset as fetched.
#[derive(Clone, Debug)]
pub struct Fragment {
    pub id: AssetId,
    pub version: Version,
    /// The version's entity tag, and the type of the body, as they stand in every answer.
    pub tag: HeaderValue,
    pub content_type: HeaderValue,
    pub body: Bytes,
    /// When the fill asked which version is current.
    pub learned_at: Instant,
    pub filled_at: Instant,
    /// When it stops being fresh by age alone.
    pub expires_at: Instant,
}

#[derive(Debug)]
pub struct Fragments {
    entries: moka::sync::Cache<AssetId, Arc<Fragment>, BuildHasherDefault<DefaultHasher>>,
    changes: Mutex<BTreeMap<AssetId, Change>>,
    /// Assets that the content store told were deleted, and until when that is believed.
    deleted: Mutex<BTreeMap<AssetId, Instant>>,
    time_to_live: Duration,
    jitter: Mutex<ChaCha8Rng>,
}

/// The last change of an asset that the content store told of.
#[derive(Clone, Copy, Debug)]
struct Change {
    version: Version,
    told_at: Instant,
}

impl Fragments {
    /// An empty cache; `jitter` spreads the times to live.
    pub fn new(time_to_live: Duration, jitter: ChaCha8Rng) -> Self {
        let entries = moka::sync::Cache::builder()
            .max_capacity(CAPACITY_BYTES)
            .weigher(|_, fragment: &Arc<Fragment>| u32::try_from(fragment.body.len()).unwrap_or(u32::MAX))
            .eviction_policy(EvictionPolicy::lru())
            // std's own hasher differs from process to process, and eviction with it.
            .build_with_hasher(BuildHasherDefault::default());
        let (changes, deleted, jitter) = (Mutex::default(), Mutex::default(), Mutex::new(jitter));
        Self { entries, changes, deleted, time_to_live, jitter }
    }

    /// The fragment of an asset, fresh or not.
    pub fn get(&self, id: &AssetId) -> Option<Arc<Fragment>> {
        self.entries.get(id)
    }

    /// Whether `fragment` may be served without asking: young enough, and no newer version was announced.
    pub fn is_fresh(&self, fragment: &Fragment, now: Instant) -> bool {
        let changes = self.changes.lock();
        let overtaken = changes.get(&fragment.id).is_some_and(|change| change.overtakes(fragment));
        now < fragment.expires_at && !overtaken
    }

    /// The newest version known to exist, from fetches and notifications.
    pub fn newest_known(&self, id: &AssetId) -> Option<Version> {
        let told = self.changes.lock().get(id).map(|change| change.version);
        told.max(self.get(id).map(|fragment| fragment.version))
    }

    /// Keeps a fragment, unless a newer version came in meanwhile.
    pub fn keep(&self, fragment: Fragment) -> Arc<Fragment> {
        let fragment = Arc::new(fragment);
        // First, so that of two fills that end together the second sees what the first has kept.
        let mut changes = self.changes.lock();
        let kept = self.entries.get(&fragment.id);
        if kept.is_none_or(|kept| kept.version <= fragment.version || kept.learned_at <= fragment.learned_at)
        {
            if changes.get(&fragment.id).is_some_and(|change| !change.overtakes(&fragment)) {
                changes.remove(&fragment.id);
            }
            self.entries.insert(fragment.id.clone(), Arc::clone(&fragment));
            self.entries.run_pending_tasks();
        }
        fragment
    }

    /// Forgets the fragment of an asset that the store did not have when it was asked at `asked_at` or later. One that was learned
    /// since then stays: the asset may have come back.
    pub fn forget(&self, id: &AssetId, asked_at: Instant) {
        let _changes = self.changes.lock();
        if self.entries.get(id).is_some_and(|kept| kept.learned_at <= asked_at) {
            self.entries.invalidate(id);
        }
    }

    pub fn count(&self) -> u64 {
        self.entries.entry_count()
    }

    pub fn count_fresh(&self, now: Instant) -> usize {
        self.entries.iter().filter(|(_, fragment)| self.is_fresh(fragment, now)).count()
    }

    /// Forgets every fragment, and what was told of them. A change that a fill under way may not have seen is remembered on: the fill
    /// could else bring back what was overtaken.
    pub fn clear(&self) {
        self.drop_spent_changes(&mut self.changes.lock(), Instant::now());
        self.deleted.lock().clear();
        self.entries.invalidate_all();
        self.entries.run_pending_tasks();
    }

    /// Whether an asset was deleted lately, as far as anybody told.
    pub fn is_deleted(&self, id: &AssetId, now: Instant) -> bool {
        self.deleted.lock().get(id).is_some_and(|until| now < *until)
    }

    /// Notes what the content store told of a change. Notices can overtake each other, so an older version does not replace a newer one,
    /// unless that was told so long ago that it makes no difference: a store that was emptied counts from 1 again.
    pub fn note(&self, notification: Notification, now: Instant) {
        let Some(version) = notification.version else {
            self.entries.invalidate(&notification.id);
            let mut deleted = self.deleted.lock();
            if deleted.len() >= CHANGES_MAX {
                deleted.retain(|_, until| now < *until);
            }
            if deleted.len() < CHANGES_MAX {
                deleted.insert(notification.id, now + DELETION_KEPT);
            }
            return;
        };
        let mut changes = self.changes.lock();
        if changes.len() >= CHANGES_MAX {
            self.drop_spent_changes(&mut changes, now);
        }
        let is_newer =
            |change: &Change| version < change.version && now < change.told_at + self.longest_life();
        if changes.get(&notification.id).is_some_and(is_newer) {
            return;
        }
        if changes.len() < CHANGES_MAX || changes.contains_key(&notification.id) {
            changes.insert(notification.id, Change { version, told_at: now });
        }
    }

    /// Drops the changes that make no difference any more: what was learned before them is stale by age alone.
    fn drop_spent_changes(&self, changes: &mut BTreeMap<AssetId, Change>, now: Instant) {
        let life = self.longest_life();
        changes.retain(|_, change| now < change.told_at + life);
    }

    /// No fragment is fresh for longer after it was learned.
    fn longest_life(&self) -> Duration {
        self.time_to_live.mul_f64(1.0 + TIME_TO_LIVE_JITTER)
    }

    /// When a fragment stops being fresh. A fill that took long brings what was current when it began to ask: no fragment is fresh for
    /// longer than the longest life after that.
    pub fn expiry(&self, learned_at: Instant, filled_at: Instant) -> Instant {
        let mut jitter = self.jitter.lock();
        let factor = jitter.random_range(1.0 - TIME_TO_LIVE_JITTER..=1.0 + TIME_TO_LIVE_JITTER);
        let longest = self.longest_life();
        (filled_at + self.time_to_live.mul_f64(factor)).min(learned_at + longest)
    }
}

impl Change {
    /// Whether the fragment was fetched before this change: by its version, or because the store was asked earlier.
    fn overtakes(self, fragment: &Fragment) -> bool {
        fragment.version < self.version && fragment.learned_at <= self.told_at
    }
}
