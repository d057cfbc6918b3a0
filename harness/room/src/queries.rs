//! Expensive queries: where they run, and how much computing time a team gets. Teaches to keep computation off the threads that serve requests, and
//! to share a scarce resource in turns.
//!
//! A query runs on a thread of the blocking pool, not on those that serve pages and run the shops. A team gets one such thread at a time, and all
//! teams together half as many as the machine has processors. A team that has used up its computing time has to wait.

use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

use chassis::{Blocking, Problem};
use http::StatusCode;
use parking_lot::Mutex;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

/// Most waiting queries of one team: eight people with seven tabs each send fewer at once.
pub const WAITING_MAX: usize = 32;

/// How long a query waits for its turn at most: after that people think that the page is broken.
pub const WAITS_MAX: Duration = Duration::from_secs(5);

/// The share of one thread that a team gets on average. A page's own queries take a few thousandths of it.
pub const SHARE: f64 = 0.25;

/// Computing time that a team may use in one burst, in seconds.
pub const BURST_S: f64 = 5.0;

pub struct Queries {
    room: Arc<Semaphore>,
    teams: Mutex<BTreeMap<u32, Arc<Share>>>,
}

struct Share {
    turn: Arc<Semaphore>,
    places: Semaphore,
    /// The seconds of computing time left, below zero after an expensive query, and when that was calculated.
    left: Mutex<(f64, Instant)>,
}

impl Default for Queries {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self { room: Arc::new(Semaphore::new((threads / 2).max(1))), teams: Mutex::default() }
    }
}

impl Queries {
    /// Runs a team's query on the blocking pool. Refuses it with status 429 if the team has too many queries, or no computing time left.
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
            // The thread holds the permits, and its time is charged: closing the page does not make room for another query.
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
            let left = Mutex::new((BURST_S, Instant::now()));
            Arc::new(Share { turn: Arc::new(Semaphore::new(1)), places: Semaphore::new(WAITING_MAX), left })
        }))
    }
}

impl Share {
    fn may_compute(&self) -> Result<(), Problem> {
        let left_s = self.charge(Duration::ZERO);
        if left_s > 0.0 {
            return Ok(());
        }
        let wait_s = (-left_s / SHARE).ceil().max(1.0);
        let detail =
            format!("Your team's queries used more computing time than its share; ask again in {wait_s} s.");
        Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).with("retry_after_s", wait_s))
    }

    /// Charges this computing time, and returns the seconds that are left.
    fn charge(&self, took: Duration) -> f64 {
        let mut left = self.left.lock();
        let (left_s, at) = *left;
        let now = Instant::now();
        let gained_s = now.duration_since(at).as_secs_f64() * SHARE;
        *left = ((left_s + gained_s).min(BURST_S) - took.as_secs_f64(), now);
        left.0
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
