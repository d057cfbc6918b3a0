//! The threads on which the debrief computes, beside the room's own, one incident at a time on each. Teaches that a page should never
//! wait for what takes seconds: it says what is being computed, and shows it when it is there.
//!
//! A job is done once, however many pages ask for it.

use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use diagnosis::Knowledge;
use parking_lot::{Condvar, Mutex};

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
    queue: Mutex<Queue>,
    news: Condvar,
    stop: AtomicBool,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Job>,
    /// Every job that was ever asked for; none is known yet of those that wait or are under way.
    jobs: BTreeMap<Job, Option<Answer>>,
    threads: usize,
    /// Whether nothing is begun, because worlds are alive that need the machine.
    is_resting: bool,
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
    /// With what was computed before.
    pub fn with(results: Vec<(Job, Product)>) -> Self {
        let workers = Self::default();
        let known = results.into_iter().take(JOBS_MAX).map(|(job, product)| (job, Some(Ok(product))));
        workers.inner.queue.lock().jobs.extend(known);
        workers
    }

    /// All that has been computed.
    pub fn computed(&self) -> Vec<(Job, Product)> {
        let queue = self.inner.queue.lock();
        let done = queue.jobs.iter().filter_map(|(job, answer)| Some((job, answer.as_ref()?.as_ref().ok()?)));
        done.map(|(job, product)| (job.clone(), product.clone())).collect()
    }

    /// What came of a job; none yet, and it is put in line if nobody has asked for it before.
    pub fn ask(&self, job: &Job) -> Option<Answer> {
        let mut queue = self.inner.queue.lock();
        if std::mem::take(&mut queue.is_resting) {
            self.inner.news.notify_all();
        }
        if let Some(known) = queue.jobs.get(job) {
            return known.clone();
        }
        if queue.jobs.len() >= JOBS_MAX {
            return Some(Err("too much has been asked for; open the session again".to_owned()));
        }
        queue.jobs.insert(job.clone(), None);
        queue.waiting.push_back(job.clone());
        Inner::start_thread(&self.inner, &mut queue);
        drop(queue);
        self.inner.news.notify_all();
        None
    }

    /// Begins nothing more until somebody [asks](Self::ask) again: a round is about to begin, and live worlds need the machine.
    pub fn rest(&self) {
        self.inner.queue.lock().is_resting = true;
    }

    /// Waits for a job, at most so long.
    pub fn wait(&self, job: &Job, at_most: Duration) -> Option<Answer> {
        if let Some(answer) = self.ask(job) {
            return Some(answer);
        }
        let is_open = |queue: &mut Queue| queue.jobs.get(job).is_none_or(Option::is_none);
        let mut queue = self.inner.queue.lock();
        self.inner.news.wait_while_for(&mut queue, is_open, at_most);
        queue.jobs.get(job).cloned().flatten()
    }

    /// What came of a job that was asked for, without asking for it.
    pub fn known(&self, job: &Job) -> Option<Answer> {
        self.inner.queue.lock().jobs.get(job).cloned().flatten()
    }
}

impl Inner {
    fn knowledge(queue: &mut Queue) -> Arc<Knowledge> {
        Arc::clone(queue.knowledge.get_or_insert_with(|| Arc::new(Knowledge::built_in())))
    }

    /// One more thread, if one is needed and allowed.
    fn start_thread(inner: &Arc<Self>, queue: &mut Queue) {
        let most = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS_MAX);
        if queue.threads >= most {
            return;
        }
        let inner = Arc::clone(inner);
        let spawned = thread::Builder::new().name("debrief".to_owned()).spawn(move || Self::work(&inner));
        match spawned {
            Ok(_) => queue.threads += 1,
            Err(error) if queue.threads == 0 => {
                for job in queue.waiting.drain(..) {
                    queue.jobs.insert(job, Some(Err(error.to_string())));
                }
            }
            Err(_) => {}
        }
    }

    fn work(inner: &Arc<Self>) {
        loop {
            let (job, knowledge) = {
                let stays = |queue: &mut Queue| {
                    (queue.waiting.is_empty() || queue.is_resting) && !inner.stop.load(Ordering::Relaxed)
                };
                let mut queue = inner.queue.lock();
                inner.news.wait_while(&mut queue, stays);
                if inner.stop.load(Ordering::Relaxed) {
                    return;
                }
                let Some(job) = queue.waiting.pop_front() else { continue };
                (job, Self::knowledge(&mut queue))
            };
            let (stuck, stuck_job) = (Arc::downgrade(inner), job.clone());
            let stalled = move || {
                // Nothing stops a computation that never waits; another thread takes over what is left.
                let Some(inner) = stuck.upgrade() else { return };
                inner.tell(stuck_job, Err("virtual time stood still".to_owned()));
                let mut queue = inner.queue.lock();
                queue.threads -= 1;
                Self::start_thread(&inner, &mut queue);
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
        self.queue.lock().jobs.insert(job, Some(answer));
        self.news.notify_all();
    }
}
