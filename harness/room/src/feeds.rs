//! Feeds for pages: one for each team (or for each set of its lines of support), and one for the facilitator. Teaches to compute a shared state
//! once for all its followers, and to wake no other team's pages when one team changes.
//!
//! A *feed* holds the latest state with its version, and the last few changes as patches. A new follower gets the whole state. A follower a few
//! versions behind gets the patches; one further behind gets the whole state again. A slow reader has no queue that could grow.

use std::{
    array::from_fn,
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Weak},
    time::Duration,
};

use chassis::Problem;
use http::StatusCode;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    sync::{Mutex as AsyncMutex, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{difference::difference, lines::Lines, rate_limits::Who, state::Concerns};

/// The shortest time between two computations of a state: twice as fast as anybody reads.
const AT_MOST_EVERY: Duration = Duration::from_millis(100);

/// How many patches a feed holds for followers that are behind: three seconds at the fastest rate.
const CHANGES_HELD: usize = 32;

/// Most streams of one person or program: a browser needs one for all its tabs, or one for each visible tab. One more ends the oldest, because a
/// phone that changes its network leaves behind a stream that nobody reads.
pub const STREAMS_PER_PERSON_MAX: usize = 4;

/// Most streams of one team: two for each seat, and some for programs.
pub const STREAMS_PER_TEAM_MAX: usize = 80;

#[derive(Debug)]
pub struct Feeds {
    /// For each team: one feed with all of its state, and one for each set of lines of support.
    teams: BTreeMap<u32, [Feed; 9]>,
    desk: Feed,
    /// Oldest first.
    open: Mutex<Vec<Weak<Stream>>>,
}

#[derive(Debug)]
pub struct Feed {
    changed: watch::Sender<u64>,
    shown: AsyncMutex<Shown>,
}

#[derive(Debug, Default)]
struct Shown {
    of: u64,
    version: u64,
    state: Arc<Value>,
    /// Patches, the newest last. Each turns one version into the next.
    changes: VecDeque<Arc<str>>,
    made: Option<Instant>,
}

#[derive(Clone, Debug)]
pub enum News {
    Whole(Arc<Value>),
    /// A JSON Patch on the state that was sent before.
    Change(Arc<str>),
}

/// A stream stays open until this is dropped.
pub type Subscription = Arc<Stream>;

#[derive(Debug)]
pub struct Stream {
    who: Who,
    team: Option<u32>,
    ends: CancellationToken,
}

impl Feeds {
    pub fn new(teams: impl IntoIterator<Item = u32>) -> Self {
        Self {
            teams: teams.into_iter().map(|team| (team, from_fn(|_| Feed::default()))).collect(),
            desk: Feed::default(),
            open: Mutex::default(),
        }
    }

    /// The feed of a team, for people at these lines if it plays lines of support; without a team, the facilitator's feed.
    pub fn of(&self, team: Option<u32>, lines: Option<&Lines>) -> Option<&Feed> {
        let place = lines.map_or(0, |lines| 1 + lines.iter().map(|line| 1 << *line as usize).sum::<usize>());
        team.map_or(Some(&self.desk), |team| self.teams.get(&team)?.get(place))
    }

    /// Wakes the feeds of the teams that a change concerns, and always the facilitator's.
    pub(crate) fn announce(&self, concerns: &Concerns) {
        let concerned = |team: &u32| concerns.everybody || concerns.teams.contains(team);
        self.teams
            .iter()
            .filter(|(team, _)| concerned(team))
            .for_each(|(_, feeds)| feeds.iter().for_each(Feed::changed));
        self.desk.changed();
    }

    /// Opens a stream for somebody, and ends their oldest one if they have too many.
    pub fn open(&self, who: Who, team: Option<u32>) -> Result<Subscription, Problem> {
        let mut open = self.open.lock();
        let own: Vec<_> = going_on(&open).filter(|stream| stream.who == who).collect();
        if own.len() >= STREAMS_PER_PERSON_MAX {
            own[0].ends.cancel();
        }
        let of_team = going_on(&open).filter(|stream| stream.team == team).count();
        if team.is_some() && of_team >= STREAMS_PER_TEAM_MAX {
            let detail =
                format!("Your team has {STREAMS_PER_TEAM_MAX} streams open already; close some pages.");
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail));
        }
        let stream = Arc::new(Stream { who, team, ends: CancellationToken::new() });
        *open = going_on(&open).chain([Arc::clone(&stream)]).map(|stream| Arc::downgrade(&stream)).collect();
        Ok(stream)
    }

    /// Ends all streams of somebody who has lost access.
    pub fn end(&self, who: Who) {
        going_on(&self.open.lock())
            .filter(|stream| stream.who == who)
            .for_each(|stream| stream.ends.cancel());
    }

    pub fn streams(&self) -> usize {
        going_on(&self.open.lock()).count()
    }
}

fn going_on(open: &[Weak<Stream>]) -> impl Iterator<Item = Subscription> {
    open.iter().filter_map(Weak::upgrade).filter(|stream| !stream.ends.is_cancelled())
}

impl Stream {
    /// Cancelled when this stream has to end.
    pub fn ends(&self) -> &CancellationToken {
        &self.ends
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self { changed: watch::Sender::new(1), shown: AsyncMutex::default() }
    }
}

impl Feed {
    fn changed(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    pub fn follow(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The version after `version`, and what is new in it. After a change, only the first caller runs `make` to compute the state.
    pub async fn news(&self, version: Option<u64>, make: impl FnOnce() -> Value) -> (u64, Option<News>) {
        let mut shown = self.shown.lock().await;
        if shown.of != *self.changed.borrow() {
            // Other callers wait for the lock meanwhile, and then find the state computed.
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
        let feed = Feed::default();
        let made = Cell::new(0);
        let make = || {
            made.set(made.get() + 1);
            json!({ "count": made.get() })
        };
        let (version, first) = feed.news(None, make).await;
        assert!(matches!(first, Some(News::Whole(state)) if state["count"] == 1));
        let (same, nothing) = feed.news(Some(version), make).await;
        assert!(same == version && nothing.is_none() && made.get() == 1);
        feed.changed();
        let (next, change) = feed.news(Some(version), make).await;
        assert!(matches!(change, Some(News::Change(patch)) if patch.contains("/count")));
        let (late, whole) = feed.news(None, make).await;
        assert!(late == next && matches!(whole, Some(News::Whole(_))) && made.get() == 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_behind_comes_on_by_patches_and_who_is_far_behind_starts_anew() {
        let feed = Feed::default();
        let (first, _) = feed.news(None, || json!({ "count": 0 })).await;
        let began = Instant::now();
        for count in 1..=CHANGES_HELD {
            feed.changed();
            feed.news(None, || json!({ "count": count })).await;
        }
        assert!(began.elapsed() >= AT_MOST_EVERY * 31, "made no more often than that");
        let (mut at, mut patches) = (first, 0);
        while let (next, Some(News::Change(_))) = feed.news(Some(at), || json!({})).await {
            (at, patches) = (next, patches + 1);
        }
        assert_eq!(patches, CHANGES_HELD);
        feed.changed();
        feed.news(None, || json!({ "count": -1 })).await;
        assert!(matches!(feed.news(Some(first), || json!({})).await, (_, Some(News::Whole(_)))));
    }

    #[test]
    fn streams_are_bounded_and_end_with_whoever_may_not_follow_any_longer() {
        let feeds = Feeds::new([1, 2]);
        let person = |number| Who::Seat(number);
        let mut places: Vec<Subscription> = (0..9).map(|_| feeds.open(person(1), Some(1)).unwrap()).collect();
        assert_eq!(feeds.streams(), STREAMS_PER_PERSON_MAX);
        let ended = places.iter().take_while(|place| place.ends().is_cancelled()).count();
        assert_eq!(ended, 9 - STREAMS_PER_PERSON_MAX, "the oldest end");
        feeds.end(person(1));
        assert!(places.iter().all(|place| place.ends().is_cancelled()));
        places.clear();
        assert_eq!(feeds.streams(), 0);
        let team: Vec<_> =
            (0..200).map_while(|number| feeds.open(person(number / 4), Some(1)).ok()).collect();
        assert_eq!(team.len(), STREAMS_PER_TEAM_MAX);
        assert!(feeds.open(person(99), Some(2)).is_ok(), "the others' streams are their own");
        let refused = feeds.open(person(98), Some(1)).unwrap_err();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    }
}
