//! The plots over the morning: availability with what happened when, and each kind of page by itself.

use incident::{EventKind, Tally};

use super::{facts::Facts, morning};
use crate::{
    chart::{Chart, Table},
    figures::{capital, csv_address, list, percent, time},
    plot::{
        Scale, WIDTH,
        labels::{Label, Rule, placed},
        svg::{Anchor, Svg, width_of},
        ticks,
    },
};

/// A plot for wide pages.
const WIDE: f64 = 900.0;

/// Where plots begin, right of their figures, and the room at their right end.
const BEGINS: f64 = 44.0;
const LANES_BEGIN: f64 = 66.0;
const ENDS: f64 = 10.0;

const STEP: f64 = 15.0;
const AXIS: f64 = 18.0;
const REMEDIES: f64 = 18.0;
const LANE: f64 = 34.0;
const LANE_EVERY: f64 = 44.0;

/// Publishes that are marked: a rule for each of many would hide the curve.
const PUBLISHES_MAX: usize = 3;

/// A kind of page on which fewer visits got through failed.
const FAILED_BELOW: f64 = 0.5;

/// Availability over the morning. None if nobody came.
pub(super) fn availability(facts: &Facts<'_>) -> Option<Chart> {
    if facts.morning.spans.is_empty() {
        return None;
    }
    let (from_s, to_s) = facts.morning.watched;
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
         without some part) on it, failed at the top. The line is availability, the share of visits that were served \
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
    Some(Chart {
        title,
        subtitle,
        wide: curve(facts, WIDE, 200.0),
        narrow: Some(curve(facts, WIDTH, 150.0)),
        table_title: "The same as a table".to_owned(),
        table: table(facts),
        csv_name: "visits.csv".to_owned(),
        csv: csv(facts),
    })
}

/// Each kind of page by itself. None if nobody came.
pub(super) fn lanes(facts: &Facts<'_>) -> Option<Chart> {
    let routes = facts.morning.routes();
    if routes.is_empty() {
        return None;
    }
    let is_failed = |route: &incident::Route| {
        let share = facts.hurt(Some(*route)).availability();
        facts.outcome.lost_s.is_some() && share.is_some_and(|share| share < FAILED_BELOW)
    };
    let names = |failed: bool| {
        let routes = routes.iter().filter(|route| is_failed(route) == failed);
        list(&routes.map(ToString::to_string).collect::<Vec<_>>())
    };
    let failed = routes.iter().filter(|route| is_failed(route)).count();
    let title = match failed {
        0 => "On every kind of page most visits got through".to_owned(),
        failed if failed == routes.len() => "Every kind of page failed".to_owned(),
        _ => capital(&format!("{} failed; most visits to {} got through", names(true), names(false))),
    };
    let mut columns = vec!["page".to_owned(), "visits".to_owned(), "failed in all".to_owned()];
    columns.push(format!("availability {}", facts.meanwhile()));
    let rows = routes.iter().map(|route| {
        let whole = facts.morning.tally(Some(*route), f64::NEG_INFINITY, f64::INFINITY);
        let hurt = facts.hurt(Some(*route)).availability();
        let hurt = hurt.map_or("-".to_owned(), percent);
        vec![route.to_string(), whole.visits().to_string(), whole.failed.to_string(), hurt]
    });
    let table = Table { columns, rows: rows.collect() };
    Some(Chart {
        title,
        subtitle: format!(
            "Visits by outcome on each kind of page, 0 to 100 %, drawn as above; in a gap nobody came. One incident, {}.",
            facts.how()
        ),
        wide: lanes_plot(facts, WIDE),
        narrow: Some(lanes_plot(facts, WIDTH)),
        table_title: "The same as a table".to_owned(),
        csv: table.csv(),
        table,
        csv_name: "pages.csv".to_owned(),
    })
}

fn curve(facts: &Facts<'_>, width: f64, height: f64) -> String {
    let x = Scale { figures: facts.morning.watched, places: (BEGINS, width - ENDS) };
    let labels = placed(marks(facts, &x), (BEGINS, width));
    let top = head(&labels);
    let bottom = top + height;
    let mut svg = Svg::new(width, &spoken(facts));
    for (share, y) in [(0, bottom), (50, f64::midpoint(top, bottom)), (100, top)] {
        svg.text("quiet", (BEGINS - 5.0, y + 4.0), Anchor::End, &format!("{share}\u{a0}%"));
    }
    let tallies = facts.morning.tallies(None);
    morning::areas(&mut svg, &tallies, &x, (top, bottom));
    morning::words(&mut svg, &tallies, &x, (top, bottom));
    draw(&mut svg, &labels, top, bottom);
    let axis = if facts.remedies.is_empty() { bottom } else { bottom + REMEDIES };
    remedies(&mut svg, facts, &x, bottom);
    time_axis(&mut svg, &x, bottom, axis + AXIS);
    svg.finish(axis + AXIS + 4.0)
}

fn lanes_plot(facts: &Facts<'_>, width: f64) -> String {
    let x = Scale { figures: facts.morning.watched, places: (LANES_BEGIN, width - ENDS) };
    let marks = facts
        .outages
        .iter()
        .flat_map(|outage| [(Some(outage.lost_s), "lost"), (outage.restored_s, "restored")])
        .filter_map(|(at_s, word)| Some(Rule { x: x.at(at_s?), word: word.to_owned(), more: String::new() }));
    let labels = placed(marks.collect(), (LANES_BEGIN, width));
    let top = head(&labels);
    let routes = facts.morning.routes();
    let mut svg = Svg::new(width, "Visits by outcome on each kind of page. The table holds the figures.");
    let mut bottom = top;
    for (place, route) in routes.iter().enumerate() {
        let lane = top + LANE_EVERY * place as f64;
        bottom = lane + LANE;
        svg.text("lane", (0.0, lane + LANE / 2.0 + 4.0), Anchor::Start, route.name());
        morning::areas(&mut svg, &facts.morning.tallies(Some(*route)), &x, (lane, bottom));
    }
    draw(&mut svg, &labels, top, bottom);
    time_axis(&mut svg, &x, bottom, bottom + AXIS);
    svg.finish(bottom + AXIS + 4.0)
}

/// Where the plot begins below the words.
fn head(labels: &[Label]) -> f64 {
    let steps = labels.iter().map(|label| label.step + 1).max().unwrap_or(0);
    6.0 + STEP * steps as f64
}

fn draw(svg: &mut Svg, labels: &[Label], top: f64, bottom: f64) {
    for label in labels {
        let y = top - 3.0 - STEP * label.step as f64;
        let anchor = if label.is_left { Anchor::End } else { Anchor::Start };
        svg.line("mark", (label.x, y - 10.0), (label.x, bottom));
        svg.text("mark-word", (label.word_x(), y - 2.0), anchor, &label.word);
    }
}

fn time_axis(svg: &mut Svg, x: &Scale, from: f64, y: f64) {
    for at_s in ticks::times(x, width_of("08:00") + 12.0) {
        let (word, place) = (time(at_s), x.at(at_s));
        svg.line("axis", (place, from), (place, from + 4.0));
        let is_last = place + width_of(&word) / 2.0 > x.places.1 + ENDS;
        let (place, anchor) =
            if is_last { (x.places.1 + ENDS, Anchor::End) } else { (place, Anchor::Middle) };
        svg.text("quiet", (place, y), anchor, &word);
    }
}

/// What was tried, by number; those too close together share a mark.
fn remedies(svg: &mut Svg, facts: &Facts<'_>, x: &Scale, bottom: f64) {
    let mut marks: Vec<(f64, usize, usize)> = Vec::new();
    for (place, tried) in facts.remedies.iter().enumerate() {
        let at = x.at(tried.story_s.clamp(x.figures.0, x.figures.1));
        match marks.last_mut() {
            Some((first, _, last)) if at - *first < 26.0 => *last = place + 1,
            _ => marks.push((at, place + 1, place + 1)),
        }
    }
    for (at, first, last) in marks {
        let word = if first == last { first.to_string() } else { format!("{first}-{last}") };
        svg.path("remedy", &format!("M{at},{}l-4,8h8Z", bottom + 2.0));
        let (aside, anchor) = if at + 6.0 + width_of(&word) > x.places.1 + ENDS {
            (-6.0, Anchor::End)
        } else {
            (6.0, Anchor::Start)
        };
        svg.text("remedy-word", (at + aside, bottom + 13.0), anchor, &word);
    }
}

fn marks(facts: &Facts<'_>, x: &Scale) -> Vec<Rule> {
    let published = facts.record.events.iter().filter_map(|event| match &event.kind {
        EventKind::Published { by, .. } if by != "responder" => Some((event.story_s, "published")),
        _ => None,
    });
    let outcome = facts.outcome();
    let steps = [
        (outcome.lost_s, "lost"),
        (outcome.detected_s, "detected"),
        (outcome.located_s, "located"),
        (outcome.explained_s, facts.explained_word()),
        (outcome.restored_s, "restored"),
    ];
    let again = facts.outages.iter().skip(1);
    let again = again.flat_map(|outage| [(Some(outage.lost_s), "lost"), (outage.restored_s, "restored")]);
    let steps = steps.into_iter().chain(again).filter_map(|(at_s, word)| Some((at_s?, word)));
    let within = |(at_s, _): &(f64, &str)| (x.figures.0..=x.figures.1).contains(at_s);
    published
        .take(PUBLISHES_MAX)
        .chain(steps)
        .filter(within)
        .map(|(at_s, word)| Rule { x: x.at(at_s), word: word.to_owned(), more: time(at_s) })
        .collect()
}

fn spoken(facts: &Facts<'_>) -> String {
    let x = Scale { figures: facts.morning.watched, places: facts.morning.watched };
    let marks: Vec<String> =
        marks(facts, &x).into_iter().map(|rule| format!("{} {}", rule.word, rule.more)).collect();
    format!("Availability over the morning. Marked: {}. The table holds the figures.", list(&marks))
}

fn table(facts: &Facts<'_>) -> Table {
    let watched = facts.morning.watched;
    let x = Scale { figures: watched, places: (0.0, WIDTH) };
    let mut begins: Vec<f64> = ticks::times(&x, 22.0);
    begins.insert(0, watched.0);
    begins.dedup_by(|one, other| (*one - *other).abs() < 1.0);
    let ends: Vec<f64> = begins.iter().copied().skip(1).chain([watched.1]).collect();
    let rows = begins.iter().zip(ends).filter_map(|(from_s, to_s)| {
        let tally = facts.morning.tally(None, *from_s, to_s);
        Some([vec![time(*from_s)], counts(&tally), vec![percent(tally.availability()?)]].concat())
    });
    Table {
        columns: ["from", "served", "degraded", "failed", "availability"].map(String::from).into(),
        rows: rows.collect(),
    }
}

fn counts(tally: &Tally) -> Vec<String> {
    [tally.served, tally.degraded, tally.failed].map(|count| count.to_string()).into()
}

fn csv(facts: &Facts<'_>) -> String {
    let columns = ["story_s", "until_story_s", "time", "page", "served", "degraded", "failed"];
    let mut rows = vec![columns.map(String::from).to_vec()];
    for span in &facts.morning.spans {
        rows.extend(span.routes.iter().map(|(route, tally)| {
            let (from, to) = (format!("{:.1}", span.from_s), format!("{:.1}", span.to_s));
            [vec![from, to, time(span.from_s), route.to_string()], counts(tally)].concat()
        }));
    }
    csv_address(&rows)
}
