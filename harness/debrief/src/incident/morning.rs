//! What customers met, in short spans of the story: the availability curve, and a lane for each kind of page.

use std::{collections::BTreeMap, fmt::Write};

use incident::{IncidentRecord, Route, StoryClock, Tally};

use crate::plot::{
    Scale,
    svg::{Anchor, Svg, width_of},
};

/// How long a span may be, in seconds of the shop.
const SPANS_S: [u32; 10] = [1, 2, 5, 10, 15, 30, 60, 300, 900, 3_600];

/// More spans than this are closer together than a plot can show.
const SPANS_MAX: u32 = 330;

const MINUTE_S: f64 = 60.0;

/// The share of visits from which a word is written into an area.
const WORD_FROM: f64 = 0.6;

/// A kind of outcome, out of the counts.
type Part = fn(&Tally) -> u64;

/// What customers met, until the story's end.
#[derive(Debug)]
pub struct Morning {
    /// In order of time.
    pub spans: Vec<Span>,
    /// When the shop was first and last watched, in story seconds.
    pub watched: (f64, f64),
}

/// A short span of the story.
#[derive(Debug)]
pub struct Span {
    /// Its beginning, in story seconds.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
    /// All visits.
    pub all: Tally,
    /// By the kind of page.
    pub routes: BTreeMap<Route, Tally>,
}

impl Morning {
    /// The record's visits, in as many spans as a plot can show.
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
        // While the clock stands still, and after the story's end, no time passes.
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
        within.fold(Tally::default(), |sum, span| {
            let part = route.map_or(span.all, |route| span.routes.get(&route).copied().unwrap_or_default());
            Tally {
                served: sum.served + part.served,
                degraded: sum.degraded + part.degraded,
                failed: sum.failed + part.failed,
            }
        })
    }

    /// The kinds of pages that anybody visited.
    pub fn routes(&self) -> Vec<Route> {
        let came = |route: &Route| self.spans.iter().any(|span| span.routes.contains_key(route));
        Route::ALL.iter().copied().filter(came).collect()
    }

    /// Each span with the visits on one route or on all; empty ones are left out, as nothing is known there.
    pub fn tallies(&self, route: Option<Route>) -> Vec<(f64, f64, Tally)> {
        let of = |span: &Span| route.map_or(Some(span.all), |route| span.routes.get(&route).copied());
        let tallies = self.spans.iter().filter_map(|span| Some((span.from_s, span.to_s, of(span)?)));
        tallies.filter(|(.., tally)| tally.visits() > 0).collect()
    }
}

/// Draws served visits at the bottom, degraded on them, failed at the top, and availability as a line, between two
/// heights.
pub fn areas(svg: &mut Svg, tallies: &[(f64, f64, Tally)], x: &Scale, (top, bottom): (f64, f64)) {
    let y = Scale { figures: (0.0, 1.0), places: (bottom, top) };
    let share = |part: u64, tally: &Tally| part as f64 / tally.visits().max(1) as f64;
    for run in tallies.chunk_by(|one, other| other.0 - one.1 < 1.0) {
        let steps = |of: Part| -> Vec<(f64, f64, f64)> {
            let step = |(from, to, tally): &(f64, f64, Tally)| {
                (x.at(*from), x.at(*to), y.at(share(of(tally), tally)))
            };
            run.iter().map(step).collect()
        };
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let (from, to) = (x.at(first.0), x.at(last.1));
        let area = |steps: &str| format!("M{from},{bottom}{}L{to},{bottom}Z", steps.replacen('M', "L", 1));
        let available = path(&steps(|tally| tally.served + tally.degraded));
        svg.rect("failed-area", (from, top), (to, bottom));
        svg.path("degraded-area", &area(&available));
        svg.path("served-area", &area(&path(&steps(|tally| tally.served))));
        svg.path("available-line", &available);
    }
}

/// Writes into each area what it is, where there is room.
pub fn words(svg: &mut Svg, tallies: &[(f64, f64, Tally)], x: &Scale, (top, bottom): (f64, f64)) {
    let at = |share: f64| top + (bottom - top) * share + 4.0;
    let areas: [(&str, Part, f64); 3] = [
        ("served", |tally| tally.served, at(0.7)),
        ("degraded", |tally| tally.degraded, at(0.5)),
        ("failed", |tally| tally.failed, at(0.3)),
    ];
    for (word, part, y) in areas {
        let is_mostly = |tally: &Tally| part(tally) as f64 >= WORD_FROM * tally.visits() as f64;
        let runs = tallies.chunk_by(|one, other| is_mostly(&one.2) == is_mostly(&other.2));
        let longest = runs
            .filter(|run| is_mostly(&run[0].2))
            .map(|run| (x.at(run[0].0), x.at(run[run.len() - 1].1)))
            .max_by(|one, other| (one.1 - one.0).total_cmp(&(other.1 - other.0)));
        if let Some((from, to)) = longest.filter(|(from, to)| to - from > width_of(word)) {
            svg.text("on-area", (f64::midpoint(from, to), y), Anchor::Middle, word);
        }
    }
}

/// A line that goes along each span.
fn path(steps: &[(f64, f64, f64)]) -> String {
    let mut path = String::new();
    let mut last_y = f64::NAN;
    for (place, (from, to, y)) in steps.iter().enumerate() {
        #[expect(clippy::float_cmp, reason = "both were rounded to a tenth")]
        if *y != last_y {
            let _ = if place == 0 { write!(path, "M{from},{y}") } else { write!(path, "H{from}V{y}") };
            last_y = *y;
        }
        if place + 1 == steps.len() {
            let _ = write!(path, "H{to}");
        }
    }
    path
}
