//! Records, pages and Markdown of `glyphfall play`, while they are written.

use std::{fs, path::Path, process::Command, time::Duration};

use rand::{Rng, RngExt};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::{Blow, Kept, fill, shop::whole_records, stop};
use crate::{
    disk::SmallDisk,
    process::{Process, output, program},
};

/// Timeout for playing an incident of a few minutes, on a machine that does other work as well.
const BOUND: Duration = Duration::from_secs(60);

/// Delay from the first file's appearance to the hit, in microseconds. All three files are written within that time.
const AFTER_FIRST_US: std::ops::Range<u64> = 0..3_000;

/// The size of the full disk in bytes, and its free space: from none to enough for all three files.
const DISK_BYTES: usize = 1_024 * 1_024;
const LEFT_BYTES: std::ops::Range<usize> = 0..120 * 1_024;

/// Plays an incident into a folder repeatedly, and hits the program while it writes.
#[derive(Debug)]
pub struct HitRecords {
    disk: Option<SmallDisk>,
    folder: TempDir,
}

impl HitRecords {
    /// In a folder.
    ///
    /// # Panics
    ///
    /// When no folder can be made.
    pub fn in_a_folder() -> Self {
        Self { disk: None, folder: tempfile::tempdir().expect("a folder can be made") }
    }

    /// On a small disk; `None` if this user may not mount one.
    pub fn on_a_small_disk() -> Option<Self> {
        let mut records = Self::in_a_folder();
        records.disk = Some(SmallDisk::mount(records.folder.path(), &format!("size={DISK_BYTES}"))?);
        Some(records)
    }

    /// Plays an incident, and hits the program while it writes. Then plays it again into the same folder, to the end.
    ///
    /// # Panics
    ///
    /// When a file is torn, or the second run does not end well.
    pub async fn round(&mut self, blow: Blow, chance: &mut impl Rng) -> Kept {
        let out = self.folder.path().join("out");
        let seed = chance.random_range(1..1_000_000_u32).to_string();
        let mut kept = Kept::default();
        if blow == Blow::FullDisk {
            let ballast = fill(self.folder.path(), chance.random_range(LEFT_BYTES));
            let (code, _, error) = output(&mut play(&out, &seed));
            assert!(code == 0 || (code == 2 && error.contains("--out")), "{code}: {error}");
            kept.refused += usize::from(code != 0);
            whole_records(&out);
            fs::remove_file(ballast).expect("it was made");
        } else {
            let mut process = Process::start(&mut play(&out, &seed));
            let appears = async {
                // Poll for the first file: no message announces it, and the test needs that very moment.
                while fs::read_dir(&out).map_or(0, Iterator::count) == 0 {
                    sleep(Duration::from_micros(200)).await;
                }
            };
            timeout(BOUND, appears).await.unwrap_or_else(|_| panic!("no file appears: {}", process.said()));
            sleep(Duration::from_micros(chance.random_range(AFTER_FIRST_US))).await;
            if blow != Blow::Kill {
                stop(&process, chance, blow == Blow::StopAndKill).await;
            }
            process.kill();
            whole_records(&out);
        }
        let (code, _, error) = output(&mut play(&out, &seed));
        assert_eq!(code, 0, "{error}");
        kept.told += whole_records(&out);
        let left =
            fs::read_dir(&out).expect("it is there").map(|file| file.expect("it can be read").file_name());
        // Hidden files are left over from the check that the folder is writable.
        let left: Vec<_> = left.filter(|name| !name.to_string_lossy().starts_with('.')).collect();
        assert_eq!(left.len(), 3, "a record, its page and its Markdown: {left:?}");
        fs::remove_dir_all(&out).expect("it is there");
        kept
    }
}

fn play(out: &Path, seed: &str) -> Command {
    let mut command = Command::new(program("glyphfall"));
    command.args([
        "play",
        "special-character",
        "--until",
        "07:50",
        "--views",
        "1",
        "--responder",
        "stand-in",
        "--seed",
        seed,
        "--out",
    ]);
    command.arg(out);
    command
}
