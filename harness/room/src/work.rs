//! What a team does in a round: it guesses, thinks, looks, keeps evidence, acts and explains. Teaches that what is refused changes nothing:
//! a team's work is done on a copy, which takes its place only if all of it fits.

use chassis::Problem;
use diagnosis::{
    Answer,
    operating::{HANDOVER, Line},
    remedies::{COST_MINUTES, kind},
};
use http::StatusCode;
use incident::Remedy;

use crate::{
    claims::{self, About, Claim, Pin},
    limits::{
        ENTRIES_MAX, LINES_MAX, LOG_BYTES_MAX, LOG_OF_TEAM_BYTES_MAX, LOG_WITH_MESSAGES_BYTES_MAX,
        LOOK_CHARACTERS_MAX, LOOKS_BYTES_MAX, NAMED_MAX, NOTES_BYTES_MAX, PATHS_NOTED_MAX,
        TEXT_CHARACTERS_MAX, cut, full, json_bytes,
    },
    session::{
        Guess, Hypothesis, LogLine, Look, Moment, Pending, Phase, Played, Submitted, conflict, not_found,
    },
    state::Change,
    views::story_time,
};

/// A page that refreshes itself repeats its question: within so many seconds of the shop that counts as one look.
const SAME_LOOK_S: f64 = 60.0;

impl Change<'_> {
    /// Does something in the round that is under way, and not while the clock stands still.
    pub fn work<T>(
        &mut self,
        team: u32,
        work: impl FnOnce(&mut Played) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        if self.phase == Phase::Paused {
            return Err(conflict("The round is paused; wait until the facilitator resumes it."));
        }
        let before = self.playing(team)?;
        let mut after = before.clone();
        let outcome = work(&mut after)?;
        after.fits_after(before)?;
        *self.for_team(team).played_mut(team)? = after;
        Ok(outcome)
    }

    /// Remembers a look at the evidence. Says whether it was a new one that is kept.
    pub fn look(&mut self, team: u32, look: Look) -> bool {
        self.playing(team).is_ok()
            && self.for_next_tick().played_mut(team).is_ok_and(|played| played.look(look))
    }
}

impl Played {
    pub fn guess(&mut self, guess: Guess) -> Result<(), Problem> {
        if self.guess.is_some() {
            return Err(conflict("This team has guessed already."));
        }
        self.guess = Some(guess);
        Ok(())
    }

    pub(crate) fn add_hypothesis(&mut self, text: String, now: Moment, by: &str) -> Result<u32, Problem> {
        room_for(self.hypotheses.len())?;
        let (id, by, story) = (self.number(), by.to_owned(), story_time(now.story_s));
        self.hypotheses.push(Hypothesis { id, by, story, text, struck: false });
        Ok(id)
    }

    /// Strikes a hypothesis, or takes that back.
    pub(crate) fn strike(&mut self, id: u32) -> Result<(), Problem> {
        let found = self.hypotheses.iter_mut().find(|hypothesis| hypothesis.id == id);
        let found = found.ok_or_else(|| not_found("There is no such hypothesis."))?;
        found.struck = !found.struck;
        Ok(())
    }

    /// Begins a remedy, which takes its time; there is one at a time.
    pub(crate) fn begin(&mut self, remedy: Remedy, now: Moment, by: &str) -> Result<(), Problem> {
        self.may_act()?;
        let needed = Line::of_remedy(&remedy);
        if needed > self.line() {
            return Err(conflict(format!("Only {} may do that; hand over to them first.", needed.name())));
        }
        if let Some(Pending { remedy, by, .. }) = &self.pending {
            return Err(conflict(format!(
                "{by} is already doing something: {remedy}. Wait until it is done."
            )));
        }
        let minutes = COST_MINUTES[kind(&remedy)];
        self.tell(now, "remedy", format!("begun: {remedy} (takes {minutes} story minutes)"), Some(by));
        let due_story_s = now.story_s + minutes * 60.0;
        self.pending = Some(Pending { remedy, due_story_s, by: by.to_owned() });
        Ok(())
    }

    /// Hands over to the next line of support, which takes its time.
    pub(crate) fn hand_over(&mut self, now: Moment, by: &str) -> Result<(), Problem> {
        self.may_act()?;
        if self.line() == Line::Third {
            return Err(conflict("There is no further line: L3 is the team that built it."));
        }
        if self.handover_story_s.is_some() {
            return Err(conflict("A handover is under way."));
        }
        self.handover_story_s = Some(now.story_s + HANDOVER.as_secs_f64());
        let minutes = HANDOVER.as_secs() / 60;
        let text = format!("a ticket went to the next line; it takes {minutes} story minutes");
        self.tell(now, "handover", text, Some(by));
        Ok(())
    }

    pub(crate) fn add_claim(&mut self, about: About, words: String, pins: &[u32]) -> Result<u32, Problem> {
        room_for(self.claims.len())?;
        let (pins, id) = (self.pinned(pins)?, self.number());
        self.claims.push(Claim { id, about, words, pins, choice: None });
        Ok(id)
    }

    /// Changes a claim. Answers with it if it maps the path anew.
    pub(crate) fn change_claim(
        &mut self,
        id: u32,
        words: String,
        pins: &[u32],
        choice: Option<&str>,
        assets: &[String],
    ) -> Result<Option<Claim>, Problem> {
        let (pins, noted) = (self.pinned(pins)?, self.paths_noted);
        let claim = self.claims.iter_mut().find(|claim| claim.id == id).ok_or_else(no_claim)?;
        let choice = choice.map(|choice| claims::chosen(claim.about, choice, assets)).transpose()?;
        let is_new_path = claim.about == About::Path && choice.is_some() && choice != claim.choice;
        if is_new_path && noted >= PATHS_NOTED_MAX {
            return Err(full(format!(
                "The path of an explanation can change at most {PATHS_NOTED_MAX} times in a round."
            )));
        }
        (claim.words, claim.pins, claim.choice) = (words, pins, choice);
        let path = is_new_path.then(|| claim.clone());
        self.paths_noted += usize::from(is_new_path);
        Ok(path)
    }

    pub(crate) fn remove_claim(&mut self, id: u32) -> Result<(), Problem> {
        let at = self.claims.iter().position(|claim| claim.id == id).ok_or_else(no_claim)?;
        self.claims.remove(at);
        Ok(())
    }

    /// Submits the explanation as it stands. Answers with the catalogue's version of it.
    pub(crate) fn explain(&mut self, now: Moment, by: &str) -> Result<Answer, Problem> {
        if self.claims.is_empty() {
            return Err(conflict("There is nothing to submit: write down what you can explain."));
        }
        self.may_act()?;
        self.explained = Some(Submitted { story: story_time(now.story_s), by: by.to_owned() });
        self.tell(now, "explained", "explanation submitted", Some(by));
        Ok(claims::answer(&self.claims))
    }

    pub(crate) fn answer_question(&mut self, text: String) -> Result<(), Problem> {
        if !self.asked {
            return Err(conflict("Nobody has asked yet."));
        }
        self.answer = Some(text);
        Ok(())
    }

    pub(crate) fn pin(&mut self, label: String, text: String, now: Moment, by: &str) -> Result<u32, Problem> {
        self.may_pin()?;
        let (id, by, story) = (self.number(), by.to_owned(), story_time(now.story_s));
        self.pins.push(Pin { id, by, story, label, text });
        Ok(id)
    }

    /// Removes a pin; claims that rest on it lose it.
    pub(crate) fn unpin(&mut self, id: u32) -> Result<(), Problem> {
        let at = self.pins.iter().position(|pin| pin.id == id);
        self.pins.remove(at.ok_or_else(|| not_found("There is no such pin."))?);
        self.claims.iter_mut().for_each(|claim| claim.pins.retain(|pin| *pin != id));
        Ok(())
    }

    pub(crate) fn may_pin(&self) -> Result<(), Problem> {
        room_for(self.pins.len())
    }

    /// Writes a line into the log. The oldest lines go when there are too many, which happens to the room's own lines alone: what a team
    /// and its facilitator add is refused before.
    pub fn tell(&mut self, when: Moment, kind: &str, text: impl Into<String>, by: Option<&str>) {
        let (kind, text, by) =
            (kind.to_owned(), cut(&text.into(), TEXT_CHARACTERS_MAX), by.map(str::to_owned));
        self.log.push(LogLine { when, kind, text, by });
        while self.log.len() > LINES_MAX || json_bytes(&self.log) > LOG_BYTES_MAX {
            self.log.remove(0);
        }
    }

    /// Refuses what would add to a log that is full of the team's own deeds.
    pub fn may_act(&self) -> Result<(), Problem> {
        if self.log.len() < LINES_MAX / 2 && json_bytes(&self.log) < LOG_OF_TEAM_BYTES_MAX {
            return Ok(());
        }
        Err(full(
            "Your team's log of this round is full, so nothing more can be done in it. The facilitator can end the round.",
        ))
    }

    /// Refuses a message for which the log has no space.
    pub fn may_be_told(&self) -> Result<(), Problem> {
        if json_bytes(&self.log) < LOG_WITH_MESSAGES_BYTES_MAX {
            return Ok(());
        }
        Err(full("The team's log of this round is full: there is no space for another message."))
    }

    /// Refuses notes that have grown too large; taking something away is always possible.
    fn fits_after(&self, before: &Self) -> Result<(), Problem> {
        let bytes = self.notes_bytes();
        if bytes <= NOTES_BYTES_MAX || bytes <= before.notes_bytes() {
            return Ok(());
        }
        let kilobytes = NOTES_BYTES_MAX / 1_024;
        Err(full(format!(
            "Pins, claims and thoughts of a round take {kilobytes} kilobytes at most. Remove a pin that you do not need."
        )))
    }

    fn notes_bytes(&self) -> usize {
        json_bytes(&(&self.pins, &self.claims, &self.hypotheses, &self.answer))
    }

    /// Asking the same again within a minute is the same look.
    pub fn look(&mut self, mut look: Look) -> bool {
        look.at = cut(&look.at, LOOK_CHARACTERS_MAX);
        look.query = cut(&look.query, LOOK_CHARACTERS_MAX);
        let is_same = |known: &&mut Look| {
            known.at == look.at && known.query == look.query && look.when.at_s - known.when.at_s < SAME_LOOK_S
        };
        if let Some(known) = self.looks.iter_mut().rev().find(is_same) {
            let new = look.named.into_iter().take(NAMED_MAX.saturating_sub(known.named.len()));
            let new: Vec<String> = new.collect();
            known.named.extend(new);
            return false;
        }
        look.named = look.named.into_iter().take(NAMED_MAX).collect();
        self.looks.push(look);
        if json_bytes(&self.looks) <= LOOKS_BYTES_MAX {
            return true;
        }
        self.looks.pop();
        self.looks_beyond += 1;
        false
    }

    /// The pins that somebody names, each once.
    fn pinned(&self, pins: &[u32]) -> Result<Vec<u32>, Problem> {
        let mut once: Vec<u32> = Vec::new();
        for pin in pins {
            if !self.pins.iter().any(|known| known.id == *pin) {
                let detail = format!("Pinned item {pin} no longer exists.");
                return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("parameter", "pins"));
            }
            if !once.contains(pin) {
                once.push(*pin);
            }
        }
        Ok(once)
    }

    fn number(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id - 1
    }
}

fn no_claim() -> Problem {
    not_found("There is no such claim.")
}

fn room_for(count: usize) -> Result<(), Problem> {
    if count < ENTRIES_MAX {
        return Ok(());
    }
    Err(full(format!(
        "A round holds at most {ENTRIES_MAX} pins, {ENTRIES_MAX} claims and {ENTRIES_MAX} hypotheses."
    )))
}
