//! Where a service's tasks live. Teaches why a restart restores anything: it drops whatever was being done.

use std::{future::Future, pin::Pin};

use hyper::rt::Executor;
use tokio::select;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use tracing::{Dispatch, instrument::WithSubscriber};

use crate::clock::Clock;

/// A future whose code stays in the crate that makes it. An `async fn` is compiled anew, with all the HTTP below it, in every crate that
/// awaits it, and as badly optimised as that crate is: a test program took half a minute to build and ran at half the speed. So
/// whatever other crates await is boxed: one allocation for each call.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// All tasks of one run of a service: its accept loop, its connections, its background work.
///
/// Each task carries the service's tracing dispatcher, and all are dropped on [`kill`](Self::kill), with their
/// connections, permits and whatever else they held.
#[derive(Clone)]
pub struct TaskGroup {
    tracker: TaskTracker,
    killed: CancellationToken,
    dispatch: Dispatch,
}

impl TaskGroup {
    pub fn new(dispatch: Dispatch) -> Self {
        Self { tracker: TaskTracker::new(), killed: CancellationToken::new(), dispatch }
    }

    /// Runs `task` until it ends or the group is killed.
    pub fn spawn(&self, task: impl Future<Output: Send> + Send + 'static) {
        let killed = self.killed.clone();
        let task = async move {
            select! {
                biased;
                () = killed.cancelled() => {}
                _ = task => {}
            }
        };
        self.tracker.spawn(task.with_subscriber(self.dispatch.clone()));
    }

    /// Drops every task and waits until the last one is gone.
    pub async fn kill(&self) {
        self.killed.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Drops every task when the guard is dropped, unless it is disarmed.
    pub(crate) fn killed_on_drop(&self) -> DropGuard {
        self.killed.clone().drop_guard()
    }

    pub fn len(&self) -> usize {
        self.tracker.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tracker.is_empty()
    }

    pub fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }
}

impl Default for TaskGroup {
    fn default() -> Self {
        Self::new(Dispatch::none())
    }
}

/// hyper spawns its connections through the group as well.
impl<F> Executor<F> for TaskGroup
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.spawn(task);
    }
}

/// How work that blocks its thread (a disk, a lock) is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocking {
    /// On tokio's pool of threads, so that the runtime's own stay free.
    Pool,
    /// At once, on the caller's thread: in virtual time the order of completion must not depend on threads.
    Inline,
}

impl Blocking {
    pub fn under(clock: &Clock) -> Self {
        if clock.is_virtual() { Self::Inline } else { Self::Pool }
    }

    pub async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        match self {
            Self::Inline => work(),
            Self::Pool => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the one place where blocking work leaves the runtime"
                )]
                let task = tokio::task::spawn_blocking(work);
                match task.await {
                    Ok(done) => done,
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                }
            }
        }
    }
}
