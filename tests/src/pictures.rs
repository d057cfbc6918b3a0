//! The pictures of the documents, and what they were made of: a page that changes needs a new picture.

use std::{fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use crate::process::root;

/// Where they are.
pub const FOLDER: &str = "docs/pictures";

/// The file beside them that says what they were made of.
pub const MADE_OF: &str = "made-of.txt";

/// The folders that decide how pages look.
const SOURCES: [&str; 3] = ["harness/room/pages", "harness/room/example", "harness/debrief/templates"];

/// A hash of every file that decides how pages look, in Base64.
///
/// # Panics
///
/// When one cannot be read.
pub fn made_of() -> String {
    let mut hash = Sha256::new();
    for source in SOURCES {
        add(&root().join(source), &mut hash);
    }
    BASE64_STANDARD.encode(hash.finalize()) + "\n"
}

fn add(path: &Path, hash: &mut Sha256) {
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("a folder can be read");
        let mut inside: Vec<_> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
        inside.sort();
        for path in inside {
            add(&path, hash);
        }
    } else {
        hash.update(
            path.strip_prefix(root()).expect("it lies in the repository").as_os_str().as_encoded_bytes(),
        );
        hash.update(fs::read(path).expect("a file can be read"));
    }
}
