//! The plots over the story: availability with the incident's events, and visits to each kind of page.

use incident::{EventKind, Outage, Route, Tally};

use super::facts::Facts;
use crate::{
    chart::{Chart, Table},
    figures::{capital, list, percent, time},
    plot::{
        Scale, WIDTH, ticks,
        visits::{self, Band, Lane, Plot, by_route},
    },
};

/// Only so many publishes are marked, the first ones: many rules would hide the curve.
const PUBLISHES_MAX: usize = 3;

/// A kind of page counts as failed if less than this share of its visits got through.
const FAILED_BELOW: f64 = 0.5;

/// Availability over the story. None without visits.
pub(super) fn availability(facts: &Facts<'_>) -> Option<Chart> {
    if facts.visits.spans.is_empty() {
        return None;
    }
    let (from_s, to_s) = facts.visits.watched;
    let title = match (facts.outcome.lost_s, facts.failing_share()) {
        (Some(_), Some(share)) if facts.is_lost_again() => {
            format!("{} of visits failed {}", percent(share), facts.meanwhile())
        }
        (Some(lost_s), Some(share)) => {
            let until = facts.outcome.restored_s.map_or_else(|| time(to_s), time);
            format!("{} of visits failed between {} and {until}", percent(share), time(lost_s))
        }
        _ => "Availability was never lost".to_owned(),
    };
    let subtitle = format!(
        "Visits by outcome, 0 to 100 %, from {} until {}, by the time of day: served at the bottom, degraded (a page \
         without some part) above it, failed at the top. The line is availability, the share of visits that were served \
         or degraded. One incident, {}.{}",
        time(from_s),
        time(to_s),
        facts.how(),
        if facts.remedies.is_empty() {
            ""
        } else {
            " Numbers under it: what was tried, as in the table below."
        }
    );
    let marks = marks(facts);
    let lane = Lane { name: String::new(), visits: facts.visits.tallies(None), height: 180.0 };
    let remedies = facts.remedies.iter().map(|remedy| remedy.story_s).collect();
    let band = Band { lanes: vec![lane], marks: marks.clone(), remedies, ..Band::default() };
    Some(Chart {
        title,
        subtitle,
        plots: plots(facts, band, &spoken(&marks)),
        table: table(facts),
        data: Some(("visits.csv", csv(facts))),
        ..Chart::default()
    })
}

/// Visits by outcome for each kind of page. None without visits.
pub(super) fn lanes(facts: &Facts<'_>) -> Option<Chart> {
    let routes = facts.visits.routes();
    if routes.is_empty() {
        return None;
    }
    let is_failed = |route: &Route| {
        let share = facts.hurt(Some(*route)).availability();
        facts.outcome.lost_s.is_some() && share.is_some_and(|share| share < FAILED_BELOW)
    };
    let names = |failed: bool| {
        let routes = routes.iter().filter(|route| is_failed(route) == failed);
        list(routes)
    };
    let failed = routes.iter().filter(|route| is_failed(route)).count();
    let title = match failed {
        0 => "On every kind of page most visits got through".to_owned(),
        failed if failed == routes.len() => "Every kind of page failed".to_owned(),
        _ => capital(&format!("{} failed; most visits to {} got through", names(true), names(false))),
    };
    let meanwhile = format!("availability {}", facts.meanwhile());
    let rows = routes.iter().map(|route| {
        let whole = facts.visits.tally(Some(*route), f64::NEG_INFINITY, f64::INFINITY);
        let hurt = facts.hurt(Some(*route)).availability();
        let hurt = hurt.map_or("-".to_owned(), percent);
        [route.to_string(), whole.visits().to_string(), whole.failed.to_string(), hurt]
    });
    let table = Table::of(&["page", "visits", "failed in all", &meanwhile], rows);
    let marks = visits::marks(facts.outages.iter().flat_map(ends));
    let band = Band { lanes: by_route(&facts.visits), marks, ..Band::default() };
    Some(Chart {
        title,
        subtitle: format!(
            "Visits by outcome on each kind of page, 0 to 100 %, drawn as above; in a gap nobody came. One incident, {}.",
            facts.how()
        ),
        plots: plots(facts, band, "Visits by outcome on each kind of page. The table holds the figures."),
        data: Some(("pages.csv", table.csv())),
        table,
        ..Chart::default()
    })
}

fn plots(facts: &Facts<'_>, band: Band, description: &str) -> Vec<String> {
    Plot { bands: &[band], watched: facts.visits.watched, minutes: None, description }.both().into()
}

fn ends(outage: &Outage) -> [(Option<f64>, &'static str); 2] {
    [(Some(outage.lost_s), "lost"), (outage.restored_s, "restored")]
}

/// The marked events, in story seconds.
fn marks(facts: &Facts<'_>) -> Vec<(f64, &'static str)> {
    let published = facts.record.events.iter().filter_map(|event| match &event.kind {
        EventKind::Published { by, .. } if by != "responder" => Some((event.story_s, "published")),
        _ => None,
    });
    let outcome = &facts.outcome;
    let steps = [
        (outcome.lost_s, "lost"),
        (outcome.detected_s, "detected"),
        (outcome.located_s, "located"),
        (outcome.explained_s, facts.explained_word()),
        (outcome.restored_s, "restored"),
    ];
    let steps = visits::marks(steps.into_iter().chain(facts.outages.iter().skip(1).flat_map(ends)));
    let (from_s, to_s) = facts.visits.watched;
    let within = |(at_s, _): &(f64, &str)| (from_s..=to_s).contains(at_s);
    published.take(PUBLISHES_MAX).chain(steps).filter(within).collect()
}

fn spoken(marks: &[(f64, &'static str)]) -> String {
    let marks = list(marks.iter().map(|(at_s, word)| format!("{word} {}", time(*at_s))));
    format!("Availability over the story. Marked: {marks}. The table holds the figures.")
}

fn table(facts: &Facts<'_>) -> Table {
    let watched = facts.visits.watched;
    let x = Scale { figures: watched, places: (0.0, WIDTH) };
    let mut begins: Vec<f64> = ticks::times(&x, 22.0);
    begins.insert(0, watched.0);
    begins.dedup_by(|one, other| (*one - *other).abs() < 1.0);
    let ends: Vec<f64> = begins.iter().copied().skip(1).chain([watched.1]).collect();
    let rows = begins.iter().zip(ends).filter_map(|(from_s, to_s)| {
        let tally = facts.visits.tally(None, *from_s, to_s);
        Some([vec![time(*from_s)], counts(&tally), vec![percent(tally.availability()?)]].concat())
    });
    Table::of(&["from", "served", "degraded", "failed", "availability"], rows)
}

fn counts(tally: &Tally) -> Vec<String> {
    [tally.served, tally.degraded, tally.failed].map(|count| count.to_string()).into()
}

fn csv(facts: &Facts<'_>) -> String {
    let rows = facts.visits.spans.iter().flat_map(|span| {
        let row = |(route, tally): (&Route, &Tally)| {
            let (from, to) = (format!("{:.1}", span.from_s), format!("{:.1}", span.to_s));
            [vec![from, to, time(span.from_s), route.to_string()], counts(tally)].concat()
        };
        span.routes.iter().map(row)
    });
    Table::of(&["story_s", "until_story_s", "time", "page", "served", "degraded", "failed"], rows).csv()
}
