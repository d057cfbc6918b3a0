//! A small in-memory disk for one test.
//!
//! Only the administrator may mount one. For other users [`SmallDisk::mount`] returns `None`, and tests say that they were skipped.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A mounted file system. Dropping it unmounts it.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts a disk over a folder, with options as `mount -o` takes them; `None` if this user may not mount.
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
