//! The store as a process of its own, started where it cannot work. What it keeps when it is killed is `tests/tests/durability.rs`'s.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// A store in a process of its own, which ends with this value, also when a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a store, and waits until it listens.
fn start(data: &Path) -> Running {
    let mut process = Command::new(env!("CARGO_BIN_EXE_content-store"))
        .args(["--bind", "127.0.0.1:0", "--editor-token", "secret", "--data"])
        .arg(data)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let listens = lines.by_ref().map_while(Result::ok).any(|line| line.contains("http://"));
    assert!(listens, "the store says where it listens");
    // Nobody may block on a full pipe: the rest is read and forgotten.
    std::thread::spawn(move || lines.for_each(drop));
    Running(process)
}

/// A store that cannot start names its folder, and says why, and what to do.
fn refused(data: &Path, expected: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_content-store")).arg("--data").arg(data).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    for expected in expected.iter().chain(&["--data", data.to_str().unwrap()]) {
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in-the-way");
    fs::write(&file, "").unwrap();
    refused(&file.join("below"), &["cannot keep assets"]);
    refused(Path::new("/proc/nothing"), &["cannot keep assets"]);

    let _running = start(folder.path());
    refused(folder.path(), &["already open"]);
}

/// Where the two copies of the head of redb's file tell its format (its own tests hold them there): 3 today.
const FORMATS_AT: [usize; 2] = [64, 192];

#[test]
fn a_file_of_an_older_format_or_of_another_program_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    drop(start(folder.path()));
    let file = folder.path().join("content-store.redb");
    let whole = fs::read(&file).unwrap();
    let older = |format: u8| {
        let mut bytes = whole.clone();
        for place in FORMATS_AT {
            assert_eq!(bytes[place], 3, "the format stands elsewhere in this version of redb");
            bytes[place] = format;
        }
        bytes
    };
    let earlier = ["an earlier version of the store wrote it", "go on in that version", "empty folder"];
    let foreign = ["no file of a store", "damaged", "put it aside"];
    let cases: [(Vec<u8>, &[&str]); 6] = [
        (older(1), &earlier),
        (older(2), &earlier),
        // Of a later version.
        (older(9), &foreign),
        (b"SQLite format 3\0 and more than a head of it".repeat(20), &foreign),
        (vec![0; 4_096], &foreign),
        (whole[..whole.len() / 2].to_vec(), &foreign),
    ];
    for (bytes, expected) in cases {
        fs::write(&file, &bytes).unwrap();
        refused(folder.path(), expected);
        // What an earlier version wrote is whole, and stays so. A file that is cut off, redb may begin to repair.
        let is_whole = bytes.len() == whole.len() && expected == earlier;
        assert!(!is_whole || fs::read(&file).unwrap() == bytes, "it was changed: {expected:?}");
    }
    fs::write(&file, whole).unwrap();
    drop(start(folder.path()));
}
