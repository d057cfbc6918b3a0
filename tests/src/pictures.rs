//! The pictures of the documents, and their sources: a page that changes needs a new picture.

use std::{collections::BTreeMap, fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use crate::process::root;

/// The folder of the pictures.
pub const FOLDER: &str = "docs/pictures";

/// The file beside the pictures that notes hashes of their sources.
const MADE_OF: &str = "made-of.txt";

/// A part of the pictures, made in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Pictures of the shop's, the room's and the reports' pages.
    Pages,
    /// The demonstration, as a terminal shows it.
    Recording,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 2] = [Self::Pages, Self::Recording];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Recording => "recording",
        }
    }

    /// The files and folders that determine how the part looks.
    fn sources(self) -> &'static [&'static str] {
        match self {
            Self::Pages => &[
                "harness/debrief/src",
                "harness/debrief/templates",
                "harness/room/example",
                "harness/room/pages",
                "services/content-store/src/editor",
                "services/web-front/content",
                "services/web-front/templates",
                "tests/examples/pictures/lost.html",
            ],
            Self::Recording => {
                &["harness/cli/src/demo.rs", "harness/cli/src/figures.rs", "harness/cli/src/screen.rs"]
            }
        }
    }

    /// A hash, in Base64, of all sources that determine how the part looks.
    ///
    /// # Panics
    ///
    /// When a source cannot be read.
    pub fn made_of(self) -> String {
        let mut hash = Sha256::new();
        for source in self.sources() {
            add(&root().join(source), &mut hash);
        }
        BASE64_STANDARD.encode(hash.finalize())
    }

    /// The hash noted when the part was made.
    pub fn noted(self) -> Option<String> {
        noted().remove(self.name())
    }
}

/// Notes that a part was made from its current sources.
///
/// # Panics
///
/// When it cannot be written down.
pub fn note(part: Part) {
    let mut all = noted();
    all.insert(part.name().to_owned(), part.made_of());
    let lines = all.iter().fold(String::new(), |lines, (name, hash)| lines + name + " " + hash + "\n");
    fs::write(root().join(FOLDER).join(MADE_OF), lines).expect("it can be written down");
}

fn noted() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join(FOLDER).join(MADE_OF)).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(name, hash)| (name.to_owned(), hash.to_owned())).collect()
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
