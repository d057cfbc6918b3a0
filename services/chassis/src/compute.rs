//! What computing costs where time is virtual. Teaches that capacity is a number of workers and the time that each needs:
//! virtual time lets everything be computed in no time at all, so a shop in it could never be too small.

use std::{sync::Arc, time::Duration};

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
    per_request: Duration,
}

impl Compute {
    /// So many workers, of whom each is busy for `per_request` with every request.
    pub fn new(workers: usize, per_request: Duration) -> Self {
        Self { workers: Arc::new(Semaphore::new(workers)), at_first: workers, per_request }
    }

    /// As many more workers as there were at first, from now on.
    pub fn double(&self) {
        self.workers.add_permits(self.at_first);
    }
}

/// A layer that keeps a worker busy before the request is looked at. Whoever leaves while waiting is not worked for.
pub(crate) async fn work(State(compute): State<Compute>, request: Request, next: Next) -> Response {
    if let Ok(_worker) = compute.workers.acquire().await {
        sleep(compute.per_request).await;
    }
    next.run(request).await
}
