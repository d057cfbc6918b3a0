//! Files that must not outlive the program, such as tokens: each goes with its guard, and all of them go when a second Ctrl-C ends the
//! program where no guard is dropped any more.

use std::{collections::BTreeSet, fs, path::PathBuf};

use parking_lot::{Mutex, MutexGuard};

static LEFT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A file that is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct LeftFile(PathBuf);

impl LeftFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        left().insert(path.clone());
        Self(path)
    }
}

impl Drop for LeftFile {
    fn drop(&mut self) {
        left().remove(&self.0);
        let _ = fs::remove_file(&self.0);
    }
}

/// Removes all of them. The program ends right after: none is left from here on.
pub(crate) fn remove_all() {
    for path in std::mem::take(&mut *left()) {
        let _ = fs::remove_file(path);
    }
}

fn left() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    LEFT.lock()
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
