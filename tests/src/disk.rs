//! A small disk of a test's own, in memory.
//!
//! Only the administrator may mount one; [`SmallDisk::mount`] says nothing for others, and tests say that they were not run.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A file system that is gone when this is dropped.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one over a folder, with options as `mount -o` takes them; none for who may not mount anything.
    pub fn mount(at: &Path, options: &str) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).status();
        mount.is_ok_and(|status| status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
