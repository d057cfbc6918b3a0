//! Whether the store can do all of its work. Teaches that health and readiness differ: a store whose disk is full lives and
//! serves every reader, and only its editors must be told to wait.

use std::{sync::Arc, time::Duration};

use axum::extract::State;
use chassis::{Problem, logs::cause_chain};
use http::StatusCode;
use tokio::{sync::Mutex, time::Instant};

use crate::Store;

/// How long an answer holds. Finding out may cost the disk a write, which strangers must not be able to ask for at will.
const KEPT: Duration = Duration::from_secs(1);

/// The last finding: none if changes can be stored, else why not. Concurrent callers wait for the same answer.
#[derive(Default)]
pub(crate) struct Readiness {
    found: Mutex<Option<(Instant, Option<String>)>>,
}

impl Readiness {
    async fn failure(&self, store: &Store) -> Option<String> {
        let mut found = self.found.lock().await;
        if let Some((at, failure)) = &*found
            && at.elapsed() < KEPT
        {
            return failure.clone();
        }
        let failure = store.storage.ready().await.err().map(|error| cause_chain(&error));
        *found = Some((Instant::now(), failure.clone()));
        failure
    }
}

pub(crate) async fn ready(State(store): State<Arc<Store>>) -> Result<&'static str, Problem> {
    match store.ready.failure(&store).await {
        None => Ok("ok\n"),
        Some(reason) => {
            let detail = format!("Assets can be read, and none can be published: {reason}.");
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail))
        }
    }
}
