//! A shop of `glyphfall up` that is hit during remedies and publishes.

use std::{fs, time::Duration};

use bytes::Bytes;
use chassis::{Peer, Wait};
use futures_util::future::{join, join_all};
use http::{Method, Request, StatusCode};
use incident::{IncidentRecord, outcome};
use rand::{Rng, RngExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    sync::{Mutex, watch},
    time::timeout,
};

use super::{Blow, Kept, fill, padded, stop};
use crate::{
    disk::SmallDisk,
    up::{Ports, Up, peer},
};

/// The same timeout as for the content store alone. A service's restart may delay an answer.
const ANSWERS_WITHIN: Wait = Wait::AtMost(Duration::from_secs(10));

const BOUND: Duration = Duration::from_secs(60);

/// Timeout for a shop to write its record and close.
const CLOSES_WITHIN: Duration = Duration::from_secs(40);

/// The most actions before the process is hit.
const ACTS_MAX: usize = 8;

/// The size of the disk in bytes, and its free space when it becomes full: less than a record takes.
const DISK_BYTES: usize = 12 * 1_024 * 1_024;
const LEFT_BYTES: usize = 4 * 1_024;

/// The size of a publish on such a disk, in bytes.
const LARGE_BYTES: usize = 256 * 1_024;

/// A shop that is hit repeatedly, with its stored content.
#[derive(Debug)]
pub struct HitShop {
    disk: Option<SmallDisk>,
    folder: TempDir,
    /// The newest acknowledged version of the asset, with its text. Later versions of the round were not acknowledged.
    expected: Option<(u64, Bytes)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    told: usize,
    refused: usize,
}

impl HitShop {
    /// A shop that keeps its content in a folder.
    ///
    /// # Panics
    ///
    /// When no folder can be made.
    pub fn in_a_folder() -> Self {
        Self { disk: None, folder: tempfile::tempdir().expect("a folder can be made"), expected: None }
    }

    /// A shop that keeps content and record on a small disk; `None` if this user may not mount one.
    pub fn on_a_small_disk() -> Option<Self> {
        let mut shop = Self::in_a_folder();
        shop.disk = Some(SmallDisk::mount(shop.folder.path(), &format!("size={DISK_BYTES}"))?);
        Some(shop)
    }

    /// Opens the shop, checks that nothing is lost, lets editors and operators act, and hits it meanwhile.
    ///
    /// # Panics
    ///
    /// When something is lost, or torn, or it does not open again.
    pub async fn round(&mut self, blow: Blow, chance: &mut impl Rng) -> Kept {
        let data = self.folder.path().join("data");
        if self.disk.is_some() {
            // Start with an empty disk: one round's publishes fill it.
            let _ = fs::remove_dir_all(&data);
            self.expected = None;
        }
        let was_there = data.exists();
        let data = data.to_str().expect("names of folders are plain").to_owned();
        let out = self.folder.path().join("out");
        let (ports, options) =
            (Ports::free(), ["--data", &data, "--views", "3", "--out", out.to_str().expect("it is plain")]);
        let mut shop = Up::start_on(ports, &options).await;
        shop.until_home_is(Some(StatusCode::OK)).await;
        shop.process.until_said("The shop is open").await;
        let says_what_was_there = shop.told().contains("are kept in");
        assert_eq!(was_there, says_what_was_there, "it does not say what it found:\n{}", shop.told());
        let store = peer(ports.store);
        self.look(&store).await;

        let ballast = (blow == Blow::FullDisk).then(|| fill(self.folder.path(), LEFT_BYTES));
        let counts = watch::Sender::new(Counts::default());
        let newest = Mutex::new(self.expected.clone());
        let label = format!("{:016x}", chance.random::<u64>());
        let publishing =
            self.publish(&shop, &counts, &newest, &label, if ballast.is_some() { LARGE_BYTES } else { 0 });
        let operating = join_all((0..4).map(|place| operate(&shop, &counts, place, ballast.is_some())));
        let mut seen = counts.subscribe();
        let mut come_to = async |wanted: &dyn Fn(&Counts) -> bool| {
            let counts = timeout(BOUND, seen.wait_for(|counts| wanted(counts))).await;
            *counts.expect("it comes to that in time").expect("the counts outlive the round")
        };
        let hit_after = chance.random_range(1..ACTS_MAX);
        let process = &shop.process;
        let hit = async {
            come_to(&|counts| counts.told > hit_after && (ballast.is_none() || counts.refused > 0)).await;
            if blow == Blow::Stop || blow == Blow::StopAndKill {
                stop(process, chance, blow == Blow::StopAndKill).await;
            }
            if blow == Blow::Stop {
                let so_far = come_to(&|_| true).await.told;
                come_to(&|counts| counts.told > so_far + 2).await;
            }
            // On a full disk, end the shop with SIGTERM, so that writing the record meets the full disk too.
            process.signal(if ballast.is_some() { "TERM" } else { "KILL" });
        };
        join(hit, join(publishing, operating)).await;
        let kept = { *counts.borrow() };
        self.expected = newest.into_inner();
        if let Some(ballast) = ballast {
            let ended_well = shop.process.ended(CLOSES_WITHIN).await;
            assert!(
                !ended_well && shop.told().contains("--out"),
                "its record has no room, and it says:\n{}",
                shop.told()
            );
            whole_records(&out);
            fs::remove_file(ballast).expect("it was made");
        } else {
            shop.process.kill();
            whole_records(&out);
        }
        Kept { told: kept.told, refused: kept.refused }
    }

    /// Checks that the acknowledged text is there, or one published after it.
    async fn look(&self, store: &Peer) {
        let Some((version, text)) = &self.expected else { return };
        let path = format!("/assets/promo-banner/versions/{version}/body");
        let answer = store.get(&path, ANSWERS_WITHIN).await.expect("a shop that is open answers");
        assert!(
            (answer.status, &answer.body) == (StatusCode::OK, text),
            "version {version} is {}",
            answer.status
        );
    }

    /// Publishes and rolls back as an editor, until the shop is gone.
    async fn publish(
        &self,
        shop: &Up,
        counts: &watch::Sender<Counts>,
        newest: &Mutex<Option<(u64, Bytes)>>,
        label: &str,
        bytes: usize,
    ) {
        let store = peer(shop.ports.store);
        for number in 0.. {
            let text = format!("Spring sale {label} {number}");
            let text = padded(text, bytes);
            let is_back = number % 3 == 2;
            let request = Request::builder().header("authorization", format!("Bearer {}", shop.editor_token));
            let request = if is_back {
                request.method(Method::POST).uri("/assets/promo-banner/rollback").body(Bytes::new())
            } else {
                request.method(Method::PUT).uri("/assets/promo-banner").body(text.clone())
            };
            let Ok(answer) = store.send(request.expect("it is plain"), ANSWERS_WITHIN).await else { return };
            // If every publish was refused, there is no earlier version to roll back to either.
            let is_nowhere = is_back && answer.status == StatusCode::CONFLICT;
            if bytes > 0 && (answer.status.is_server_error() || is_nowhere) {
                counts.send_modify(|counts| counts.refused += 1);
                continue;
            }
            assert!(answer.status.is_success(), "{answer:?}");
            let said: Value = serde_json::from_slice(&answer.body).expect("a store answers with JSON");
            let version = said["version"].as_u64().expect("a version has a number");
            if !is_back {
                *newest.lock().await = Some((version, text));
            }
            counts.send_modify(|counts| counts.told += 1);
        }
    }
}

/// Restarts, flushes, repairs and raises levels as operators, until the shop is gone.
async fn operate(shop: &Up, counts: &watch::Sender<Counts>, place: u16, closes: bool) {
    let cache = shop.ports.operators;
    let (port, method, path, bodies) = match place {
        0 => (cache, Method::POST, "/flush", [None, None]),
        1 => (cache, Method::POST, "/restart", [None, None]),
        2 => (cache + 2, Method::POST, "/restart", [None, None]),
        _ => {
            let faults = [
                json!({ "faults_present": [] }),
                json!({ "level": "changes", "faults_present": ["poor-error-handling"] }),
            ];
            (cache + 1, Method::PUT, "/switches", faults.map(Some))
        }
    };
    let operator = peer(port);
    for body in bodies.iter().cycle() {
        let request =
            Request::builder().method(method.clone()).uri(path).header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {}", shop.operator_token));
        let body = body.as_ref().map_or_else(Bytes::new, |body| body.to_string().into());
        let Ok(answer) = operator.send(request.body(body).expect("it is plain"), ANSWERS_WITHIN).await else {
            return;
        };
        // A closing shop may answer with a server error.
        if closes && answer.status.is_server_error() {
            return;
        }
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        counts.send_modify(|counts| counts.told += 1);
    }
}

/// Checks that each record in a folder is complete, and that its outcome follows from its events.
pub(super) fn whole_records(folder: &std::path::Path) -> usize {
    let Ok(files) = fs::read_dir(folder) else { return 0 };
    let mut whole = 0;
    for file in files.map(|file| file.expect("the folder can be read").path()) {
        let text = || fs::read_to_string(&file).expect("it can be read");
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("json") => {
                let record = IncidentRecord::from_json(&text())
                    .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                assert_eq!(outcome(&record), record.outcome, "{}", file.display());
                whole += 1;
            }
            Some("html") => assert!(text().trim_end().ends_with("</html>"), "{} is torn", file.display()),
            _ => {}
        }
    }
    whole
}
