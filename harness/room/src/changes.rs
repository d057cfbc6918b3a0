//! Changes to a session other than joining and leaving ([`seats`](crate::seats)) and a team's own work ([`work`](crate::work)): rounds begin and
//! end, the facilitator plans and helps, and the clock triggers what is due. Each method takes the session from one of the `for_...` methods of
//! [`Change`], which says whose pages to refresh.

use chassis::Problem;
use debrief::session::ACTIONS;
use diagnosis::operating::Line;
use incident::Level;
use report::session::{Action, Feedback};
use world::play::STARTS_STORY_S;

use crate::{
    limits::{FEEDBACK_MAX, MARKS_MAX, QUESTIONS_MAX, full},
    plan::{MINUTES_RANGE, ROUNDS_MAX},
    played::{Expected, Moment, Pending, Played},
    roles::{Role, taken},
    session::{Mark, Phase, Purpose, Round, Seat, Session, conflict, not_found},
    state::Change,
    ticket::Ticket,
    voices::{UPDATE, UPDATE_WITHIN_S, Voice},
};

const BEGINS: &str = "The shop is open. It is 07:45, an ordinary morning.";

const OVER: &str = "The round is over. The explanation that you handed in last counts.";

/// Warnings before a round ends: the wall-clock seconds left, and the text.
pub(crate) const WARNINGS: [(f64, &str); 2] = [
    (180.0, "Three minutes are left. Write down what you can explain, and pin the evidence."),
    (60.0, "One minute is left. Hand in your explanation as it stands."),
];

/// The line in a team's log after a restart of the room.
const RESTARTED: &str =
    "The room was restarted. Clock, loss and your notes are as they were; evidence from before is gone.";

/// Records how many people a team has if that is its maximum so far, and assigns somebody to every line of support.
pub(crate) fn count_people(session: &mut Session, team: u32) {
    let people = session.members(team).len();
    if session.is_under_way()
        && let Ok(played) = session.played_mut(team)
    {
        played.people = played.people.max(people);
        if played.ticket.is_some() {
            session.deal_lines(team);
        }
    }
}

/// The round under way, to change when it ends. Every page shows that.
fn round_under_way<'a>(change: &'a mut Change<'_>) -> Result<&'a mut Round, Problem> {
    let current = change.current.filter(|_| change.is_under_way());
    let current = current.ok_or_else(|| conflict("No round is under way."))?;
    Ok(&mut change.for_everybody().plan[current])
}

impl Change<'_> {
    // ---- Rounds -------------------------------------------------------------------------------------------------------------------

    pub(crate) fn begin_round(&mut self, place: usize) {
        let session = self.for_everybody();
        session.ready.clear();
        let round = session.plan[place].clone();
        for (number, assigned) in (1..).zip(&round.assigned) {
            let plays_lines = session.plays_lines(number, round.operating_model);
            if plays_lines {
                session.deal_lines(number);
            }
            let mut played = Played::new(place, assigned.level, round.operating_model);
            played.people = session.members(number).len();
            played.ticket = plays_lines.then(|| Ticket::new(assigned));
            let commander = session.holder(number, Role::Commander).filter(|_| !plays_lines);
            let commands = commander.map(|seat| taken(None, Some(seat.alias.clone()), STARTS_STORY_S));
            played.commands.extend(commands);
            // In a short round, skip the warnings that would come in its first half.
            played.warned = WARNINGS.iter().filter(|(left_s, _)| *left_s > round.minutes * 30.0).count();
            played.tell(Moment { at_s: 0.0, story_s: STARTS_STORY_S }, "note", BEGINS, None);
            if let Ok(team) = session.team_mut(number) {
                team.played.push(played);
            }
        }
        (session.phase, session.current) = (Phase::Running, Some(place));
    }

    /// After a restart of the room: pauses the round that was under way, and notes the restart in the team's log.
    pub(crate) fn come_back(&mut self, team: u32, now: Moment) {
        self.for_everybody().phase = Phase::Paused;
        self.tend(team, |played| played.tell(now, "note", RESTARTED, None));
    }

    pub(crate) fn pause(&mut self, paused: bool) -> Result<(), Problem> {
        let (from, to) =
            if paused { (Phase::Running, Phase::Paused) } else { (Phase::Paused, Phase::Running) };
        if self.phase != from {
            return Err(conflict(if paused { "No round is running." } else { "No round is paused." }));
        }
        self.for_everybody().phase = to;
        Ok(())
    }

    pub(crate) fn extend(&mut self, minutes: f64) -> Result<(), Problem> {
        let round = round_under_way(self)?;
        round.minutes = (round.minutes + minutes).min(MINUTES_RANGE.1);
        Ok(())
    }

    /// Makes the round under way end `minutes` wall-clock minutes from now, in place of its planned end.
    pub(crate) fn end_in(&mut self, minutes: f64, now: Moment) -> Result<(), Problem> {
        let round = round_under_way(self)?;
        round.minutes = (now.story_s - STARTS_STORY_S) / round.speed / 60.0 + minutes;
        Ok(())
    }

    /// Records whether a team is ready for the next round.
    pub(crate) fn ready(&mut self, team: u32, is_ready: bool) -> Result<(), Problem> {
        self.team(team)?;
        if self.is_under_way() {
            return Err(conflict("A round is under way."));
        }
        let ready = &mut self.for_team(team).ready;
        _ = if is_ready { ready.insert(team) } else { ready.remove(&team) };
        Ok(())
    }

    /// Ends the round under way, and cancels pending remedies and handovers. Returns the round's place in the plan.
    pub(crate) fn end_round(&mut self) -> Result<usize, Problem> {
        if !self.is_under_way() {
            return Err(conflict("No round is under way."));
        }
        let session = self.for_everybody();
        // A person who rehearses alone needs no facilitator to open the answers.
        session.phase = if session.purpose == Purpose::Solo { Phase::Debrief } else { Phase::Over };
        let place = session.current.unwrap_or_default();
        let playing = session.teams.iter_mut().flat_map(|team| &mut team.played);
        for played in playing.filter(|played| played.round == place) {
            (played.pending, played.handover_story_s) = (None, None);
            let when = played.log.last().map_or(played.now, |line| {
                if line.when.at_s > played.now.at_s { line.when } else { played.now }
            });
            played.tell(when, "notice", OVER, None);
        }
        Ok(place)
    }

    pub(crate) fn reveal(&mut self) -> Result<(), Problem> {
        match self.phase {
            Phase::Lobby => Err(conflict("Nothing has happened yet.")),
            Phase::Running | Phase::Paused => Err(conflict("A round is under way; end it first.")),
            Phase::Over | Phase::Debrief => {
                self.for_everybody().phase = Phase::Debrief;
                Ok(())
            }
        }
    }

    pub(crate) fn add_round(&mut self, round: Round) -> Result<(), Problem> {
        if self.plan.len() >= ROUNDS_MAX {
            return Err(conflict(format!("A session has at most {ROUNDS_MAX} rounds.")));
        }
        self.for_everybody().plan.push(round);
        Ok(())
    }

    /// Replaces a round that has not begun.
    pub fn change_round(&mut self, number: usize, round: Round) -> Result<(), Problem> {
        self.not_begun(number)?;
        self.for_everybody().plan[number] = round;
        Ok(())
    }

    pub(crate) fn remove_round(&mut self, number: usize) -> Result<(), Problem> {
        self.not_begun(number)?;
        self.for_everybody().plan.remove(number);
        Ok(())
    }

    fn not_begun(&self, number: usize) -> Result<(), Problem> {
        if number >= self.plan.len() {
            return Err(not_found("There is no such round."));
        }
        match self.next_round() {
            Some(next) if number >= next => Ok(()),
            _ => Err(conflict("This round has begun.")),
        }
    }

    // ---- What the facilitator does ------------------------------------------------------------------------------------------------

    /// Gives a team the next hint of its ladder. Returns none if the team has all of them.
    pub(crate) fn hint(
        &mut self,
        team: u32,
        ladder: &[String],
        now: Moment,
    ) -> Result<Option<String>, Problem> {
        let Some(text) = ladder.get(self.playing(team)?.hints) else { return Ok(None) };
        let played = self.for_team(team).played_mut(team)?;
        played.hints += 1;
        played.tell(now, "hint", text, None);
        Ok(Some(text.clone()))
    }

    /// Asks all of these teams a question, or none of them if one has no room for it. With `within_s` the answer is due, in wall-clock seconds.
    pub(crate) fn ask_from_outside(
        &mut self,
        teams: &[(u32, Moment)],
        said: (Voice, &str),
        within_s: Option<f64>,
    ) -> Result<(), Problem> {
        for (team, _) in teams {
            self.playing(*team)?.may_be_asked(said.1)?;
        }
        let speed = self.round().map_or(1.0, |round| round.speed);
        for (team, now) in teams {
            let due_story_s = within_s.map(|within_s| now.story_s + within_s * speed);
            if let Ok(played) = self.for_team(*team).played_mut(*team) {
                played.ask_from_outside(*now, said, due_story_s);
            }
        }
        Ok(())
    }

    /// Sends a message to all of these teams, or to none.
    pub(crate) fn message(&mut self, teams: &[(u32, Moment)], said: (Voice, &str)) -> Result<(), Problem> {
        for (team, _) in teams {
            self.played(*team).ok_or_else(|| conflict("No round has begun."))?.may_be_told()?;
        }
        for (team, now) in teams {
            if let Ok(played) = self.for_team(*team).played_mut(*team) {
                played.hear(*now, "message", said);
            }
        }
        Ok(())
    }

    pub(crate) fn mark(&mut self, story: String, text: String, by: Option<String>) -> Result<(), Problem> {
        let round = self.current.ok_or_else(|| conflict("No round has begun."))?;
        if self.marks.len() >= MARKS_MAX {
            return Err(full(format!("A session has at most {MARKS_MAX} marks.")));
        }
        self.for_desk().marks.push(Mark { round, story, text, by });
        Ok(())
    }

    /// Raises a team's telemetry level, and returns whether that changed it. A level never falls: what people have seen cannot be taken back.
    pub(crate) fn raise_level(&mut self, team: u32, level: Level, now: Moment) -> Result<bool, Problem> {
        if level <= self.playing(team)?.level {
            return Ok(false);
        }
        let played = self.for_team(team).played_mut(team)?;
        played.level = level;
        let text = format!(
            "From now on the shop tells more: level '{level}'. It sends nothing about what happened before."
        );
        played.tell(now, "level", text, None);
        Ok(true)
    }

    pub(crate) fn rename(&mut self, team: u32, name: String) -> Result<(), Problem> {
        self.team(team)?;
        self.for_team(team).team_mut(team)?.name = name;
        Ok(())
    }

    /// Sets the backend that also receives a team's telemetry; none removes it.
    pub(crate) fn forward(&mut self, team: u32, endpoint: Option<String>) -> Result<(), Problem> {
        self.team(team)?;
        self.for_desk().team_mut(team)?.forward = endpoint;
        Ok(())
    }

    // ---- What is due --------------------------------------------------------------------------------------------------------------

    /// Applies `tend` to a team's current round. Refreshes the team's pages only if that changed anything.
    pub(crate) fn tend<T>(&mut self, team: u32, tend: impl FnOnce(&mut Played) -> T) -> Option<T> {
        let before = self.played(team)?;
        let mut after = before.clone();
        let outcome = tend(&mut after);
        if after != *before {
            *self.for_team(team).played_mut(team).ok()? = after;
        }
        Some(outcome)
    }

    pub(crate) fn clocks(&mut self, team: u32, now: Moment) {
        if let Ok(played) = self.for_next_tick().played_mut(team) {
            played.now = now;
        }
    }

    // ---- After the rounds ---------------------------------------------------------------------------------------------------------

    /// Replaces the actions that a participant takes home.
    pub(crate) fn note_actions(&mut self, seat: u32, actions: &[Action]) -> Result<(), Problem> {
        if actions.len() > ACTIONS {
            return Err(conflict(format!(
                "Choose {ACTIONS} actions: more are a list that nobody works off."
            )));
        }
        own_seat(self.for_desk(), seat)?.actions = actions.to_vec();
        Ok(())
    }

    /// Records a participant's feedback on the session, once. The answers are kept sorted, so that neither position nor time reveals their authors.
    pub(crate) fn give_feedback(&mut self, seat: u32, feedback: Feedback) -> Result<(), Problem> {
        if self.feedback.len() >= FEEDBACK_MAX {
            return Err(full(format!("A session keeps at most {FEEDBACK_MAX} answers.")));
        }
        let session = self.for_desk();
        let own = own_seat(session, seat)?;
        if own.has_said {
            return Err(conflict(
                "You have answered already; an answer without a name cannot be found again.",
            ));
        }
        own.has_said = true;
        let all = &mut session.feedback;
        let place = all.partition_point(|other| *other <= feedback);
        all.insert(place, feedback);
        Ok(())
    }

    /// Spends the one repair of a team's round; without `round`, of its last scored round. `argued` has the time and the author if the team argued
    /// for the repair during the round.
    pub(crate) fn spend_repair(
        &mut self,
        team: u32,
        round: Option<usize>,
        repair: &str,
        (expected, argued): (Option<&Expected>, Option<(f64, String)>),
    ) -> Result<(), Problem> {
        let counts = |played: &&Played| self.plan.get(played.round).is_some_and(|round| !round.practice);
        let mut scored = self.team(team)?.played.iter().filter(counts);
        let played = match round {
            Some(round) => scored.find(|played| played.round == round),
            None => scored.next_back(),
        };
        let played = played.ok_or_else(|| not_found("There is no such round to spend a repair on."))?;
        if let Some(spent) = &played.repair {
            return Err(conflict(format!("This round's repair has been spent, on {spent}.")));
        }
        let round = played.round;
        let all = &mut self.for_team(team).team_mut(team)?.played;
        for played in all.iter_mut().filter(|played| played.round == round) {
            played.repair = Some(repair.to_owned());
            played.repair_expected = expected.cloned();
            played.argued.clone_from(&argued);
        }
        Ok(())
    }
}

fn own_seat(session: &mut Session, id: u32) -> Result<&mut Seat, Problem> {
    session.seats.iter_mut().find(|seat| seat.id == id).ok_or_else(|| not_found("There is no such seat."))
}

impl Played {
    /// Lets the next line of support take over, and returns that line.
    pub(crate) fn take_over(&mut self, now: Moment) -> Line {
        self.handover_story_s = None;
        self.line = self.line.next();
        self.tell(now, "handover", format!("{} has taken over", self.line.name()), None);
        self.line
    }

    /// Asks for the status update that is due by the round's plan. Skips it while customers are served, while an earlier update is unanswered, and
    /// when scheduled updates would leave no room for the facilitator's own questions.
    pub(crate) fn ask_for_update(&mut self, now: Moment, speed: f64, is_lost: bool) {
        self.updates_asked += 1;
        let is_open = self.questions.iter().any(|one| one.due_story_s.is_some() && one.answer.is_none());
        let is_left = self.questions.len() < QUESTIONS_MAX / 2 && self.may_be_asked(UPDATE).is_ok();
        if is_lost && !is_open && is_left {
            let due_story_s = Some(now.story_s + UPDATE_WITHIN_S * speed);
            self.ask_from_outside(now, (Voice::Director, UPDATE), due_story_s);
        }
    }

    pub(crate) fn warn(&mut self, now: Moment, ends_in_s: f64) {
        let due = WARNINGS.iter().skip(self.warned).take_while(|(left_s, _)| ends_in_s <= *left_s).count();
        if due > 0 {
            self.warned += due;
            self.tell(now, "notice", WARNINGS[self.warned - 1].1, None);
        }
    }

    /// Ends the pending remedy, and tells the team its result. `is_done` says whether the remedy was carried out.
    pub(crate) fn end_remedy(&mut self, now: Moment, (text, is_done): (&str, bool), by: &str) {
        if let Some(Pending { remedy, .. }) = self.pending.take()
            && let Some(last) = self.expectations.iter_mut().rfind(|one| one.remedy == remedy && is_done)
        {
            last.done = Some(now);
        }
        self.tell(now, "remedy", text, Some(by));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_is_hurried_in_the_first_half_of_a_short_round() {
        let mut session = Session::new(3, 1, &BTreeSet::new());
        session.plan[0].minutes = 4.0;
        let mut change = Change::of(&mut session);
        change.begin_round(0);
        for ends_in_s in [179.0, 121.0, 59.0] {
            change.tend(1, |played| played.warn(Moment::default(), ends_in_s));
        }
        let log = &session.teams[0].played[0].log;
        let notices: Vec<&str> =
            log.iter().filter(|line| line.kind == "notice").map(|line| line.text.as_str()).collect();
        assert_eq!(notices, [WARNINGS[1].1]);
    }

    #[test]
    fn teams_are_warned_twice_before_a_round_ends_and_told_that_it_is_over() {
        let mut session = Session::new(3, 2, &BTreeSet::new());
        let mut change = Change::of(&mut session);
        change.begin_round(1);
        for ends_in_s in [900.0, 179.0, 100.0, 59.0, 10.0] {
            change.tend(1, |played| played.warn(Moment::default(), ends_in_s));
        }
        change.end_round().unwrap();
        let notices = |team: u32| {
            let log = &session.teams[team as usize - 1].played[0].log;
            log.iter().filter(|line| line.kind == "notice").map(|line| line.text.clone()).collect::<Vec<_>>()
        };
        assert_eq!(notices(1), [WARNINGS[0].1, WARNINGS[1].1, OVER]);
        assert_eq!(notices(2), [OVER]);
    }

    #[test]
    fn readiness_lasts_until_the_next_round_begins() {
        let mut session = Session::new(3, 2, &BTreeSet::new());
        let mut change = Change::of(&mut session);
        change.ready(2, true).unwrap();
        assert!(change.ready.contains(&2));
        change.begin_round(0);
        assert!(change.ready.is_empty() && change.ready(1, true).is_err());
    }
}
