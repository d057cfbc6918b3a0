//! The example: a finished session of four teams, to learn from and to show. Teaches that people never see a tool which first needs a room full of
//! people.
//!
//! The archive holds the folder that a room of four teams leaves behind. `cargo xtask example` makes it anew: it plays the session through the
//! room's own API, with real worlds, so that nothing in it is made up. The example opens without any world, and nothing in it changes.

use std::{
    fs,
    io::{self, Cursor},
    path::Path,
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use zip::ZipArchive;

use crate::{
    room::Room,
    session::{Purpose, conflict},
};

const ARCHIVE: &[u8] = include_bytes!("../example/session.zip");

/// Requests that the example allows: its viewers take seats. It refuses every other change.
const SEATING: [&str; 3] = ["/api/join", "/api/join-test", "/api/desk/sign-in"];

/// The refusal of any other change. The pages show it too.
pub const UNCHANGED: &str = "This is a recorded example: everything can be looked at, and nothing changes.";

/// Puts the example's files into an empty folder.
///
/// # Errors
///
/// If the folder cannot be written to.
pub fn unpack(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    ZipArchive::new(Cursor::new(ARCHIVE))
        .and_then(|mut archive| archive.extract(folder))
        .map_err(io::Error::other)
}

/// A layer that refuses changes to an example.
pub(crate) async fn refuse_changes(State(room): State<Room>, request: Request, next: Next) -> Response {
    let is_change = !request.method().is_safe() && !SEATING.contains(&request.uri().path());
    if is_change && room.read(|session| session.purpose == Purpose::Example) {
        return conflict(UNCHANGED).into_response();
    }
    next.run(request).await
}
