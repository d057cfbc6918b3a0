//! A team's work in a round: guessing, thinking, looking, pinning evidence, acting and explaining. Teaches that a refused request must change
//! nothing: the work is done on a copy, which replaces the original only if all of it fits.

use chassis::Problem;
use diagnosis::{
    operating::Line,
    remedies::{COST_MINUTES, kind},
};
use incident::{Remedy, Rules};

use crate::{
    claims::{self, About, Claim, Evidence, Pin},
    limits::{
        ENTRIES_MAX, LINES_MAX, LOG_BYTES_MAX, LOG_OF_TEAM_BYTES_MAX, LOG_WITH_MESSAGES_BYTES_MAX,
        LOOK_CHARACTERS_MAX, LOOKS_BYTES_MAX, NAMED_MAX, NOTES_BYTES_MAX, QUESTIONS_MAX, TEXT_CHARACTERS_MAX,
        cut, full, json_bytes,
    },
    lines::HANDOVER,
    played::{
        Expectation, Expected, Guess, Hypothesis, KnownThen, LogLine, Look, Moment, Outlook, Pending, Played,
        Question, Submitted,
    },
    session::{Phase, Round, conflict, not_found, wrong},
    state::Change,
    ticket::Ticket,
    views::story_time,
    voices::Voice,
};

/// The same query within this time, in the shop's own seconds, counts as one look: a page that refreshes itself repeats its query.
const SAME_LOOK_S: f64 = 60.0;

/// How long after a remedy its effect is judged, in the shop's own seconds: twice the longest wait of a customer for a page begun before it, plus
/// the window of the share served.
const JUDGED_AFTER_S: f64 = 30.0;

/// The smallest difference of the share served that counts as better or worse. Assumed.
const CHANGES_FROM: f64 = 0.1;

/// How many characters of an unknown id a refusal repeats.
const ID_CHARACTERS_SHOWN: usize = 12;

impl Change<'_> {
    /// Applies a team's work to the round under way. Refuses it while the round is paused; a refusal changes nothing.
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

    /// Records a look at the evidence. Returns whether it was new and was kept.
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

    pub(crate) fn add_hypothesis(
        &mut self,
        text: String,
        now: Moment,
        by: &str,
    ) -> Result<Hypothesis, Problem> {
        room_for(self.hypotheses.len())?;
        let (id, by, story) = (self.number('h'), by.to_owned(), story_time(now.story_s));
        let hypothesis = Hypothesis { id, by, story, text, struck: false };
        self.hypotheses.push(hypothesis.clone());
        Ok(hypothesis)
    }

    /// Strikes a hypothesis, or takes that back.
    pub(crate) fn strike(&mut self, id: &str) -> Result<Hypothesis, Problem> {
        let known = self.knows(id);
        let found = self.hypotheses.iter_mut().find(|hypothesis| hypothesis.id == id && known);
        let found = found.ok_or_else(|| not_found("There is no such hypothesis."))?;
        found.struck = !found.struck;
        Ok(found.clone())
    }

    /// Begins a remedy; only one can be under way. `before` is the share of visits served now.
    pub(crate) fn begin(
        &mut self,
        remedy: Remedy,
        expected: Option<Expected>,
        (now, before): (Moment, Option<f64>),
        by: &str,
    ) -> Result<Pending, Problem> {
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
        self.expectations.push(Expectation {
            remedy: remedy.clone(),
            by: by.to_owned(),
            begun_story_s: now.story_s,
            expected,
            before,
            done: None,
            after: None,
            came: None,
        });
        let pending = Pending { remedy, begun_story_s: now.story_s, due_story_s, by: by.to_owned() };
        self.pending = Some(pending.clone());
        Ok(pending)
    }

    /// Breaks off the remedy that is under way, unless it is being carried out just now.
    pub(crate) fn break_off(&mut self, is_acting: bool, now: Moment, by: &str) -> Result<(), Problem> {
        if is_acting {
            return Err(conflict("It is being carried out just now; wait until it is done."));
        }
        let pending = self.pending.take().ok_or_else(|| conflict("Nothing is under way."))?;
        self.tell(now, "remedy", format!("broken off: {}", pending.remedy), Some(by));
        Ok(())
    }

    /// Begins a handover to the next line of support, which takes [`HANDOVER`].
    pub(crate) fn hand_over(&mut self, now: Moment, by: &str) -> Result<(), Problem> {
        self.may_act()?;
        if self.ticket.is_some() {
            return Err(conflict(
                "Your team plays lines: write the ticket, with POST /api/team/ticket/pass.",
            ));
        }
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

    /// Adds a claim: its words, its pins, and its choice if it has one.
    pub(crate) fn add_claim(
        &mut self,
        about: About,
        words: String,
        pins: &[String],
        choice: Option<&str>,
        assets: &[String],
    ) -> Result<Claim, Problem> {
        room_for(self.claims.len())?;
        let pins = self.pinned(pins)?;
        let choice = matched(about, choice, &pins, assets)?;
        let claim = Claim { id: self.number('c'), about, words, pins, choice };
        self.claims.push(claim.clone());
        self.outdate();
        Ok(claim)
    }

    pub(crate) fn change_claim(
        &mut self,
        id: &str,
        words: String,
        pins: &[String],
        choice: Option<&str>,
        assets: &[String],
    ) -> Result<Claim, Problem> {
        let (pins, known) = (self.pinned(pins)?, self.knows(id));
        let claim = self.claims.iter_mut().find(|claim| claim.id == id && known).ok_or_else(no_claim)?;
        let choice = matched(claim.about, choice, &pins, assets)?;
        let before = claim.clone();
        (claim.words, claim.pins, claim.choice) = (words, pins, choice);
        let after = claim.clone();
        if after != before {
            self.outdate();
        }
        Ok(after)
    }

    pub(crate) fn remove_claim(&mut self, id: &str) -> Result<(), Problem> {
        let at = self.claims.iter().position(|claim| claim.id == id && self.knows(id));
        let at = at.ok_or_else(no_claim)?;
        self.claims.remove(at);
        self.outdate();
        Ok(())
    }

    /// Marks the submitted explanation as outdated, because the claims have changed since.
    fn outdate(&mut self) {
        self.explained.iter_mut().for_each(|explained| explained.outdated = true);
    }

    pub(crate) fn explain(&mut self, now: Moment, by: &str) -> Result<Submitted, Problem> {
        if !self.claims.iter().any(|claim| self.knows(&claim.id)) {
            return Err(conflict("There is nothing to submit: write down what you can explain."));
        }
        self.may_act()?;
        let submitted = Submitted {
            story: story_time(now.story_s),
            by: by.to_owned(),
            line: self.ticket.as_ref().map(Ticket::line),
            outdated: false,
        };
        self.explained = Some(submitted.clone());
        self.tell(now, "explained", "explanation submitted", Some(by));
        Ok(submitted)
    }

    /// Whether the team may argue for a repair. It must have restored service, submitted its explanation, and found a factor itself: then the list
    /// of repairs tells it nothing that its catalogue does not.
    pub fn may_argue(&self, round: Option<&Round>) -> bool {
        let counts = round.is_some_and(|round| !round.practice);
        let found = |claims: Vec<Claim>| {
            claims.iter().any(|claim| claim.about == About::Factor && !claim.pins.is_empty())
        };
        counts && self.asked && self.explained.is_some() && found(self.explanation())
    }

    pub(crate) fn answer_question(&mut self, text: String) -> Result<(), Problem> {
        if !self.asked {
            return Err(conflict("Nobody has asked yet."));
        }
        self.answer = Some(text);
        Ok(())
    }

    /// Asks the team a question from outside. `due_story_s` is the deadline of the answer, in story seconds, if it has one.
    pub(crate) fn ask_from_outside(&mut self, now: Moment, said: (Voice, &str), due_story_s: Option<f64>) {
        let id = self.number('q');
        self.questions.push(Question {
            id,
            voice: said.0,
            asked_story_s: now.story_s,
            due_story_s,
            text: said.1.to_owned(),
            ..Question::default()
        });
        self.hear(now, "question", said);
    }

    pub(crate) fn hear(&mut self, now: Moment, kind: &str, (voice, text): (Voice, &str)) {
        self.tell(now, kind, text, None);
        self.log.iter_mut().last().into_iter().for_each(|line| line.voice = Some(voice));
    }

    /// Refuses a question if the log or the notes have no space for it.
    pub(crate) fn may_be_asked(&self, text: &str) -> Result<(), Problem> {
        self.may_be_told()?;
        let fits = self.notes_bytes() + 2 * text.len() <= NOTES_BYTES_MAX;
        if self.questions.len() < QUESTIONS_MAX && fits {
            return Ok(());
        }
        Err(full(format!("A team can be asked at most {QUESTIONS_MAX} questions in a round.")))
    }

    /// Answers a question from outside. Keeps beside the answer what the team knows now, the share of visits served, and the loss. The first answer
    /// stands, because it is timed.
    pub(crate) fn answer_outside(
        &mut self,
        id: &str,
        text: String,
        (now, (served, loss_usd)): (Moment, (Option<f64>, f64)),
        by: &str,
    ) -> Result<Question, Problem> {
        let standing = self.hypotheses.iter().filter(|one| !one.struck);
        let known = KnownThen {
            pins: self.pins.iter().map(|pin| pin.id.clone()).collect(),
            hypotheses: standing.map(|one| one.id.clone()).collect(),
            served,
            loss_usd,
        };
        let found = self.questions.iter_mut().find(|question| question.id == id);
        let question = found.ok_or_else(|| not_found("There is no such question."))?;
        if let Some(by) = &question.by {
            return Err(conflict(format!("{by} has answered this question already.")));
        }
        (question.answer, question.answered_story_s, question.by) =
            (Some(text), Some(now.story_s), Some(by.to_owned()));
        question.known = Some(known);
        let question = question.clone();
        let said = format!("answered: {}", question.answer.as_deref().unwrap_or_default());
        self.tell(now, "question", said, Some(by));
        Ok(question)
    }

    /// Judges the effect of the last remedy that was carried out, once that is possible, and returns it. A remedy that another one followed is not
    /// judged: what customers meet is no longer its effect alone.
    pub(crate) fn judge(&mut self, after: Option<f64>, now: Moment) -> Option<Expectation> {
        let found = self.expectations.iter_mut().rfind(|one| one.done.is_some())?;
        let is_due = found.done.is_some_and(|done| now.at_s >= done.at_s + JUDGED_AFTER_S);
        if found.came.is_some() || !is_due {
            return None;
        }
        let (before, share) = (found.before.unwrap_or(1.0), after?);
        found.after = after;
        found.came = Some(match share {
            share if share >= Rules::default().availability_target => Outlook::Back,
            share if share - before >= CHANGES_FROM => Outlook::Better,
            share if before - share >= CHANGES_FROM => Outlook::Worse,
            _ => Outlook::Same,
        });
        let found = found.clone();
        let expected = match found.expected.as_ref().map(|expected| expected.outlook) {
            None => "nobody said what to expect".to_owned(),
            Some(outlook) => format!("expected: {}", outlook.words()),
        };
        let came = found.came.map_or("", Outlook::words);
        let text = format!("{}: {expected}; came: {came}, {:.0} % served", found.remedy, share * 100.0);
        // A line does not learn the effect of another line's remedy.
        if self.ticket.as_ref().is_none_or(|ticket| ticket.line_at(found.begun_story_s) == ticket.line()) {
            self.tell(now, "remedy", text, None);
        }
        Some(found)
    }

    pub(crate) fn pin(&mut self, evidence: Evidence, now: Moment, by: &str) -> Result<Pin, Problem> {
        self.may_pin()?;
        let Evidence { source, label, text, when, named, services } = evidence;
        let pin = Pin {
            id: self.number('p'),
            by: by.to_owned(),
            story: story_time(now.story_s),
            source: source.to_owned(),
            shows_story: story_time(when.story_s),
            shows_story_s: when.story_s,
            label,
            text,
            named: named.into_iter().take(NAMED_MAX).collect(),
            services,
        };
        self.pins.push(pin.clone());
        Ok(pin)
    }

    /// Removes a pin, also from the claims that rest on it.
    pub(crate) fn unpin(&mut self, id: &str) -> Result<(), Problem> {
        let at = self.pins.iter().position(|pin| pin.id == id && self.knows(id));
        self.pins.remove(at.ok_or_else(|| not_found("There is no such pin."))?);
        if self.claims.iter().any(|claim| claim.pins.iter().any(|pin| pin == id)) {
            self.outdate();
        }
        self.claims.iter_mut().for_each(|claim| claim.pins.retain(|pin| pin != id));
        Ok(())
    }

    pub(crate) fn may_pin(&self) -> Result<(), Problem> {
        room_for(self.pins.len())
    }

    /// Writes a line into the log. When there are too many lines, the oldest go, except those that gave help: the debrief tells that a team was
    /// helped. Only the room's own lines can cause that: lines of a team and of its facilitator are refused before, and there are as many that
    /// give help as a scenario has hints, and the shop levels.
    pub fn tell(&mut self, when: Moment, kind: &str, text: impl Into<String>, by: Option<&str>) {
        let (kind, text, by) =
            (kind.to_owned(), cut(&text.into(), TEXT_CHARACTERS_MAX), by.map(str::to_owned));
        self.log.push(LogLine { when, kind, text, voice: None, by });
        while self.log.len() > LINES_MAX || json_bytes(&self.log) > LOG_BYTES_MAX {
            let oldest = self.log.iter().position(|line| line.help().is_none());
            self.log.remove(oldest.unwrap_or_default());
        }
    }

    /// Refuses an action if the log has no more space for the team's own actions.
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

    /// Refuses notes that have grown too large. Removing something is always possible.
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

    pub(crate) fn notes_bytes(&self) -> usize {
        json_bytes(&(
            &self.pins,
            &self.claims,
            &self.hypotheses,
            &self.answer,
            &self.questions,
            &self.expectations,
            &self.ticket,
            &self.commands,
            &self.proposals,
        ))
    }

    /// Records a look, and returns whether it was new and was kept. The same query within a minute counts as the same look.
    pub fn look(&mut self, mut look: Look) -> bool {
        look.at = cut(&look.at, LOOK_CHARACTERS_MAX);
        look.query = cut(&look.query, LOOK_CHARACTERS_MAX);
        let is_same = |known: &&mut Look| {
            (&known.at, &known.query, known.line) == (&look.at, &look.query, look.line)
                && look.when.at_s - known.when.at_s < SAME_LOOK_S
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

    /// Checks that the named pins exist, and removes duplicates.
    fn pinned(&self, pins: &[String]) -> Result<Vec<String>, Problem> {
        let mut once: Vec<String> = Vec::new();
        for pin in pins {
            if !self.pins.iter().any(|known| known.id == *pin && self.knows(pin)) {
                let pin = cut(pin, ID_CHARACTERS_SHOWN);
                let detail = format!(
                    "Pinned item {pin} no longer exists; 'pins' of the team's state lists those that do."
                );
                return Err(wrong("pins", detail));
            }
            if !once.contains(pin) {
                once.push(pin.clone());
            }
        }
        Ok(once)
    }

    /// The next id; its letter says what kind of item it names. The line with the ticket knows the item.
    pub(crate) fn number(&mut self, of: char) -> String {
        let id = format!("{of}{}", self.next_id);
        self.next_id += 1;
        if let Some(ticket) = &mut self.ticket {
            ticket.known.entry(ticket.line()).or_default().insert(id.clone());
        }
        id
    }
}

/// Validates a choice. Causes and factors need pins: their part of the catalogue opens only with evidence.
fn matched(
    about: About,
    choice: Option<&str>,
    pins: &[String],
    assets: &[String],
) -> Result<Option<String>, Problem> {
    let Some(choice) = choice else { return Ok(None) };
    if pins.is_empty() && matches!(about, About::Cause | About::Factor) {
        let detail = "Pin evidence to this part before you match it with the catalogue; without any it could only be a guess.";
        return Err(wrong("pins", detail));
    }
    claims::chosen(about, choice, assets).map(Some)
}

fn no_claim() -> Problem {
    not_found("There is no such claim.")
}

pub(crate) fn room_for(count: usize) -> Result<(), Problem> {
    if count < ENTRIES_MAX {
        return Ok(());
    }
    Err(full(format!(
        "A round holds at most {ENTRIES_MAX} pins, {ENTRIES_MAX} claims and {ENTRIES_MAX} hypotheses."
    )))
}
