//! An outside monitor that watches the home page for a phrase. Teaches that an alarm is a program too, and can be wrong.

use std::{sync::Arc, time::Duration};

use chassis::{Chassis, Peer, Wait};
use http::{StatusCode, uri::Authority};
use incident::{EventKind, Recorder};
use parking_lot::Mutex;
use tokio::time::{Instant, interval};

const EVERY: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(10);

/// Requests the home page from now on. The first time that `phrase` is missing, it raises an alarm and stops.
pub fn watch(
    watcher: &Chassis,
    front: Authority,
    phrase: String,
    record: Arc<Mutex<Recorder>>,
    arrived_at: Instant,
) {
    let peer = Peer::new(watcher, front);
    watcher.tasks.spawn(async move {
        let mut rounds = interval(EVERY);
        loop {
            let now = rounds.tick().await;
            let missing = match peer.get("/", Wait::AtMost(PATIENCE)).await {
                Ok(answer) if answer.status == StatusCode::OK => {
                    !String::from_utf8_lossy(&answer.body).contains(&phrase)
                }
                _ => true,
            };
            if missing {
                let text = format!("the home page does not say '{phrase}'");
                let at_s = now.duration_since(arrived_at).as_secs_f64();
                record.lock().push(at_s, EventKind::Alerted { text });
                return;
            }
        }
    });
}
