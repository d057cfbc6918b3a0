//! Minutes from a start to each step, a line for each row. A step that was never reached is an open dot at the right edge: not finishing is a
//! result, too.

use super::{
    Scale, WIDE, WIDTH,
    svg::{Anchor, Svg},
};

const BEGINS: f64 = 8.0;
const ENDS: f64 = 16.0;
const ROW: f64 = 38.0;
const TITLE: f64 = 16.0;

#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The text above the line; may be empty.
    pub title: String,
    pub class: String,
    /// The minute at which the line ends, and whether its last step was reached.
    pub until: (f64, bool),
    /// Marks along the line: the minute, the shape and the tooltip.
    pub marks: Vec<(f64, Shape, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Tick,
    Triangle,
    Dot,
    OpenDot,
    Diamond,
    OpenDiamond,
}

/// The rows on one axis, for wide pages and for a phone.
pub fn both(rows: &[Row], description: &str) -> [String; 2] {
    [WIDE, WIDTH].map(|width| plot(rows, description, width))
}

fn plot(rows: &[Row], description: &str, width: f64) -> String {
    let times = rows.iter().flat_map(|row| row.marks.iter().map(|mark| mark.0).chain([row.until.0]));
    let x = Scale { figures: (0.0, times.fold(1.0, f64::max)), places: (BEGINS, width - ENDS) };
    let title = if rows.iter().all(|row| row.title.is_empty()) { 0.0 } else { TITLE };
    let bottom = (ROW * rows.len() as f64 - TITLE + title).max(ROW - TITLE) + 8.0;
    let mut svg = Svg::new(width, description);
    svg.axis(&x, 44.0, (4.0, bottom), minutes);
    for (place, row) in rows.iter().enumerate() {
        let y = ROW * place as f64 + 14.0 + title;
        svg.text(&format!("strong {}", row.class), (BEGINS, y - 10.0), Anchor::Start, &row.title);
        let (until, is_reached) = row.until;
        svg.line(if is_reached { "bar" } else { "range" }, (x.at(0.0), y), (x.at(until), y));
        for (at, shape, what) in &row.marks {
            mark(&mut svg, *shape, (x.at(at.max(0.0)), y), what);
        }
    }
    svg.finish(bottom + 20.0)
}

/// The label for a minute on an axis; the first has the unit.
pub fn minutes(minutes: f64) -> String {
    if minutes > 0.0 { minutes.to_string() } else { "0 min".to_owned() }
}

fn mark(svg: &mut Svg, shape: Shape, (at, y): (f64, f64), what: &str) {
    let diamond = || format!("M{at},{}l6,6l-6,6l-6,-6Z", y - 6.0);
    match shape {
        Shape::Tick => svg.line("tick", (at, y - 5.0), (at, y + 5.0)),
        Shape::Triangle => svg.path("remedy", &format!("M{at},{}l-4,8h8Z", y - 2.0)),
        Shape::Dot => svg.dot("dot", (at, y), 4.5, what),
        Shape::OpenDot => svg.dot("open", (at, y), 4.5, what),
        Shape::Diamond => svg.path("dot", &diamond()),
        Shape::OpenDiamond => svg.path("open", &diamond()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_reached_is_an_open_dot_at_the_end() {
        let row = |title: &str, until, shape| Row {
            title: title.to_owned(),
            until,
            marks: vec![(1.0, Shape::Tick, String::new()), (until.0, shape, format!("{title}!"))],
            ..Row::default()
        };
        let rows = [row("<a>", (6.0, true), Shape::Dot), row("b", (20.0, false), Shape::OpenDot)];
        let [wide, narrow] = both(&rows, "Steps");
        for plot in [&wide, &narrow] {
            assert_eq!(
                (plot.matches("class=\"open\"").count(), plot.matches("class=\"dot\"").count()),
                (1, 1)
            );
            assert_eq!(
                (plot.matches("class=\"bar\"").count(), plot.matches("class=\"range\"").count()),
                (1, 1)
            );
            assert!(
                plot.contains("&lt;a&gt;") && plot.contains(">0 min<") && plot.contains(">20<"),
                "{plot}"
            );
        }
    }
}
