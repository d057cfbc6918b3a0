//! The room itself: one session, the worlds of the round under way, and the feeds of their pages.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chassis::{Chassis, Clock, Network, TaskGroup, token::strong};
use incident::{IncidentRecord, Level};
use parking_lot::{Mutex, MutexGuard};
use tokio::time::{Instant, interval};
use world::scenario::file_text;

use crate::{
    debrief::state::DebriefState,
    feeds::Feeds,
    limits::REACHED_MAX,
    queries::Queries,
    rate_limits::RateLimits,
    saving::Saver,
    session::{Phase, Purpose, Session},
    state::Concerns,
    store::Store,
    team_world::{Shown, TeamWorld},
};

/// How often the pages' clocks are refreshed.
pub const TOLD_EVERY: Duration = Duration::from_secs(1);

/// Most teams in one room.
pub const TEAMS_MAX: u32 = 60;

#[derive(Clone, Debug)]
pub struct RoomOptions {
    pub teams: u32,
    pub seed: u64,
    pub folder: PathBuf,
    pub address: SocketAddr,
    pub facilitator_token: Option<String>,
    pub seen: BTreeSet<String>,
    /// Whether to put aside the session in the folder, and begin a new one.
    pub fresh: bool,
    /// Page views a second in each world.
    pub views: f64,
    /// The folder in which somebody edits the pages; none for the embedded pages.
    pub pages: Option<PathBuf>,
}

/// The room. Clones are the same room.
#[derive(Clone)]
pub struct Room {
    pub(crate) inner: Arc<Inner>,
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").field("address", &self.address()).finish_non_exhaustive()
    }
}

pub(crate) struct Inner {
    pub(crate) session: Mutex<Session>,
    team_worlds: Mutex<BTreeMap<u32, Arc<TeamWorld>>>,
    /// What pages show of a round that was over when the room opened; empty once another round begins.
    ended: Mutex<BTreeMap<u32, Shown>>,
    feeds: Feeds,
    saver: Saver,
    aside: Option<PathBuf>,
    store: Store,
    tasks: TaskGroup,
    rate_limits: RateLimits,
    queries: Queries,
    debrief: DebriefState,
    reached: Mutex<Vec<(IpAddr, Instant)>>,
    /// When the next round begins, while that is counted down. A restart forgets it.
    countdown: Mutex<Option<Instant>>,
    /// Held while a round begins, pauses, resumes or ends.
    pub(crate) turn: tokio::sync::Mutex<()>,
    pub(crate) options: RoomOptions,
}

impl Room {
    /// Opens the room with the session that its folder holds, or a new one. A round that was under way comes back paused.
    pub async fn open(options: RoomOptions) -> io::Result<Self> {
        Self::open_or(options, |RoomOptions { seed, teams, seen, .. }| Session::new(*seed, *teams, seen))
            .await
    }

    /// Like [`open`](Self::open), but a new session is a rehearsal of one person. It keeps the text of a scenario's file, if one is named.
    pub async fn rehearse(options: RoomOptions, scenario: &str, level: Level) -> io::Result<Self> {
        let text = file_text(scenario).map_err(io::Error::other)?;
        Self::open_or(options, |RoomOptions { seed, .. }| Session::solo(*seed, (scenario, text), level)).await
    }

    async fn open_or(options: RoomOptions, new: impl FnOnce(&RoomOptions) -> Session) -> io::Result<Self> {
        let store = Store::open(&options.folder)?;
        let kept = if options.fresh { None } else { store.session()? };
        // Files of another session must not get into a new one.
        let aside = if kept.is_none() { store.put_aside()? } else { None };
        let results = if kept.is_some() { store.results() } else { Vec::new() };
        let mut session = kept.unwrap_or_else(|| new(&options));
        if session.purpose == Purpose::Example {
            session.renew_credentials();
        }
        if let Some(token) = &options.facilitator_token {
            let invalid = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
            session.facilitator_token = strong(token).map_err(invalid)?;
        }
        session.seats_again(Instant::now());
        let own = session.plan.iter().flat_map(|round| &round.assigned);
        let own = own.filter(|assigned| assigned.text.is_some()).cloned().collect();
        let tasks = Chassis::of_caller("room", Network::tcp(0), Clock::real(), session.seed).tasks;
        let feeds = Feeds::new(session.teams.iter().map(|team| team.number));
        let room = Self {
            inner: Arc::new(Inner {
                session: Mutex::new(session),
                team_worlds: Mutex::default(),
                ended: Mutex::default(),
                feeds,
                saver: Saver::default(),
                aside,
                store,
                tasks,
                rate_limits: RateLimits::default(),
                queries: Queries::default(),
                debrief: DebriefState::with(results, own),
                reached: Mutex::default(),
                countdown: Mutex::default(),
                turn: tokio::sync::Mutex::default(),
                options,
            }),
        };
        room.open_again().await?;
        room.save().await?;
        room.watch_over();
        Ok(room)
    }

    pub fn team_world(&self, team: u32) -> Option<Arc<TeamWorld>> {
        self.team_worlds().get(&team).cloned()
    }

    pub(crate) fn team_worlds(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<TeamWorld>>> {
        self.inner.team_worlds.lock()
    }

    /// What pages show of a team's world, or of its record once the world is gone.
    pub(crate) fn shown(&self, team: u32) -> Option<Shown> {
        let of_world = self.team_world(team).map(|team_world| team_world.shown());
        of_world.or_else(|| self.ended().get(&team).cloned())
    }

    pub(crate) fn ended(&self) -> MutexGuard<'_, BTreeMap<u32, Shown>> {
        self.inner.ended.lock()
    }

    pub fn rate_limits(&self) -> &RateLimits {
        &self.inner.rate_limits
    }

    pub fn queries(&self) -> &Queries {
        &self.inner.queries
    }

    pub fn saver(&self) -> &Saver {
        &self.inner.saver
    }

    /// Where an earlier session was put, if one was put aside when the room opened.
    pub fn aside(&self) -> Option<&Path> {
        self.inner.aside.as_deref()
    }

    pub fn debrief(&self) -> &DebriefState {
        &self.inner.debrief
    }

    pub(crate) fn countdown(&self) -> MutexGuard<'_, Option<Instant>> {
        self.inner.countdown.lock()
    }

    pub fn address(&self) -> SocketAddr {
        self.inner.options.address
    }

    pub fn pages(&self) -> Option<&Path> {
        self.inner.options.pages.as_deref()
    }

    pub fn tasks(&self) -> &TaskGroup {
        &self.inner.tasks
    }

    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Refreshes all pages, though the session has not changed.
    pub(crate) fn show_all(&self) {
        self.feeds().announce(&Concerns { everybody: true, ..Concerns::default() });
    }

    pub fn feeds(&self) -> &Feeds {
        &self.inner.feeds
    }

    /// A team's record of a round: the live one, or the saved one.
    pub fn record(&self, team: u32, round: usize) -> Option<IncidentRecord> {
        let is_current = self.read(|session| session.current == Some(round));
        if let Some(team_world) = self.team_world(team).filter(|_| is_current) {
            return Some(team_world.record());
        }
        let owed = self.saver().owed_record(team, round);
        owed.or_else(|| self.store().record(team, round).ok().flatten())
    }

    pub fn reached_from(&self, address: IpAddr) {
        let mut reached = self.inner.reached.lock();
        reached.retain(|(known, _)| *known != address);
        if reached.len() == REACHED_MAX {
            reached.remove(0);
        }
        reached.push((address, Instant::now()));
        drop(reached);
        self.feeds().announce(&Concerns { desk: true, ..Concerns::default() });
    }

    /// The devices that have reached the room, and how many seconds ago.
    pub fn reached(&self) -> Vec<(IpAddr, u64)> {
        let reached = self.inner.reached.lock();
        reached.iter().rev().map(|(address, at)| (*address, at.elapsed().as_secs())).collect()
    }

    /// Saves everything and closes all worlds.
    pub async fn close(&self) -> io::Result<()> {
        let kept = self.save().await;
        // Results that cannot be written are computed again.
        let _ = self.store().save_results(&self.debrief().workers.computed());
        self.inner.tasks.kill().await;
        let team_worlds = std::mem::take(&mut *self.team_worlds());
        for team_world in team_worlds.values() {
            team_world.world.close().await;
        }
        kept
    }

    /// Starts the tasks that save changes and refresh the pages' clocks.
    fn watch_over(&self) {
        let room = self.clone();
        self.tasks().spawn(async move {
            let mut ticks = interval(TOLD_EVERY);
            loop {
                ticks.tick().await;
                if room.read(|session| session.phase == Phase::Running) || room.saver().behind().is_some() {
                    room.show_all();
                }
            }
        });
        self.tasks().spawn(self.clone().save_on());
    }
}
