//! The content store, hit during publishes.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::Command,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use chassis::{Peer, Wait};
use futures_util::future::{join, join_all};
use http::{Request, StatusCode};
use rand::{Rng, RngExt};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{sync::watch, time::timeout};

use super::{Blow, Kept, fill, padded, stop};
use crate::{
    disk::SmallDisk,
    process::{Process, free_port, program},
    up::peer,
};

const PUBLISHERS: usize = 4;

/// A later answer will never come: hyper loses a request that is sent at the very moment at which its connection closes
/// (hyperium/hyper#4122), and its caller waits for ever.
const ANSWERS_WITHIN: Wait = Wait::AtMost(Duration::from_secs(10));

/// Timeout for a round's conditions on the store.
const BOUND: Duration = Duration::from_secs(60);

/// The most acknowledged publishes before the process is hit, and the most before a process that continues is killed.
const PUBLISHES_MAX: usize = 7;

/// The size of the disk in bytes, and its free space when filling begins.
const DISK_BYTES: usize = 24 * 1_024 * 1_024;
const LEFT_BYTES: std::ops::Range<usize> = 0..3 * 1_024 * 1_024;

/// The size of a publish on such a disk, in bytes. A few of them fill the remaining space.
const LARGE_BYTES: usize = 256 * 1_024;

/// At this many large versions the round starts with a new disk. With three times as many, redb can no longer grow its file on it, so the
/// disk would be full even without ballast.
const LARGE_VERSIONS_MAX: u64 = 16;

/// A content store that is hit repeatedly.
#[derive(Debug)]
pub struct HitStore {
    /// Unmounted before its folder is removed.
    disk: Option<SmallDisk>,
    folder: TempDir,
    rounds: usize,
    /// Acknowledged versions with their texts, which must be there.
    expected: Vec<(u64, Bytes)>,
    /// Every text that was sent. The store may hold no other text, even in a version whose acknowledgement was lost.
    sent: BTreeSet<Bytes>,
}

/// State that a round's publishers share.
#[derive(Default)]
struct Publishing {
    told: Vec<(u64, Bytes)>,
    sent: BTreeSet<Bytes>,
}

/// How many publishes were acknowledged, and how many refused for lack of space.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    told: usize,
    refused: usize,
}

impl HitStore {
    /// A store in a folder.
    ///
    /// # Panics
    ///
    /// When no folder can be made.
    pub fn in_a_folder() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        Self { disk: None, folder, rounds: 0, expected: Vec::new(), sent: BTreeSet::new() }
    }

    /// A store on a small disk; `None` if this user may not mount one.
    pub fn on_a_small_disk() -> Option<Self> {
        let mut store = Self::in_a_folder();
        store.disk = Some(SmallDisk::mount(store.folder.path(), &format!("size={DISK_BYTES}"))?);
        Some(store)
    }

    /// Starts the store, checks that nothing is lost, lets editors publish, and hits the store meanwhile.
    ///
    /// # Panics
    ///
    /// When something is lost, or torn, or it does not start again.
    pub async fn round(&mut self, blow: Blow, chance: &mut impl Rng) -> Kept {
        let data = self.folder.path().join("data");
        let versions = self.expected.iter().map(|(version, _)| *version).max().unwrap_or_default();
        if self.disk.is_some() && versions >= LARGE_VERSIONS_MAX {
            let _ = fs::remove_dir_all(&data);
            (self.expected, self.sent) = Default::default();
        }
        let number = self.rounds;
        self.rounds += 1;
        let (mut process, peer) = start(&data, !self.expected.is_empty()).await;
        self.look(&peer).await;

        let ballast =
            (blow == Blow::FullDisk).then(|| fill(self.folder.path(), chance.random_range(LEFT_BYTES)));
        let bytes = if ballast.is_some() { LARGE_BYTES } else { 0 };
        let (publishing, counts) = (Mutex::new(Publishing::default()), watch::Sender::new(Counts::default()));
        let publishers = (0..PUBLISHERS).map(|publisher| {
            publish(&peer, &publishing, &counts, format!("round {number}, publisher {publisher}"), bytes)
        });
        let mut seen = counts.subscribe();
        let mut come_to = async |wanted: &dyn Fn(&Counts) -> bool| {
            let come = timeout(BOUND, seen.wait_for(|counts| wanted(counts))).await;
            let come = come.map(|counts| *counts.expect("the counts outlive the round"));
            come.unwrap_or_else(|_| {
                panic!("{blow:?}: after {BOUND:?} publishers have come to {:?}", *counts.borrow())
            })
        };
        let hit = async {
            let hit_after = chance.random_range(0..PUBLISHES_MAX);
            if let Some(ballast) = &ballast {
                come_to(&|counts| counts.refused >= PUBLISHERS).await;
                fs::remove_file(ballast).expect("it was made");
                let so_far = come_to(&|_| true).await.told;
                come_to(&|counts| counts.told > so_far + hit_after).await;
            } else {
                come_to(&|counts| counts.told > hit_after).await;
            }
            if blow == Blow::Stop || blow == Blow::StopAndKill {
                stop(&process, chance, blow == Blow::StopAndKill).await;
            }
            if blow == Blow::Stop {
                let so_far = come_to(&|_| true).await.told;
                come_to(&|counts| counts.told > so_far + PUBLISHERS).await;
            }
            // The publishers are in the middle of their requests.
            process.kill();
        };
        join(hit, join_all(publishers)).await;
        let Publishing { told, sent } = publishing.into_inner().unwrap_or_else(PoisonError::into_inner);
        let kept = Kept { told: told.len(), refused: counts.borrow().refused };
        // Keep all versions of this round, and the newest of earlier rounds.
        let newest = std::mem::take(&mut self.expected).into_iter().max_by_key(|(version, _)| *version);
        self.sent.extend(sent);
        self.expected = newest.into_iter().chain(told).collect();
        kept
    }

    /// Checks the store for the last time.
    ///
    /// # Panics
    ///
    /// When something is lost, or torn, or it does not start again.
    pub async fn end(self) {
        let (_process, peer) = start(&self.folder.path().join("data"), true).await;
        self.look(&peer).await;
    }

    /// Checks that every acknowledged version is there, and that every version holds a text as it was sent.
    async fn look(&self, peer: &Peer) {
        let body = async |version: u64| {
            let answer = peer.get(&format!("/assets/news/versions/{version}/body"), ANSWERS_WITHIN).await;
            let answer = answer.expect("a store that has just started answers");
            assert_eq!(answer.status, StatusCode::OK, "version {version} of round {} is gone", self.rounds);
            answer.body
        };
        for (version, published) in &self.expected {
            assert!(
                body(*version).await == published,
                "version {version} of round {} is another",
                self.rounds
            );
        }
        let Some(oldest) = self.expected.iter().map(|(version, _)| *version).min() else { return };
        let history = peer.get("/assets/news/versions", ANSWERS_WITHIN).await.expect("it answers");
        let history: Vec<Value> = serde_json::from_slice(&history.body).expect("a history is a list");
        let numbers: Vec<u64> = history.iter().filter_map(|version| version["version"].as_u64()).collect();
        assert!(numbers.is_sorted_by(|newer, older| newer > older), "{numbers:?}");
        for version in numbers.into_iter().filter(|version| *version >= oldest) {
            let found = body(version).await;
            assert!(
                self.sent.contains(&found),
                "version {version} of round {} was never sent like that",
                self.rounds
            );
        }
    }
}

/// Starts a store, which reports the versions that it found.
async fn start(data: &Path, has_news: bool) -> (Process, Peer) {
    let port = free_port();
    let mut command = Command::new(program("content-store"));
    command
        .args(["--bind", &format!("127.0.0.1:{port}"), "--data"])
        .arg(data)
        .env("GLYPHFALL_EDITOR_TOKEN", "secret");
    let mut process = Process::start(&mut command);
    process.until_listening(port).await;
    process.until_said(if has_news { "1 asset " } else { "nothing is kept" }).await;
    (process, peer(port))
}

/// Publishes until the store is gone.
async fn publish(
    peer: &Peer,
    publishing: &Mutex<Publishing>,
    counts: &watch::Sender<Counts>,
    label: String,
    bytes: usize,
) {
    for number in 0.. {
        let text = format!("{label}, publish {number}");
        let body = padded(text, bytes);
        publishing.lock().unwrap_or_else(PoisonError::into_inner).sent.insert(body.clone());
        let request = Request::put("/assets/news").header("authorization", "Bearer secret");
        let request = request.body(body.clone()).expect("a path and a token are plain");
        let Ok(answer) = peer.send(request, ANSWERS_WITHIN).await else { return };
        if bytes > 0
            && [StatusCode::INSUFFICIENT_STORAGE, StatusCode::SERVICE_UNAVAILABLE].contains(&answer.status)
        {
            counts.send_modify(|counts| counts.refused += 1);
            continue;
        }
        assert!(answer.status.is_success(), "{answer:?}");
        let published: Value = serde_json::from_slice(&answer.body).expect("a store answers with JSON");
        let version = published["version"].as_u64().expect("a version has a number");
        publishing.lock().unwrap_or_else(PoisonError::into_inner).told.push((version, body));
        counts.send_modify(|counts| counts.told += 1);
    }
}
