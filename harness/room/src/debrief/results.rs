//! What one page needs of the replay workers: what is there is handed over, and the rest is said to be coming.

use std::sync::Arc;

use report::session::{Knowable, Pending, Played, Progress};

use super::{
    jobs::{Job, Product},
    workers::ReplayWorkers,
};

/// Asks for the results of one page, and remembers what was asked for.
pub struct Results<'a> {
    workers: &'a ReplayWorkers,
    is_open: bool,
    asked: Vec<(Job, bool)>,
}

impl<'a> Results<'a> {
    /// Nothing is computed before the answers are open.
    pub fn new(workers: &'a ReplayWorkers, is_open: bool) -> Self {
        Self { workers, is_open, asked: Vec::new() }
    }

    pub fn knowable(&mut self, job: Job) -> Pending<Arc<Knowable>> {
        self.ask(job, |product| if let Product::Knowable(knowable) = product { Some(knowable) } else { None })
    }

    pub fn played(&mut self, job: Job) -> Pending<Arc<Played>> {
        self.ask(job, |product| if let Product::Played(played) = product { Some(played) } else { None })
    }

    pub fn jobs(&self) -> Vec<Job> {
        self.asked.iter().map(|(job, _)| job.clone()).collect()
    }

    pub fn progress(&self) -> Progress {
        let done = self.asked.iter().filter(|(_, is_done)| *is_done).count();
        let doing = self.asked.iter().find(|(_, is_done)| !is_done).map(|(job, _)| job.words());
        Progress { done, of: self.asked.len(), doing }
    }

    fn ask<T>(&mut self, job: Job, of: impl FnOnce(Product) -> Option<T>) -> Pending<T> {
        if !self.is_open {
            return Pending::Closed;
        }
        let answer = self.workers.ask(&job);
        if self.asked.iter().all(|(known, _)| *known != job) {
            self.asked.push((job, answer.is_some()));
        }
        match answer {
            None => Pending::Computing,
            Some(Err(why)) => Pending::Failed(why),
            Some(Ok(product)) => of(product)
                .map_or_else(|| Pending::Failed("the result is of another kind".to_owned()), Pending::Ready),
        }
    }
}
