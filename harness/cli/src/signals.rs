//! Turns operating system signals into reasons to [`stop`]. A second signal ends the program immediately, whatever it is doing. Files that
//! must not outlive the program, such as tokens, are removed even then.

use std::{collections::BTreeSet, fs, io, path::PathBuf, thread};

use parking_lot::Mutex;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::{
    output,
    stop::{Reason, SIGNALLED, stop},
};

/// Starts listening for signals. `waits_for` describes the work that a command still finishes after the first signal, if it can take a
/// while.
pub(crate) fn listen(waits_for: Option<&'static str>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    // A program started with nohup must survive a closed terminal.
    if !ignores_hangup() {
        signals.add_signal(SIGHUP)?;
    }
    // This thread is never joined: it ends with the program.
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for (before, signal) in signals.forever().enumerate() {
            if before > 0 {
                remove_all();
                std::process::exit(SIGNALLED + signal);
            }
            stop(Reason::Signal(signal));
            if let Some(waits_for) = waits_for {
                output::error_line(&format!("stopping: {waits_for}; Ctrl-C again ends at once"));
            }
        }
    })?;
    Ok(())
}

/// Whether the program was started with SIGHUP ignored, as `nohup` does, according to the kernel.
fn ignores_hangup() -> bool {
    let hangup = 1_u64 << (SIGHUP - 1);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|ignored| ignored & hangup != 0)
}

static LEFT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A file that is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct LeftFile(PathBuf);

impl LeftFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        LEFT.lock().insert(path.clone());
        Self(path)
    }
}

impl Drop for LeftFile {
    fn drop(&mut self) {
        LEFT.lock().remove(&self.0);
        let _ = fs::remove_file(&self.0);
    }
}

/// Removes all left files, just before the program ends. No file can be left from here on.
fn remove_all() {
    for path in std::mem::take(&mut *LEFT.lock()) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_with_its_guard_and_without_it_at_the_end() {
        let path = |name| std::env::temp_dir().join(format!("left-{name}-{:016x}", rand::random::<u64>()));
        let [kept, forgotten] = ["kept", "forgotten"].map(path);
        for path in [&kept, &forgotten] {
            fs::write(path, "token").unwrap();
        }
        drop(LeftFile::new(kept.clone()));
        std::mem::forget(LeftFile::new(forgotten.clone()));
        assert_eq!((kept.exists(), forgotten.exists()), (false, true));
        remove_all();
        assert!(!forgotten.exists());
    }
}
