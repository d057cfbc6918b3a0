//! The facts that all parts of the page use, computed once from the record.

use std::collections::BTreeSet;

use incident::{
    ClockKind, ContributingFactor, EventKind, Explanation, IncidentRecord, Outage, Outcome, Route,
    StoryClock, Tally, Timeline, outages, outcome,
};

use report::visits::VisitSpans;

use super::{remedies, remedies::RemedyUsed};
use crate::figures::time;

/// The model responder's name in records.
const MODEL: &str = "model responder";

pub(super) const ALERT: &str = "an alert";
pub(super) const COMPLAINT: &str = "a customer's complaint";

#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) record: &'a IncidentRecord,
    /// Recomputed from events and visits. The page says so if the file's own outcome differs.
    pub(super) outcome: Outcome,
    pub(super) visits: VisitSpans,
    pub(super) remedies: Vec<RemedyUsed>,
    /// Every outage; `outcome` covers only the first.
    pub(super) outages: Vec<Outage>,
    /// The true contributing factors; none if the truth is not known.
    pub(super) contributed: Option<BTreeSet<ContributingFactor>>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(record: &'a IncidentRecord) -> Self {
        let outcome = outcome(record);
        let remedies = remedies::remedies(record);
        let (visits, outages) = (VisitSpans::of(record), outages(record));
        Self { record, visits, remedies, outages, outcome, contributed: None }
    }

    /// The outages as spans of story seconds: from each loss to its restoration, or to the end of the watch. The whole watch if nothing was lost.
    pub(super) fn hurts(&self) -> Vec<(f64, f64)> {
        if self.outages.is_empty() {
            return vec![self.visits.watched];
        }
        let until = |outage: &Outage| outage.restored_s.unwrap_or(self.visits.watched.1);
        self.outages.iter().map(|outage| (outage.lost_s, until(outage))).collect()
    }

    /// Visits by outcome during the outages, on one route or on all.
    pub(super) fn hurt(&self, route: Option<Route>) -> Tally {
        self.hurts().into_iter().map(|(from_s, to_s)| self.visits.tally(route, from_s, to_s)).sum()
    }

    /// The outages in words: from when to when, or how many.
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

    /// The seconds of the shop without a failed visit at the end of the watch, if the last outage was not restored. None if they are no longer than
    /// customers wait.
    pub(super) fn back_too_briefly_s(&self) -> Option<u32> {
        self.outages.last().filter(|outage| outage.restored_s.is_none())?;
        Timeline::new(&self.record.availability).without_failure_at_the_end_s(&self.record.run.rules)
    }

    /// The story second at which the watch ended, if that was a minute or more after the story's end.
    pub(super) fn watched_beyond_s(&self) -> Option<f64> {
        let end_s = Timeline::new(&self.record.availability).end_s();
        let story_s = StoryClock::from_events(&self.record.events).story_at(end_s.into());
        (story_s >= self.record.run.story.ends_s() + 60.0).then_some(story_s)
    }

    /// The share of visits that failed while availability was lost.
    pub(super) fn failing_share(&self) -> Option<f64> {
        self.hurt(None).availability().map(|share| 1.0 - share)
    }

    /// Clock, telemetry level and seed, for subtitles.
    pub(super) fn how(&self) -> String {
        let run = &self.record.run;
        let clock = match run.clock {
            ClockKind::Virtual => "in virtual time",
            ClockKind::Live => "live",
        };
        format!("{clock}, telemetry level {}, seed {}", run.level, run.seed)
    }

    /// Whether the responder is the model responder: captions of its beliefs say so.
    pub(super) fn is_model(&self) -> bool {
        self.record.run.responder == MODEL
    }

    /// Whether the record has a check, a hypothesis or an explanation.
    pub(super) fn is_diagnosed(&self) -> bool {
        let is_step = |kind: &EventKind| {
            matches!(
                kind,
                EventKind::Check { .. } | EventKind::Hypothesis { .. } | EventKind::Explained { .. }
            )
        };
        self.record.events.iter().any(|event| is_step(&event.kind))
    }

    /// The answer. None if the explanation gives up: it then names neither a path nor a factor.
    pub(super) fn answer(&self) -> Option<&Explanation> {
        let given = self.outcome.explanation.as_ref();
        given.filter(|given| !given.path.is_empty() || !given.factors.is_empty())
    }

    /// Whether the answer is right; none if there is no answer or nobody judged it.
    pub(super) fn is_right(&self) -> Option<bool> {
        self.answer()?;
        self.outcome.explanation_score.map(|score| score >= self.record.run.rules.explanation_right_from)
    }

    /// The answer in one or two words, to mark it in a plot.
    pub(super) fn explained_word(&self) -> &'static str {
        match (self.answer(), self.is_right()) {
            (None, _) => "gave up",
            (_, Some(false)) => "explained wrongly",
            _ => "explained",
        }
    }

    /// What detected the outage: an alert, or a complaint.
    pub(super) fn detection(&self) -> Option<&'static str> {
        let at_s = self.outcome.detected_s?;
        self.record.events.iter().filter(|event| event.story_s >= at_s).find_map(|event| match &event.kind {
            EventKind::Alerted { .. } => Some(ALERT),
            EventKind::CustomerComplaint { .. } => Some(COMPLAINT),
            _ => None,
        })
    }

    /// Story seconds from the loss to its detection, if `way` detected it.
    pub(super) fn noticed_after_s(&self, way: &str) -> Option<f64> {
        let after_s = self.outcome.detected_s? - self.outcome.lost_s?;
        self.detection().filter(|noticed| *noticed == way).map(|_| after_s)
    }

    pub(super) fn aborted(&self) -> Option<&str> {
        self.record.events.iter().rev().find_map(|event| match &event.kind {
            EventKind::Aborted { text } => Some(text.as_str()),
            _ => None,
        })
    }

    /// The remedies up to the one that ended an outage, in order. Outages are numbered from 0. None if no remedy ended it.
    pub(super) fn until_restored(&self, outage: usize) -> Option<&[RemedyUsed]> {
        let ends = |wanted: usize| self.remedies.iter().position(|tried| tried.ended == Some(wanted));
        let last = ends(outage)?;
        let first = (0..outage).filter_map(ends).max().map_or(0, |before| before + 1);
        Some(&self.remedies[first..=last])
    }
}
