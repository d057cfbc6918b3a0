//! A chart of growth: one panel for each cause, with both axes logarithmic, so that a power law is a straight line. The file has its own
//! colours, because it stands beside a table and in none of the product's pages.

use std::fmt::Write;

use super::{figures::told, growth::Growth};

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 300.0;
const COLUMNS: usize = 2;
/// Margins around a panel's axes: top, right, bottom, left.
const MARGINS: [f64; 4] = [52.0, 18.0, 46.0, 62.0];

const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:13px}.quiet{fill:#666;font-size:11px}\
.axis{stroke:#999;stroke-width:1}.grid{stroke:#e4e4e4;stroke-width:1}.cost{fill:none;stroke:#0b62a8;stroke-width:2}.dot{fill:#0b62a8}\
.bend{stroke:#b4410e;stroke-width:1;stroke-dasharray:4 3}.bend-text{fill:#b4410e;font-size:11px}";

/// One panel: a cost as a function of its cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What grows with which cause.
    pub title: String,
    /// The cause, with its unit.
    pub cause: String,
    /// The cost, with its unit.
    pub cost: String,
    /// Pairs of cause and cost, sorted by cause, all positive.
    pub points: Vec<(f64, f64)>,
}

/// All panels as one SVG.
pub fn draw(panels: &[Panel]) -> String {
    let rows = panels.len().div_ceil(COLUMNS);
    let (width, height) = (WIDTH * COLUMNS as f64, HEIGHT * rows as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"How costs grow\">\n<style>{STYLE}</style>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for (place, panel) in panels.iter().enumerate() {
        let (x, y) = (WIDTH * (place % COLUMNS) as f64, HEIGHT * (place / COLUMNS) as f64);
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">\n{}</g>", draw_panel(panel));
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_panel(panel: &Panel) -> String {
    let [above, right, below, left] = MARGINS;
    let growth = Growth::of(&panel.points);
    let x_axis = Axis::of(panel.points.iter().map(|(cause, _)| *cause), left, WIDTH - right);
    let y_axis = Axis::of(panel.points.iter().map(|(_, cost)| *cost), HEIGHT - below, above);
    let mut svg = String::new();
    let mut text = |class: &str, x: f64, y: f64, anchor: &str, text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(
            svg,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    };
    text("title", left, 18.0, "start", &panel.title);
    let said = match &growth.bend {
        None => format!("grows to the power of {:.2}", growth.exponent),
        Some(bend) => format!(
            "to the power of {:.2}; {:.2} below {}, {:.2} above",
            growth.exponent,
            bend.before,
            told(bend.at),
            bend.after
        ),
    };
    text("quiet", left, 34.0, "start", &said);
    text("quiet", WIDTH - right, HEIGHT - 8.0, "end", &panel.cause);
    text("quiet", left, above - 6.0, "start", &panel.cost);
    for mark in x_axis.marks() {
        text("quiet", x_axis.place(mark), HEIGHT - below + 16.0, "middle", &told(mark));
    }
    for mark in y_axis.marks() {
        text("quiet", left - 6.0, y_axis.place(mark) + 4.0, "end", &told(mark));
    }
    let mut line = |class: &str, x1: f64, y1: f64, x2: f64, y2: f64| {
        let _ = writeln!(
            svg,
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        );
    };
    for mark in y_axis.marks() {
        line("grid", left, y_axis.place(mark), WIDTH - right, y_axis.place(mark));
    }
    line("axis", left, HEIGHT - below, WIDTH - right, HEIGHT - below);
    if let Some(bend) = &growth.bend {
        line("bend", x_axis.place(bend.at), above, x_axis.place(bend.at), HEIGHT - below);
    }
    let places = panel.points.iter().map(|(cause, cost)| (x_axis.place(*cause), y_axis.place(*cost)));
    let path: Vec<String> = places.clone().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    let _ = writeln!(svg, "<path class=\"cost\" d=\"M{}\"/>", path.join("L"));
    for ((x, y), (cause, cost)) in places.zip(&panel.points) {
        let title = format!("{}: {}", told(*cause), told(*cost));
        let _ = writeln!(
            svg,
            "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"><title>{title}</title></circle>"
        );
    }
    svg
}

/// A logarithmic axis.
struct Axis {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Axis {
    fn of(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        let (from, to) = values
            .fold((f64::INFINITY, 0.0), |(from, to): (f64, f64), value| (from.min(value), to.max(value)));
        // Widen the axis of a nearly constant cost, or its noise would fill the panel.
        let (from, to) = if to / from < 4.0 { (from / 2.0, to * 2.0) } else { (from, to) };
        Self { from, to, start, end }
    }

    fn place(&self, value: f64) -> f64 {
        self.start + (value / self.from).ln() / (self.to / self.from).ln() * (self.end - self.start)
    }

    /// Tick marks at powers of ten, and at twos and fives between them if there are few.
    #[expect(clippy::cast_possible_truncation, reason = "a figure has few powers of ten")]
    fn marks(&self) -> Vec<f64> {
        let powers = self.from.log10().floor() as i32..=self.to.log10().ceil() as i32;
        let marks = |steps: &[f64]| -> Vec<f64> {
            let all =
                powers.clone().flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)));
            all.filter(|mark| (self.from * 0.999..=self.to * 1.001).contains(mark)).collect()
        };
        let tens = marks(&[1.0]);
        if tens.len() >= 3 { tens } else { marks(&[1.0, 2.0, 5.0]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_marks_and_points_stand_where_they_belong() {
        let axis = Axis::of([1.0, 10_000.0].into_iter(), 0.0, 400.0);
        assert_eq!(axis.marks(), [1.0, 10.0, 100.0, 1_000.0, 10_000.0]);
        assert!((axis.place(100.0) - 200.0).abs() < 1e-9);
        let narrow = Axis::of([1.0, 24.0].into_iter(), 0.0, 1.0);
        assert_eq!(narrow.marks(), [1.0, 2.0, 5.0, 10.0, 20.0]);
    }

    #[test]
    fn a_drawing_says_what_it_shows() {
        let points = vec![(1.0, 2.0), (10.0, 20.0), (100.0, 200.0)];
        let panel = Panel { title: "Teams & <all>".into(), cause: "teams".into(), cost: "MB".into(), points };
        let svg = draw(&[panel.clone(), panel]);
        assert!(svg.contains("Teams &amp; &lt;all>") && svg.contains("power of 1.00"), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 6);
    }
}
