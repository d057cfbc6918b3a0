//! Rounds: how one begins, pauses, resumes and ends, and what happens in each team's world while it runs. Teaches that a team is told only
//! what telemetry and customers say.

use std::{io, sync::Arc, time::Duration};

use chassis::{Blocking, Problem};
use futures_util::future::join_all;
use http::StatusCode;
use incident::{EventKind, Level};
use tokio::time::{Instant, sleep};

use crate::{
    played::{Expectation, Moment, Outlook, Pending, Played},
    room::Room,
    session::{Phase, Purpose, Session, conflict},
    state::Change,
    team_world::{Figures, Gap, Opening, Shown, State, TeamWorld},
};

/// How often each world is checked for what is due.
const TICK: Duration = Duration::from_millis(500);

/// The question to a team that restores service before its time is over.
pub const QUESTION: &str = "Customers are served again, and there is time left. What else contributed, besides what set it off? \
    What would have made it smaller or shorter, and how do you know?";

impl Room {
    pub async fn start(&self) -> Result<(), Problem> {
        let _turn = self.inner.turn.lock().await;
        *self.countdown() = None;
        let session = self.read(Session::clone);
        let place = session.may_begin()?;
        // Live worlds need the processors; computations for a debrief can wait.
        self.debrief().workers.rest();
        let round = &session.plan[place];
        let mut team_worlds = Vec::new();
        for (team, assigned) in session.teams.iter().zip(&round.assigned) {
            let opening = Opening {
                team,
                round: (session.number_of(place), round),
                assigned,
                before: None,
                views: self.inner.options.views,
            };
            let opened = TeamWorld::open(opening).await.map_err(|error| {
                let detail = format!("A shop does not start: {error}");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
            });
            team_worlds.push(Arc::new(opened?));
        }
        // `turn` is held, so nobody has changed the plan meanwhile, and no other round has begun.
        self.change(|session| session.begin_round(place));
        self.put_in(team_worlds);
        Ok(())
    }

    /// Changes the plan while no round begins or ends: a round whose shops are being opened stays the one that was planned.
    pub(crate) async fn plan<T>(&self, change: impl FnOnce(&mut Change<'_>) -> T) -> T {
        let _turn = self.inner.turn.lock().await;
        self.change(change)
    }

    /// After a restart: opens the worlds of the round that was under way, or reads what pages show of a round that was over.
    pub(crate) async fn open_again(&self) -> io::Result<()> {
        let session = self.read(Session::clone);
        let Some(place) = session.current else { return Ok(()) };
        let round = &session.plan[place];
        if !session.is_under_way() {
            for team in &session.teams {
                // An unreadable record must not prevent opening the session.
                let record = self.store().record(team.number, place).ok().flatten();
                let ended = record.zip(session.played(team.number));
                let ended = ended.map(|(record, played)| Shown::of(record, played, round));
                self.ended().extend(ended.map(|ended| (team.number, ended)));
            }
            return Ok(());
        }
        let mut team_worlds = Vec::new();
        for (team, assigned) in session.teams.iter().zip(&round.assigned) {
            let record = self.store().record(team.number, place)?;
            let before = session.played(team.number).map(|played| (played, record));
            let round = (session.number_of(place), round);
            let opening = Opening { team, round, assigned, before, views: self.inner.options.views };
            team_worlds.push(Arc::new(TeamWorld::open(opening).await?));
        }
        for team_world in &team_worlds {
            let now = team_world.now();
            self.change(|session| {
                let pending = session.played(team_world.team).and_then(|played| played.pending.clone());
                // The remedy was carried out, but the room ended before it could say so.
                if let Some(pending) = pending.filter(|pending| was_done(team_world, pending)) {
                    let text = format!("done: {}", pending.remedy);
                    let done = |played: &mut Played| played.end_remedy(now, (&text, true), &pending.by);
                    session.tend(team_world.team, done);
                }
                session.come_back(team_world.team, now);
            });
        }
        self.put_in(team_worlds);
        Ok(())
    }

    fn put_in(&self, team_worlds: Vec<Arc<TeamWorld>>) {
        let new = team_worlds.iter().map(|team_world| (team_world.team, Arc::clone(team_world))).collect();
        let old = std::mem::replace(&mut *self.team_worlds(), new);
        self.ended().clear();
        self.tasks().spawn(async move {
            for team_world in old.into_values() {
                team_world.close().await;
            }
        });
        for team_world in team_worlds {
            // The heartbeat starts only now: many shops take a while to open.
            team_world.heartbeat();
            self.tasks().spawn(self.clone().tick(team_world));
        }
    }

    pub async fn pause(&self, paused: bool) -> Result<(), Problem> {
        let _turn = self.inner.turn.lock().await;
        self.change(|session| session.pause(paused))?;
        self.team_worlds().values().for_each(|team_world| team_world.world.pause(paused));
        Ok(())
    }

    /// Ends the round under way. If the facilitator aborts it, `broken_off` says why; then every shop has been reset when this returns, and no
    /// pending or scheduled action happens any more.
    pub async fn end(&self, broken_off: Option<&str>) -> Result<(), Problem> {
        let _turn = self.inner.turn.lock().await;
        let place = self.change(|session| session.end_round())?;
        let team_worlds: Vec<_> = self.team_worlds().values().cloned().collect();
        for team_world in &team_worlds {
            team_world.world.pause(true);
        }
        if let Some(why) = broken_off {
            join_all(team_worlds.iter().map(|team_world| self.break_off(team_world, why))).await;
        }
        for team_world in &team_worlds {
            // Save the record as it stands. The task below adds the visits that still wait.
            self.saver().owe(team_world.team, place, team_world.record());
        }
        for team_world in team_worlds {
            let room = self.clone();
            self.tasks().spawn(async move {
                team_world.world.empty().await;
                let record = team_world.record();
                // The room's pages show the same loss as the debrief.
                team_world.figures().loss_usd = record.outcome.incident_financial_loss_usd.0;
                room.saver().owe(team_world.team, place, record);
                room.show_all();
            });
        }
        Ok(())
    }

    async fn break_off(&self, team_world: &TeamWorld, why: &str) {
        team_world.world.note(EventKind::Aborted { text: why.to_owned() });
        let text = match team_world.world.reset().await {
            Ok(()) => why.to_owned(),
            Err(error) => format!("This round was broken off; the shop could not be put back: {error}"),
        };
        self.note(team_world.team, &text);
    }

    pub fn reveal(&self) -> Result<(), Problem> {
        self.change(|session| session.reveal())
    }

    pub(crate) fn ladder(&self, team: u32) -> Result<Vec<String>, Problem> {
        self.read(|session| {
            session.team(team)?;
            let assigned = session.assigned(team).ok_or_else(|| conflict("No round has begun."))?;
            Ok(assigned.scenario().map(|scenario| scenario.hints).unwrap_or_default())
        })
    }

    /// Gives a team the next hint of its ladder; false if it has all of them.
    pub(crate) fn give_hint(&self, team: u32) -> Result<bool, Problem> {
        let ladder = self.ladder(team)?;
        let team_world = self.team_world(team);
        let now = team_world.as_ref().map(|team_world| team_world.now()).unwrap_or_default();
        let hint = self.change(|session| session.hint(team, &ladder, now))?;
        if let Some((team_world, text)) = team_world.zip(hint.clone()) {
            team_world.world.note(EventKind::Hint { text });
        }
        Ok(hint.is_some())
    }

    fn note(&self, team: u32, text: &str) {
        let now = self.team_world(team).map(|team_world| team_world.now()).unwrap_or_default();
        self.change(|session| session.tend(team, |played| played.tell(now, "note", text, None)));
    }

    /// Raises a team's telemetry level from now on. It is never lowered: what people have seen cannot be taken back.
    pub fn raise_level(&self, team: u32, level: Level, now: Moment) -> Result<(), Problem> {
        let is_raised = self.change(|session| session.raise_level(team, level, now))?;
        if let Some(team_world) = self.team_world(team).filter(|_| is_raised) {
            team_world.world.shop().set_level(level);
            let text = format!("telemetry level set to {level}");
            team_world.world.note(EventKind::Note { text });
        }
        Ok(())
    }

    /// Does what is due in one world, every [`TICK`], until its round is over.
    async fn tick(self, team_world: Arc<TeamWorld>) {
        loop {
            sleep(TICK).await;
            let is_here =
                self.team_world(team_world.team).is_some_and(|known| Arc::ptr_eq(&known, &team_world));
            let (phase, round) = self.read(|session| (session.phase, session.round().cloned()));
            let Some(round) = round.filter(|_| is_here) else { return };
            if let Some(gap) = team_world.heartbeat()
                && phase == Phase::Running
            {
                self.stood_still(&team_world, gap);
                continue;
            }
            let firing = {
                // A long query holds the store's lock: wait for it on a thread that serves no requests.
                let team_world = Arc::clone(&team_world);
                Blocking::Pool
                    .run(move || team_world.evidence.alerts().rules.iter().any(|alert| alert.firing))
                    .await
            };
            let stands = phase == Phase::Paused && team_world.figures().now.at_s > 0.0;
            let figures =
                if stands { team_world.figures_stand_still() } else { team_world.compute_figures(&round) };
            match phase {
                Phase::Running => self.go_on(&team_world, &figures, firing),
                Phase::Paused => {}
                Phase::Lobby | Phase::Over | Phase::Debrief => return,
            }
            if phase == Phase::Running && figures.ends_in_s <= 0.0 {
                let room = self.clone();
                // `end` waits for the lock of rounds, so it runs in a task of its own.
                self.tasks().spawn(async move { room.end(None).await });
                return;
            }
        }
    }

    /// Cuts an interval in which the process stood still out of every world, and pauses: nobody knows what the class did meanwhile.
    fn stood_still(&self, team_world: &TeamWorld, gap: Gap) {
        let team_worlds: Vec<_> = self.team_worlds().values().cloned().collect();
        if self.change(|session| session.pause(true)).is_err() {
            return;
        }
        let is_alone = self.read(|session| session.purpose == Purpose::Solo);
        let who_resumes = if is_alone { "you go on" } else { "the facilitator resumes it" };
        for other in team_worlds {
            let from_s = if other.team == team_world.team { Some(gap) } else { other.heartbeat() };
            other.world.pause_from(from_s.map_or_else(|| other.world.at_s(), |gap| gap.from_s), true);
            let text = format!(
                "The room's machine stood still for {:.0} s. That time is left out; the round is paused until {}.",
                gap.to_s - gap.from_s,
                who_resumes
            );
            self.note(other.team, &text);
        }
    }

    fn go_on(&self, team_world: &Arc<TeamWorld>, figures: &Figures, firing: bool) {
        let (team, now) = (team_world.team, figures.now);
        let due = self.change(|session| {
            let round = session.round().filter(|_| session.is_under_way())?;
            let (speed, updates) = (round.speed, round.updates);
            session.tend(team, |played| {
                while let Some((steps_done, step)) = team_world.due(played.steps_done, now) {
                    played.steps_done = steps_done;
                    let (tasks, team_world) = (team_world.world.doings(), Arc::clone(team_world));
                    tasks.spawn(async move {
                        if let Err(error) = team_world.world.happen(&step).await {
                            let text = format!("this step failed: {error}");
                            team_world.world.note(EventKind::Note { text });
                        }
                    });
                }
                if let Some(call) = team_world.call(figures, played.level, firing) {
                    team_world.world.note(call);
                }
                played.warn(now, figures.ends_in_s);
                if let Some(judged) = played.judge(figures.availability, now) {
                    team_world.world.note(EventKind::Note { text: expected_and_came(&judged) });
                }
                for call in team_world.calls() {
                    match call {
                        EventKind::Alerted { text } => played.tell(now, "alert", text, None),
                        EventKind::CustomerComplaint { text } => played.tell(now, "complaint", text, None),
                        _ => {}
                    }
                }
                let is_due = |due_s: Option<f64>| due_s.is_some_and(|due_s| due_s <= now.story_s);
                if is_due(played.handover_story_s) {
                    let line = played.take_over(now);
                    team_world.world.note(EventKind::Escalated { to: line.name().to_owned() });
                }
                let update = updates.zip(figures.lost_story_s);
                let asked = played.updates_asked;
                if is_due(update.map(|(updates, lost_s)| updates.due_story_s(lost_s, asked))) {
                    played.ask_for_update(now, speed, figures.state == State::Lost);
                }
                played.asked |= figures.state == State::Restored;
                // The remedy stays in the session until it is done, so that a crash does not lose it. The task group is taken under the lock that
                // also ends a round, so that no remedy begins after the end.
                let pending = played.pending.clone().filter(|pending| pending.due_story_s <= now.story_s)?;
                team_world.may_act().then(|| (pending, team_world.world.doings()))
            })?
        });
        if let Some((pending, tasks)) = due {
            let (room, team_world) = (self.clone(), Arc::clone(team_world));
            tasks.spawn(async move { room.act(&team_world, pending).await });
        }
    }

    async fn act(&self, team_world: &TeamWorld, Pending { remedy, by, .. }: Pending) {
        let words = remedy.to_string();
        let (text, is_done) = match team_world.world.act(remedy).await {
            Ok(()) => (format!("done: {words}"), true),
            Err(error) => (format!("could not {words}: {error}"), false),
        };
        let now = team_world.now();
        self.change(|session| {
            session.tend(team_world.team, |played| played.end_remedy(now, (&text, is_done), &by))
        });
        team_world.acted();
    }

    /// Begins the next round after this many seconds; every page shows the countdown.
    pub fn start_in(&self, seconds: f64) -> Result<(), Problem> {
        self.read(Session::may_begin)?;
        let begins = Instant::now() + Duration::from_secs_f64(seconds);
        *self.countdown() = Some(begins);
        let room = self.clone();
        self.tasks().spawn(async move {
            while *room.countdown() == Some(begins) {
                room.show_all();
                if Instant::now() >= begins {
                    *room.countdown() = None;
                    let starting = room.clone();
                    // `start` waits for the lock of rounds, so it runs in a task of its own.
                    room.tasks().spawn(async move { _ = starting.start().await });
                    return;
                }
                sleep(TICK).await;
            }
            room.show_all();
        });
        Ok(())
    }

    /// Seconds until the next round begins, if they are being counted down.
    pub fn starts_in_s(&self) -> Option<f64> {
        self.countdown().map(|begins| begins.saturating_duration_since(Instant::now()).as_secs_f64())
    }
}

/// The expected and the actual result of a remedy, for the record.
pub(crate) fn expected_and_came(one: &Expectation) -> String {
    let expected = match &one.expected {
        None => "nobody said what to expect".to_owned(),
        Some(expected) => {
            let because = expected.words.as_ref().map_or_else(String::new, |words| format!(" ({words})"));
            format!("expected: {}{because}", expected.outlook.words())
        }
    };
    format!("{}: {expected}; came: {}", one.remedy, one.came.map_or("not seen", Outlook::words))
}

/// Whether the record shows that a pending remedy was carried out.
fn was_done(team_world: &TeamWorld, pending: &Pending) -> bool {
    let record = team_world.world.record();
    let mut events = record.events().iter().filter(|event| event.story_s >= pending.due_story_s);
    events.any(|event| matches!(&event.kind, EventKind::Remedy(remedy) if *remedy == pending.remedy))
}
