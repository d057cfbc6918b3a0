//! What was believed against what came true (a reliability diagram): dots on the diagonal were as certain as they had a
//! right to be; below it the responder was too sure of itself.

use incident::Level;

use crate::plot::{
    Scale,
    svg::{Anchor, Svg},
};

const BEGINS: f64 = 44.0;
const ENDS: f64 = 14.0;
const AXIS: f64 = 34.0;

/// Explanations that were believed about equally.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reliability {
    pub(super) level: Level,
    /// The mean share of certainty with which they were given.
    pub(super) believed: f64,
    pub(super) right: f64,
    pub(super) count: usize,
}

pub(super) fn reliability(dots: &[Reliability], width: f64) -> String {
    let side = width - BEGINS - ENDS;
    let x = Scale { figures: (0.0, 1.0), places: (BEGINS, width - ENDS) };
    let y = Scale { figures: (0.0, 1.0), places: (side + 10.0, 10.0) };
    let mut svg = Svg::new(
        width,
        "Share of explanations that were right, by how far they were believed. The table holds the figures.",
    );
    for percent in [0, 25, 50, 75, 100] {
        let share = f64::from(percent) / 100.0;
        svg.line("axis", (x.at(share), y.at(0.0)), (x.at(share), y.at(1.0)));
        svg.line("axis", (x.at(0.0), y.at(share)), (x.at(1.0), y.at(share)));
        svg.text("quiet", (x.at(share), y.at(0.0) + 14.0), Anchor::Middle, &format!("{percent}"));
        svg.text("quiet", (BEGINS - 5.0, y.at(share) + 4.0), Anchor::End, &format!("{percent}\u{a0}%"));
    }
    svg.text("quiet", (x.at(1.0), y.at(0.0) + 28.0), Anchor::End, "believed, in percent \u{2192}");
    svg.text("quiet", (x.at(0.02), y.at(1.0) + 14.0), Anchor::Start, "\u{2191} right");
    svg.line("range", (x.at(0.0), y.at(0.0)), (x.at(1.0), y.at(1.0)));
    for dot in dots {
        let at = x.at(dot.believed);
        let told = format!(
            "{}: believed {:.0} %, right {:.0} % of {}",
            dot.level,
            dot.believed * 100.0,
            dot.right * 100.0,
            dot.count
        );
        // The area says how many there are.
        let radius = (dot.count as f64).sqrt().clamp(2.0, 9.0).round();
        svg.dot(&format!("dot of-{}", dot.level), (at, y.at(dot.right)), radius, &told);
    }
    svg.finish(y.at(0.0) + AXIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainty_that_came_true_stands_on_the_diagonal() {
        let dot = |believed, right| Reliability { level: Level::Dark, believed, right, count: 16 };
        let svg = reliability(&[dot(0.5, 0.5), dot(0.95, 0.6)], 360.0);
        // Half way on both axes: 44 + 302 / 2, and 10 + 302 / 2.
        assert!(svg.contains("class=\"dot of-dark\" cx=\"195\" cy=\"161\" r=\"4\""), "{svg}");
        assert!(svg.contains("<title>dark: believed 95 %, right 60 % of 16</title>"));
    }
}
