//! Expensive queries: where they are computed, and how much computing a team gets. Teaches that threads which serve must not compute, and that
//! a shared resource is given out in turns.
//!
//! A query runs on a thread of the blocking pool, not on those that serve pages and run the shops. A team has one such thread at a time, all
//! teams together half of the machine's; a team that has used up its computing time waits.

use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

use chassis::{Blocking, Problem};
use http::StatusCode;
use parking_lot::Mutex;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

/// Queries of one team that may wait: eight people with seven tabs each send fewer at once.
pub const WAITING_MAX: usize = 32;

/// How long a query waits for its turn: after that people think that the page is broken.
pub const WAITS_MAX: Duration = Duration::from_secs(5);

/// The share of one thread that a team gets on average. A page's own queries take a few thousandths of it.
pub const SHARE: f64 = 0.25;

/// Computing that a team may use at once, in seconds.
pub const BURST_S: f64 = 5.0;

pub struct Queries {
    room: Arc<Semaphore>,
    teams: Mutex<BTreeMap<u32, Arc<Share>>>,
}

struct Share {
    turn: Arc<Semaphore>,
    places: Semaphore,
    left: Mutex<Left>,
}

/// Seconds of computing that were left, and when.
struct Left {
    seconds: f64,
    at: Instant,
}

impl Default for Queries {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self { room: Arc::new(Semaphore::new((threads / 2).max(1))), teams: Mutex::default() }
    }
}

impl Queries {
    /// Computes an answer for a team on the blocking pool.
    pub async fn ask<T: Send + 'static>(
        &self,
        team: u32,
        question: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let share = self.share(team);
        let Ok(_place) = share.places.try_acquire() else {
            let detail =
                format!("{WAITING_MAX} queries of your team are already waiting; try again in a second.");
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail));
        };
        share.may_compute()?;
        let turns = async {
            let own = Arc::clone(&share.turn).acquire_owned().await;
            (own, Arc::clone(&self.room).acquire_owned().await)
        };
        let Ok(turns) = timeout(WAITS_MAX, turns).await else {
            let detail = "The queries before this one take too long; ask for less at once.";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail));
        };
        share.may_compute()?;
        let pays = Arc::clone(&share);
        let answer = Blocking::Pool.run(move || {
            // The thread holds the turn and is charged: closing the page does not free a place for another query.
            let _turns = turns;
            let began = Instant::now();
            let answer = question();
            pays.charge(began.elapsed());
            answer
        });
        Ok(answer.await)
    }

    fn share(&self, team: u32) -> Arc<Share> {
        let mut teams = self.teams.lock();
        Arc::clone(teams.entry(team).or_insert_with(|| {
            let left = Mutex::new(Left { seconds: BURST_S, at: Instant::now() });
            Arc::new(Share { turn: Arc::new(Semaphore::new(1)), places: Semaphore::new(WAITING_MAX), left })
        }))
    }
}

impl Share {
    fn may_compute(&self) -> Result<(), Problem> {
        let left_s = self.left(|left| left.seconds);
        if left_s > 0.0 {
            return Ok(());
        }
        let wait_s = (-left_s / SHARE).ceil().max(1.0);
        let detail =
            format!("Your team's queries used more computing time than its share; ask again in {wait_s} s.");
        Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).with("retry_after_s", wait_s))
    }

    fn charge(&self, took: Duration) {
        self.left(|left| left.seconds -= took.as_secs_f64());
    }

    fn left<T>(&self, with: impl FnOnce(&mut Left) -> T) -> T {
        let mut left = self.left.lock();
        let now = Instant::now();
        let gained = now.duration_since(left.at).as_secs_f64() * SHARE;
        (left.seconds, left.at) = ((left.seconds + gained).min(BURST_S), now);
        with(&mut left)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_team_waits_for_itself_and_not_for_others_and_pays_for_what_it_took() {
        let queries = Arc::new(Queries { room: Arc::new(Semaphore::new(2)), ..Queries::default() });
        let (go_on, waits) = channel::<()>();
        let busy = {
            let queries = Arc::clone(&queries);
            async move { queries.ask(1, move || waits.recv()).await.map(drop) }
        };
        let other = async {
            while queries.share(1).turn.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(
                queries.ask(2, || 42).await.unwrap(),
                42,
                "another team's question is answered meanwhile"
            );
            let share = queries.share(1);
            let places = share.places.try_acquire_many(u32::try_from(WAITING_MAX - 1).unwrap()).unwrap();
            let refused = queries.ask(1, || ()).await.unwrap_err();
            assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "no place is left to wait at");
            drop(places);
            drop(go_on);
        };
        let (answered, ()) = tokio::join!(busy, other);
        answered.unwrap();
        queries.share(1).charge(Duration::from_secs(60));
        assert_eq!(queries.ask(1, || ()).await.unwrap_err().status(), StatusCode::TOO_MANY_REQUESTS);
        queries.ask(2, || ()).await.unwrap();
    }
}
