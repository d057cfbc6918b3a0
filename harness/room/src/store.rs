//! A session on disk: one file for the session, one for each incident record. Teaches to write beside and rename, so that a file is
//! either old or new, and never half.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use incident::IncidentRecord;
use serde::Deserialize;

use crate::session::{SCHEMA, Session};

/// The session's file in its folder.
pub const SESSION_FILE: &str = "session.json";

/// The largest session file that is read. No session grows as large: [`limits`](crate::limits) adds up the largest there can be.
pub const SESSION_BYTES_MAX: u64 = 256 * 1_024 * 1_024;

/// A folder that holds one session.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The folder, made if it is not there.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder.join("records"))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where the session's file is.
    pub fn session_file(&self) -> PathBuf {
        self.folder.join(SESSION_FILE)
    }

    /// The session that the folder holds; none if there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is of another format.
    pub fn session(&self) -> io::Result<Option<Session>> {
        match read(&self.session_file()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            session => session.map(Some),
        }
    }

    /// Keeps a session.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn keep(&self, session: &Session) -> io::Result<()> {
        let text = serde_json::to_vec(session).map_err(io::Error::other)?;
        replace(&self.session_file(), &text)
    }

    /// Keeps an incident record.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn keep_record(&self, team: u32, round: usize, record: &IncidentRecord) -> io::Result<()> {
        let text = serde_json::to_vec(record).map_err(io::Error::other)?;
        replace(&self.record_file(team, round), &text)
    }

    /// The record of a team in a round; none if there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn record(&self, team: u32, round: usize) -> io::Result<Option<IncidentRecord>> {
        match fs::read_to_string(self.record_file(team, round)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => IncidentRecord::from_json(&text?).map(Some).map_err(io::Error::other),
        }
    }

    fn record_file(&self, team: u32, round: usize) -> PathBuf {
        self.folder.join("records").join(format!("round-{round}-team-{team}.json"))
    }
}

/// Reads a session from its file.
///
/// # Errors
///
/// When it cannot be read, or is of another format.
pub fn read(file: &Path) -> io::Result<Session> {
    #[derive(Deserialize)]
    struct Format {
        schema: String,
    }
    let wrong =
        |why: String| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {why}", file.display()));
    if fs::metadata(file)?.len() > SESSION_BYTES_MAX {
        return Err(wrong(format!("larger than {SESSION_BYTES_MAX} bytes")));
    }
    let text = fs::read_to_string(file)?;
    let format: Format = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if format.schema != SCHEMA {
        return Err(wrong(format!("the format is '{}', not '{SCHEMA}'", format.schema)));
    }
    serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
}

/// Only its owner may read it: it holds tokens.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = file.with_extension("json.new");
    let mut opened = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&beside)?;
    opened.write_all(bytes)?;
    opened.sync_all()?;
    fs::rename(beside, file)
}
