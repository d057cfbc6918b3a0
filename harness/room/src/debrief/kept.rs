//! The rounds of a kept session, read without opening the room: nothing in its folder changes.

use std::{
    io::{self, ErrorKind},
    path::Path,
    sync::Arc,
};

use report::session::SessionReport;

use super::rounds::{RecordKept, Records, recorded};
use crate::{
    session::{Session, Team},
    store::Store,
};

/// What teams did in the rounds that are over.
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
