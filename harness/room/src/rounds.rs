//! Rounds: how one begins, stands still, goes on and ends, and what happens in each team's world while it runs. Teaches that what a team
//! is told is what telemetry and customers say, and nothing else.

use std::{io, sync::Arc, time::Duration};

use chassis::{Blocking, Problem};
use futures_util::future::join_all;
use http::StatusCode;
use incident::{EventKind, Level, Remedy};
use tokio::time::sleep;
use world::play::STARTS_STORY_S;

use crate::{
    floor::{Figures, Floor, Gap, Opening, State},
    room::Room,
    session::{Moment, Pending, Phase, Played, conflict},
};

/// How often a world is looked after.
const TICK: Duration = Duration::from_millis(500);

/// What a team is asked that has restored before its time is over.
pub const QUESTION: &str = "Customers are served again, and there is time left. What else contributed, besides what set it off? \
    What would have made it smaller or shorter, and how do you know?";

/// What is said at the beginning of a round.
const BEGINS: &str = "The shop is open. It is 07:45, an ordinary morning.";

/// What a team finds in its log after the room was restarted.
const RESTARTED: &str =
    "The room was restarted. Clock, loss and your notes are as they were; evidence from before is gone.";

impl Room {
    /// Begins the next round.
    ///
    /// # Errors
    ///
    /// When one is under way, none is left, or a world does not start.
    pub async fn start(&self) -> Result<(), Problem> {
        let _turn = self.turn().await;
        let (place, session) = {
            let session = self.session();
            if matches!(session.phase, Phase::Running | Phase::Paused) {
                return Err(conflict("A round is under way; end it first."));
            }
            let place =
                session.next_round().ok_or_else(|| conflict("There is no further round; add one."))?;
            (place, session.clone())
        };
        // Live worlds need the machine; what a debrief still computes can wait.
        self.debrief().rest();
        let round = &session.plan[place];
        let mut floors = Vec::new();
        for (team, assigned) in session.teams.iter().zip(&round.assigned) {
            let opening =
                Opening { team, round: (place, round), assigned, before: None, views: self.views() };
            floors.push((
                Arc::new(Floor::open(opening).await.map_err(|error| broken(&error))?),
                assigned.level,
            ));
        }
        {
            let mut session = self.session();
            session.phase = Phase::Running;
            session.current = Some(place);
            for (floor, level) in &floors {
                let mut played = Played::new(place, *level, round.operating_model);
                played.tell(Moment { at_s: 0.0, story_s: STARTS_STORY_S }, "note", BEGINS, None);
                session.team_mut(floor.team)?.played.push(played);
            }
        }
        self.put_in(floors.into_iter().map(|(floor, _)| floor).collect());
        self.changed();
        Ok(())
    }

    /// Opens the worlds of a round that was under way when the room ended.
    pub(crate) async fn open_again(&self) -> io::Result<()> {
        let session = self.session().clone();
        let (Some(place), Phase::Running | Phase::Paused) = (session.current, session.phase) else {
            return Ok(());
        };
        let round = &session.plan[place];
        let mut floors = Vec::new();
        for (team, assigned) in session.teams.iter().zip(&round.assigned) {
            let record = self.store().record(team.number, place)?;
            let before = session.played(team.number).map(|played| (played, record));
            let opening = Opening { team, round: (place, round), assigned, before, views: self.views() };
            floors.push(Arc::new(Floor::open(opening).await?));
        }
        {
            let mut session = self.session();
            session.phase = Phase::Paused;
            for floor in &floors {
                let now = floor.now();
                if let Ok(played) = session.playing(floor.team) {
                    // Done, and the room ended before it could say so.
                    let is_done = |pending: &mut Pending| was_done(floor, pending);
                    if let Some(pending) = played.pending.take_if(is_done) {
                        played.tell(now, "remedy", format!("done: {}", pending.remedy), Some(&pending.by));
                    }
                    played.tell(now, "note", RESTARTED, None);
                }
            }
        }
        self.put_in(floors);
        Ok(())
    }

    fn put_in(&self, floors: Vec<Arc<Floor>>) {
        let new = floors.iter().map(|floor| (floor.team, Arc::clone(floor))).collect();
        let old = std::mem::replace(&mut *self.floors(), new);
        self.tasks().spawn(async move {
            for floor in old.into_values() {
                floor.close().await;
            }
        });
        for floor in floors {
            // From now on; many shops take their time to open.
            floor.looked_after();
            self.tasks().spawn(self.clone().look_after(floor));
        }
    }

    /// Lets all clocks and customers stand still, or go on.
    ///
    /// # Errors
    ///
    /// When there is nothing to pause or to go on with.
    pub async fn pause(&self, paused: bool) -> Result<(), Problem> {
        let _turn = self.turn().await;
        let (from, to) =
            if paused { (Phase::Running, Phase::Paused) } else { (Phase::Paused, Phase::Running) };
        {
            let mut session = self.session();
            if session.phase != from {
                return Err(conflict(if paused { "No round is running." } else { "No round is paused." }));
            }
            session.phase = to;
        }
        self.floors().values().for_each(|floor| floor.world.pause(paused));
        self.changed();
        Ok(())
    }

    /// Ends the round that is under way. `broken_off` says why, if it is not complete: then every shop has been put back as it was at
    /// first when this returns, and whatever was under way or still to come no longer happens.
    ///
    /// # Errors
    ///
    /// When none is.
    pub async fn end(&self, broken_off: Option<&str>) -> Result<(), Problem> {
        let _turn = self.turn().await;
        let place = {
            let mut session = self.session();
            if !matches!(session.phase, Phase::Running | Phase::Paused) {
                return Err(conflict("No round is under way."));
            }
            session.phase = Phase::Over;
            let place = session.current.unwrap_or_default();
            let playing = session.teams.iter_mut().flat_map(|team| &mut team.played);
            for played in playing.filter(|played| played.round == place) {
                played.pending = None;
                played.handover_story_s = None;
            }
            place
        };
        let floors: Vec<_> = self.floors().values().cloned().collect();
        for floor in &floors {
            floor.world.pause(true);
        }
        if let Some(why) = broken_off {
            join_all(floors.iter().map(|floor| self.break_off(floor, why))).await;
        }
        for floor in &floors {
            // As it stands; whoever still waits for a page comes into it below.
            self.keeping().owe(floor.team, place, floor.record());
        }
        self.changed();
        for floor in floors {
            let room = self.clone();
            self.tasks().spawn(async move {
                // Those who still wait are part of the record.
                floor.world.empty().await;
                let record = floor.record();
                room.keeping().owe(floor.team, place, record);
                room.changed();
            });
        }
        Ok(())
    }

    /// Puts one team's shop back, and tells the team.
    async fn break_off(&self, floor: &Floor, why: &str) {
        floor.world.note(EventKind::Aborted { text: why.to_owned() });
        match floor.world.reset().await {
            Ok(()) => self.tell(floor.team, "note", why, None),
            Err(error) => {
                let text = format!("This round was broken off; the shop could not be put back: {error}");
                self.tell(floor.team, "note", &text, None);
            }
        }
    }

    /// Opens the answers to everybody.
    ///
    /// # Errors
    ///
    /// While a round is under way, or before the first.
    pub fn reveal(&self) -> Result<(), Problem> {
        let mut session = self.session();
        match session.phase {
            Phase::Over | Phase::Debrief => session.phase = Phase::Debrief,
            Phase::Lobby => return Err(conflict("Nothing has happened yet.")),
            Phase::Running | Phase::Paused => return Err(conflict("A round is under way; end it first.")),
        }
        drop(session);
        self.changed();
        Ok(())
    }

    /// Writes a line into a team's log.
    pub fn tell(&self, team: u32, kind: &str, text: &str, by: Option<&str>) {
        let now = self.floor(team).map(|floor| floor.now()).unwrap_or_default();
        if let Ok(played) = self.session().played_mut(team) {
            played.tell(now, kind, text, by);
        }
    }

    /// Raises a team's telemetry level, from now on. Who has it already, or a higher one, keeps it: what people have seen cannot be
    /// taken back.
    ///
    /// # Errors
    ///
    /// When the team does not play.
    pub fn raise_level(&self, team: u32, level: Level) -> Result<(), Problem> {
        {
            let mut session = self.session();
            let playing = session.playing(team)?;
            if level <= playing.level {
                return Ok(());
            }
            playing.level = level;
        }
        if let Some(floor) = self.floor(team) {
            floor.world.shop().set_level(level);
            let text = format!("telemetry level set to {level}");
            floor.world.note(EventKind::Note { text });
        }
        let text = format!(
            "From now on the shop tells more: level '{level}'. What it did not tell before stays untold."
        );
        self.tell(team, "level", &text, None);
        Ok(())
    }

    /// Looks after one world until its round is over.
    async fn look_after(self, floor: Arc<Floor>) {
        loop {
            sleep(TICK).await;
            let is_here = self.floor(floor.team).is_some_and(|known| Arc::ptr_eq(&known, &floor));
            let (phase, round) = {
                let session = self.session();
                (session.phase, session.round().cloned())
            };
            let Some(round) = round.filter(|_| is_here) else { return };
            if let Some(gap) = floor.looked_after()
                && phase == Phase::Running
            {
                self.stood_still(&floor, gap);
                continue;
            }
            let firing = {
                // A question that takes long holds the store up, and whoever waits for it: not a thread that serves.
                let floor = Arc::clone(&floor);
                Blocking::Pool
                    .run(move || floor.evidence.alerts().rules.iter().any(|alert| alert.firing))
                    .await
            };
            let figures = floor.reckon(&round);
            match phase {
                Phase::Running => self.go_on(&floor, &figures, firing),
                Phase::Paused => {}
                Phase::Lobby | Phase::Over | Phase::Debrief => return,
            }
            if phase == Phase::Running && figures.ends_in_s <= 0.0 {
                let room = self.clone();
                // Ending waits for its turn; who looks after a world must not.
                self.tasks().spawn(async move { room.end(None).await });
                return;
            }
        }
    }

    /// Leaves out a time in which the process stood still, in every world, and pauses: nobody knows what the class did meanwhile.
    fn stood_still(&self, floor: &Floor, gap: Gap) {
        let floors: Vec<_> = self.floors().values().cloned().collect();
        {
            let mut session = self.session();
            if session.phase != Phase::Running {
                return;
            }
            session.phase = Phase::Paused;
        }
        for other in floors {
            let from_s = if other.team == floor.team { Some(gap) } else { other.looked_after() };
            other.world.pause_from(from_s.map_or_else(|| other.world.at_s(), |gap| gap.from_s), true);
            let text = format!(
                "The room's machine stood still for {:.0} s. That time is left out; the round is paused until the facilitator resumes it.",
                gap.to_s - gap.from_s
            );
            self.tell(other.team, "note", &text, None);
        }
        self.changed();
    }

    /// What is due now in one world.
    fn go_on(&self, floor: &Arc<Floor>, figures: &Figures, firing: bool) {
        let done;
        {
            let mut session = self.session();
            let Ok(played) = session.playing(floor.team) else { return };
            while let Some((steps_done, step)) = floor.due(played.steps_done, figures.now) {
                played.steps_done = steps_done;
                let (doings, floor) = (floor.world.doings(), Arc::clone(floor));
                doings.spawn(async move {
                    if let Err(error) = floor.world.happen(&step).await {
                        floor.world.note(EventKind::Note { text: format!("it did not happen: {error}") });
                    }
                });
            }
            if !floor.is_called()
                && let Some(call) = floor.call(figures, played.level, firing)
            {
                floor.world.note(call);
            }
            for call in floor.calls() {
                match call {
                    EventKind::Alerted { text } => played.tell(figures.now, "alert", text, None),
                    EventKind::CustomerComplaint { text } => {
                        played.tell(figures.now, "complaint", text, None);
                    }
                    _ => {}
                }
            }
            if played.handover_story_s.is_some_and(|due_s| due_s <= figures.now.story_s) {
                played.handover_story_s = None;
                played.line += 1;
                let to = played.line().name();
                played.tell(figures.now, "handover", format!("{to} has taken over"), None);
                floor.world.note(EventKind::Escalated { to: to.to_owned() });
            }
            if figures.state == State::Restored && !played.asked {
                played.asked = true;
            }
            let due = played.pending.as_ref().filter(|pending| pending.due_story_s <= figures.now.story_s);
            // It stays in the session until it is done, so that a crash does not lose it. The doings are taken under the same lock
            // under which a round ends: what comes after that never begins.
            done = due.filter(|_| floor.may_act()).map(|pending| (pending.clone(), floor.world.doings()));
        }
        if let Some((pending, doings)) = done {
            let (room, floor) = (self.clone(), Arc::clone(floor));
            doings.spawn(async move { room.act(&floor, pending.remedy, &pending.by).await });
        }
    }

    async fn act(&self, floor: &Floor, remedy: Remedy, by: &str) {
        let words = remedy.to_string();
        let text = match floor.world.act(remedy).await {
            Ok(()) => format!("done: {words}"),
            Err(error) => format!("could not {words}: {error}"),
        };
        if let Ok(played) = self.session().played_mut(floor.team) {
            played.pending = None;
            played.tell(floor.now(), "remedy", text, Some(by));
        }
        floor.acted();
        self.changed_in(floor.team);
    }
}

/// Whether the record says that a remedy was carried out after it had become due.
fn was_done(floor: &Floor, pending: &Pending) -> bool {
    let record = floor.world.record();
    let mut events = record.events().iter().filter(|event| event.story_s >= pending.due_story_s);
    events.any(|event| matches!(&event.kind, EventKind::Remedy(remedy) if *remedy == pending.remedy))
}

fn broken(error: &io::Error) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("A shop does not start: {error}"))
}
