//! When session and records are kept. Teaches group commit: whoever changes something is answered once it is on disk, and all who wait at the
//! same time are served by one write.
//!
//! Records are written before the session, and a record is read only as far as the session's clocks say: a crash between the two leaves
//! a session and records that agree. What cannot be written is tried again until it can; meanwhile the facilitator reads so.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
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
use tokio::{
    select,
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};

use crate::{floor::Floor, room::Room, session::Phase};

/// How often a running session is kept though nobody has changed anything: what a crash may cost of clocks, customers' visits and looks.
pub const KEPT_EVERY: Duration = Duration::from_secs(5);

/// How long a change waits for others, to be written together with them: longer than a disk takes for one.
const GATHERS: Duration = Duration::from_millis(20);

/// How soon a room that is behind tries again.
const TRIES_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long an answer waits for the disk. A class must not stand still because a disk does; the facilitator reads that it does.
const ANSWER_WAITS_MAX: Duration = Duration::from_secs(2);

/// How far the room has come with keeping.
#[derive(Default)]
pub struct Keeping {
    /// Counts what is to be kept.
    wanted: AtomicU64,
    unkept: Notify,
    done: watch::Sender<Done>,
    /// One writes at a time.
    written: tokio::sync::Mutex<Written>,
    owed: Mutex<BTreeMap<(u32, usize), Arc<IncidentRecord>>>,
}

/// What came of it: the count up to which it was tried, and up to which it was kept.
#[derive(Clone, Debug, Default)]
struct Done {
    tried: u64,
    kept: u64,
    behind: Option<Behind>,
}

#[derive(Clone, Debug)]
struct Behind {
    since: Instant,
    why: String,
}

/// What the files hold: the number of events of each team's record by round, and when all were written.
#[derive(Default)]
struct Written {
    events: BTreeMap<(u32, usize), usize>,
    all_at: Option<Instant>,
}

impl Keeping {
    /// Has everything kept soon.
    pub fn want(&self) -> u64 {
        let wanted = self.wanted.fetch_add(1, Ordering::AcqRel) + 1;
        self.unkept.notify_one();
        wanted
    }

    /// Takes over a record that no world keeps up to date any more: it is written until it is on disk.
    pub fn owe(&self, team: u32, round: usize, record: IncidentRecord) {
        self.owed().insert((team, round), Arc::new(record));
        self.want();
    }

    /// A record that is not on disk yet.
    pub fn owed_record(&self, team: u32, round: usize) -> Option<IncidentRecord> {
        self.owed().get(&(team, round)).map(|record| IncidentRecord::clone(record))
    }

    /// What the facilitator reads while the room cannot keep what happens.
    pub fn behind(&self) -> Option<String> {
        let done = self.done.borrow();
        done.behind.as_ref().map(|Behind { since, why }| {
            let seconds = since.elapsed().as_secs();
            format!(
                "Not kept for {seconds} s: {why}. What happens now is lost if this room ends before it is kept. It is tried again every \
                 second; make room on the disk."
            )
        })
    }

    fn owed(&self) -> MutexGuard<'_, BTreeMap<(u32, usize), Arc<IncidentRecord>>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    /// Keeps session and records.
    ///
    /// # Errors
    ///
    /// When they cannot be written.
    pub async fn keep(&self) -> io::Result<()> {
        let keeping = self.keeping();
        let mut written = keeping.written.lock().await;
        let tried = keeping.wanted.load(Ordering::Acquire);
        let kept = self.write(&mut written).await;
        let was_behind = keeping.done.borrow().behind.clone();
        let behind = kept.as_ref().err().map(|error| Behind {
            since: was_behind.as_ref().map_or_else(Instant::now, |behind| behind.since),
            why: error.to_string(),
        });
        let news = was_behind.is_some() != behind.is_some();
        keeping.done.send_modify(|done| {
            let kept = if behind.is_none() { tried } else { done.kept };
            *done = Done { tried, kept, behind };
        });
        if news {
            self.tell_all();
        }
        kept
    }

    /// Waits until all that has happened so far is on disk; says whether it is.
    pub async fn keep_so_far(&self) -> bool {
        let wanted = self.keeping().want();
        let mut done = self.keeping().done.subscribe();
        let tried = timeout(ANSWER_WAITS_MAX, done.wait_for(|done| done.tried >= wanted)).await;
        matches!(tried, Ok(Ok(done)) if done.kept >= wanted)
    }

    /// Keeps what changes, for as long as the room is open.
    pub(crate) async fn keep_on(self) {
        loop {
            let is_running = self.session().phase == Phase::Running;
            let again = if self.keeping().behind().is_some() { TRIES_AGAIN_AFTER } else { KEPT_EVERY };
            select! {
                () = self.keeping().unkept.notified() => {}
                () = sleep(again), if is_running || again == TRIES_AGAIN_AFTER => {}
            }
            sleep(GATHERS).await;
            // Who waits is told, and the facilitator reads what went wrong.
            let _ = self.keep().await;
        }
    }

    async fn write(&self, written: &mut Written) -> io::Result<()> {
        let floors: Vec<Arc<Floor>> = self.floors().values().cloned().collect();
        let (session, round) = {
            let mut session = self.session();
            for floor in &floors {
                if let Ok(played) = session.playing(floor.team) {
                    played.now = floor.now();
                }
            }
            let under_way = matches!(session.phase, Phase::Running | Phase::Paused);
            (session.clone(), session.current.filter(|_| under_way))
        };
        // After the session was read, so that no record lacks what the session knows.
        let owed = self.keeping().owed().clone();
        let all = written.all_at.is_none_or(|at| at.elapsed() >= KEPT_EVERY);
        let is_due = |(round, floor): &(usize, Arc<Floor>)| {
            all || written.events.get(&(floor.team, *round)) != Some(&floor.world.record().events().len())
        };
        let under_way =
            round.into_iter().flat_map(|round| floors.iter().map(move |floor| (round, Arc::clone(floor))));
        let due: Vec<(usize, Arc<Floor>)> = under_way.filter(is_due).collect();
        let (store, owing) = (self.store().clone(), owed.clone());
        let work = move || {
            let mut events = BTreeMap::new();
            let records = due.iter().map(|(round, floor)| {
                let count = floor.world.record().events().len();
                store.keep_record(floor.team, *round, &floor.record())?;
                events.insert((floor.team, *round), count);
                Ok::<(), io::Error>(())
            });
            let owed = owing.iter().map(|((team, round), record)| store.keep_record(*team, *round, record));
            // All are tried: on a disk that is nearly full, the smaller ones may fit.
            let failed =
                records.chain(owed).filter_map(Result::err).fold(None, |first, error| first.or(Some(error)));
            let session = store.keep(&session);
            (events, failed.map_or(session, Err))
        };
        let (events, kept) = Blocking::Pool.run(work).await;
        written.events.extend(events);
        if kept.is_ok() {
            if all {
                written.all_at = Some(Instant::now());
            }
            self.keeping()
                .owed()
                .retain(|place, record| owed.get(place).is_none_or(|written| !Arc::ptr_eq(written, record)));
        }
        kept
    }
}

/// A layer that answers a change when it is on disk.
pub async fn keep_before_answering(State(room): State<Room>, request: Request, next: Next) -> Response {
    let is_change = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let answer = next.run(request).await;
    if is_change && answer.status().is_success() {
        room.keep_so_far().await;
    }
    answer
}
