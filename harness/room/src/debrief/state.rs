//! What the room keeps for its debrief: the records of the rounds that are over, and the replay workers. Teaches to compute once what many pages
//! show.

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
    path::Path,
    sync::Arc,
};

use parking_lot::Mutex;
use report::session::{Progress, SessionReport};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    jobs::{Job, Product},
    rounds::{RecordKept, Records, recorded},
    workers::{ReplayWorkers, Results, progress},
};
use crate::{
    room::Room,
    session::{Assigned, Session, Team},
    store::Store,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct View {
    /// None: all teams.
    pub team: Option<u32>,
    pub is_desk: bool,
    /// Whether the facilitator wants all combinations before all repairs are spent.
    pub anyway: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct News {
    #[serde(flatten)]
    pub progress: Progress,
    /// Another word when there is something new to see.
    pub stamp: String,
}

#[derive(Default)]
pub struct DebriefState {
    pub(crate) workers: ReplayWorkers,
    records: Mutex<Records>,
    asked: Mutex<BTreeMap<View, Vec<(Job, bool)>>>,
}

impl DebriefState {
    /// `own`: what is played of files, whose text the session keeps.
    pub(crate) fn with(results: Vec<(Job, Product)>, own: Vec<Assigned>) -> Self {
        Self { workers: ReplayWorkers::with(results, own), ..Self::default() }
    }

    pub fn results(&self, is_open: bool) -> Results<'_> {
        Results::new(&self.workers, is_open)
    }

    pub fn remember(&self, view: View, results: Results<'_>) {
        self.asked.lock().insert(view, results.asked);
    }

    /// How far the jobs of a page have come since it was made.
    pub fn news(&self, view: View, session: &Session) -> News {
        let mut jobs = self.asked.lock().get(&view).cloned().unwrap_or_default();
        for (job, is_done) in &mut jobs {
            *is_done = self.workers.is_done(job);
        }
        let progress = progress(&jobs);
        let teams = session.teams.iter().filter(|team| view.team.is_none_or(|number| number == team.number));
        let spent = teams.flat_map(|team| &team.played).filter(|played| played.repair.is_some()).count();
        News { stamp: debrief::session::stamp(&progress, spent), progress }
    }

    pub fn records(&self, room: &Room, session: &Session) -> Records {
        let is_running = session.is_under_way();
        let mut records = Records::new();
        for team in &session.teams {
            for played in &team.played {
                let (place, is_current) =
                    ((team.number, played.round), session.current == Some(played.round));
                if is_current && is_running {
                    continue;
                }
                let known = self.records.lock().get(&place).cloned();
                let Some(kept) =
                    known.or_else(|| Some(Arc::new(RecordKept::of(room.record(place.0, place.1)?))))
                else {
                    continue;
                };
                // Visits that still wait will become part of the record, so it is not cached yet.
                let team_world = room.team_world(team.number).filter(|_| is_current);
                if team_world.is_none_or(|team_world| team_world.world.customers().waiting() == 0) {
                    self.records.lock().insert(place, Arc::clone(&kept));
                }
                records.insert(place, kept);
            }
        }
        records
    }
}

/// The finished scored rounds of a saved session, read without opening the room: nothing in its folder changes.
///
/// # Errors
///
/// Each says what to do: no session is kept here, another version wrote it, or no scored round of it is over.
pub fn ended_rounds(folder: &Path) -> io::Result<SessionReport> {
    let store = Store::kept(folder);
    let Some(session) = store.session()? else {
        let why = "no session is kept here. 'glyphfall room --out DIR' keeps one in DIR, and earlier ones in folders of it named 'earlier-...'";
        return Err(io::Error::new(ErrorKind::NotFound, why));
    };
    let mut report = recorded(&session, &records(&store, &session)?)
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
    report.rounds.retain(|round| !round.is_practice);
    if report.rounds.is_empty() {
        let why = "no scored round of this session is over: end one at the facilitator's page, then name the folder again";
        return Err(io::Error::new(ErrorKind::InvalidData, why));
    }
    Ok(report)
}

fn records(store: &Store, session: &Session) -> io::Result<Records> {
    let mut records = Records::new();
    let played =
        |team: &Team| team.played.iter().map(|played| (team.number, played.round)).collect::<Vec<_>>();
    let is_over = |(_, round): &(u32, usize)| !session.is_under_way() || session.current != Some(*round);
    for place in session.teams.iter().flat_map(played).filter(is_over) {
        if let Some(record) = store.record(place.0, place.1)? {
            records.insert(place, Arc::new(RecordKept::of(record)));
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{debrief::sample::Sample, session::Phase};

    fn keep(folder: &Path, change: impl FnOnce(&mut Session)) {
        let Sample { mut session, records } = Sample::new();
        change(&mut session);
        let store = Store::open(folder).unwrap();
        store.save(&session).unwrap();
        for ((team, round), kept) in &records {
            store.save_record(*team, *round, &kept.record).unwrap();
        }
    }

    #[test]
    fn rounds_that_are_over_are_read_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        keep(folder.path(), |_| {});
        let modified = || fs::metadata(folder.path()).unwrap().modified().unwrap();
        let before = modified();
        let rounds = ended_rounds(folder.path()).unwrap().rounds;
        assert_eq!(
            rounds.iter().map(|round| (round.team, round.number)).collect::<Vec<_>>(),
            [(1, 1), (2, 1)]
        );
        assert_eq!(modified(), before);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_to_do() {
        let check = |folder: &Path, says: &str| {
            let refused = ended_rounds(folder).unwrap_err().to_string();
            assert!(refused.contains(says), "{refused}");
        };
        let folder = tempfile::tempdir().unwrap();
        check(&folder.path().join("nowhere"), "'glyphfall room --out DIR' keeps one");
        assert!(!folder.path().join("nowhere").exists());
        check(folder.path(), "earlier-...");
        check(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/session-of-version-1"),
            "an earlier version wrote",
        );
        keep(folder.path(), |session| session.phase = Phase::Running);
        check(folder.path(), "end one at the facilitator's page");
        keep(folder.path(), |session| session.plan[1].assigned[0].scenario = "forgotten".to_owned());
        check(folder.path(), "forgotten");
    }
}
