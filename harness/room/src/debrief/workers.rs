//! The threads on which the debrief computes, beside the room's own, one incident at a time on each. Teaches that a page should never
//! wait for what takes seconds: it says what is being computed, and shows it when it is there.
//!
//! A job is done once, however many pages ask for it.

use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use diagnosis::Knowledge;

use super::jobs::{Job, Product};

/// Threads at most: a room's laptop has other things to do.
const THREADS_MAX: usize = 2;

/// Jobs that are waited for or kept, at most: sixty teams with two rounds, everything that there is about each.
const JOBS_MAX: usize = 4_096;

pub type Answer = Result<Product, String>;

/// Threads that compute, and what they have computed. Dropping the value stops them.
pub struct ReplayWorkers {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    board: Mutex<Board>,
    news: Condvar,
    stop: AtomicBool,
}

#[derive(Default)]
struct Board {
    waiting: VecDeque<Job>,
    /// Every job that was ever asked for; none is known yet of those that wait or are under way.
    jobs: BTreeMap<Job, Option<Answer>>,
    threads: usize,
    /// Whether nothing is begun, because worlds are alive that need the machine.
    rests: bool,
    knowledge: Option<Arc<Knowledge>>,
}

impl Default for ReplayWorkers {
    fn default() -> Self {
        Self { inner: Arc::new(Inner::default()) }
    }
}

impl Drop for ReplayWorkers {
    fn drop(&mut self) {
        self.inner.stop.store(true, Ordering::Relaxed);
        self.inner.news.notify_all();
    }
}

impl ReplayWorkers {
    /// What came of a job; none yet, and it is put in line if nobody has asked for it before.
    pub fn ask(&self, job: &Job) -> Option<Answer> {
        let mut board = self.inner.board();
        if std::mem::take(&mut board.rests) {
            self.inner.news.notify_all();
        }
        if let Some(known) = board.jobs.get(job) {
            return known.clone();
        }
        if board.jobs.len() >= JOBS_MAX {
            return Some(Err("too much has been asked for; open the session again".to_owned()));
        }
        board.jobs.insert(job.clone(), None);
        board.waiting.push_back(job.clone());
        Inner::hire(&self.inner, &mut board);
        drop(board);
        self.inner.news.notify_all();
        None
    }

    /// Begins nothing more until somebody [asks](Self::ask) again: a round is about to begin, and live worlds need the machine.
    pub fn rest(&self) {
        self.inner.board().rests = true;
    }

    /// Waits for a job, at most so long.
    pub fn wait(&self, job: &Job, at_most: Duration) -> Option<Answer> {
        if let Some(answer) = self.ask(job) {
            return Some(answer);
        }
        let is_open = |board: &mut Board| board.jobs.get(job).is_none_or(Option::is_none);
        let waited = self.inner.news.wait_timeout_while(self.inner.board(), at_most, is_open);
        let (board, _) = waited.unwrap_or_else(PoisonError::into_inner);
        board.jobs.get(job).cloned().flatten()
    }

    /// What came of a job that was asked for, without asking for it.
    pub fn known(&self, job: &Job) -> Option<Answer> {
        self.inner.board().jobs.get(job).cloned().flatten()
    }
}

impl Inner {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn knowledge(board: &mut Board) -> Arc<Knowledge> {
        Arc::clone(board.knowledge.get_or_insert_with(|| Arc::new(Knowledge::built_in())))
    }

    /// One more thread, if one is needed and allowed.
    fn hire(inner: &Arc<Self>, board: &mut Board) {
        let most = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS_MAX);
        if board.threads >= most {
            return;
        }
        let hired = Arc::clone(inner);
        let spawned = thread::Builder::new().name("debrief".to_owned()).spawn(move || Self::work(&hired));
        match spawned {
            Ok(_) => board.threads += 1,
            Err(error) if board.threads == 0 => {
                for job in board.waiting.drain(..) {
                    board.jobs.insert(job, Some(Err(error.to_string())));
                }
            }
            Err(_) => {}
        }
    }

    fn work(inner: &Arc<Self>) {
        loop {
            let (job, knowledge) = {
                let stays = |board: &mut Board| {
                    (board.waiting.is_empty() || board.rests) && !inner.stop.load(Ordering::Relaxed)
                };
                let board = inner.news.wait_while(inner.board(), stays);
                let mut board = board.unwrap_or_else(PoisonError::into_inner);
                if inner.stop.load(Ordering::Relaxed) {
                    return;
                }
                let Some(job) = board.waiting.pop_front() else { continue };
                (job, Self::knowledge(&mut board))
            };
            let (stuck, stuck_job) = (Arc::downgrade(inner), job.clone());
            let stalled = move || {
                // Nothing stops a computation that never waits; another thread takes over what is left.
                let Some(inner) = stuck.upgrade() else { return };
                inner.tell(stuck_job, Err("virtual time stood still".to_owned()));
                let mut board = inner.board();
                board.threads -= 1;
                Self::hire(&inner, &mut board);
            };
            let run = AssertUnwindSafe(|| job.run(&knowledge, &inner.stop, stalled));
            match catch_unwind(run) {
                Ok(Ok(answer)) => inner.tell(job, answer),
                Ok(Err(_stopped)) => return,
                Err(_) => inner.tell(job, Err("the computation broke off".to_owned())),
            }
        }
    }

    fn tell(&self, job: Job, answer: Answer) {
        self.board().jobs.insert(job, Some(answer));
        self.news.notify_all();
    }
}
