//! What the room keeps for its debrief: the records of the rounds that are over, and the replay workers. Teaches that what many pages show is
//! computed once.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;
use report::session::Progress;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    jobs::{Job, Product},
    results::Results,
    rounds::{RecordKept, Records},
    workers::ReplayWorkers,
};
use crate::{
    room::Room,
    session::{Phase, Session},
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
    /// What is computed, of what is shown on the page.
    pub done: usize,
    /// All that is shown on it and has to be computed.
    pub of: usize,
    pub doing: Option<String>,
    /// Another word when there is something new to see.
    pub stamp: String,
}

/// What the room keeps for its debrief.
#[derive(Default)]
pub struct DebriefState {
    workers: ReplayWorkers,
    records: Mutex<Records>,
    asked: Mutex<BTreeMap<View, Vec<Job>>>,
}

impl DebriefState {
    /// With what was computed before.
    pub(crate) fn with(results: Vec<(Job, Product)>) -> Self {
        Self { workers: ReplayWorkers::with(results), ..Self::default() }
    }

    /// All that has been computed.
    pub(crate) fn computed(&self) -> Vec<(Job, Product)> {
        self.workers.computed()
    }

    /// What one page needs of the replay workers.
    pub fn results(&self, is_open: bool) -> Results<'_> {
        Results::new(&self.workers, is_open)
    }

    /// Begins no computation any more until a page asks again: a round is about to begin.
    pub fn rest(&self) {
        self.workers.rest();
    }

    pub fn remember(&self, view: View, jobs: Vec<Job>) {
        self.asked.lock().insert(view, jobs);
    }

    /// How far a page has come since it was made.
    pub fn news(&self, view: View, session: &Session) -> News {
        let jobs = self.asked.lock().get(&view).cloned().unwrap_or_default();
        let open: Vec<&Job> = jobs.iter().filter(|job| self.workers.known(job).is_none()).collect();
        let progress = Progress {
            done: jobs.len() - open.len(),
            of: jobs.len(),
            doing: open.first().map(|job| job.words()),
        };
        let teams = session.teams.iter().filter(|team| view.team.is_none_or(|number| number == team.number));
        let spent = teams.flat_map(|team| &team.played).filter(|played| played.repair.is_some()).count();
        News {
            stamp: debrief::session::stamp(&progress, spent),
            done: progress.done,
            of: progress.of,
            doing: progress.doing,
        }
    }

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
                let known = self.records.lock().get(&place).cloned();
                let Some(kept) =
                    known.or_else(|| Some(Arc::new(RecordKept::of(room.record(place.0, place.1)?))))
                else {
                    continue;
                };
                // Who still waits for a page is going to be part of the record.
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
