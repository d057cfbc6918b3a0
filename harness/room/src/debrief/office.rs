//! Where the room keeps what its debrief needs: the rounds that are over, and the works. Teaches that what many pages show is reckoned once.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    asker::{Asker, Progress},
    job::Job,
    lived::{Kept, Records},
    team_page::stamp_of,
    works::Works,
};
use crate::{
    room::Room,
    session::{Phase, Session},
};

/// Which page: a team's or that of all, for whom, and whether all combinations are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct View {
    /// The team; none: all teams.
    pub team: Option<u32>,
    /// Whether the facilitator reads it.
    pub is_desk: bool,
    /// Whether the facilitator wants all combinations before all repairs are spent.
    pub anyway: bool,
}

/// How far a page has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct News {
    /// What is computed, of what is shown on the page.
    pub done: usize,
    /// All that is shown on it and has to be computed.
    pub of: usize,
    /// What is computed now.
    pub doing: Option<String>,
    /// Another word when there is something new to see.
    pub stamp: String,
}

/// What the room keeps for its debrief.
#[derive(Default)]
pub struct Office {
    works: Works,
    kept: Mutex<Records>,
    asked: Mutex<BTreeMap<View, Vec<Job>>>,
}

impl Office {
    /// Who asks the works for one page.
    pub fn asker(&self, is_open: bool) -> Asker<'_> {
        Asker::new(&self.works, is_open)
    }

    /// Begins no computation any more until a page asks again: a round is about to begin.
    pub fn rest(&self) {
        self.works.rest();
    }

    /// Remembers what a page has asked for.
    pub fn remember(&self, view: View, jobs: Vec<Job>) {
        lock(&self.asked).insert(view, jobs);
    }

    /// How far a page has come since it was made.
    pub fn news(&self, view: View, session: &Session) -> News {
        let jobs = lock(&self.asked).get(&view).cloned().unwrap_or_default();
        let open: Vec<&Job> = jobs.iter().filter(|job| self.works.known(job).is_none()).collect();
        let progress = Progress {
            done: jobs.len() - open.len(),
            of: jobs.len(),
            doing: open.first().map(|job| job.words()),
        };
        let teams = session.teams.iter().filter(|team| view.team.is_none_or(|number| number == team.number));
        let spent = teams.flat_map(|team| &team.played).filter(|played| played.repair.is_some()).count();
        News {
            stamp: stamp_of(&progress, spent),
            done: progress.done,
            of: progress.of,
            doing: progress.doing,
        }
    }

    /// What the rounds left that are over.
    pub fn records(&self, room: &Room, session: &Session) -> Records {
        let is_running = matches!(session.phase, Phase::Running | Phase::Paused);
        let mut records = Records::new();
        for team in &session.teams {
            for played in &team.played {
                let (place, is_current) =
                    ((team.number, played.round), session.current == Some(played.round));
                if is_current && is_running {
                    continue;
                }
                let known = lock(&self.kept).get(&place).cloned();
                let Some(kept) = known.or_else(|| Some(Arc::new(Kept::of(room.record(place.0, place.1)?))))
                else {
                    continue;
                };
                // Who still waits for a page is going to be part of the record.
                let floor = room.floor(team.number).filter(|_| is_current);
                if floor.is_none_or(|floor| floor.world.customers().waiting() == 0) {
                    lock(&self.kept).insert(place, Arc::clone(&kept));
                }
                records.insert(place, kept);
            }
        }
        records
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
