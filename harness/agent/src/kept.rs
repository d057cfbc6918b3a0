//! The finished incidents of a comparison, written to a file while it runs, one per line. A comparison that was stopped goes on from there.
//! Teaches to write down at once any work that was paid for; tokens are a price, too.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use incident::Level;
use parking_lot::Mutex;
use report::compare::ProgramIncident;
use serde::{Deserialize, Serialize};
use world::whole_file::{READABLE, replace};

/// What the incidents of a file depend on. If any of it differs, they are played again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Belongs {
    pub version: String,
    /// A hash of the checks.
    pub checks: String,
    /// A hash of the command, and of the files that it names.
    pub program: String,
    /// A hash of each scenario, by its name.
    pub scenarios: BTreeMap<String, String>,
    pub calls: u32,
    pub minutes: u32,
}

type Named = (String, u64, Level);

/// Finished incidents, and the file that holds them.
pub struct Kept {
    path: PathBuf,
    done: Mutex<(BTreeMap<Named, ProgramIncident>, File)>,
    /// How many the file held at the start.
    pub found: usize,
}

impl Kept {
    /// Opens the file, or creates it. Incidents that belong to something else are dropped, and so is a last line that was cut off.
    pub fn open(path: &Path, belongs: &Belongs) -> io::Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            other => other?,
        };
        let mut lines = text.lines();
        let is_same =
            lines.next().is_some_and(|line| serde_json::from_str(line).ok().as_ref() == Some(belongs));
        let incidents = lines.filter(|_| is_same).filter_map(|line| serde_json::from_str(line).ok());
        let done: BTreeMap<Named, ProgramIncident> =
            incidents.map(|incident| (name(&incident), incident)).collect();
        let mut lines = vec![serde_json::to_string(belongs)?];
        for incident in done.values() {
            lines.push(serde_json::to_string(incident)?);
        }
        // The file is replaced as a whole: a run that is stopped right here must not lose incidents that were paid for.
        replace(path, (lines.join("\n") + "\n").as_bytes(), READABLE)?;
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Self { path: path.to_owned(), found: done.len(), done: Mutex::new((done, file)) })
    }

    pub fn get(&self, scenario: &str, seed: u64, level: Level) -> Option<ProgramIncident> {
        self.done.lock().0.get(&(scenario.to_owned(), seed, level)).cloned()
    }

    pub fn keep(&self, incident: &ProgramIncident) -> io::Result<()> {
        let line = serde_json::to_string(incident)?;
        let (done, file) = &mut *self.done.lock();
        file.write_all(format!("{line}\n").as_bytes())?;
        done.insert(name(incident), incident.clone());
        Ok(())
    }

    /// Removes the file, once the report holds everything in it.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }
}

fn name(incident: &ProgramIncident) -> Named {
    (incident.scenario.clone(), incident.seed, incident.level)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(seed: u64) -> ProgramIncident {
        let story = serde_json::json!({ "scenario": "a", "seed": seed, "level": "dark", "called_s": 60.0, "lost_s": 0.0,
            "wrong_remedies": 0, "looks": 3, "calls": 5, "finished": true });
        serde_json::from_value(story).expect("what is left out was never reached")
    }

    #[test]
    fn who_goes_on_finds_what_was_done_unless_it_belongs_to_something_else() {
        let folder = std::env::temp_dir().join(format!("kept-{}", std::process::id()));
        let belongs = |program: &str| Belongs {
            version: "1".into(),
            checks: "c".into(),
            program: program.into(),
            scenarios: BTreeMap::new(),
            calls: 9,
            minutes: 9,
        };
        let kept = Kept::open(&folder, &belongs("one")).unwrap();
        kept.keep(&incident(1)).unwrap();
        kept.keep(&incident(2)).unwrap();
        drop(kept);
        let text = fs::read_to_string(&folder).unwrap();
        fs::write(&folder, &text[..text.len() - 5]).unwrap();
        let again = Kept::open(&folder, &belongs("one")).unwrap();
        assert_eq!(
            (again.found, again.get("a", 1, Level::Dark)),
            (1, Some(incident(1))),
            "the cut line is done again"
        );
        drop(again);
        let other = Kept::open(&folder, &belongs("another")).unwrap();
        assert_eq!(other.found, 0);
        other.remove().unwrap();
        assert!(!folder.exists());
    }
}
