//! Replaces files atomically: a file is whole, or not there. Teaches to write a new file beside the old one and to rename it: a
//! kill or a full disk midway leaves the old file as it was.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The mode of a file that everybody may read, before the process's umask.
pub const READABLE: u32 = 0o666;

/// The mode of a file that holds tokens.
pub const PRIVATE: u32 = 0o600;

/// Replaces a file, or creates it, and returns once it is durable on the disk. It also replaces the half-written file of a killed
/// process. On an error, such as a full disk or a missing permission, the old file is as it was.
pub fn replace(file: &Path, bytes: &[u8], rights: u32) -> io::Result<()> {
    // Resolve a link, so that it stays a link. A path that is no regular file, such as `/dev/null`, is written directly.
    let found = fs::canonicalize(file);
    let file = found.as_deref().unwrap_or(file);
    if fs::metadata(file).is_ok_and(|known| !known.is_file()) {
        return fs::write(file, bytes);
    }
    let beside = beside(file);
    let written = write_durably(&beside, bytes, rights).and_then(|()| fs::rename(&beside, file));
    if written.is_err() {
        // Half a file is of no use, and takes space on a full disk.
        let _ = fs::remove_file(&beside);
    }
    written?;
    // The rename is durable once the folder is synced.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The temporary path of a file while it is being written.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    file.with_file_name(name)
}

fn write_durably(file: &Path, bytes: &[u8], rights: u32) -> io::Result<()> {
    let mut opened = OpenOptions::new().create(true).write(true).truncate(true).mode(rights).open(file)?;
    opened.write_all(bytes)?;
    opened.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("record.json");
        fs::write(beside(&file), "half of anot").unwrap();
        replace(&file, b"old", READABLE).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"old");
        let other = folder.path().join("taken");
        fs::create_dir(&other).unwrap();
        replace(&other, b"new", READABLE).unwrap_err();
        assert!(other.is_dir());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link, b"new", READABLE).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        replace(Path::new("/dev/null"), b"new", READABLE).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
