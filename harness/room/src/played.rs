//! What one team did in one round: its hypotheses, evidence and explanation, its looks and its log, each with its time. Plain data, like the
//! [session](crate::session) that holds it.

use std::collections::BTreeSet;

use diagnosis::operating::Line;
use incident::{Level, OperatingModel, Remedy};
use report::session::{Command, Help, HelpKind, PartPoints, Proposal, Voice};
pub use report::session::{Expectation, Expected, KnownThen, Moment, Outlook, Question};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    catalogue::Kind,
    claims::{Claim, Pin},
    ticket::Ticket,
};

/// What one team did in one round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Played {
    pub round: usize,
    pub level: Level,
    /// For a person alone: the current line of support, and when the next one takes over, in story seconds.
    pub line: Line,
    pub handover_story_s: Option<f64>,
    /// The ticket, where the team plays lines of support.
    pub ticket: Option<Ticket>,
    pub guess: Option<Guess>,
    pub hypotheses: Vec<Hypothesis>,
    pub pins: Vec<Pin>,
    pub claims: Vec<Claim>,
    pub explained: Option<Submitted>,
    /// The points of each part of that explanation. Nobody sees them before the answers are open.
    pub points: Vec<PartPoints>,
    /// The team's answer to the question after an early restoration.
    pub answer: Option<String>,
    pub asked: bool,
    pub questions: Vec<Question>,
    /// How many status updates the round's plan has asked for.
    pub updates_asked: usize,
    pub commands: Vec<Command>,
    pub proposals: Vec<Proposal>,
    pub expectations: Vec<Expectation>,
    /// The most people at the team's pages at any moment of the round.
    pub people: usize,
    /// How many of the warnings before the end of the round were given.
    pub warned: usize,
    pub looks: Vec<Look>,
    /// How many further looks there was no room for.
    pub looks_beyond: usize,
    pub log: Vec<LogLine>,
    pub hints: usize,
    /// The latent fault that they chose to see repaired.
    pub repair: Option<String>,
    /// When the team argued for that repair, in story seconds, and the author; none if it chose the repair after the answers opened.
    pub argued: Option<(f64, String)>,
    pub repair_expected: Option<Expected>,
    /// The number of the next hypothesis, pin or claim.
    pub next_id: u32,
    /// The clocks when this was last saved.
    pub now: Moment,
    pub steps_done: usize,
    pub pending: Option<Pending>,
    /// Whether one of their hypotheses or claims has named the right place.
    pub located: bool,
}

/// A remedy under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    pub remedy: Remedy,
    /// When it was begun, in story seconds.
    pub begun_story_s: f64,
    /// When it is done, in story seconds.
    pub due_story_s: f64,
    pub by: String,
}

/// What a team suspected before they saw any evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Guess {
    /// What kind of cause; none: no idea.
    pub kind: Option<Kind>,
    /// In percent; none where there is no idea to be sure of.
    pub confidence: Option<u8>,
    pub by: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hypothesis {
    /// `h` and a number.
    pub id: String,
    pub by: String,
    /// The time of the story.
    pub story: String,
    pub text: String,
    /// Whether the team has given it up.
    pub struck: bool,
}

/// A submission of the explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Submitted {
    /// The time of the story.
    pub story: String,
    pub by: String,
    /// The line of support that submitted it.
    #[schema(value_type = Option<String>)]
    pub line: Option<Line>,
    /// Whether a claim has been added, changed or removed since. What was submitted counts as it was; submit again.
    pub outdated: bool,
}

/// Queries within this time, in the shop's own seconds, count as one look. Assumed.
pub const ONE_LOOK_S: f64 = 3.0;

/// One question to the evidence, or one page of the shop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    #[serde(flatten)]
    pub when: Moment,
    /// `logs`, `metrics`, ...; `shop` for a page of the shop.
    pub at: String,
    pub query: String,
    /// Assets and characters that the answer named.
    pub named: BTreeSet<String>,
    pub line: Option<Line>,
}

/// A line of a team's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    #[serde(flatten)]
    pub when: Moment,
    /// `complaint`, `alert`, `remedy`, `message`, `question`, `role`, `hint`, `level`, `explained`, `handover`, `notice` or `note`.
    pub kind: String,
    pub text: String,
    /// The speaker, if somebody outside speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
    pub by: Option<String>,
}

impl LogLine {
    /// The help that this line gave the team; none for other lines.
    pub(crate) fn help(&self) -> Option<Help> {
        let kind = match self.kind.as_str() {
            "hint" => HelpKind::Hint,
            "level" => HelpKind::Level,
            _ => return None,
        };
        Some(Help { story_s: self.when.story_s, kind, text: self.text.clone() })
    }
}

impl Played {
    pub fn new(round: usize, level: Level, model: OperatingModel) -> Self {
        Self { round, level, line: Line::called(model), next_id: 1, ..Self::default() }
    }

    /// The line of support that has the incident.
    pub fn line(&self) -> Line {
        self.ticket.as_ref().map_or(self.line, Ticket::line)
    }

    /// How often the team looked. Queries within [`ONE_LOOK_S`] of a look's first query belong to that look: a page sends several at once, and a
    /// program sends many.
    pub fn looked(&self) -> usize {
        let mut times: Vec<f64> = self.looks.iter().map(|look| look.when.at_s).collect();
        times.sort_by(f64::total_cmp);
        let (mut looks, mut until_s) = (self.looks_beyond, f64::NEG_INFINITY);
        for at_s in times.into_iter().filter(|at_s| at_s.is_finite()) {
            if at_s > until_s {
                (looks, until_s) = (looks + 1, at_s + ONE_LOOK_S);
            }
        }
        looks
    }

    /// Whether anybody took part, at a page or with a program.
    pub fn is_attended(&self) -> bool {
        self.people > 0
            || self.guess.is_some()
            || !self.looks.is_empty()
            || self.log.iter().any(|line| line.by.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{claims::About, limits::LINES_MAX};

    fn played() -> Played {
        Played::new(1, Level::Logs, OperatingModel::YouBuildIt)
    }

    fn at(at_s: f64) -> Moment {
        Moment { at_s, story_s: at_s * 15.0 }
    }

    #[test]
    fn a_burst_of_questions_is_one_look_and_who_was_never_there_failed_at_nothing() {
        let mut one = played();
        assert!(!one.is_attended() && one.looked() == 0);
        let look = |at_s: f64, query: String| Look {
            when: at(at_s),
            at: "logs".into(),
            query,
            named: BTreeSet::new(),
            line: None,
        };
        for number in 0..63 {
            assert!(one.look(look(100.0 + f64::from(number) / 30.0, format!("text={number}"))));
        }
        assert_eq!(one.looked(), 1);
        one.look(look(120.0, "text=later".into()));
        assert_eq!(one.looked(), 2);
        assert!(one.is_attended());
        // The room's own log lines are no sign of a participant.
        let mut other = played();
        other.tell(at(1.0), "note", "The shop is open.", None);
        assert!(!other.is_attended());
        other.guess(Guess { kind: None, confidence: None, by: "program".into() }).unwrap();
        assert!(other.is_attended());
    }

    #[test]
    fn help_stays_in_a_log_that_is_full() {
        let mut one = played();
        one.tell(at(1.0), "alert", "the first", None);
        one.tell(at(2.0), "hint", "Look at the cache.", None);
        for _ in 0..LINES_MAX {
            one.tell(at(3.0), "alert", "again", None);
        }
        assert_eq!(one.log.len(), LINES_MAX);
        assert_eq!(one.log[0].help().unwrap().text, "Look at the cache.");
    }

    #[test]
    fn a_question_of_the_director_is_answered_once_and_timed() {
        let mut one = played();
        let asked = (Voice::Director, "When will the shop be back?");
        one.ask_from_outside(at(60.0), asked, Some(1_200.0));
        one.add_hypothesis("it is the cache".into(), at(61.0), "Ada").unwrap();
        let struck = one.add_hypothesis("it is the store".into(), at(61.0), "Ada").unwrap().id;
        one.strike(&struck).unwrap();
        let id = one.questions[0].id.clone();
        let figures = (Some(0.25), 9_000.0);
        let answered = one.answer_outside(&id, "in ten minutes".into(), (at(70.0), figures), "Ada").unwrap();
        assert_eq!(answered.answered_story_s, Some(1_050.0));
        let known = answered.known.unwrap();
        assert_eq!((known.served, known.loss_usd), figures);
        assert_eq!(known.hypotheses, ["h2"], "what was struck out is not thought any longer");
        let again =
            |one: &mut Played, id: &str| one.answer_outside(id, "in five".into(), (at(80.0), figures), "Bo");
        assert!(again(&mut one, &id).is_err(), "the first stands");
        assert!(again(&mut one, "q99").is_err());
        let kinds: Vec<&str> = one.log.iter().map(|line| line.kind.as_str()).collect();
        assert_eq!(kinds, ["question", "question"]);
    }

    #[test]
    fn what_was_expected_of_a_remedy_stands_beside_what_came() {
        let check = |before: f64, after: f64, expected: Outlook| {
            let mut one = played();
            let expects = Some(Expected { outlook: Outlook::Back, words: None });
            one.begin(Remedy::FlushCache, expects, (at(60.0), Some(before)), "Ada").unwrap();
            assert!(one.judge(Some(after), at(70.0)).is_none(), "it is not done yet");
            one.expectations[0].done = Some(at(65.0));
            let judged = one.judge(Some(after), at(95.0)).unwrap();
            assert_eq!(judged.came, Some(expected), "{before} to {after}");
            assert!(one.log.last().unwrap().text.contains("expected: all served again"));
        };
        check(0.0, 1.0, Outlook::Back);
        check(0.0, 0.3, Outlook::Better);
        check(0.3, 0.33, Outlook::Same);
        check(0.5, 0.0, Outlook::Worse);
    }

    #[test]
    fn a_cause_is_matched_only_with_evidence_and_ids_say_what_they_are_of() {
        let mut one = played();
        let cause = crate::catalogue::id_of("The cache's process is suspended");
        let claim = |one: &mut Played, pins: &[String]| {
            one.add_claim(About::Cause, "the cache hangs".into(), pins, Some(&cause), &[])
        };
        assert!(claim(&mut one, &[]).unwrap_err().detail().contains("Pin evidence"));
        let evidence = crate::claims::Evidence {
            source: "health",
            label: "cache health check: no answer".into(),
            text: String::new(),
            when: at(50.0),
            named: BTreeSet::new(),
            services: ["cache".to_owned()].into(),
        };
        let pin = one.pin(evidence, at(60.0), "Ada").unwrap();
        // The evidence is older than its pin.
        assert_eq!(
            (pin.shows_story_s, pin.story.as_str(), pin.shows_story.as_str()),
            (750.0, "08:15", "08:12")
        );
        let made = claim(&mut one, std::slice::from_ref(&pin.id)).unwrap();
        let thought = one.add_hypothesis("it is the cache".into(), at(61.0), "Ada").unwrap();
        assert!(pin.id.starts_with('p') && made.id.starts_with('c') && thought.id.starts_with('h'));
        assert!(one.strike(&made.id).is_err() && one.unpin(&thought.id).is_err());
    }
}
