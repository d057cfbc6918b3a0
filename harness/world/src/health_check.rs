//! Something beside the shop that asks a service for a page, and acts when it does not come: a load balancer, a supervisor. Teaches that
//! a health check is a remedy that nobody decides on: what it asks for decides how much it takes away.

use std::time::Duration;

use chassis::{Boxed, Chassis, Peer, Wait};
use http::{StatusCode, uri::Authority};
use tokio::time::{MissedTickBehavior, interval};

/// How often it asks.
const EVERY: Duration = Duration::from_secs(5);

/// How long it waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Failures in a row after which it acts.
const FAILURES_MAX: u32 = 3;

/// What it does when a service has failed, or is well again.
pub(crate) type Act = Box<dyn Fn(bool) -> Boxed<'static, ()> + Send + Sync>;

/// Asks for `path` from now on.
pub(crate) fn keep(asker: &Chassis, service: &Authority, path: &str, act: Act) {
    let (peer, path) = (Peer::new(asker, service.clone()), path.to_owned());
    asker.tasks.spawn(async move {
        let (mut failures, mut has_acted) = (0, false);
        let mut rounds = interval(EVERY);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            let answer = peer.get(&path, Wait::AtMost(PATIENCE)).await;
            if answer.is_ok_and(|answer| answer.status == StatusCode::OK) {
                failures = 0;
                if std::mem::take(&mut has_acted) {
                    act(true).await;
                }
                continue;
            }
            failures += 1;
            if failures == FAILURES_MAX {
                (failures, has_acted) = (0, true);
                act(false).await;
            }
        }
    });
}
