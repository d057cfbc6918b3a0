//! A load balancer or a supervisor beside the shop: it requests a page from a service, and acts when the page does not come.
//! Teaches that a health check is a remedy without a human decision. The page that it requests decides how much it takes out of
//! service.

use std::time::Duration;

use chassis::{Boxed, Chassis, Peer, Wait};
use http::{StatusCode, uri::Authority};
use tokio::time::{MissedTickBehavior, interval};

const EVERY: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(1);

/// Consecutive failures after which the check acts.
const FAILURES_MAX: u32 = 3;

/// The action of a health check: `false` when the service has failed, `true` when it is well again.
pub(crate) type Act = Box<dyn Fn(bool) -> Boxed<'static, ()> + Send + Sync>;

/// Requests `path` from now on, and acts on failure and recovery.
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
