//! A session on disk: one file for the session, one for each incident record. Teaches to write beside and rename, so that a file is
//! either old or new, and never half; and that a new session begins in an empty place.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use incident::IncidentRecord;
use serde::Deserialize;

use crate::session::{SCHEMA, Session};

/// The session's file in its folder.
pub const SESSION_FILE: &str = "session.json";

/// The folder of the incident records.
const RECORDS: &str = "records";

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
        fs::create_dir_all(folder.join(RECORDS))?;
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

    /// Puts aside whatever the folder holds of an earlier session, its records too, in a folder that bears the time at which it was
    /// kept last. Says where; none if there was nothing.
    ///
    /// # Errors
    ///
    /// When it cannot be moved.
    pub fn put_aside(&self) -> io::Result<Option<PathBuf>> {
        let (session, records) = (self.session_file(), self.folder.join(RECORDS));
        let is_empty = fs::read_dir(&records)?.next().is_none();
        if is_empty && !session.exists() {
            return Ok(None);
        }
        let kept_at = fs::metadata(&session).or_else(|_| fs::metadata(&records))?.modified()?;
        let kept_at = jiff::Timestamp::try_from(kept_at).map_err(io::Error::other)?;
        let name = format!("earlier-{}", kept_at.strftime("%Y-%m-%dT%H-%M-%SZ"));
        let taken = (2_u32..).map(|number| format!("{name}-{number}"));
        let names = std::iter::once(name.clone()).chain(taken);
        let aside = names.map(|name| self.folder.join(name)).find(|aside| !aside.exists());
        let aside = aside.expect("there is a number for each folder");
        fs::create_dir(&aside)?;
        // The session first: what a crash leaves of the records belongs to no session, and is put aside when one begins.
        if session.exists() {
            fs::rename(&session, aside.join(SESSION_FILE))?;
        }
        fs::rename(&records, aside.join(RECORDS))?;
        fs::create_dir(&records)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(Some(aside))
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
        self.folder.join(RECORDS).join(format!("round-{round}-team-{team}.json"))
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
    let written = write_durably(&beside, bytes).and_then(|()| fs::rename(&beside, file));
    if written.is_err() {
        // Half a file helps nobody, and takes room on a disk that has none.
        let _ = fs::remove_file(&beside);
    }
    written?;
    // The new name is durable when the folder is.
    File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn write_durably(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut opened = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(file)?;
    opened.write_all(bytes)?;
    opened.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_aside_leaves_nothing_behind_and_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.put_aside().unwrap(), None);
        let mut seen = Vec::new();
        for _ in 0..2 {
            fs::write(store.session_file(), "{}").unwrap();
            fs::write(store.record_file(1, 0), "{}").unwrap();
            let aside = store.put_aside().unwrap().unwrap();
            let name = aside.file_name().unwrap().to_string_lossy().into_owned();
            assert!(name.starts_with("earlier-20") && !seen.contains(&name), "{name} {seen:?}");
            assert!(aside.join(SESSION_FILE).exists() && aside.join("records/round-0-team-1.json").exists());
            assert_eq!(fs::read_dir(folder.path().join(RECORDS)).unwrap().count(), 0);
            assert!(!store.session_file().exists());
            seen.push(name);
        }
        // A crash came between: records without a session.
        fs::write(store.record_file(2, 1), "{}").unwrap();
        let aside = store.put_aside().unwrap().unwrap();
        assert!(aside.join("records/round-1-team-2.json").exists());
    }
}
