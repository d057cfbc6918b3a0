//! Mornings stacked on one axis of the story: what customers met, and when what happened. Teaches that incidents are compared by eye first:
//! the same morning, one above the other, poorest telemetry on top.

use std::fmt::Write;

use debrief::{
    figures::time,
    incident::morning::{areas, words},
    plot::{
        Scale,
        labels::{Rule, placed},
        svg::{Anchor, Svg, width_of},
        ticks,
    },
};
use incident::Tally;

/// The widths of a plot on wide pages and on a phone.
pub const WIDTHS: [f64; 2] = [960.0, 360.0];

const BEGINS: f64 = 40.0;
const ENDS: f64 = 12.0;
const TITLE: f64 = 20.0;
const STEP: f64 = 15.0;
const AXIS: f64 = 18.0;
const REMEDIES: f64 = 17.0;
const BETWEEN: f64 = 12.0;

/// Marks of remedies closer than this share one.
const TOGETHER: f64 = 26.0;

/// One morning.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// What stands above it.
    pub title: String,
    /// The class of the title: the telemetry level's.
    pub class: String,
    /// What customers met.
    pub tallies: Vec<(f64, f64, Tally)>,
    /// Thin rules with a word, in story seconds.
    pub marks: Vec<(f64, &'static str)>,
    /// When what was tried, in story seconds, by number.
    pub remedies: Vec<f64>,
    /// Whether it is shown small, without words.
    pub is_small: bool,
}

/// A second axis: people's minutes at a second of the story.
pub type Minutes<'a> = &'a dyn Fn(f64) -> f64;

/// The rows on one axis, wide and narrow.
pub fn plots(rows: &[Row], minutes: Option<Minutes<'_>>, description: &str) -> [String; 2] {
    WIDTHS.map(|width| plot(rows, minutes, width, description))
}

fn plot(rows: &[Row], minutes: Option<Minutes<'_>>, width: f64, description: &str) -> String {
    let x = Scale { figures: watched(rows), places: (BEGINS, width - ENDS) };
    let mut svg = Svg::new(width, description);
    let mut y = 4.0;
    if let Some(minutes) = minutes {
        minutes_axis(&mut svg, &x, minutes, y + 10.0);
        y += AXIS + 6.0;
    }
    for row in rows {
        y = draw(&mut svg, row, &x, y) + BETWEEN;
    }
    time_axis(&mut svg, &x, y - BETWEEN + 2.0);
    svg.finish(y + AXIS + 4.0)
}

/// From when to when anybody watched.
fn watched(rows: &[Row]) -> (f64, f64) {
    let spans = || rows.iter().flat_map(|row| &row.tallies);
    let from = spans().map(|span| span.0).fold(f64::INFINITY, f64::min);
    let to = spans().map(|span| span.1).fold(f64::NEG_INFINITY, f64::max);
    if from < to { (from, to) } else { (-900.0, 18_000.0) }
}

/// Draws a row below `y`; says where it ends.
fn draw(svg: &mut Svg, row: &Row, x: &Scale, y: f64) -> f64 {
    svg.text(&format!("strong {}", row.class), (0.0, y + 12.0), Anchor::Start, &row.title);
    let rule = |(at_s, word): &(f64, &'static str)| {
        let is_within = (x.figures.0..=x.figures.1).contains(at_s);
        is_within.then(|| Rule { x: x.at(*at_s), word: (*word).to_owned(), more: time(*at_s) })
    };
    let labels = placed(row.marks.iter().filter_map(rule).collect(), (BEGINS, x.places.1 + ENDS));
    let steps = labels.iter().map(|label| label.step + 1).max().unwrap_or(0);
    let top = y + TITLE + STEP * steps as f64;
    let bottom = top + if row.is_small { 30.0 } else { 62.0 };
    for (share, at) in [(0, bottom), (100, top + 8.0)] {
        svg.text("quiet", (BEGINS - 5.0, at), Anchor::End, &format!("{share}\u{a0}%"));
    }
    areas(svg, &row.tallies, x, (top, bottom));
    if !row.is_small {
        words(svg, &row.tallies, x, (top, bottom));
    }
    for label in &labels {
        let head = top - 3.0 - STEP * label.step as f64;
        let anchor = if label.is_left { Anchor::End } else { Anchor::Start };
        svg.line("mark", (label.x, head - 10.0), (label.x, bottom));
        svg.text("mark-word", (label.word_x(), head - 2.0), anchor, &label.word);
    }
    if row.remedies.is_empty() {
        return bottom;
    }
    remedies(svg, &row.remedies, x, bottom);
    bottom + REMEDIES
}

/// What was tried, by number; those too close together share a mark.
fn remedies(svg: &mut Svg, used_s: &[f64], x: &Scale, bottom: f64) {
    let mut marks: Vec<(f64, usize, usize)> = Vec::new();
    for (place, used_s) in used_s.iter().enumerate() {
        let at = x.at(used_s.clamp(x.figures.0, x.figures.1));
        match marks.last_mut() {
            Some((first, _, last)) if at - *first < TOGETHER => *last = place + 1,
            _ => marks.push((at, place + 1, place + 1)),
        }
    }
    for (at, first, last) in marks {
        let mut word = first.to_string();
        if last > first {
            let _ = write!(word, "-{last}");
        }
        svg.path("remedy", &format!("M{at},{}l-4,8h8Z", bottom + 2.0));
        let is_last = at + 6.0 + width_of(&word) > x.places.1 + ENDS;
        let (aside, anchor) = if is_last { (-6.0, Anchor::End) } else { (6.0, Anchor::Start) };
        svg.text("remedy-word", (at + aside, bottom + 12.0), anchor, &word);
    }
}

/// The story's time, below.
pub fn time_axis(svg: &mut Svg, x: &Scale, y: f64) {
    for at_s in ticks::times(x, width_of("08:00") + 12.0) {
        let (word, place) = (time(at_s), x.at(at_s));
        svg.line("axis", (place, y), (place, y + 4.0));
        let is_last = place + width_of(&word) / 2.0 > x.places.1 + ENDS;
        let (place, anchor) =
            if is_last { (x.places.1 + ENDS, Anchor::End) } else { (place, Anchor::Middle) };
        svg.text("quiet", (place, y + AXIS), anchor, &word);
    }
}

/// People's minutes, above: round ones, at the seconds of the story at which they were over.
fn minutes_axis(svg: &mut Svg, x: &Scale, minutes: Minutes<'_>, y: f64) {
    let (from, to) = (minutes(x.figures.0), minutes(x.figures.1));
    let own = Scale { figures: (from, to), places: x.places };
    for (place, figure) in ticks::figures(&own, width_of("0 min") + 20.0).into_iter().enumerate() {
        let at = own.at(figure);
        let word = if place == 0 { format!("{figure} min") } else { figure.to_string() };
        svg.line("axis", (at, y + 4.0), (at, y + 8.0));
        svg.text("strong", (at, y), if place == 0 { Anchor::Start } else { Anchor::Middle }, &word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_on_one_axis_and_say_what_happened() {
        let tally = |served, failed| Tally { served, degraded: 0, failed };
        let row = |from: f64, title: &str| Row {
            title: title.to_owned(),
            class: "level-logs".to_owned(),
            tallies: vec![(from, 600.0, tally(9, 0)), (600.0, 7_200.0, tally(0, 9))],
            marks: vec![(600.0, "lost"), (7_100.0, "restored"), (99_999.0, "never")],
            remedies: vec![3_000.0, 3_010.0, 6_000.0],
            is_small: false,
        };
        let rows = [row(-900.0, "logs <1>"), row(0.0, "changes")];
        assert_eq!(watched(&rows), (-900.0, 7_200.0));
        let minutes = |story_s: f64| (story_s + 900.0) / 15.0 / 60.0;
        let [wide, narrow] = plots(&rows, Some(&minutes), "Availability");
        for plot in [&wide, &narrow] {
            assert!(
                plot.contains("logs &lt;1&gt;") && plot.contains("lost") && !plot.contains("never"),
                "{plot}"
            );
            assert!(plot.contains("1-2") && plot.contains("0 min") && plot.contains("08:00"), "{plot}");
            assert!(!plot.contains("style="), "inline styles are not allowed");
        }
        assert!(wide.contains("viewBox=\"0 0 960") && narrow.contains("viewBox=\"0 0 360"));
    }
}
