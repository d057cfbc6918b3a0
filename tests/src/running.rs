//! A program that is watched while it runs: its output, its system resources, and how it ends.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// Poll interval.
const LOOKS_EVERY: Duration = Duration::from_millis(20);

/// The bit of SIGINT in the kernel's masks.
const SIGINT: u64 = 1 << 1;

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    written: PathBuf,
}

impl Running {
    /// Starts a program, and keeps both of its outputs in a file in this folder.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn start(command: &mut Command, folder: &TempDir) -> Self {
        let file = fs::File::create(folder.path().join("said")).expect("the folder can be written");
        let other = file.try_clone().expect("a file can be open twice");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(other).spawn();
        Self::of(child.expect("the program starts"), folder)
    }

    /// Watches a program that the caller started.
    pub fn of(child: Child, folder: &TempDir) -> Self {
        Self { child, written: folder.path().join("said") }
    }

    /// Its output so far.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.written).unwrap_or_default()).into_owned()
    }

    /// Waits until it has printed these words.
    ///
    /// # Panics
    ///
    /// When it does not in time.
    pub async fn until_said(&self, words: &str, within: Duration) {
        let said = async {
            while !self.said().contains(words) {
                sleep(LOOKS_EVERY).await;
            }
        };
        let in_time = timeout(within, said).await.is_ok();
        assert!(in_time, "'{words}' was not said in time: {}", self.said());
    }

    /// Waits until it handles SIGINT, so that Ctrl-C no longer kills it.
    ///
    /// # Panics
    ///
    /// When it does not in time.
    pub async fn until_it_catches_signals(&self, within: Duration) {
        let catches = || {
            let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            caught
                .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
                .is_some_and(|mask| mask & SIGINT != 0)
        };
        let caught = async {
            while !catches() {
                sleep(LOOKS_EVERY).await;
            }
        };
        timeout(within, caught).await.expect("the program catches signals in time");
    }

    /// Sends it a signal by name, as `kill` does.
    ///
    /// # Panics
    ///
    /// When the signal cannot be sent.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for its end or for these words; returns whether either came in time.
    ///
    /// # Panics
    ///
    /// Never: it is our child.
    pub async fn ended_or_said(&mut self, words: &str, within: Duration) -> bool {
        let waits = async {
            while self.child.try_wait().expect("it is our child").is_none() && !self.said().contains(words) {
                sleep(LOOKS_EVERY).await;
            }
        };
        timeout(within, waits).await.is_ok()
    }

    /// Waits for its end, and returns its exit code; `None` if a signal killed it.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    pub async fn exit_code(&mut self, within: Duration) -> Option<i32> {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().expect("it is our child") {
                    return status.code();
                }
                sleep(LOOKS_EVERY).await;
            }
        };
        let code = timeout(within, ended).await;
        code.unwrap_or_else(|_| panic!("it does not end: {}", self.said()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
