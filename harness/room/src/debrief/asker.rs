//! What a page asks the works for while it is made: what is there is shown, and what is not is said to be coming.

use std::{cell::RefCell, sync::Arc};

use super::{
    job::{Job, Product, Replayed, Taped, Way},
    works::Works,
};

/// What is wanted, as far as it is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted<T> {
    /// Here it is.
    There(T),
    /// It is being computed.
    Coming,
    /// It will be computed once the answers are open.
    Closed,
    /// It cannot be had.
    Failed(String),
}

/// Who asks for one page.
pub struct Asker<'a> {
    works: &'a Works,
    is_open: bool,
    asked: RefCell<Vec<(Job, bool)>>,
}

/// How far the works have come with one page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Jobs that are done.
    pub done: usize,
    /// All of them.
    pub of: usize,
    /// What is waited for first.
    pub doing: Option<String>,
}

impl<T> Wanted<T> {
    /// What is made of it.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Wanted<U> {
        match self {
            Self::There(value) => Wanted::There(make(value)),
            Self::Coming => Wanted::Coming,
            Self::Closed => Wanted::Closed,
            Self::Failed(why) => Wanted::Failed(why),
        }
    }

    /// What stands in its place, if it is not there.
    pub fn instead(&self) -> Option<String> {
        match self {
            Self::There(_) => None,
            Self::Coming => Some("Being computed; this part of the page comes by itself.".to_owned()),
            Self::Closed => Some("Computed once the answers are open to everybody.".to_owned()),
            Self::Failed(why) => Some(format!("It could not be computed: {why}.")),
        }
    }

    /// Itself, if it is there.
    pub fn there(&self) -> Option<&T> {
        if let Self::There(value) = self { Some(value) } else { None }
    }
}

impl<'a> Asker<'a> {
    /// Asks these works, if the answers are open.
    pub fn new(works: &'a Works, is_open: bool) -> Self {
        Self { works, is_open, asked: RefCell::default() }
    }

    /// An incident on tape.
    pub fn tape(&self, job: Job) -> Wanted<Arc<Taped>> {
        self.ask(job, |product| if let Product::Tape(tape) = product { Some(tape) } else { None })
    }

    /// A replay.
    pub fn replay(&self, job: Job) -> Wanted<Arc<Replayed>> {
        self.ask(job, |product| if let Product::Replayed(replayed) = product { Some(replayed) } else { None })
    }

    /// The model responder's way.
    pub fn way(&self, job: Job) -> Wanted<Arc<Way>> {
        self.ask(job, |product| if let Product::Way(way) = product { Some(way) } else { None })
    }

    /// What was asked for, in order.
    pub fn jobs(&self) -> Vec<Job> {
        self.asked.borrow().iter().map(|(job, _)| job.clone()).collect()
    }

    /// How far what was asked for has come.
    pub fn progress(&self) -> Progress {
        let asked = self.asked.borrow();
        let done = asked.iter().filter(|(_, is_done)| *is_done).count();
        let doing = asked.iter().find(|(_, is_done)| !is_done).map(|(job, _)| job.words());
        Progress { done, of: asked.len(), doing }
    }

    fn ask<T>(&self, job: Job, of: impl FnOnce(Product) -> Option<T>) -> Wanted<T> {
        if !self.is_open {
            return Wanted::Closed;
        }
        let answer = self.works.ask(&job);
        let mut asked = self.asked.borrow_mut();
        if asked.iter().all(|(known, _)| *known != job) {
            asked.push((job, answer.is_some()));
        }
        match answer {
            None => Wanted::Coming,
            Some(Err(why)) => Wanted::Failed(why),
            Some(Ok(product)) => of(product)
                .map_or_else(|| Wanted::Failed("something else came of it".to_owned()), Wanted::There),
        }
    }
}
