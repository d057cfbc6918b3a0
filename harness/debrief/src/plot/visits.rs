//! Visits by outcome over the story: served at the bottom, degraded above it, failed at the top, and availability as a line. One layout for
//! every page that shows an incident's hours.

use std::fmt::Write;

use incident::{Route, Tally};
use report::visits::VisitSpans;

use super::{
    Scale, WIDE, WIDTH,
    labels::{Rule, placed},
    svg::{Anchor, Svg, width_of},
    ticks,
};
use crate::figures::time;

/// Where lanes begin, right of their figures or names, and the room at their right end, in units.
const BEGINS: f64 = 44.0;
const NAMED_BEGIN: f64 = 66.0;
const ENDS: f64 = 10.0;

const TITLE: f64 = 20.0;
const STEP: f64 = 15.0;
const AXIS: f64 = 18.0;
const REMEDIES: f64 = 18.0;
const BETWEEN_LANES: f64 = 10.0;
const BETWEEN_BANDS: f64 = 12.0;

/// The lowest height of a lane with room for words, in units.
const WORDS_FROM: f64 = 50.0;

/// The lowest height of a lane with room for the 50 % mark, in units.
const HALF_FROM: f64 = 100.0;

/// Remedies closer together than this share a mark, in units.
const TOGETHER: f64 = 26.0;

/// An area gets its word only where its share of visits is at least this.
const WORD_FROM: f64 = 0.6;

/// The height of a lane for one kind of page.
pub const LANE: f64 = 34.0;

/// Visits by outcome in spans of story seconds: from, to, and the tally.
pub type Visits = Vec<(f64, f64, Tally)>;

/// Lanes that belong together: one incident.
#[derive(Clone, Debug, Default)]
pub struct Band {
    /// The text above the band; may be empty.
    pub title: String,
    pub class: String,
    pub lanes: Vec<Lane>,
    /// Rules with a word, in story seconds.
    pub marks: Vec<(f64, &'static str)>,
    /// When each remedy was used, in story seconds. They are numbered.
    pub remedies: Vec<f64>,
}

#[derive(Clone, Debug)]
pub struct Lane {
    /// The name at the left; if empty, the axis figures.
    pub name: String,
    pub visits: Visits,
    pub height: f64,
}

/// Bands on one axis of the story.
pub struct Plot<'a> {
    pub bands: &'a [Band],
    /// The span of the axis, in story seconds.
    pub watched: (f64, f64),
    /// For a second axis above: converts a second of the story to people's wall-clock minutes.
    pub minutes: Option<&'a dyn Fn(f64) -> f64>,
    /// A description for screen readers.
    pub description: &'a str,
}

/// Keeps the marks that have a time.
pub fn marks(marks: impl IntoIterator<Item = (Option<f64>, &'static str)>) -> Vec<(f64, &'static str)> {
    marks.into_iter().filter_map(|(at_s, word)| Some((at_s?, word))).collect()
}

/// A lane for each kind of page with visits.
pub fn by_route(visits: &VisitSpans) -> Vec<Lane> {
    let lane = |route: Route| Lane {
        name: route.name().to_owned(),
        visits: visits.tallies(Some(route)),
        height: LANE,
    };
    visits.routes().into_iter().map(lane).collect()
}

impl Plot<'_> {
    /// Drawn for wide pages, and for a phone.
    pub fn both(&self) -> [String; 2] {
        [WIDE, WIDTH].map(|width| self.svg(width))
    }

    pub fn svg(&self, width: f64) -> String {
        let is_named = self.bands.iter().flat_map(|band| &band.lanes).any(|lane| !lane.name.is_empty());
        let begins = if is_named { NAMED_BEGIN } else { BEGINS };
        let x = Scale { figures: self.watched, places: (begins, width - ENDS) };
        let mut svg = Svg::new(width, self.description);
        let mut y = 4.0;
        if let Some(minutes) = self.minutes {
            minutes_axis(&mut svg, &x, minutes, y + 10.0);
            y += AXIS + 6.0;
        }
        for (place, band) in self.bands.iter().enumerate() {
            y += if place > 0 { BETWEEN_BANDS } else { 0.0 };
            y = band.draw(&mut svg, &x, y);
        }
        time_axis(&mut svg, &x, y);
        svg.story(x.figures, [(x.places.0, 0.0), (x.places.1, y)]);
        svg.finish(y + AXIS + 4.0)
    }
}

impl Band {
    /// Draws the band below `y`. Returns where it ends.
    fn draw(&self, svg: &mut Svg, x: &Scale, mut y: f64) -> f64 {
        if !self.title.is_empty() {
            svg.text(&format!("strong {}", self.class), (0.0, y + 12.0), Anchor::Start, &self.title);
            y += TITLE;
        }
        let rule = |(at_s, word): &(f64, &'static str)| {
            let is_within = (x.figures.0..=x.figures.1).contains(at_s);
            is_within.then(|| Rule { x: x.at(*at_s), word: (*word).to_owned(), more: time(*at_s) })
        };
        let labels = placed(self.marks.iter().filter_map(rule).collect(), (x.places.0, x.places.1 + ENDS));
        let steps = labels.iter().map(|label| label.step + 1).max().unwrap_or(0);
        let top = y + STEP * steps as f64;
        let mut bottom = top;
        for (place, lane) in self.lanes.iter().enumerate() {
            let begins = bottom + if place > 0 { BETWEEN_LANES } else { 0.0 };
            bottom = begins + lane.height;
            lane.draw(svg, x, (begins, bottom));
        }
        for label in &labels {
            let head = top - 3.0 - STEP * label.step as f64;
            let anchor = if label.is_left { Anchor::End } else { Anchor::Start };
            svg.line("mark", (label.x, head - 10.0), (label.x, bottom));
            svg.text("mark-word", (label.word_x(), head - 2.0), anchor, &label.word);
        }
        remedies(svg, &self.remedies, x, bottom);
        if self.remedies.is_empty() { bottom } else { bottom + REMEDIES }
    }
}

impl Lane {
    fn draw(&self, svg: &mut Svg, x: &Scale, (top, bottom): (f64, f64)) {
        areas(svg, &self.visits, x, (top, bottom));
        if !self.name.is_empty() {
            let middle = f64::midpoint(top, bottom) + 4.0;
            svg.text("lane", (0.0, middle), Anchor::Start, &self.name);
            return;
        }
        let half = (self.height >= HALF_FROM).then(|| (50, f64::midpoint(top, bottom) + 4.0));
        for (share, y) in [(0, bottom), (100, top + 8.0)].into_iter().chain(half) {
            svg.text("quiet", (x.places.0 - 5.0, y), Anchor::End, &format!("{share}\u{a0}%"));
        }
        if self.height >= WORDS_FROM {
            words(svg, &self.visits, x, (top, bottom));
        }
    }
}

/// Picks the counts of some outcomes.
type Part = fn(&Tally) -> u64;

fn areas(svg: &mut Svg, visits: &Visits, x: &Scale, (top, bottom): (f64, f64)) {
    let y = Scale { figures: (0.0, 1.0), places: (bottom, top) };
    let share = |part: u64, tally: &Tally| part as f64 / tally.visits().max(1) as f64;
    // Spans without visits leave a gap.
    for run in visits.chunk_by(|one, other| other.0 - one.1 < 1.0) {
        let steps = |of: Part| -> String {
            let step = |(from, to, tally): &(f64, f64, Tally)| {
                (x.at(*from), x.at(*to), y.at(share(of(tally), tally)))
            };
            path(&run.iter().map(step).collect::<Vec<_>>())
        };
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let (from, to) = (x.at(first.0), x.at(last.1));
        let area = |steps: &str| format!("M{from},{bottom}{}L{to},{bottom}Z", steps.replacen('M', "L", 1));
        let available = steps(|tally| tally.served + tally.degraded);
        svg.rect("failed-area", (from, top), (to, bottom));
        svg.path("degraded-area", &area(&available));
        svg.path("served-area", &area(&steps(|tally| tally.served)));
        svg.path("available-line", &available);
    }
}

/// A path of horizontal lines, one along each span.
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

/// Names each area in the plot where there is room.
fn words(svg: &mut Svg, visits: &Visits, x: &Scale, (top, bottom): (f64, f64)) {
    let at = |share: f64| top + (bottom - top) * share + 4.0;
    let areas: [(&str, Part, f64); 3] = [
        ("served", |tally| tally.served, at(0.7)),
        ("degraded", |tally| tally.degraded, at(0.5)),
        ("failed", |tally| tally.failed, at(0.3)),
    ];
    for (word, part, y) in areas {
        let is_mostly = |tally: &Tally| part(tally) as f64 >= WORD_FROM * tally.visits() as f64;
        let runs = visits.chunk_by(|one, other| is_mostly(&one.2) == is_mostly(&other.2));
        let longest = runs
            .filter(|run| is_mostly(&run[0].2))
            .map(|run| (x.at(run[0].0), x.at(run[run.len() - 1].1)))
            .max_by(|one, other| (one.1 - one.0).total_cmp(&(other.1 - other.0)));
        if let Some((from, to)) = longest.filter(|(from, to)| to - from > width_of(word)) {
            svg.text("on-area", (f64::midpoint(from, to), y), Anchor::Middle, word);
        }
    }
}

/// Numbered marks of remedies; remedies too close together share a mark.
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
        let word = if first == last { first.to_string() } else { format!("{first}-{last}") };
        svg.path("remedy", &format!("M{at},{}l-4,8h8Z", bottom + 2.0));
        let is_last = at + 6.0 + width_of(&word) > x.places.1 + ENDS;
        let (aside, anchor) = if is_last { (-6.0, Anchor::End) } else { (6.0, Anchor::Start) };
        svg.text("remedy-word", (at + aside, bottom + 13.0), anchor, &word);
    }
}

/// The axis of the story's time, below the bands.
fn time_axis(svg: &mut Svg, x: &Scale, y: f64) {
    for at_s in ticks::times(x, width_of("08:00") + 12.0) {
        let (word, place) = (time(at_s), x.at(at_s));
        svg.line("axis", (place, y), (place, y + 4.0));
        let is_last = place + width_of(&word) / 2.0 > x.places.1 + ENDS;
        let (place, anchor) =
            if is_last { (x.places.1 + ENDS, Anchor::End) } else { (place, Anchor::Middle) };
        svg.text("quiet", (place, y + AXIS), anchor, &word);
    }
}

/// The axis of people's minutes, above the bands, marked at round figures.
fn minutes_axis(svg: &mut Svg, x: &Scale, minutes: &dyn Fn(f64) -> f64, y: f64) {
    let own = Scale { figures: (minutes(x.figures.0), minutes(x.figures.1)), places: x.places };
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
    fn bands_stand_on_one_axis_and_say_what_happened() {
        let tally = |served, failed| Tally { served, degraded: 0, failed };
        let band = |from: f64, title: &str| Band {
            title: title.to_owned(),
            class: "level-logs".to_owned(),
            lanes: vec![Lane {
                name: String::new(),
                visits: vec![(from, 600.0, tally(9, 0)), (600.0, 7_200.0, tally(0, 9))],
                height: 62.0,
            }],
            marks: vec![(600.0, "lost"), (7_100.0, "restored"), (99_999.0, "never")],
            remedies: vec![3_000.0, 3_010.0, 6_000.0],
        };
        let minutes = |story_s: f64| (story_s + 900.0) / 15.0 / 60.0;
        let plot = Plot {
            bands: &[band(-900.0, "logs <1>"), band(0.0, "changes")],
            watched: (-900.0, 7_200.0),
            minutes: Some(&minutes),
            description: "Availability",
        };
        let [wide, narrow] = plot.both();
        for plot in [&wide, &narrow] {
            assert!(plot.contains("logs &lt;1&gt;") && plot.contains("lost") && !plot.contains("never"));
            assert!(plot.contains("1-2") && plot.contains("0 min") && plot.contains("08:00"), "{plot}");
            assert!(!plot.contains("style="), "inline styles are not allowed");
        }
        assert!(wide.contains("viewBox=\"0 0 900") && narrow.contains("viewBox=\"0 0 360"));
    }
}
