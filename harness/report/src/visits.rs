//! Visits and their results, counted in short spans of the story: as fine as a plot can show.

use std::collections::BTreeMap;

use incident::{IncidentRecord, Route, StoryClock, Tally};
use serde::{Deserialize, Serialize};

/// The possible lengths of a span, in seconds of the shop.
const SPANS_S: [u32; 10] = [1, 2, 5, 10, 15, 30, 60, 300, 900, 3_600];

/// More spans than this are closer together than a plot can show.
const SPANS_MAX: u32 = 330;

const MINUTE_S: f64 = 60.0;

/// Visits until the story's end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VisitSpans {
    pub spans: Vec<Span>,
    /// When the shop was first and last watched, in story seconds.
    pub watched: (f64, f64),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub from_s: f64,
    pub to_s: f64,
    pub all: Tally,
    pub routes: BTreeMap<Route, Tally>,
}

impl VisitSpans {
    pub fn of(record: &IncidentRecord) -> Self {
        let clock = StoryClock::from_events(&record.events);
        let end_s = record.availability.iter().map(|row| row.at_s + 1).max().unwrap_or(0);
        let least_s = (MINUTE_S / record.run.speed.max(0.001)).max(f64::from(end_s.div_ceil(SPANS_MAX)));
        let span_s = SPANS_S.into_iter().find(|span| f64::from(*span) >= least_s).unwrap_or(86_400);
        let mut spans: BTreeMap<u32, Span> = BTreeMap::new();
        for row in &record.availability {
            let begins_s = row.at_s - row.at_s % span_s;
            let span = spans.entry(begins_s).or_insert_with(|| Span {
                from_s: clock.story_at(begins_s.into()),
                to_s: clock.story_at((begins_s + span_s).min(end_s).into()).min(record.run.story.ends_s()),
                all: Tally::default(),
                routes: BTreeMap::new(),
            });
            span.all.add(row);
            span.routes.entry(row.route).or_default().add(row);
        }
        // Drop spans that take no story time: those while the clock was paused, and those after the story's end.
        let spans: Vec<Span> = spans.into_values().filter(|span| span.to_s > span.from_s).collect();
        let watched = (
            spans.first().map_or(0.0, |span| span.from_s),
            spans.last().map_or(record.run.story.ends_s(), |span| span.to_s),
        );
        Self { spans, watched }
    }

    /// The visits of all spans that begin in `[from_s, to_s)`, on one route or on all.
    pub fn tally(&self, route: Option<Route>, from_s: f64, to_s: f64) -> Tally {
        let within = self.spans.iter().filter(|span| (from_s..to_s).contains(&span.from_s));
        within.map(|span| span.of(route)).sum()
    }

    /// The kinds of pages with at least one visit.
    pub fn routes(&self) -> Vec<Route> {
        let came = |route: &Route| self.spans.iter().any(|span| span.routes.contains_key(route));
        Route::ALL.iter().copied().filter(came).collect()
    }

    /// Each span with the visits on one route or on all. Leaves out spans without a visit, because nothing is known there.
    pub fn tallies(&self, route: Option<Route>) -> Vec<(f64, f64, Tally)> {
        let tallies = self.spans.iter().map(|span| (span.from_s, span.to_s, span.of(route)));
        tallies.filter(|(.., tally)| tally.visits() > 0).collect()
    }
}

impl Span {
    fn of(&self, route: Option<Route>) -> Tally {
        route.map_or(self.all, |route| self.routes.get(&route).copied().unwrap_or_default())
    }
}
