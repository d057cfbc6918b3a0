//! Real processes that are killed, stopped or out of disk space in the middle of their writes. After each round the process starts again
//! and reports what it found, and everything that it had acknowledged is still there.
//!
//! A round is a function: the tests run a few, `cargo xtask durability` runs a thousand.

pub mod store;
pub mod shop;
pub mod room;
pub mod records;

use std::{fmt, path::Path, time::Duration};

use rand::{Rng, RngExt};
use tokio::time::sleep;

use crate::process::Process;

/// The failure that hits a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blow {
    /// `kill -9`.
    Kill,
    /// It is stopped for a while (SIGSTOP), continues, and is killed later.
    Stop,
    /// It is stopped (SIGSTOP), and killed before it continues.
    StopAndKill,
    /// Its disk is full for a while.
    FullDisk,
}

impl Blow {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Kill, Self::Stop, Self::StopAndKill, Self::FullDisk];
}

/// The result of one round.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept {
    /// How many writes the process had acknowledged.
    pub told: usize,
    /// How often it refused a write because the disk was full.
    pub refused: usize,
}

impl std::ops::AddAssign for Kept {
    fn add_assign(&mut self, other: Self) {
        self.told += other.told;
        self.refused += other.refused;
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} told done and kept, {} refused for want of room", self.told, self.refused)
    }
}

/// How long a process is stopped: longer than a request takes, shorter than any client's timeout.
const STANDS_STILL_MS: std::ops::Range<u64> = 5..200;

/// Stops a process for a while. It continues unless it is killed first.
async fn stop(process: &Process, chance: &mut impl Rng, is_killed: bool) {
    process.signal("STOP");
    // The elapsed time itself is the failure, so this sleep waits for no condition.
    sleep(Duration::from_millis(chance.random_range(STANDS_STILL_MS))).await;
    if !is_killed {
        process.signal("CONT");
    }
}

/// Fills a disk until `left_bytes` are free.
fn fill(folder: &Path, left_bytes: usize) -> std::path::PathBuf {
    use std::io::Write;
    let ballast = folder.join("ballast");
    let mut file = std::fs::File::create(&ballast).expect("the disk is there");
    while file.write_all(&[1; 4_096]).is_ok() {}
    let length = file.metadata().expect("it is open").len();
    file.set_len(length.saturating_sub(left_bytes as u64)).expect("less fits as well");
    ballast
}

/// Pads a text to at least `bytes` bytes.
fn padded(text: String, bytes: usize) -> bytes::Bytes {
    let mut text = text.into_bytes();
    text.resize(text.len().max(bytes), b' ');
    text.into()
}
