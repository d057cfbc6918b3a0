//! A session on disk: one file for the session, one for each incident record, and one for the debrief's results. Each is [replaced as a
//! whole](world::whole_file). Teaches that a new session begins in an empty folder.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use incident::IncidentRecord;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use world::whole_file;

use crate::{
    debrief::jobs::{Job, Product},
    session::{Round, SCHEMA, Session},
};

/// The formats of earlier versions. The first numbered the entries of the catalogue, and the numbers have moved since. In the second a guess named
/// a trigger, pins had neither a source nor the time of their evidence, and scoring was different. The third had no tickets. The fourth had no
/// roles, and only the facilitator at the desk.
const SCHEMAS_BEFORE: [&str; 4] =
    ["incident-room/1", "incident-room/2", "incident-room/3", "incident-room/4"];

pub const SESSION_FILE: &str = "session.json";

const RECORDS: &str = "records";

/// The debrief's results, saved so that they are there at once when the room opens again.
const RESULTS_FILE: &str = "results.json";

/// The largest session file that is read. No session grows beyond it: [`limits`](crate::limits) adds up the largest possible one.
pub const SESSION_BYTES_MAX: u64 = 256 * 1_024 * 1_024;

#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Opens the folder, and creates it if it does not exist.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder.join(RECORDS))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Opens the folder for reading, and creates nothing.
    pub fn kept(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    pub fn session_file(&self) -> PathBuf {
        self.folder.join(SESSION_FILE)
    }

    pub fn session(&self) -> io::Result<Option<Session>> {
        let session: Session = match parse(&self.session_file(), &[SCHEMA]) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            session => session?,
        };
        session.check().map_err(|why| {
            let file = self.session_file();
            let why = format!("{}: this is not a valid session: {why}", file.display());
            io::Error::new(io::ErrorKind::InvalidData, why)
        })?;
        Ok(Some(session))
    }

    /// Moves an earlier session with its records into a folder named after the time of its last save. Returns that folder; none if there was no
    /// session.
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
        // Move the session first: after a crash the remaining records belong to no session, and are put aside when the next one begins.
        if session.exists() {
            fs::rename(&session, aside.join(SESSION_FILE))?;
        }
        fs::rename(&records, aside.join(RECORDS))?;
        if self.folder.join(RESULTS_FILE).exists() {
            fs::rename(self.folder.join(RESULTS_FILE), aside.join(RESULTS_FILE))?;
        }
        fs::create_dir(&records)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(Some(aside))
    }

    pub fn save(&self, session: &Session) -> io::Result<()> {
        replace(&self.session_file(), session)
    }

    pub fn save_record(&self, team: u32, round: usize, record: &IncidentRecord) -> io::Result<()> {
        replace(&self.record_file(team, round), record)
    }

    pub fn record(&self, team: u32, round: usize) -> io::Result<Option<IncidentRecord>> {
        match fs::read_to_string(self.record_file(team, round)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => IncidentRecord::from_json(&text?).map(Some).map_err(io::Error::other),
        }
    }

    /// The debrief's saved results. An unreadable file only means that they are computed again.
    pub fn results(&self) -> Vec<(Job, Product)> {
        let file = self.folder.join(RESULTS_FILE);
        let is_small = fs::metadata(&file).is_ok_and(|data| data.len() <= SESSION_BYTES_MAX);
        let text = if is_small { fs::read(file).unwrap_or_default() } else { Vec::new() };
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub fn save_results(&self, results: &[(Job, Product)]) -> io::Result<()> {
        if results.is_empty() { Ok(()) } else { replace(&self.folder.join(RESULTS_FILE), &results) }
    }

    fn record_file(&self, team: u32, round: usize) -> PathBuf {
        self.folder.join(RECORDS).join(format!("round-{round}-team-{team}.json"))
    }
}

/// The scenarios that a session of this or an earlier version has used.
pub fn scenarios_seen(file: &Path) -> io::Result<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Used {
        current: Option<usize>,
        plan: Vec<Round>,
    }
    let Used { current, plan } = parse(file, &[&SCHEMAS_BEFORE[..], &[SCHEMA]].concat())?;
    let begun = plan.into_iter().take(current.map_or(0, |current| current + 1));
    Ok(begun.flat_map(|round| round.assigned).map(|assigned| assigned.scenario).collect())
}

/// Reads a session's file that has one of these formats.
fn parse<T: DeserializeOwned>(file: &Path, schemas: &[&str]) -> io::Result<T> {
    #[derive(Deserialize)]
    struct Format {
        schema: String,
    }
    let wrong =
        |why: String| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {why}", file.display()));
    if fs::metadata(file)?.len() > SESSION_BYTES_MAX {
        return Err(wrong(format!("larger than {SESSION_BYTES_MAX} bytes")));
    }
    let text = String::from_utf8(fs::read(file)?).map_err(|error| wrong(error.to_string()))?;
    let Format { schema } = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if schemas.contains(&schema.as_str()) {
        return serde_json::from_str(&text).map_err(|error| wrong(error.to_string()));
    }
    Err(wrong(if SCHEMAS_BEFORE.contains(&schema.as_str()) {
        format!(
            "an earlier version wrote this session (format '{schema}'). Go on with it in that version, or begin a new one: with \
             --continue and this file, no scenario of it is proposed again"
        )
    } else {
        format!("the format is '{schema}', not '{SCHEMA}'")
    }))
}

/// Replaces a file as a whole. Only its owner may read it, because it holds tokens.
fn replace(file: &Path, content: &impl Serialize) -> io::Result<()> {
    whole_file::replace(file, &serde_json::to_vec(content)?, whole_file::PRIVATE)
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
        // After a crash in between: records without a session.
        fs::write(store.record_file(2, 1), "{}").unwrap();
        let aside = store.put_aside().unwrap().unwrap();
        assert!(aside.join("records/round-1-team-2.json").exists());
    }

    /// Reads a small session that the first version has saved; its parts that this needs are the same in later versions.
    #[test]
    fn a_session_of_an_earlier_version_is_refused_with_what_to_do_and_tells_what_was_seen() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/session-of-version-1/session.json");
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let text = fs::read_to_string(&kept).unwrap();
        for schema in SCHEMAS_BEFORE {
            fs::write(store.session_file(), text.replace(SCHEMAS_BEFORE[0], schema)).unwrap();
            let refused = store.session().unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
            for says in ["earlier version", schema, "Go on with it in that version", "--continue"] {
                assert!(refused.to_string().contains(says), "{refused}");
            }
            assert_eq!(scenarios_seen(&store.session_file()).unwrap().len(), 2, "{schema}");
        }
        fs::copy(&kept, store.session_file()).unwrap();
        let seen = scenarios_seen(&kept).unwrap();
        assert_eq!(
            seen.iter().map(String::as_str).collect::<Vec<_>>(),
            ["special-character", "stopped-store"]
        );
        // It can be put aside unchanged. A file of another program is not taken for a session of the version before.
        let aside = store.put_aside().unwrap().unwrap();
        assert_eq!(fs::read(aside.join(SESSION_FILE)).unwrap(), fs::read(&kept).unwrap());
        fs::write(store.session_file(), r#"{"schema":"other/1"}"#).unwrap();
        assert!(store.session().unwrap_err().to_string().contains("not 'incident-room/5'"));
    }

    #[test]
    fn a_rehearsal_of_a_file_opens_again_without_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let text = include_str!("../../world/scenarios/surge.toml").to_owned();
        store.save(&Session::solo(3, ("gone/my own.toml", Some(text)), incident::Level::Logs)).unwrap();
        let session = store.session().unwrap().unwrap();
        let scenario = session.plan[0].assigned[0].scenario().unwrap();
        assert_eq!((scenario.name.as_str(), scenario.control), ("my own", false));
        let without = Session::solo(3, ("gone/my own.toml", None), incident::Level::Logs);
        store.save(&without).unwrap();
        assert!(store.session().unwrap_err().to_string().contains("a scenario's name"));
    }

    #[test]
    fn a_session_file_that_is_no_text_or_does_not_fit_together_is_refused_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let whole = serde_json::to_value(Session::new(3, 2, &BTreeSet::new())).unwrap();
        let changed = |place: &str, value: serde_json::Value| {
            let mut session = whole.clone();
            *session.pointer_mut(place).unwrap() = value;
            session.to_string().into_bytes()
        };
        for (bytes, says) in [
            (b"{\"schema\":\"\xff\"}".to_vec(), "utf-8"),
            (changed("/current", 7.into()), "round 7 is not planned"),
            (changed("/current", 0.into()), "not every team plays round 0"),
            (changed("/phase", "running".into()), "no round has begun"),
            (changed("/teams/1/number", 1.into()), "not numbered from 1"),
            (changed("/teams", serde_json::json!([])), "0 teams"),
            (changed("/plan/0/assigned", serde_json::json!([])), "0 of 2 teams"),
            (changed("/plan/0/assigned/0/scenario", "/tmp/own.toml".into()), "a scenario's name"),
            (changed("/plan/0/speed", 0.into()), "nor a speed"),
            (changed("/teams/0/token", "two words".into()), "a token"),
            (changed("/teams/0/shop_key", "../x".into()), "a shop's key"),
        ] {
            fs::write(store.session_file(), &bytes).unwrap();
            let refused = store.session().unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::InvalidData, "{says}");
            let refused = refused.to_string();
            assert!(refused.contains(SESSION_FILE) && refused.contains(says), "{refused}: {says}");
        }
        store.save(&serde_json::from_value(whole).unwrap()).unwrap();
        assert!(store.session().unwrap().is_some());
    }
}
