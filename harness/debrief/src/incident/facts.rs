//! What all parts of the page rest on, computed once from the record.

use std::collections::BTreeSet;

use incident::{
    ClockKind, ContributingFactor, EventKind, Explanation, IncidentRecord, Level, Outage, Outcome, Route,
    StoryClock, Tally, Timeline, outages, outcome,
};

use report::visits::VisitSpans;

use super::{remedies, remedies::RemedyUsed};
use crate::figures::time;

/// The responder that is a program.
const MODEL: &str = "model responder";

#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) record: &'a IncidentRecord,
    /// Computed afresh: the page says so where the file differs.
    pub(super) outcome: Outcome,
    pub(super) visits: VisitSpans,
    pub(super) remedies: Vec<RemedyUsed>,
    /// Every outage; the outcome speaks of the first.
    pub(super) outages: Vec<Outage>,
    /// What contributed, where somebody knows the truth.
    pub(super) contributed: Option<BTreeSet<ContributingFactor>>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(record: &'a IncidentRecord) -> Self {
        let outcome = outcome(record);
        let remedies = remedies::remedies(record);
        let (visits, outages) = (VisitSpans::of(record), outages(record));
        Self { record, visits, remedies, outages, outcome, contributed: None }
    }

    /// From each loss until it was restored, or until the shop was no longer watched; all of it if nothing was lost.
    pub(super) fn hurts(&self) -> Vec<(f64, f64)> {
        if self.outages.is_empty() {
            return vec![self.visits.watched];
        }
        let until = |outage: &Outage| outage.restored_s.unwrap_or(self.visits.watched.1);
        self.outages.iter().map(|outage| (outage.lost_s, until(outage))).collect()
    }

    /// What customers met meanwhile, on one route or on all.
    pub(super) fn hurt(&self, route: Option<Route>) -> Tally {
        self.hurts().into_iter().map(|(from_s, to_s)| self.visits.tally(route, from_s, to_s)).sum()
    }

    /// The same in words: between which times, or how often.
    pub(super) fn meanwhile(&self) -> String {
        match self.hurts()[..] {
            [(from_s, to_s)] => format!("{} to {}", time(from_s), time(to_s)),
            ref more => format!("in {} outages", more.len()),
        }
    }

    pub(super) fn is_lost_again(&self) -> bool {
        self.outages.len() > 1
    }

    /// How long availability was lost in all, in story seconds.
    pub(super) fn lost_for_s(&self) -> f64 {
        self.hurts().into_iter().map(|(from_s, to_s)| to_s - from_s).sum()
    }

    /// Where availability was lost to the end: for how many seconds of the shop no visit failed any more, if not for the whole hold.
    pub(super) fn back_too_briefly_s(&self) -> Option<u32> {
        self.outages.last().filter(|outage| outage.restored_s.is_none())?;
        Timeline::new(&self.record.availability).without_failure_at_the_end_s(&self.record.run.rules)
    }

    /// When the shop was last watched, if that was beyond the story's end by a minute or more.
    pub(super) fn watched_beyond_s(&self) -> Option<f64> {
        let end_s = Timeline::new(&self.record.availability).end_s();
        let story_s = StoryClock::from_events(&self.record.events).story_at(end_s.into());
        (story_s >= self.record.run.story.ends_s() + 60.0).then_some(story_s)
    }

    /// The share of visits that failed while availability was lost.
    pub(super) fn failing_share(&self) -> Option<f64> {
        self.hurt(None).availability().map(|share| 1.0 - share)
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
        self.record.run.who()
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

    /// The answer in one or two words, for a rule in a plot.
    pub(super) fn explained_word(&self) -> &'static str {
        match (self.answer(), self.is_right()) {
            (None, _) => "gave up",
            (_, Some(false)) => "explained wrongly",
            _ => "explained",
        }
    }

    /// The first alert or complaint: its kind, and what it said.
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

    pub(super) fn aborted(&self) -> Option<&str> {
        self.record.events.iter().rev().find_map(|event| match &event.kind {
            EventKind::Aborted { text } => Some(text.as_str()),
            _ => None,
        })
    }

    /// The remedies until availability was back, in order. None if it was not, or none were needed.
    pub(super) fn until_restored(&self) -> Option<&[RemedyUsed]> {
        self.until_restored_from(0)
    }

    /// The same for an outage by its number, from 0.
    pub(super) fn until_restored_from(&self, outage: usize) -> Option<&[RemedyUsed]> {
        let ends = |wanted: usize| self.remedies.iter().position(|tried| tried.ended == Some(wanted));
        let last = ends(outage)?;
        let first = (0..outage).filter_map(ends).max().map_or(0, |before| before + 1);
        Some(&self.remedies[first..=last])
    }

    /// Whether telemetry was poor enough that people had to ask around.
    pub(super) fn is_dark(&self) -> bool {
        match self.record.run.level {
            Level::Dark => true,
            Level::Logs | Level::Metrics | Level::Traces | Level::Changes => false,
        }
    }
}
