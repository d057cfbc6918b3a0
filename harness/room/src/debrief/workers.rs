//! The threads on which the debrief computes, separate from the room's own; each runs one job at a time. Teaches that a page should never wait for
//! a computation of seconds: it says what is being computed, and shows the result when it is there.
//!
//! A job runs once, however many pages ask for it.

use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};

use diagnosis::Knowledge;
use parking_lot::{Condvar, Mutex};
use report::session::{Knowable, Missing, Pending, Played, Progress};

use super::jobs::{Job, Product};
use crate::session::Assigned;

/// Most threads: a room's laptop has other things to do.
const THREADS_MAX: usize = 2;

/// Most jobs that wait or have a result: sixty teams with two rounds, and every job about each of them.
const JOBS_MAX: usize = 4_096;

/// What the model responder knows, read once.
static KNOWLEDGE: LazyLock<Arc<Knowledge>> = LazyLock::new(|| Arc::new(Knowledge::built_in()));

pub type Answer = Result<Product, String>;

/// Worker threads, and the results of their jobs. Dropping this stops the threads, each after its current job.
#[derive(Default)]
pub struct ReplayWorkers {
    queue: Arc<Mutex<Queue>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Job>,
    /// Every job that was asked for, with its answer; none while the job waits or runs.
    jobs: BTreeMap<Job, Option<Answer>>,
    /// Notified of each answer.
    answered: Arc<Condvar>,
    threads: usize,
    /// What is played of files, whose text the session keeps.
    own: Arc<[Assigned]>,
    /// Whether no job may begin, because live worlds need the processors.
    is_resting: bool,
}

impl Drop for ReplayWorkers {
    fn drop(&mut self) {
        self.queue.lock().waiting.clear();
    }
}

impl Queue {
    fn answer(&mut self, job: Job, answer: Answer) {
        self.jobs.insert(job, Some(answer));
        self.answered.notify_all();
    }
}

impl ReplayWorkers {
    /// Workers that know these results, and the scenarios whose text the session keeps.
    pub fn with(results: Vec<(Job, Product)>, own: Vec<Assigned>) -> Self {
        let known = results.into_iter().take(JOBS_MAX).map(|(job, product)| (job, Some(Ok(product))));
        let queue = Queue { jobs: known.collect(), own: own.into(), ..Queue::default() };
        Self { queue: Arc::new(Mutex::new(queue)) }
    }

    pub fn computed(&self) -> Vec<(Job, Product)> {
        let queue = self.queue.lock();
        let done = queue.jobs.iter().filter_map(|(job, answer)| Some((job, answer.as_ref()?.as_ref().ok()?)));
        done.map(|(job, product)| (job.clone(), product.clone())).collect()
    }

    /// The answer to a job; none while there is none yet. A job that nobody has asked for before joins the queue.
    pub fn ask(&self, job: &Job) -> Option<Answer> {
        let mut queue = self.queue.lock();
        queue.is_resting = false;
        let known = queue.jobs.get(job).cloned();
        if known.is_none() && queue.jobs.len() >= JOBS_MAX {
            return Some(Err("too much has been asked for; open the session again".to_owned()));
        }
        if known.is_none() {
            queue.jobs.insert(job.clone(), None);
            queue.waiting.push_back(job.clone());
        }
        start_thread(&self.queue, &mut queue);
        known.flatten()
    }

    /// Like [`ask`](Self::ask), but waits for the answer; none after `at_most`.
    pub fn wait(&self, job: &Job, at_most: Duration) -> Option<Answer> {
        if let Some(answer) = self.ask(job) {
            return Some(answer);
        }
        let mut queue = self.queue.lock();
        let answered = Arc::clone(&queue.answered);
        answered.wait_while_for(
            &mut queue,
            |queue| queue.jobs.get(job).is_some_and(Option::is_none),
            at_most,
        );
        queue.jobs.get(job).cloned().flatten()
    }

    /// Begins no more jobs until somebody [asks](Self::ask) again: a round is about to begin, and live worlds need the processors.
    pub fn rest(&self) {
        self.queue.lock().is_resting = true;
    }

    /// Whether a job has an answer. This does not queue the job.
    pub fn is_done(&self, job: &Job) -> bool {
        self.queue.lock().jobs.get(job).is_some_and(Option::is_some)
    }
}

/// The results for one page: those that are ready, and a notice for those that are still computed.
pub struct Results<'a> {
    workers: &'a ReplayWorkers,
    is_open: bool,
    /// The jobs that the page asked for, each with whether it had an answer.
    pub asked: Vec<(Job, bool)>,
}

impl<'a> Results<'a> {
    /// `is_open` says whether the answers are open; nothing is computed before.
    pub fn new(workers: &'a ReplayWorkers, is_open: bool) -> Self {
        Self { workers, is_open, asked: Vec::new() }
    }

    pub fn knowable(&mut self, job: Job) -> Pending<Knowable> {
        match self.ask(job)? {
            Product::Knowable(knowable) => Ok(knowable),
            Product::Played(_) => Err(of_another_kind()),
        }
    }

    pub fn played(&mut self, job: Job) -> Pending<Played> {
        match self.ask(job)? {
            Product::Played(played) => Ok(played),
            Product::Knowable(_) => Err(of_another_kind()),
        }
    }

    fn ask(&mut self, job: Job) -> Pending<Product> {
        if !self.is_open {
            return Err(Missing::Closed);
        }
        let answer = self.workers.ask(&job);
        if self.asked.iter().all(|(known, _)| *known != job) {
            self.asked.push((job, answer.is_some()));
        }
        answer.ok_or(Missing::Computing)?.map_err(Missing::Failed)
    }
}

/// Only a file of results that the room did not write can cause this.
fn of_another_kind() -> Missing {
    Missing::Failed("the result is of another kind".to_owned())
}

/// The progress of these jobs, each with whether it is done.
pub fn progress(asked: &[(Job, bool)]) -> Progress {
    let done = asked.iter().filter(|(_, is_done)| *is_done).count();
    let doing = asked.iter().find(|(_, is_done)| !is_done).map(|(job, _)| job.words());
    Progress { done, of: asked.len(), doing }
}

/// Starts one more thread if jobs wait and the limit allows it. The thread ends when no job waits.
fn start_thread(shared: &Arc<Mutex<Queue>>, queue: &mut Queue) {
    let most = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS_MAX);
    if queue.waiting.is_empty() || queue.threads >= most {
        return;
    }
    let shared = Arc::clone(shared);
    let spawned = thread::Builder::new().name("debrief".to_owned()).spawn(move || work(&shared));
    match spawned {
        Ok(_) => queue.threads += 1,
        Err(error) if queue.threads == 0 => {
            for job in std::mem::take(&mut queue.waiting) {
                queue.answer(job, Err(error.to_string()));
            }
        }
        Err(_) => {}
    }
}

fn work(shared: &Arc<Mutex<Queue>>) {
    loop {
        let mut queue = shared.lock();
        let next = if queue.is_resting { None } else { queue.waiting.pop_front() };
        let Some(job) = next else {
            // A thread that stalled and came back is already out of the count.
            queue.threads = queue.threads.saturating_sub(1);
            return;
        };
        let own = Arc::clone(&queue.own);
        drop(queue);
        let (stuck, stuck_job) = (Arc::clone(shared), job.clone());
        let stalled = move || {
            // A computation that never yields cannot be stopped; another thread takes over the remaining jobs.
            let mut queue = stuck.lock();
            queue.answer(stuck_job, Err("virtual time stood still".to_owned()));
            queue.threads -= 1;
            start_thread(&stuck, &mut queue);
        };
        let answer = catch_unwind(AssertUnwindSafe(|| job.run(&KNOWLEDGE, &own, stalled)));
        let answer = answer.unwrap_or_else(|_| Err("the computation broke off".to_owned()));
        shared.lock().answer(job, answer);
    }
}
