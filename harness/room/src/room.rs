//! The room itself: one session, the worlds of the round under way, and those who watch. Teaches that a session is changed in one place,
//! kept after each change, and told to everybody.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chassis::{Chassis, Clock, Network, TaskGroup};
use incident::IncidentRecord;
use tokio::time::{Instant, interval};

use crate::{
    access,
    allowance::Allowance,
    boards::Boards,
    debrief::state::DebriefState,
    floor::Floor,
    keeping::Keeping,
    limits::{FACILITATOR_TOKEN_CHARACTERS_MIN, REACHED_MAX},
    plan::{self, crossover},
    queries::Queries,
    session::{Phase, SCHEMA, Session, Team},
    store::Store,
};

/// How often everybody is told how the clocks stand.
pub const TOLD_EVERY: Duration = Duration::from_secs(1);

/// Most teams in one room.
pub const TEAMS_MAX: u32 = 60;

/// How a room is opened.
#[derive(Clone, Debug)]
pub struct RoomOptions {
    /// How many teams a new session has.
    pub teams: u32,
    /// Where all chance comes from.
    pub seed: u64,
    /// Where the session is kept.
    pub folder: PathBuf,
    /// Where the room listens.
    pub address: SocketAddr,
    /// What the facilitator signs in with, if it is given.
    pub facilitator_token: Option<String>,
    /// A session whose scenarios these people have seen.
    pub seen: Option<Session>,
    /// Whether a session that the folder holds is put aside.
    pub fresh: bool,
    /// Page views a second in each world.
    pub views: f64,
}

/// The room. Clones are the same room.
#[derive(Clone)]
pub struct Room {
    inner: Arc<Inner>,
}

struct Inner {
    session: Mutex<Session>,
    floors: Mutex<BTreeMap<u32, Arc<Floor>>>,
    boards: Boards,
    keeping: Keeping,
    aside: Option<PathBuf>,
    store: Store,
    tasks: TaskGroup,
    allowance: Allowance,
    queries: Queries,
    debrief: DebriefState,
    reached: Mutex<Vec<(IpAddr, Instant)>>,
    /// One at a time begins, ends or breaks off a round.
    pub(crate) turn: tokio::sync::Mutex<()>,
    address: SocketAddr,
    views: f64,
}

impl Room {
    /// Opens the room with the session that its folder holds, or a new one. A round that was under way comes back paused.
    ///
    /// # Errors
    ///
    /// When the folder cannot be used, or a world does not start.
    pub async fn open(options: RoomOptions) -> io::Result<Self> {
        let RoomOptions { folder, address, facilitator_token, views, .. } = &options;
        let store = Store::open(folder)?;
        let kept = if options.fresh { None } else { store.session()? };
        // Whatever the folder holds of another session must not come into a new one.
        let aside = if kept.is_none() { store.put_aside()? } else { None };
        let mut session = kept.unwrap_or_else(|| new_session(&options));
        if let Some(token) = facilitator_token {
            strong(token)?;
            session.facilitator_token.clone_from(token);
        }
        session.seats_again(Instant::now());
        let tasks = Chassis::of_caller("room", Network::Tcp, Clock::real(), session.seed).tasks;
        let boards = Boards::new(session.teams.iter().map(|team| team.number));
        let room = Self {
            inner: Arc::new(Inner {
                session: Mutex::new(session),
                floors: Mutex::default(),
                boards,
                keeping: Keeping::default(),
                aside,
                store,
                tasks,
                allowance: Allowance::default(),
                queries: Queries::default(),
                debrief: DebriefState::default(),
                reached: Mutex::default(),
                turn: tokio::sync::Mutex::default(),
                address: *address,
                views: *views,
            }),
        };
        room.open_again().await?;
        room.keep().await?;
        room.watch_over();
        Ok(room)
    }

    /// The session. Whoever changes it calls [`changed`](Self::changed) afterwards.
    pub fn session(&self) -> MutexGuard<'_, Session> {
        self.inner.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A team's world, if a round has begun.
    pub fn floor(&self, team: u32) -> Option<Arc<Floor>> {
        self.floors().get(&team).cloned()
    }

    /// The worlds, by team.
    pub(crate) fn floors(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<Floor>>> {
        self.inner.floors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who may ask for how much.
    pub fn allowance(&self) -> &Allowance {
        &self.inner.allowance
    }

    /// Whose turn it is to have something computed.
    pub fn queries(&self) -> &Queries {
        &self.inner.queries
    }

    /// How far the room has come with keeping.
    pub fn keeping(&self) -> &Keeping {
        &self.inner.keeping
    }

    /// Where an earlier session was put, if one was put aside when the room opened.
    pub fn aside(&self) -> Option<&Path> {
        self.inner.aside.as_deref()
    }

    /// What the debrief needs.
    pub fn debrief(&self) -> &DebriefState {
        &self.inner.debrief
    }

    /// Where the room listens.
    pub fn address(&self) -> SocketAddr {
        self.inner.address
    }

    /// Page views a second in each world.
    pub fn views(&self) -> f64 {
        self.inner.views
    }

    /// Where the room's own work is done.
    pub fn tasks(&self) -> &TaskGroup {
        &self.inner.tasks
    }

    /// Where the session is kept.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Whose turn it is to begin or end a round.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.inner.turn.lock().await
    }

    /// Tells everybody, and has the session kept.
    pub fn changed(&self) {
        self.tell_all();
        self.keeping().want();
    }

    /// Tells everybody how it stands now.
    pub(crate) fn tell_all(&self) {
        self.inner.boards.changed();
    }

    /// Tells a team and the facilitator, and has the session kept: what one team does wakes up nobody else's pages.
    pub fn changed_in(&self, team: u32) {
        self.inner.boards.changed_in(team);
        self.keeping().want();
    }

    /// What everybody follows.
    pub fn boards(&self) -> &Boards {
        &self.inner.boards
    }

    /// The record of a team in a round: as it stands, or as it was kept.
    pub fn record(&self, team: u32, round: usize) -> Option<IncidentRecord> {
        let is_current = self.session().current == Some(round);
        if let Some(floor) = self.floor(team).filter(|_| is_current) {
            return Some(floor.record());
        }
        let owed = self.keeping().owed_record(team, round);
        owed.or_else(|| self.store().record(team, round).ok().flatten())
    }

    /// Remembers that a device has reached the room.
    pub fn reached_from(&self, address: IpAddr) {
        let mut reached = self.inner.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.retain(|(known, _)| *known != address);
        if reached.len() == REACHED_MAX {
            reached.remove(0);
        }
        reached.push((address, Instant::now()));
    }

    /// The devices that have reached the room, and how many seconds ago.
    pub fn reached(&self) -> Vec<(IpAddr, u64)> {
        let reached = self.inner.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.iter().rev().map(|(address, at)| (*address, at.elapsed().as_secs())).collect()
    }

    /// Keeps everything and closes all worlds.
    ///
    /// # Errors
    ///
    /// When the session cannot be written.
    pub async fn close(&self) -> io::Result<()> {
        let kept = self.keep().await;
        self.inner.tasks.kill().await;
        let floors = std::mem::take(&mut *self.floors());
        for floor in floors.values() {
            floor.world.close().await;
        }
        kept
    }

    /// Keeps what changes, and tells everybody how the clocks stand: the seconds of being behind, too.
    fn watch_over(&self) {
        let room = self.clone();
        self.tasks().spawn(async move {
            let mut ticks = interval(TOLD_EVERY);
            loop {
                ticks.tick().await;
                if room.session().phase == Phase::Running || room.keeping().behind().is_some() {
                    room.tell_all();
                }
            }
        });
        self.tasks().spawn(self.clone().keep_on());
    }
}

/// Refuses a token that can be guessed: whoever has it sees all answers.
fn strong(token: &str) -> io::Result<()> {
    if token.chars().count() >= FACILITATOR_TOKEN_CHARACTERS_MIN {
        return Ok(());
    }
    let why = format!(
        "the facilitator's token has fewer than {FACILITATOR_TOKEN_CHARACTERS_MIN} characters and can be guessed; leave it out, and the room makes one"
    );
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

fn new_session(options: &RoomOptions) -> Session {
    let seen = options.seen.as_ref().map(plan::used).unwrap_or_default();
    let team = |number| Team {
        number,
        name: format!("Team {number}"),
        token: access::token(),
        shop_key: access::token(),
        forward: None,
        played: Vec::new(),
    };
    Session {
        schema: SCHEMA.to_owned(),
        seed: options.seed,
        code: access::code(),
        facilitator_token: access::token(),
        teams: (1..=options.teams).map(team).collect(),
        plan: crossover(options.seed, options.teams, &seen),
        phase: Phase::Lobby,
        current: None,
        marks: Vec::new(),
        seats: Vec::new(),
        joining_closed: false,
    }
}
