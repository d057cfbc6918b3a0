//! What customers meet while the shop is tried. Teaches that a trial which harms customers has to say so itself: health checks will not.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use chassis::{Peer, Wait};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::sleep;

/// How long a customer waits for a page.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often one comes.
const COMES_EVERY: Duration = Duration::from_millis(250);

/// Home pages that customers asked for, and were served.
#[derive(Default)]
pub(super) struct Customers {
    asked: AtomicU32,
    served: AtomicU32,
}

impl Customers {
    /// One after the other, until dropped.
    pub(super) async fn come(&self, front: &Peer) -> Infallible {
        loop {
            let answer = front.get("/", Wait::AtMost(PATIENCE)).await;
            let is_served = answer.is_ok_and(|answer| answer.status == StatusCode::OK);
            self.asked.fetch_add(1, Ordering::Relaxed);
            self.served.fetch_add(u32::from(is_served), Ordering::Relaxed);
            sleep(COMES_EVERY).await;
        }
    }

    pub(super) fn json(&self) -> Value {
        let (asked, served) = self.counted();
        json!({ "asked": asked, "served": served })
    }

    pub(super) fn words(&self) -> String {
        let (asked, served) = self.counted();
        format!("Customers meanwhile: {served} of {asked} home pages served.")
    }

    fn counted(&self) -> (u32, u32) {
        (self.asked.load(Ordering::Relaxed), self.served.load(Ordering::Relaxed))
    }
}
