//! Takes the pictures of the documents from the running product: `cargo xtask pictures`. It takes six minutes.
//!
//! The arguments `pages` and `recording` make one part alone. Seeds are fixed. The picture of a team's page comes from a round played for
//! it, the debrief from the recorded example, and the recording from a whole demonstration. A file beside the pictures notes the sources of
//! each (`tests/src/pictures.rs`).
#![expect(clippy::unwrap_used, reason = "a picture that cannot be taken is taken again")]

mod lost;
mod pages;
mod recording;

use std::{env, fs};

use glyphfall_tests::{
    pictures::{FOLDER, Part, note},
    process::root,
};

#[tokio::main]
async fn main() {
    let asked: Vec<String> = env::args().skip(1).collect();
    let folder = root().join(FOLDER);
    fs::create_dir_all(&folder).unwrap();
    for part in
        Part::ALL.into_iter().filter(|part| asked.is_empty() || asked.iter().any(|name| name == part.name()))
    {
        match part {
            Part::Pages => pages::take().await,
            Part::Recording => recording::make(&folder),
        }
        note(part);
    }
    eprintln!("{} holds the pictures", folder.display());
}
