//! The content store, in the middle of publishes.

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

/// An answer that has not come by then will not come. hyper loses a request that is sent at the very moment at which its connection
/// closes (hyperium/hyper#4122): its caller waits for ever.
const ANSWERS_WITHIN: Wait = Wait::AtMost(Duration::from_secs(10));

/// How long a store may take to come to what a round waits for.
const BOUND: Duration = Duration::from_secs(60);

/// Acknowledged publishes, at most, before the process is hit, and before it is killed that went on.
const PUBLISHES_MAX: usize = 7;

/// The disk that becomes full, in bytes, and what of it is free when that begins.
const DISK_BYTES: usize = 24 * 1_024 * 1_024;
const LEFT_BYTES: std::ops::Range<usize> = 0..3 * 1_024 * 1_024;

/// What a publish on such a disk has, in bytes: a few of them fill what is left.
const LARGE_BYTES: usize = 256 * 1_024;

/// From so many large versions on, they are forgotten and the disk begins anew: with three times as many, redb can no longer make its file
/// grow on it, and it is full without any ballast.
const LARGE_VERSIONS_MAX: u64 = 16;

/// A content store that is hit again and again.
#[derive(Debug)]
pub struct HitStore {
    /// Unmounted before its folder is removed.
    disk: Option<SmallDisk>,
    folder: TempDir,
    rounds: usize,
    /// What must be there: versions, with what was published.
    expected: Vec<(u64, Bytes)>,
    /// All that anybody tried to publish: nothing else may be there, also where nobody heard that it is.
    sent: BTreeSet<Bytes>,
}

/// What the publishers of a round have in common.
#[derive(Default)]
struct Publishing {
    told: Vec<(u64, Bytes)>,
    sent: BTreeSet<Bytes>,
}

/// How often publishers were told that it is done, and that there is no room.
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

    /// A store on a small disk; none for who may not mount any.
    pub fn on_a_small_disk() -> Option<Self> {
        let mut store = Self::in_a_folder();
        store.disk = Some(SmallDisk::mount(store.folder.path(), &format!("size={DISK_BYTES}"))?);
        Some(store)
    }

    /// Starts it, looks whether everything is there, lets editors publish, and hits it in the middle of that.
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
            // The publishers are somewhere in the middle.
            process.kill();
        };
        join(hit, join_all(publishers)).await;
        let Publishing { told, sent } = publishing.into_inner().unwrap_or_else(PoisonError::into_inner);
        let kept = Kept { told: told.len(), refused: counts.borrow().refused };
        // All of this round, and the newest of all rounds before it.
        let newest = std::mem::take(&mut self.expected).into_iter().max_by_key(|(version, _)| *version);
        self.sent.extend(sent);
        self.expected = newest.into_iter().chain(told).collect();
        kept
    }

    /// Looks at the last time.
    ///
    /// # Panics
    ///
    /// When something is lost, or torn, or it does not start again.
    pub async fn end(self) {
        let (_process, peer) = start(&self.folder.path().join("data"), true).await;
        self.look(&peer).await;
    }

    /// Everything that was acknowledged is there, and everything that is there was sent as it is.
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

/// Starts a store, which says what it found.
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
