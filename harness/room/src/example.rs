//! The example: a finished session of four teams, to learn from and to show. Teaches that a tool which needs a room full of people to be
//! seen is not seen.
//!
//! It is the folder that such a room keeps, in one archive: `cargo xtask example` plays it anew, through the room's own API and with real
//! worlds, so that nothing in it was typed in. It opens without a world, and nothing in it changes.

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

/// Changes that the example allows: who looks at it takes a seat, and nothing else.
const SEATING: [&str; 3] = ["/api/join", "/api/join-test", "/api/desk/sign-in"];

/// What any other change is told; the pages say it too.
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

/// A layer that refuses changes of an example.
pub(crate) async fn refuse_changes(State(room): State<Room>, request: Request, next: Next) -> Response {
    let is_change = !request.method().is_safe() && !SEATING.contains(&request.uri().path());
    if is_change && room.read(|session| session.purpose == Purpose::Example) {
        return conflict(UNCHANGED).into_response();
    }
    next.run(request).await
}
