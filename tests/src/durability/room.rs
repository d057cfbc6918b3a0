//! A room that is hit while it saves its session and its records.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use http::{Method, StatusCode};
use incident::{IncidentRecord, outcome};
use rand::{Rng, RngExt};
use serde_json::{Value, json};
use tokio::{
    select,
    time::{Instant, sleep},
};

use super::{Blow, Kept, fill, stop};
use crate::{
    disk::SmallDisk,
    room::{Client, RunningRoom, text},
};

/// How long people write before the room is hit, in milliseconds from the first write: a time of several saves.
const WRITES_FOR_MS: std::ops::Range<u64> = 20..600;

/// The size of the disk in bytes, and its free space when it becomes full: too little for a second session file beside the saved one.
const DISK_BYTES: usize = 8 * 1_024 * 1_024;
const LEFT_BYTES: usize = 4 * 1_024;

/// Start a new session before the team reaches the room's limit of two hundred hypotheses in one round.
const THOUGHTS_MAX: usize = 150;

/// A room that is hit repeatedly during a round.
#[derive(Debug)]
pub struct HitRoom {
    /// Unmounted before its folder is removed.
    _disk: Option<SmallDisk>,
    room: RunningRoom,
    team: Client,
    desk: Client,
    told: Vec<String>,
    hits: usize,
    /// The slowest answer to a change.
    pub slowest: Duration,
}

impl HitRoom {
    /// A room that keeps its session in a folder, with a round of these scenarios, one for each team.
    pub async fn in_a_folder(scenarios: &[&str]) -> Self {
        Self::open(tempfile::tempdir().expect("a folder can be made"), None, scenarios).await
    }

    /// A room on a small disk; `None` if this user may not mount one.
    pub async fn on_a_small_disk(scenarios: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let disk = SmallDisk::mount(folder.path(), &format!("size={DISK_BYTES}"))?;
        Some(Self::open(folder, Some(disk), scenarios).await)
    }

    async fn open(folder: tempfile::TempDir, disk: Option<SmallDisk>, scenarios: &[&str]) -> Self {
        let room = RunningRoom::open_in(folder, &["--seed", "3"]).await;
        let team = room.team(1).await;
        let desk = begin(&room, scenarios, 60.0).await;
        Self { _disk: disk, room, team, desk, told: Vec::new(), hits: 0, slowest: Duration::ZERO }
    }

    /// Whether the team can write down the hypotheses of another round.
    pub fn goes_on(&self) -> bool {
        self.told.len() < THOUGHTS_MAX
    }

    /// How many of the team's writes the room has acknowledged.
    pub fn told(&self) -> usize {
        self.told.len()
    }

    /// Lets a team write down hypotheses, hits the room meanwhile, opens it again, and checks that nothing is lost.
    ///
    /// # Panics
    ///
    /// When something is lost, or torn, or the room does not open again.
    pub async fn round(&mut self, blow: Blow, chance: &mut impl Rng) -> Kept {
        let hit = self.hits;
        self.hits += 1;
        let ballast = (blow == Blow::FullDisk).then(|| fill(self.room.folder.path(), LEFT_BYTES));
        let (mut written, mut slowest) = (Vec::new(), self.slowest);
        let hit_after = Duration::from_millis(chance.random_range(WRITES_FOR_MS));
        let (team, desk, process) = (&self.team, &self.desk, &self.room.process);
        let writing = async {
            for number in 0.. {
                let thought = format!("thought {hit} {number}");
                let began = Instant::now();
                team.post("/api/team/hypotheses", &json!({ "text": thought })).await;
                slowest = slowest.max(began.elapsed());
                written.push(thought);
            }
        };
        let hitting = async {
            // A random delay: the moment of the hit is the only thing left to chance here.
            sleep(hit_after).await;
            if let Some(ballast) = &ballast {
                let behind = desk.until("/api/desk", |view| !view["not_kept"].is_null()).await;
                assert!(
                    behind["not_kept"].as_str().is_some_and(|why| why.contains("Not saved for")),
                    "{behind}"
                );
                fs::remove_file(ballast).expect("it was made");
                desk.until("/api/desk", |view| view["not_kept"].is_null()).await;
            }
            if blow == Blow::Stop || blow == Blow::StopAndKill {
                stop(process, chance, blow == Blow::StopAndKill).await;
            }
            if blow == Blow::Stop {
                sleep(hit_after).await;
            }
        };
        select! { () = writing => {}, () = hitting => {} }
        let kept = Kept { told: written.len(), refused: usize::from(ballast.is_some()) };
        self.slowest = slowest;
        self.told.append(&mut written);
        self.room.kill_and_open_again().await;
        whole_files(self.room.folder.path());
        let back = hypotheses(&self.team.get("/api/team").await);
        let lost: Vec<_> = self.told.iter().filter(|thought| !back.contains(thought)).collect();
        assert!(lost.is_empty(), "{lost:?} of {}", self.told.len());
        self.room.process.until_said("Continuing").await;
        // The room reopens paused, so that its downtime does not count for anybody.
        assert_eq!(self.desk.get("/api/desk").await["phase"], "paused");
        self.desk.post("/api/desk/resume", &Value::Null).await;
        kept
    }
}

/// Begins a round of these scenarios, one for each team, at `speed` times real time.
///
/// # Panics
///
/// When it does not begin.
pub async fn begin(room: &RunningRoom, scenarios: &[&str], speed: f64) -> Client {
    let teams = (1..).zip(scenarios).map(
        |(team, scenario): (usize, _)| json!({ "team": team, "scenario": scenario, "level": "changes" }),
    );
    let round = json!({
        "practice": false, "operating_model": "you-build-it", "speed": speed, "minutes": 10.0,
        "teams": teams.collect::<Vec<_>>(),
    });
    let desk = room.desk();
    let planned = desk.send(Method::PUT, "/api/desk/plan/0", Some(&round)).await;
    assert_eq!(planned.status, StatusCode::NO_CONTENT, "{}", text(&planned));
    desk.post("/api/desk/start", &Value::Null).await;
    desk
}

/// The hypotheses on a team's page.
///
/// # Panics
///
/// When it is no page of a team that plays.
pub fn hypotheses(view: &Value) -> Vec<String> {
    let all = view["hypotheses"].as_array().expect("a team that plays has a list").iter();
    all.map(|hypothesis| hypothesis["text"].as_str().expect("each has a text").to_owned()).collect()
}

/// Reads a session's files, each of which must be complete.
///
/// # Panics
///
/// When one is not.
pub fn whole_files(folder: &Path) -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    for folder in [folder.to_owned(), folder.join("records")] {
        for entry in fs::read_dir(folder)
            .expect("the folder is there")
            .map(|entry| entry.expect("it can be read").path())
        {
            if entry.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let text = fs::read_to_string(&entry).expect("it can be read");
            let value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", entry.display()));
            if entry.parent().is_some_and(|folder| folder.ends_with("records")) {
                let record = IncidentRecord::from_json(&text)
                    .unwrap_or_else(|error| panic!("{}: {error}", entry.display()));
                outcome(&record);
            }
            found.push((entry, value));
        }
    }
    found
}
