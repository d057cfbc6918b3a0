//! When session and records are saved. Teaches group commit: the response to a change waits until the change is on disk, and one write serves all
//! responses that wait at the same time.
//!
//! Records are written before the session, and a record is read only up to the session's clocks: a crash between the two writes leaves a session
//! and records that agree. A failed write is retried until it succeeds; meanwhile the facilitator sees the reason.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use chassis::Blocking;
use http::Method;
use incident::IncidentRecord;
use parking_lot::Mutex;
use tokio::{
    select,
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};

use crate::{
    room::Room,
    session::{Phase, Session},
    team_world::TeamWorld,
};

/// How often a running session is saved without a change. A crash may lose this much of clocks, customers' visits and looks.
pub const KEPT_EVERY: Duration = Duration::from_secs(5);

/// How long a write waits for further changes to join it: longer than a disk takes for one write.
const GATHERS: Duration = Duration::from_millis(20);

/// Retry interval of a failed save.
const TRIES_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long a response waits for the disk at most: a slow disk must not stop a class. The facilitator sees that nothing is saved.
const ANSWER_WAITS_MAX: Duration = Duration::from_secs(2);

/// Saves the session and the records, one write at a time.
#[derive(Default)]
pub struct Saver {
    wanted: AtomicU64,
    unkept: Notify,
    done: watch::Sender<Done>,
    written: tokio::sync::Mutex<Written>,
    owed: Mutex<BTreeMap<(u32, usize), Arc<IncidentRecord>>>,
}

/// The latest save request that was tried, and the latest that succeeded.
#[derive(Clone, Debug, Default)]
struct Done {
    tried: u64,
    kept: u64,
    behind: Option<SaveFailure>,
}

#[derive(Clone, Debug)]
struct SaveFailure {
    since: Instant,
    why: String,
}

/// What is on disk: the number of events in the record of each team and round, and when all records were last written.
#[derive(Default)]
struct Written {
    events: BTreeMap<(u32, usize), usize>,
    all_at: Option<Instant>,
}

impl Saver {
    pub fn want(&self) -> u64 {
        let wanted = self.wanted.fetch_add(1, Ordering::AcqRel) + 1;
        self.unkept.notify_one();
        wanted
    }

    #[cfg(test)]
    pub(crate) fn wanted(&self) -> u64 {
        self.wanted.load(Ordering::Acquire)
    }

    /// Keeps the record of an ended world until it is on disk.
    pub fn owe(&self, team: u32, round: usize, record: IncidentRecord) {
        self.owed.lock().insert((team, round), Arc::new(record));
        self.want();
    }

    /// A record that is not on disk yet.
    pub fn owed_record(&self, team: u32, round: usize) -> Option<IncidentRecord> {
        self.owed.lock().get(&(team, round)).map(|record| IncidentRecord::clone(record))
    }

    /// The facilitator's message while saving fails.
    pub fn behind(&self) -> Option<String> {
        let done = self.done.borrow();
        done.behind.as_ref().map(|SaveFailure { since, why }| {
            let seconds = since.elapsed().as_secs();
            format!(
                "Not saved for {seconds} s: {why}. What happens now is lost if the room ends before the next save succeeds. The room tries again every \
                 second; free some space on the disk."
            )
        })
    }
}

impl Room {
    pub async fn save(&self) -> io::Result<()> {
        let saver = self.saver();
        let mut written = saver.written.lock().await;
        let tried = saver.wanted.load(Ordering::Acquire);
        let kept = self.write(&mut written).await;
        let was_behind = saver.done.borrow().behind.clone();
        let behind = kept.as_ref().err().map(|error| SaveFailure {
            since: was_behind.as_ref().map_or_else(Instant::now, |behind| behind.since),
            why: error.to_string(),
        });
        let news = was_behind.is_some() != behind.is_some();
        saver.done.send_modify(|done| {
            let kept = if behind.is_none() { tried } else { done.kept };
            *done = Done { tried, kept, behind };
        });
        if news {
            self.show_all();
        }
        kept
    }

    /// Waits until all changes so far are on disk, for `ANSWER_WAITS_MAX` at most. Returns whether they are.
    pub async fn save_so_far(&self) -> bool {
        let wanted = self.saver().want();
        let mut done = self.saver().done.subscribe();
        let tried = timeout(ANSWER_WAITS_MAX, done.wait_for(|done| done.tried >= wanted)).await;
        matches!(tried, Ok(Ok(done)) if done.kept >= wanted)
    }

    /// Saves changes for as long as the room is open.
    pub(crate) async fn save_on(self) {
        loop {
            let is_running = self.read(|session| session.phase == Phase::Running);
            let again = if self.saver().behind().is_some() { TRIES_AGAIN_AFTER } else { KEPT_EVERY };
            select! {
                () = self.saver().unkept.notified() => {}
                () = sleep(again), if is_running || again == TRIES_AGAIN_AFTER => {}
            }
            sleep(GATHERS).await;
            // `save` itself reports the outcome to the waiting requests and to the facilitator.
            let _ = self.save().await;
        }
    }

    async fn write(&self, written: &mut Written) -> io::Result<()> {
        let team_worlds: Vec<Arc<TeamWorld>> = self.team_worlds().values().cloned().collect();
        let session = self.change(|session| {
            if session.is_under_way() {
                for team_world in &team_worlds {
                    session.clocks(team_world.team, team_world.now());
                }
            }
            Session::clone(session)
        });
        let round = session.current.filter(|_| session.is_under_way());
        // Read the owed records after the session, so that none is older than the session.
        let owed = self.saver().owed.lock().clone();
        let all = written.all_at.is_none_or(|at| at.elapsed() >= KEPT_EVERY);
        let is_due = |(round, team_world): &(usize, Arc<TeamWorld>)| {
            all || written.events.get(&(team_world.team, *round))
                != Some(&team_world.world.record().events().len())
        };
        let under_way = round
            .into_iter()
            .flat_map(|round| team_worlds.iter().map(move |team_world| (round, Arc::clone(team_world))));
        let due: Vec<(usize, Arc<TeamWorld>)> = under_way.filter(is_due).collect();
        let (store, owing) = (self.store().clone(), owed.clone());
        let work = move || {
            let mut events = BTreeMap::new();
            let records = due.iter().map(|(round, team_world)| {
                let count = team_world.world.record().events().len();
                store.save_record(team_world.team, *round, &team_world.record())?;
                events.insert((team_world.team, *round), count);
                Ok::<(), io::Error>(())
            });
            let owed = owing.iter().map(|((team, round), record)| store.save_record(*team, *round, record));
            // Try all files: on a disk that is nearly full the smaller ones may fit.
            let failed =
                records.chain(owed).filter_map(Result::err).fold(None, |first, error| first.or(Some(error)));
            let session = store.save(&session);
            (events, failed.map_or(session, Err))
        };
        let (events, kept) = Blocking::Pool.run(work).await;
        written.events.extend(events);
        if kept.is_ok() {
            if all {
                written.all_at = Some(Instant::now());
            }
            self.saver()
                .owed
                .lock()
                .retain(|place, record| owed.get(place).is_none_or(|written| !Arc::ptr_eq(written, record)));
        }
        kept
    }
}

/// A layer that holds back the response to a change until the change is on disk.
pub async fn save_before_answering(State(room): State<Room>, request: Request, next: Next) -> Response {
    let is_change = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let answer = next.run(request).await;
    if is_change && answer.status().is_success() {
        room.save_so_far().await;
    }
    answer
}
