//! What happens to a session besides people coming and going ([`seats`](crate::seats)) and a team's own work ([`work`](crate::work)): rounds
//! begin and end, the facilitator plans and helps, and the clock brings what is due. Each method says whose pages change, by the door of
//! [`Change`] that it takes.

use std::collections::BTreeMap;

use chassis::Problem;
use diagnosis::operating::Line;
use incident::Level;
use world::play::STARTS_STORY_S;

use crate::{
    limits::{MARKS_MAX, QUESTIONS_MAX, full},
    plan::{MINUTES_RANGE, ROUNDS_MAX},
    played::{Expectation, Expected, Moment, Pending, Played},
    roles::{Command, Role},
    session::{Mark, Phase, Purpose, Round, Seat, Session, Team, conflict, not_found},
    state::Change,
    ticket::Ticket,
    voices::{UPDATE, UPDATE_WITHIN_S, Voice},
    work::Outside,
};

/// What is said at the beginning of a round.
const BEGINS: &str = "The shop is open. It is 07:45, an ordinary morning.";

/// What is said when it is over.
const OVER: &str = "The round is over. What you submitted last counts.";

/// With how many wall-clock seconds left what is said.
pub(crate) const WARNINGS: [(f64, &str); 2] = [
    (180.0, "Three minutes are left. Write down what you can explain, and pin the evidence."),
    (60.0, "One minute is left. Submit your explanation as it stands."),
];

/// What a team finds in its log after the room was restarted.
const RESTARTED: &str =
    "The room was restarted. Clock, loss and your notes are as they were; evidence from before is gone.";

/// Notes how many people a team has now, if that is the most so far, and leaves no line of support without anybody.
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

impl Change<'_> {
    // ---- Rounds -------------------------------------------------------------------------------------------------------------------

    pub(crate) fn begin_round(&mut self, place: usize) {
        let session = self.for_everybody();
        session.ready.clear();
        let people = |team: &Team| {
            let plays_lines = session.plays_lines(team.number, session.plan[place].operating_model);
            (team.number, session.members(team.number).len(), plays_lines)
        };
        let people: Vec<_> = session.teams.iter().map(people).collect();
        for (number, ..) in people.iter().filter(|(_, _, plays_lines)| *plays_lines) {
            session.deal_lines(*number);
        }
        let commander = |seat: &Seat| Some((seat.team?, seat.alias.clone()));
        let mut commanders: BTreeMap<u32, String> = session
            .seats
            .iter()
            .filter(|seat| seat.roles.contains(&Role::Commander))
            .filter_map(commander)
            .collect();
        let round = &session.plan[place];
        for ((team, assigned), (_, people, plays_lines)) in
            session.teams.iter_mut().zip(&round.assigned).zip(people)
        {
            let mut played = Played::new(place, assigned.level, round.operating_model);
            played.people = people;
            played.ticket = plays_lines.then(|| Ticket::new(assigned));
            let commander = commanders.remove(&team.number).filter(|_| !plays_lines);
            played.commands.extend(commander.map(|alias| Command::taken(None, Some(alias), STARTS_STORY_S)));
            // In the first half of a short round there is nothing to hurry with.
            played.warned = WARNINGS.iter().filter(|(left_s, _)| *left_s > round.minutes * 30.0).count();
            played.tell(Moment { at_s: 0.0, story_s: STARTS_STORY_S }, "note", BEGINS, None);
            team.played.push(played);
        }
        (session.phase, session.current) = (Phase::Running, Some(place));
    }

    /// Pauses a round that was under way when the room ended, and writes that into the team's log.
    pub(crate) fn come_back(&mut self, team: u32, now: Moment) {
        self.for_everybody().phase = Phase::Paused;
        self.tell(team, now, "note", RESTARTED, None);
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
        let current = self.current.filter(|_| self.is_under_way());
        let current = current.ok_or_else(|| conflict("No round is under way."))?;
        let round = &mut self.for_everybody().plan[current];
        round.minutes = (round.minutes + minutes).min(MINUTES_RANGE.1);
        Ok(())
    }

    /// Has the round that is under way end so many wall-clock minutes after now, in place of when it was planned to.
    pub(crate) fn end_in(&mut self, minutes: f64, now: Moment) -> Result<(), Problem> {
        let current = self.current.filter(|_| self.is_under_way());
        let current = current.ok_or_else(|| conflict("No round is under way."))?;
        let round = &mut self.for_everybody().plan[current];
        round.minutes = (now.story_s - STARTS_STORY_S) / round.speed / 60.0 + minutes;
        Ok(())
    }

    /// Notes whether a team is ready for the next round.
    pub(crate) fn ready(&mut self, team: u32, is_ready: bool) -> Result<(), Problem> {
        self.team(team)?;
        if self.is_under_way() {
            return Err(conflict("A round is under way."));
        }
        let session = self.for_team(team);
        if is_ready {
            session.ready.insert(team)
        } else {
            session.ready.remove(&team)
        };
        Ok(())
    }

    /// Ends the round that is under way, and whatever is still to come in it. Answers with its place in the plan.
    pub(crate) fn end_round(&mut self) -> Result<usize, Problem> {
        if !self.is_under_way() {
            return Err(conflict("No round is under way."));
        }
        let session = self.for_everybody();
        // Who is alone waits for nobody to open the answers.
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

    /// Opens the answers to everybody.
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

    /// Gives a team the next hint of its ladder; none if it has all of them.
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

    /// Asks all of these teams, or none, something that they are to answer; within so many seconds of theirs if it is due.
    pub(crate) fn ask_from_outside(
        &mut self,
        teams: &[(u32, Moment)],
        (voice, text): (Voice, &str),
        within_s: Option<f64>,
    ) -> Result<(), Problem> {
        for (team, _) in teams {
            self.playing(*team)?.may_be_asked(text)?;
        }
        let speed = self.round().map_or(1.0, |round| round.speed);
        for (team, now) in teams {
            let due_story_s = within_s.map(|within_s| now.story_s + within_s * speed);
            if let Ok(played) = self.for_team(*team).played_mut(*team) {
                played.ask_from_outside(&Outside { voice, text, due_story_s }, *now);
            }
        }
        Ok(())
    }

    /// Sends a message to all of these teams, or to none.
    pub(crate) fn message(
        &mut self,
        teams: &[(u32, Moment)],
        (voice, text): (Voice, &str),
    ) -> Result<(), Problem> {
        for (team, _) in teams {
            self.played(*team).ok_or_else(|| conflict("No round has begun."))?.may_be_told()?;
        }
        for (team, now) in teams {
            if let Ok(played) = self.for_team(*team).played_mut(*team) {
                played.hear(*now, "message", &Outside::of(voice, text));
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

    /// Raises a team's telemetry level, and says whether it was lower: what people have seen cannot be taken back.
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

    /// Names the backend that also receives a team's telemetry.
    pub(crate) fn forward(&mut self, team: u32, endpoint: Option<String>) -> Result<(), Problem> {
        self.team(team)?;
        self.for_desk().team_mut(team)?.forward = endpoint;
        Ok(())
    }

    // ---- What is due --------------------------------------------------------------------------------------------------------------

    /// Writes a line into a team's log of the current round.
    pub fn tell(&mut self, team: u32, now: Moment, kind: &str, text: &str, by: Option<&str>) {
        if let Ok(played) = self.for_team(team).played_mut(team) {
            played.tell(now, kind, text, by);
        }
    }

    /// Notes how many of the scenario's steps have happened.
    pub(crate) fn step_to(&mut self, team: u32, steps_done: usize) {
        if let Ok(played) = self.for_team(team).played_mut(team) {
            played.steps_done = steps_done;
        }
    }

    /// Lets the next line of support take over. Answers with it.
    pub(crate) fn take_over(&mut self, team: u32, now: Moment) -> Option<Line> {
        let played = self.for_team(team).played_mut(team).ok()?;
        played.handover_story_s = None;
        played.line = played.line.next();
        let line = played.line;
        played.tell(now, "handover", format!("{} has taken over", line.name()), None);
        Some(line)
    }

    /// Asks a team for the status update that the round's plan wants by now: not while customers are served, nor before it has answered the
    /// last, nor so often that no question by hand is left.
    pub(crate) fn ask_for_update(&mut self, team: u32, now: Moment, is_lost: bool) {
        let speed = self.round().map_or(1.0, |round| round.speed);
        let Ok(played) = self.for_team(team).played_mut(team) else { return };
        played.updates_asked += 1;
        let is_open = played.questions.iter().any(|one| one.due_story_s.is_some() && one.answer.is_none());
        let is_left = played.questions.len() < QUESTIONS_MAX / 2 && played.may_be_asked(UPDATE).is_ok();
        if is_lost && !is_open && is_left {
            let due_story_s = Some(now.story_s + UPDATE_WITHIN_S * speed);
            played.ask_from_outside(&Outside { voice: Voice::Director, text: UPDATE, due_story_s }, now);
        }
    }

    /// Asks a team that has restored early what else contributed.
    pub(crate) fn ask(&mut self, team: u32) {
        if let Ok(played) = self.for_team(team).played_mut(team) {
            played.asked = true;
        }
    }

    /// Warns a team that the round is about to end.
    pub(crate) fn warn(&mut self, team: u32, now: Moment, ends_in_s: f64) {
        if let Ok(played) = self.for_team(team).played_mut(team) {
            let due = WARNINGS.iter().skip(played.warned).filter(|(left_s, _)| ends_in_s <= *left_s);
            let due: Vec<&str> = due.map(|(_, text)| *text).collect();
            played.warned += due.len();
            if let Some(text) = due.last() {
                played.tell(now, "notice", *text, None);
            }
        }
    }

    /// Says what came of the last remedy, beside what was expected of it.
    pub(crate) fn judge(
        &mut self,
        team: u32,
        now: Moment,
        share: Option<f64>,
        target: f64,
    ) -> Option<Expectation> {
        self.for_team(team).played_mut(team).ok()?.judge(share, target, now)
    }

    /// Ends the remedy that somebody was at, and tells the team what came of it; `is_done` if it did what it is there for.
    pub(crate) fn end_remedy(&mut self, team: u32, now: Moment, (text, is_done): (&str, bool), by: &str) {
        if let Ok(played) = self.for_team(team).played_mut(team) {
            if let Some(Pending { remedy, .. }) = played.pending.take()
                && let Some(last) =
                    played.expectations.iter_mut().rfind(|one| one.remedy == remedy && is_done)
            {
                last.done = Some(now);
            }
            played.tell(now, "remedy", text, Some(by));
        }
    }

    pub(crate) fn clocks(&mut self, team: u32, now: Moment) {
        if let Ok(played) = self.for_next_tick().played_mut(team) {
            played.now = now;
        }
    }

    // ---- After the rounds ---------------------------------------------------------------------------------------------------------

    /// Spends the one repair of a team's round, by default the last that counts. It may be argued for while that goes on.
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
        for played in &mut self.for_team(team).team_mut(team)?.played {
            if played.round == round {
                played.repair = Some(repair.to_owned());
                played.repair_expected = expected.cloned();
                played.argued.clone_from(&argued);
            }
        }
        Ok(())
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
            change.warn(1, Moment::default(), ends_in_s);
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
            change.warn(1, Moment::default(), ends_in_s);
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
