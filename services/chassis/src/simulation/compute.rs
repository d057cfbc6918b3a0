//! What computing costs where time is virtual. Teaches that capacity is a number of workers and the time that each needs:
//! virtual time lets everything be computed in no time at all, so a shop in it could never be too small.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tokio::{sync::Semaphore, time::sleep};

/// The workers of one service. Clones share them.
#[derive(Clone, Debug)]
pub struct Compute {
    workers: Arc<Semaphore>,
    at_first: usize,
    more: Arc<AtomicUsize>,
    per_request: Duration,
}

impl Compute {
    /// So many workers, of whom each is busy for `per_request` with every request.
    pub fn new(workers: usize, per_request: Duration) -> Self {
        Self {
            workers: Arc::new(Semaphore::new(workers)),
            at_first: workers,
            more: Arc::default(),
            per_request,
        }
    }

    /// As many more workers as there were at first, from now on.
    pub fn double(&self) {
        self.more.fetch_add(self.at_first, Ordering::Relaxed);
        self.workers.add_permits(self.at_first);
    }

    /// As many workers as at first. Whoever is busy cannot be sent away: call it when the service does not run.
    pub fn restore(&self) {
        let more = self.more.swap(0, Ordering::Relaxed);
        let stay = more - self.workers.forget_permits(more);
        self.more.fetch_add(stay, Ordering::Relaxed);
    }

    pub fn workers(&self) -> usize {
        self.at_first + self.more.load(Ordering::Relaxed)
    }
}

/// A layer that occupies a worker before the request is handled. A client that leaves while it waits costs no work.
pub(crate) async fn work(State(compute): State<Compute>, request: Request, next: Next) -> Response {
    if let Ok(_worker) = compute.workers.acquire().await {
        sleep(compute.per_request).await;
    }
    next.run(request).await
}
