//! How many pages are built at once. Teaches the difference between a queue without end and a clear 'not now'.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use chassis::LatentFault::PoorErrorHandling;
use tokio::sync::Semaphore;

use crate::pages::Front;

/// Pages built at once: at thirty views a second, eight seconds' worth of customers who all wait.
pub const IN_FLIGHT_MAX: usize = 256;

#[derive(Clone, Debug)]
pub struct Admission {
    front: Arc<Front>,
    room: Arc<Semaphore>,
}

impl Admission {
    pub fn new(front: Arc<Front>) -> Self {
        Self { front, room: Arc::new(Semaphore::new(IN_FLIGHT_MAX)) }
    }
}

/// Builds the page, now or when there is room, or says that there is none.
pub async fn admit(State(admission): State<Admission>, request: Request, next: Next) -> Response {
    let place = if admission.front.switches.present(PoorErrorHandling) {
        // FAULT: a request that finds no room waits for it, however long. Nothing limits how many wait.
        admission.room.acquire().await.ok()
    } else {
        admission.room.try_acquire().ok()
    };
    match place {
        Some(_place) => next.run(request).await,
        None => admission.front.busy(),
    }
}
