//! The observable state of a world, which a reset must restore.

use std::fmt::Write;

use chassis::{Peer, Wait};
use content_store::storage::{Storage, StorageError};
use incident::Route;
use world::{
    World,
    customers::{PATIENCE, any_page},
    fingerprint::Fingerprint,
    reset::Conditions,
};

/// The most versions to read of an asset, more than a plan publishes.
const HISTORY_MAX: usize = 100;

/// The state of a world at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    conditions: Conditions,
    /// A hash of every version of every asset.
    content: u64,
    /// For each kind of page and the feed: the path, the status and a hash of the body.
    pages: Vec<(String, String)>,
}

impl State {
    /// Observes the whole state. The error says what could not be read.
    pub async fn of(world: &World, storage: &dyn Storage) -> Result<Self, String> {
        let conditions = world.conditions().await.map_err(|error| error.to_string())?;
        let content = content(storage).await.map_err(|error| error.to_string())?;
        let inspector = world.outsider("inspector");
        let front = Peer::new(&inspector, world.shop().addresses().web_front.clone());
        let mut pages = Vec::new();
        for path in Route::ALL.map(any_page).into_iter().chain(["/feed.xml".to_owned()]) {
            let answer = front.get(&path, Wait::AtMost(PATIENCE)).await;
            let found = match answer {
                Ok(answer) => format!("{} {:x}", answer.status, hash(&answer.body)),
                Err(error) => error.to_string(),
            };
            pages.push((path, found));
        }
        Ok(Self { conditions, content, pages })
    }

    /// The differences from `first`, in words.
    pub fn difference(&self, first: &Self) -> String {
        let mut words = String::new();
        let mut say = |what: &str, now: &dyn std::fmt::Debug, then: &dyn std::fmt::Debug| {
            if format!("{now:?}") != format!("{then:?}") {
                let _ = write!(words, "{what}: now {now:?}, at first {then:?}; ");
            }
        };
        let (now, then) = (&self.conditions, &first.conditions);
        say("assets", &now.assets, &then.assets);
        say("services", &now.services, &then.services);
        say("the front's settings", &now.front, &then.front);
        say("the front's workers", &now.workers, &then.workers);
        say("disk", &now.disk, &then.disk);
        say("full disk", &now.disk_full, &then.disk_full);
        say("lost telemetry", &now.telemetry_lost, &then.telemetry_lost);
        say("links", &now.links, &then.links);
        say("crowds", &now.crowds, &then.crowds);
        say("doings", &now.doings, &then.doings);
        say("versions", &self.content, &first.content);
        say("pages", &self.pages, &first.pages);
        words
    }
}

/// A hash of every version of every asset.
pub async fn content(storage: &dyn Storage) -> Result<u64, StorageError> {
    let hash = Fingerprint::default();
    for asset in storage.list().await? {
        for version in storage.history(&asset.id, None, HISTORY_MAX).await? {
            hash.add(format!("{version:?}").as_bytes());
            hash.add(&storage.read(&asset.id, Some(version.version)).await?.body);
        }
    }
    Ok(hash.value())
}

fn hash(bytes: &[u8]) -> u64 {
    let hash = Fingerprint::default();
    hash.add(bytes);
    hash.value()
}
