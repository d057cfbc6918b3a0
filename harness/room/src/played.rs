//! What one team did in one round: its thoughts, evidence and explanation, what it looked at and what was said, each with its time. Plain data,
//! as the [session](crate::session) that holds it.

use std::collections::BTreeSet;

use diagnosis::operating::Line;
use incident::{Level, OperatingModel, Remedy};
use report::session::PartPoints;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    catalogue::Kind,
    claims::{Claim, Pin},
    roles::{Command, Proposal},
    ticket::Ticket,
    voices::Voice,
};

/// A time by both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// The shop's own seconds.
    pub at_s: f64,
    /// The story's seconds since 08:00.
    pub story_s: f64,
}

/// What one team did in one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Played {
    pub round: usize,
    /// The telemetry level now.
    pub level: Level,
    /// The line of support that a person alone is, and when the next takes over, in story seconds.
    pub line: Line,
    pub handover_story_s: Option<f64>,
    /// The ticket, where the team plays lines of support.
    pub ticket: Option<Ticket>,
    pub guess: Option<Guess>,
    pub hypotheses: Vec<Hypothesis>,
    pub pins: Vec<Pin>,
    /// Their explanation, in parts.
    pub claims: Vec<Claim>,
    /// The last submission of the explanation.
    pub explained: Option<Submitted>,
    /// What each part of that got. Nobody sees it before the answers are open.
    pub points: Vec<PartPoints>,
    /// Their answer to the question that is asked after an early restoration.
    pub answer: Option<String>,
    /// When they gave it, in story seconds.
    pub answered_story_s: Option<f64>,
    pub asked: bool,
    /// What was asked from outside.
    pub questions: Vec<Question>,
    /// For how many status updates the round's plan has asked.
    pub updates_asked: usize,
    /// Command as it went from one to another.
    pub commands: Vec<Command>,
    /// Remedies that needed the commander's go.
    pub proposals: Vec<Proposal>,
    /// What they expected of each remedy, and what came.
    pub expectations: Vec<Expectation>,
    /// The most people at the team's pages at any moment of the round.
    pub people: usize,
    /// Which warnings that the round is about to end were given.
    pub warned: usize,
    pub looks: Vec<Look>,
    /// How many further looks there was no room for.
    #[serde(default)]
    pub looks_beyond: usize,
    pub log: Vec<LogLine>,
    /// How many hints were given.
    pub hints: usize,
    /// The latent fault that they chose to see repaired.
    pub repair: Option<String>,
    /// When they argued for it, in story seconds, and who wrote that; none: they chose it when the answers were open.
    pub argued: Option<(f64, String)>,
    /// What they expected of that.
    pub repair_expected: Option<Expected>,
    /// The number of the next hypothesis, pin or claim.
    pub next_id: u32,
    /// How far the clocks had come when this was written.
    pub now: Moment,
    /// How many of the scenario's steps have happened.
    pub steps_done: usize,
    pub pending: Option<Pending>,
    /// Whether what they wrote has named the right place.
    pub located: bool,
}

/// A remedy that takes its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    pub remedy: Remedy,
    /// When it was begun, in story seconds.
    pub begun_story_s: f64,
    /// When it is done, in story seconds.
    pub due_story_s: f64,
    pub by: String,
}

/// What somebody expects customers to meet after a remedy, or of an incident after a repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outlook {
    /// All are served again; or the incident is prevented.
    Back,
    /// More are served than before; or less is lost.
    Better,
    /// Nothing changes.
    Same,
    /// Fewer are served; or more is lost.
    Worse,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Expected {
    pub outlook: Outlook,
    /// Why, in own words.
    pub words: Option<String>,
}

/// What was expected of a remedy, and what customers met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    pub remedy: Remedy,
    pub by: String,
    pub begun_story_s: f64,
    /// None: nobody said.
    pub expected: Option<Expected>,
    /// The share of visits served when it was begun.
    pub before: Option<f64>,
    /// When it was done; none if the round was over first.
    pub done: Option<Moment>,
    /// What came: the share of visits served some time after it was done.
    pub after: Option<f64>,
    pub came: Option<Outlook>,
}

/// A question from outside. With a time until which it is due it asks for a status update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// `q` and a number.
    pub id: String,
    pub voice: Voice,
    pub asked_story_s: f64,
    /// Until when it is due, in story seconds.
    pub due_story_s: Option<f64>,
    pub text: String,
    pub answer: Option<String>,
    pub answered_story_s: Option<f64>,
    pub by: Option<String>,
    /// What was known when it was answered.
    pub known: Option<KnownThen>,
}

/// What a team had in its hands at a moment, and what was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KnownThen {
    /// Ids of pins, and of hypotheses that stood.
    pub pins: Vec<String>,
    pub hypotheses: Vec<String>,
    /// The share of visits served lately.
    pub served: Option<f64>,
    pub loss_usd: f64,
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
    #[serde(default)]
    pub outdated: bool,
}

/// Questions closer than this, in the shop's own seconds, are one look. Assumed.
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
    /// The line of support that looked.
    pub line: Option<Line>,
}

/// A line of what a team was told, and did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    #[serde(flatten)]
    pub when: Moment,
    /// `complaint`, `alert`, `remedy`, `message`, `question`, `role`, `hint`, `level`, `explained`, `handover`, `notice` or `note`.
    pub kind: String,
    pub text: String,
    /// Whose words these are, where somebody outside speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
    pub by: Option<String>,
}

impl Played {
    pub fn new(round: usize, level: Level, model: OperatingModel) -> Self {
        Self {
            round,
            level,
            line: Line::called(model),
            handover_story_s: None,
            ticket: None,
            guess: None,
            hypotheses: Vec::new(),
            pins: Vec::new(),
            claims: Vec::new(),
            explained: None,
            points: Vec::new(),
            answer: None,
            answered_story_s: None,
            asked: false,
            questions: Vec::new(),
            updates_asked: 0,
            commands: Vec::new(),
            proposals: Vec::new(),
            expectations: Vec::new(),
            people: 0,
            warned: 0,
            looks: Vec::new(),
            looks_beyond: 0,
            log: Vec::new(),
            hints: 0,
            repair: None,
            argued: None,
            repair_expected: None,
            next_id: 1,
            now: Moment::default(),
            steps_done: 0,
            pending: None,
            located: false,
        }
    }

    /// The line that has the incident.
    pub fn line(&self) -> Line {
        self.ticket.as_ref().map_or(self.line, Ticket::line)
    }

    /// How often the team looked. What is asked within [`ONE_LOOK_S`] of a look's first question belongs to that look: a page asks several
    /// at once, and a program asks many.
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

    /// Whether anybody was there: at a page, or by a program.
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
    use crate::{claims::About, work::Outside};

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
        // The room's own lines are nobody's deed.
        let mut other = played();
        other.tell(at(1.0), "note", "The shop is open.", None);
        assert!(!other.is_attended());
        other.guess(Guess { kind: None, confidence: None, by: "program".into() }).unwrap();
        assert!(other.is_attended());
    }

    #[test]
    fn a_question_of_the_director_is_answered_once_and_timed() {
        let mut one = played();
        let asked = Outside {
            due_story_s: Some(1_200.0),
            ..Outside::of(Voice::Director, "When will the shop be back?")
        };
        one.ask_from_outside(&asked, at(60.0));
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
            assert!(one.judge(Some(after), 0.999, at(70.0)).is_none(), "it is not done yet");
            one.expectations[0].done = Some(at(65.0));
            let judged = one.judge(Some(after), 0.999, at(95.0)).unwrap();
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
        // It was so before it was pinned.
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
