//! Takes the pictures of the documents from the running product: `cargo xtask pictures`. It takes six minutes.
//!
//! `pages` and `recording` as arguments make one part alone. Seeds are fixed; what a team's page shows is a round that is played for the
//! picture, the debrief is that of the recorded example, and the recording is a whole demonstration. What each was made of is noted
//! beside them (`tests/src/pictures.rs`).
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
