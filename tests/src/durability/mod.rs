//! Real processes that are killed, stopped or out of room in the middle of what they write. After each such round the process starts again,
//! says what it found, and nothing is lost that it had said was done.
//!
//! A round is a function, so that the tests play a few and `cargo xtask durability` plays a thousand.

pub mod store;
pub mod shop;
pub mod room;
pub mod records;

use std::{fmt, path::Path, time::Duration};

use rand::{Rng, RngExt};
use tokio::time::sleep;

use crate::process::Process;

/// What happens to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blow {
    /// `kill -9`.
    Kill,
    /// It stands still for a while, goes on, and is killed later.
    Stop,
    /// It stands still, and is killed before it goes on.
    StopAndKill,
    /// Its disk is full for a while.
    FullDisk,
}

impl Blow {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Kill, Self::Stop, Self::StopAndKill, Self::FullDisk];
}

/// What came of one round.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept {
    /// How much the process had said was done.
    pub told: usize,
    /// How often it refused because there was no room.
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

/// How long a stopped process stands still: longer than a request takes, shorter than anybody waits for an answer.
const STANDS_STILL_MS: std::ops::Range<u64> = 5..200;

/// Lets a process stand still; it goes on unless it is killed first.
async fn stop(process: &Process, chance: &mut impl Rng, is_killed: bool) {
    process.signal("STOP");
    // The time itself is what happens to it.
    sleep(Duration::from_millis(chance.random_range(STANDS_STILL_MS))).await;
    if !is_killed {
        process.signal("CONT");
    }
}

/// Fills what is left of a disk, up to so many bytes.
fn fill(folder: &Path, left_bytes: usize) -> std::path::PathBuf {
    use std::io::Write;
    let ballast = folder.join("ballast");
    let mut file = std::fs::File::create(&ballast).expect("the disk is there");
    while file.write_all(&[1; 4_096]).is_ok() {}
    let length = file.metadata().expect("it is open").len();
    file.set_len(length.saturating_sub(left_bytes as u64)).expect("less fits as well");
    ballast
}

/// A text with so many bytes at least.
fn padded(text: String, bytes: usize) -> bytes::Bytes {
    let mut text = text.into_bytes();
    text.resize(text.len().max(bytes), b' ');
    text.into()
}
