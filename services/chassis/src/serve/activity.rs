//! What each connection is doing, and who must leave when a listener is full. Teaches that a limit alone hands a server to whoever
//! connects first: a connection that waits for its client gives way to one that has just come.
//!
//! A limit by address would be the obvious guard, and the wrong one: behind a proxy, or one router of a school, all clients have the
//! same. So when no place is free, the connection goes that has kept the server waiting longest: silent, in the middle of a
//! head or a body, or not reading its answer; first one on which nothing was ever answered. One whose request is being worked on never does, nor does a stream of events
//! that is merely quiet.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::{
    select,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::limits::{ANSWER_TIMEOUT, BODY_CUT_OFF, CHANNEL_IDLE_TIMEOUT, HEAD_TIMEOUT};

#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    given_up: CancellationToken,
}

#[derive(Debug)]
struct State {
    /// Requests whose answer has not ended.
    requests: usize,
    /// Whether one was answered before.
    has_served: bool,
    /// Of them, those whose body has not ended.
    bodies: usize,
    /// Since when there is no request; since when bodies arrive and none of them has ended.
    idle_since: Instant,
    body_since: Instant,
    /// Since when the client has read nothing of what is written.
    blocked_since: Option<Instant>,
    moved_at: Instant,
    /// Whether this is a connection of HTTP/2 that has carried a request.
    is_channel: bool,
}

impl Activity {
    fn new() -> Self {
        let now = Instant::now();
        let state = State {
            requests: 0,
            has_served: false,
            bodies: 0,
            idle_since: now,
            body_since: now,
            blocked_since: None,
            moved_at: now,
            is_channel: false,
        };
        Self { state: Mutex::new(state), given_up: CancellationToken::new() }
    }

    pub(super) fn request_begins(&self, has_body: bool, is_channel: bool) {
        let mut state = self.state.lock();
        state.requests += 1;
        state.moved_at = Instant::now();
        state.is_channel = is_channel;
        if has_body {
            if state.bodies == 0 {
                state.body_since = state.moved_at;
            }
            state.bodies += 1;
        }
    }

    /// The body of a request has arrived, or nobody waits for it any more.
    pub(super) fn body_ends(&self) {
        let mut state = self.state.lock();
        state.bodies -= 1;
        state.moved_at = Instant::now();
        // One of several moved: the client is not one that sends nothing. Whoever reads a body limits how long that one may take.
        state.body_since = state.moved_at;
    }

    pub(super) fn request_ends(&self) {
        let mut state = self.state.lock();
        state.requests -= 1;
        state.has_served = true;
        state.moved_at = Instant::now();
        state.idle_since = state.moved_at;
    }

    /// A part of a body or of an answer was transferred.
    pub(super) fn moves(&self) {
        self.state.lock().moved_at = Instant::now();
    }

    /// Notes whether the client stopped reading what is written.
    pub(super) fn is_blocked(&self, is_blocked: bool) {
        let mut state = self.state.lock();
        state.blocked_since = is_blocked.then(|| state.blocked_since.unwrap_or_else(Instant::now));
    }

    pub(super) fn is_idle(&self) -> bool {
        self.state.lock().requests == 0
    }

    /// Waits until this connection has kept the server waiting too long, or has to give way to another; says which.
    pub(super) async fn until_cut_off(&self) -> &'static str {
        loop {
            let (deadline, why) = self.state.lock().deadline();
            if deadline <= Instant::now() {
                return why;
            }
            select! {
                biased;
                () = self.given_up.cancelled() => return "it kept others waiting",
                () = sleep_until(deadline) => {}
            }
        }
    }
}

impl State {
    /// When this connection will be cut off if nothing happens on it, and why.
    fn deadline(&self) -> (Instant, &'static str) {
        if self.requests == 0 {
            let patience = if self.is_channel { CHANNEL_IDLE_TIMEOUT } else { HEAD_TIMEOUT };
            return (self.idle_since + patience, "no request came");
        }
        if self.bodies > 0 {
            return (self.body_since + BODY_CUT_OFF, "a request's body did not arrive");
        }
        if let Some(since) = self.blocked_since {
            return (since + ANSWER_TIMEOUT, "the answer was not read");
        }
        if self.is_channel {
            // Flow control of HTTP/2 blocks an answer where the connection's writes cannot show it.
            return (self.moved_at + CHANNEL_IDLE_TIMEOUT, "nothing moved");
        }
        // At work: looked at again when it could have become idle for too long.
        (Instant::now() + HEAD_TIMEOUT, "")
    }

    /// Since when the server has been waiting for this client.
    fn waits_since(&self) -> Option<Instant> {
        if self.requests == 0 {
            Some(self.idle_since)
        } else if self.bodies == self.requests {
            Some(self.body_since)
        } else {
            self.blocked_since
        }
    }
}

#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    taken: Mutex<BTreeMap<u64, Arc<Activity>>>,
    next: AtomicU64,
}

/// One of them, free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    places: Arc<Places>,
    /// What the connection that has this place is doing.
    pub(super) activity: Arc<Activity>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(count: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(count));
        Arc::new(Self { free, taken: Mutex::default(), next: AtomicU64::new(0) })
    }

    /// A place; if all are taken, an idle connection gives way. None if every connection has work in hand.
    pub(super) async fn take(self: &Arc<Self>) -> Option<Place> {
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => permit,
            // Whoever gives way is gone as soon as its task runs.
            Err(_) if self.make_room() => Arc::clone(&self.free).acquire_owned().await.ok()?,
            Err(_) => return None,
        };
        let (number, activity) = (self.next.fetch_add(1, Ordering::Relaxed), Arc::new(Activity::new()));
        self.taken.lock().insert(number, Arc::clone(&activity));
        Some(Place { number, places: Arc::clone(self), activity, _permit: permit })
    }

    /// Cuts off the connection that has kept the server waiting longest, if any does.
    pub(super) fn make_room(&self) -> bool {
        let taken = self.taken.lock();
        let waiting = taken.values().filter(|activity| !activity.given_up.is_cancelled());
        let waiting = waiting.filter_map(|activity| {
            let state = activity.state.lock();
            // A client that is known to ask, and keeps its connection for the next time, goes last.
            Some(((state.has_served, state.waits_since()?), activity))
        });
        let longest = waiting.min_by_key(|(rank, _)| *rank);
        longest.is_some_and(|(_, activity)| {
            activity.given_up.cancel();
            true
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{advance, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn uploads_that_overlap_are_cut_off_only_when_none_ends() {
        let activity = Activity::new();
        let part = BODY_CUT_OFF / 3;
        activity.request_begins(true, true);
        for _ in 0..10 {
            activity.request_begins(true, true);
            advance(part * 2).await;
            assert!(timeout(Duration::ZERO, activity.until_cut_off()).await.is_err());
            activity.body_ends();
            activity.request_ends();
        }
        let since = Instant::now();
        assert_eq!(activity.until_cut_off().await, "a request's body did not arrive");
        assert_eq!(since.elapsed().as_secs(), BODY_CUT_OFF.as_secs());
    }
}
