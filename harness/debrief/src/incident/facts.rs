//! What all parts of the page rest on, reckoned once from the record.

use incident::{ClockKind, EventKind, Explanation, IncidentRecord, Level, Outcome, outcome};

use super::{morning::Morning, tried, tried::Tried};

/// The responder that is a program.
const MODEL: &str = "model responder";

/// The record, and what follows from it.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) record: &'a IncidentRecord,
    /// Reckoned afresh: the page says when the file says something else.
    pub(super) outcome: Outcome,
    pub(super) morning: Morning,
    pub(super) remedies: Vec<Tried>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(record: &'a IncidentRecord) -> Self {
        let outcome = outcome(record);
        let remedies = tried::tried(record, &outcome);
        Self { record, morning: Morning::of(record), remedies, outcome }
    }

    pub(super) fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// From the loss until it was restored, or until the shop was no longer watched; all of it if nothing was lost.
    pub(super) fn hurt(&self) -> (f64, f64) {
        let (from_s, to_s) = self.morning.watched;
        (self.outcome.lost_s.unwrap_or(from_s), self.outcome.restored_s.unwrap_or(to_s))
    }

    /// The share of visits that failed while availability was lost.
    pub(super) fn failing_share(&self) -> Option<f64> {
        let (from_s, to_s) = self.hurt();
        self.morning.tally(None, from_s, to_s).availability().map(|share| 1.0 - share)
    }

    /// How the incident came to be, for subtitles: clock, level, seed.
    pub(super) fn how(&self) -> String {
        let run = &self.record.run;
        let clock = match run.clock {
            ClockKind::Virtual => "in virtual time",
            ClockKind::Live => "live",
        };
        format!("{clock}, telemetry level {}, seed {}", run.level, run.seed)
    }

    /// Who diagnosed, in a sentence.
    pub(super) fn responder(&self) -> &str {
        match self.record.run.responder.as_str() {
            "demo" => "the narrated story",
            MODEL => "the model responder",
            other => other,
        }
    }

    /// For captions of what a program thought.
    pub(super) fn is_model(&self) -> bool {
        self.record.run.responder == MODEL
    }

    /// Whether anybody looked, thought or answered.
    pub(super) fn is_diagnosed(&self) -> bool {
        let is_step = |kind: &EventKind| {
            matches!(
                kind,
                EventKind::Check { .. } | EventKind::Hypothesis { .. } | EventKind::Explained { .. }
            )
        };
        self.record.events.iter().any(|event| is_step(&event.kind))
    }

    /// The answer, unless it says that there is none: one that names neither a path nor a factor.
    pub(super) fn answer(&self) -> Option<&Explanation> {
        let given = self.outcome.explanation.as_ref();
        given.filter(|given| !given.path.is_empty() || !given.factors.is_empty())
    }

    /// Whether the answer is right; none if there is no answer or nobody judged it.
    pub(super) fn is_right(&self) -> Option<bool> {
        self.answer()?;
        self.outcome.explanation_score.map(|score| score >= self.record.run.rules.explanation_right_from)
    }

    /// The answer in a word, for a rule in a plot.
    pub(super) fn explained_word(&self) -> &'static str {
        match (self.answer(), self.is_right()) {
            (None, _) => "gave up",
            (_, Some(false)) => "explained wrongly",
            _ => "explained",
        }
    }

    /// What told somebody that something was wrong: its kind, and what it said.
    pub(super) fn detection(&self) -> Option<(&'static str, &str)> {
        let at_s = self.outcome.detected_s?;
        self.record.events.iter().find_map(|event| match &event.kind {
            EventKind::Alerted { text } if event.story_s >= at_s => Some(("an alert", text.as_str())),
            EventKind::CustomerComplaint { text } if event.story_s >= at_s => {
                Some(("a customer's complaint", text.as_str()))
            }
            _ => None,
        })
    }

    /// Why the run was broken off.
    pub(super) fn aborted(&self) -> Option<&str> {
        self.record.events.iter().rev().find_map(|event| match &event.kind {
            EventKind::Aborted { text } => Some(text.as_str()),
            _ => None,
        })
    }

    /// The remedies until availability was back, in order. None if it was not, or none were needed.
    pub(super) fn until_restored(&self) -> Option<&[Tried]> {
        let last = self.remedies.iter().position(|tried| tried.restored)?;
        Some(&self.remedies[..=last])
    }

    /// Whether telemetry was poor enough that people had to ask around.
    pub(super) fn is_dark(&self) -> bool {
        self.record.run.level == Level::Dark
    }
}
