//! What pages follow: the state of each team, and of the facilitator. Teaches that a state which many look at is made once for all of them,
//! and that a change in one team wakes up nobody else's pages.
//!
//! A *board* holds the state that was shown last, with a version, and the last few changes as patches. Who comes new is given the whole
//! state; who has the version before the newest, the patch; who fell far behind, the whole again. Nothing waits in memory for a slow reader.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chassis::Problem;
use http::StatusCode;
use serde_json::Value;
use tokio::{
    sync::{Mutex as AsyncMutex, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{allowance::Who, difference::difference};

/// At most so often is a state made anew, however fast things change: twice as fast as anybody reads.
const AT_MOST_EVERY: Duration = Duration::from_millis(100);

/// Changes that are held for who is behind: three seconds of the fastest.
const CHANGES_HELD: usize = 32;

/// Streams of one person or program: a browser needs one for all its tabs, or one for each that is seen. The oldest ends for a new one, as
/// a phone that changed its network leaves one behind which nobody reads.
pub const STREAMS_PER_PERSON_MAX: usize = 4;

/// Streams of one team together: two for each seat, and some programs.
pub const STREAMS_PER_TEAM_MAX: usize = 80;

/// All boards of a room.
#[derive(Debug)]
pub struct Boards {
    teams: BTreeMap<u32, Board>,
    desk: Board,
    open: Arc<Mutex<Vec<Open>>>,
    opened: Mutex<u64>,
}

/// One state that is followed.
#[derive(Debug)]
pub struct Board {
    changed: watch::Sender<u64>,
    shown: AsyncMutex<Shown>,
}

#[derive(Debug, Default)]
struct Shown {
    /// The change of which this is the state.
    of: u64,
    version: u64,
    state: Arc<Value>,
    /// Patches, the newest last: each makes a version of the one before.
    changes: VecDeque<Arc<str>>,
    made: Option<Instant>,
}

/// What somebody is sent who follows.
#[derive(Clone, Debug)]
pub enum News {
    /// The whole state.
    Whole(Arc<Value>),
    /// A JSON Patch on the state that was sent before.
    Change(Arc<str>),
}

/// A stream that is open.
#[derive(Debug)]
struct Open {
    number: u64,
    who: Who,
    team: Option<u32>,
    ends: CancellationToken,
}

/// Keeps a stream's place until it is dropped.
#[derive(Debug)]
pub struct Place {
    number: u64,
    open: Arc<Mutex<Vec<Open>>>,
    ends: CancellationToken,
}

impl Boards {
    /// Boards for these teams, and for the facilitator.
    pub fn new(teams: impl IntoIterator<Item = u32>) -> Self {
        Self {
            teams: teams.into_iter().map(|team| (team, Board::default())).collect(),
            desk: Board::default(),
            open: Arc::default(),
            opened: Mutex::default(),
        }
    }

    /// The board of a team, or the facilitator's.
    pub fn of(&self, team: Option<u32>) -> Option<&Board> {
        team.map_or(Some(&self.desk), |team| self.teams.get(&team))
    }

    /// Something changed for everybody.
    pub fn changed(&self) {
        self.teams.values().for_each(Board::changed);
        self.desk.changed();
    }

    /// Something changed in one team, which the facilitator sees as well.
    pub fn changed_in(&self, team: u32) {
        self.teams.get(&team).into_iter().for_each(Board::changed);
        self.desk.changed();
    }

    /// Something changed that only the facilitator sees.
    pub fn changed_on_the_desk(&self) {
        self.desk.changed();
    }

    /// Opens a stream for somebody; their oldest ends when they have too many.
    ///
    /// # Errors
    ///
    /// When the team has too many.
    pub fn open(&self, who: Who, team: Option<u32>) -> Result<Place, Problem> {
        let mut open = held(&self.open);
        let own = open.iter().filter(|open| open.who == who);
        if own.clone().count() >= STREAMS_PER_PERSON_MAX {
            let oldest = own.map(|open| open.number).min();
            open.iter().filter(|open| Some(open.number) == oldest).for_each(|open| open.ends.cancel());
            open.retain(|open| Some(open.number) != oldest);
        }
        if team.is_some() && open.iter().filter(|open| open.team == team).count() >= STREAMS_PER_TEAM_MAX {
            let detail =
                format!("Your team follows with {STREAMS_PER_TEAM_MAX} streams already; close some pages.");
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail));
        }
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        *opened += 1;
        let (number, ends) = (*opened, CancellationToken::new());
        open.push(Open { number, who, team, ends: ends.clone() });
        Ok(Place { number, open: Arc::clone(&self.open), ends })
    }

    /// Ends all streams of somebody, who may not follow any longer.
    pub fn end(&self, who: Who) {
        held(&self.open).iter().filter(|open| open.who == who).for_each(|open| open.ends.cancel());
    }

    /// How many streams are open.
    pub fn streams(&self) -> usize {
        held(&self.open).len()
    }
}

fn held(open: &Mutex<Vec<Open>>) -> MutexGuard<'_, Vec<Open>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Place {
    /// What is cancelled when this stream has to end.
    pub fn ends(&self) -> &CancellationToken {
        &self.ends
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        held(&self.open).retain(|open| open.number != self.number);
    }
}

impl Default for Board {
    fn default() -> Self {
        Self { changed: watch::Sender::new(1), shown: AsyncMutex::default() }
    }
}

impl Board {
    fn changed(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Follows the changes.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// What is new for who has `version`, and the version after it; `make` makes the state, and is called only if nobody has
    /// called it since the last change.
    pub async fn news(&self, version: Option<u64>, make: impl FnOnce() -> Value) -> (u64, Option<News>) {
        let mut shown = self.shown.lock().await;
        if shown.of != *self.changed.borrow() {
            // Whoever waits for the same state waits here, and finds it made.
            if let Some(made) = shown.made {
                sleep_until(made + AT_MOST_EVERY).await;
            }
            let of = *self.changed.borrow();
            shown.take(of, make());
        }
        let behind = version.and_then(|version| shown.version.checked_sub(version));
        let news = match behind.and_then(|behind| usize::try_from(behind).ok()) {
            Some(0) => return (shown.version, None),
            Some(behind) if behind <= shown.changes.len() => {
                let change = Arc::clone(&shown.changes[shown.changes.len() - behind]);
                return (
                    shown.version - u64::try_from(behind).unwrap_or_default() + 1,
                    Some(News::Change(change)),
                );
            }
            _ => News::Whole(Arc::clone(&shown.state)),
        };
        (shown.version, Some(news))
    }
}

impl Shown {
    fn take(&mut self, of: u64, state: Value) {
        (self.of, self.made) = (of, Some(Instant::now()));
        let operations = difference(&self.state, &state);
        if operations.is_empty() {
            return;
        }
        if self.changes.len() == CHANGES_HELD {
            self.changes.pop_front();
        }
        self.changes.push_back(Value::Array(operations).to_string().into());
        self.version += 1;
        self.state = Arc::new(state);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_state_is_made_once_for_all_who_follow() {
        let board = Board::default();
        let made = Cell::new(0);
        let make = || {
            made.set(made.get() + 1);
            json!({ "count": made.get() })
        };
        let (version, first) = board.news(None, make).await;
        assert!(matches!(first, Some(News::Whole(state)) if state["count"] == 1));
        let (same, nothing) = board.news(Some(version), make).await;
        assert!(same == version && nothing.is_none() && made.get() == 1);
        board.changed();
        let (next, change) = board.news(Some(version), make).await;
        assert!(matches!(change, Some(News::Change(patch)) if patch.contains("/count")));
        let (late, whole) = board.news(None, make).await;
        assert!(late == next && matches!(whole, Some(News::Whole(_))) && made.get() == 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_behind_comes_on_by_patches_and_who_is_far_behind_starts_anew() {
        let board = Board::default();
        let (first, _) = board.news(None, || json!({ "count": 0 })).await;
        let began = Instant::now();
        for count in 1..=CHANGES_HELD {
            board.changed();
            board.news(None, || json!({ "count": count })).await;
        }
        assert!(began.elapsed() >= AT_MOST_EVERY * 31, "made no more often than that");
        let (mut at, mut patches) = (first, 0);
        while let (next, Some(News::Change(_))) = board.news(Some(at), || json!({})).await {
            (at, patches) = (next, patches + 1);
        }
        assert_eq!(patches, CHANGES_HELD);
        board.changed();
        board.news(None, || json!({ "count": -1 })).await;
        assert!(matches!(board.news(Some(first), || json!({})).await, (_, Some(News::Whole(_)))));
    }

    #[test]
    fn streams_are_bounded_and_end_with_whoever_may_not_follow_any_longer() {
        let boards = Boards::new([1, 2]);
        let person = |number| Who::Seat(number);
        let mut places: Vec<Place> = (0..9).map(|_| boards.open(person(1), Some(1)).unwrap()).collect();
        assert_eq!(boards.streams(), STREAMS_PER_PERSON_MAX);
        let ended = places.iter().take_while(|place| place.ends().is_cancelled()).count();
        assert_eq!(ended, 9 - STREAMS_PER_PERSON_MAX, "the oldest end");
        boards.end(person(1));
        assert!(places.iter().all(|place| place.ends().is_cancelled()));
        places.clear();
        assert_eq!(boards.streams(), 0);
        let team: Vec<_> =
            (0..200).map_while(|number| boards.open(person(number / 4), Some(1)).ok()).collect();
        assert_eq!(team.len(), STREAMS_PER_TEAM_MAX);
        assert!(boards.open(person(99), Some(2)).is_ok(), "the others' streams are their own");
        let refused = boards.open(person(98), Some(1)).unwrap_err();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    }
}
