//! Time against error: who asks for more certainty takes longer and errs less. Levels are compared at equal error, not
//! each at its own.

use incident::Level;

use crate::{
    figures::trimmed,
    plot::{
        Scale,
        svg::{Anchor, Svg, width_of},
        ticks,
    },
};

const BEGINS: f64 = 44.0;
const AXIS: f64 = 34.0;
const TOP: f64 = 20.0;
const LINE: f64 = 13.0;

/// One level at all thresholds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve {
    pub(super) level: Level,
    /// The share of wrong explanations, and the minutes to an explanation, for each threshold.
    pub(super) points: Vec<(f64, f64)>,
}

pub(super) fn trade_off(curves: &[Curve], width: f64, height: f64) -> String {
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let most = |of: fn(&(f64, f64)) -> f64| all().map(of).fold(0.0, f64::max);
    let names = Level::ALL.iter().map(|level| width_of(level.name())).fold(0.0, f64::max) + 8.0;
    let x =
        Scale { figures: (0.0, (most(|point| point.0) * 100.0).max(1.0)), places: (BEGINS, width - names) };
    let y = Scale { figures: (0.0, most(|point| point.1).max(1.0)), places: (TOP + height, TOP) };
    let mut svg = Svg::new(
        width,
        "Minutes to an explanation against the share of wrong ones. The table holds the figures.",
    );
    for minutes in ticks::figures(&y, 26.0) {
        svg.line("axis", (BEGINS, y.at(minutes)), (x.places.1, y.at(minutes)));
        svg.text("quiet", (BEGINS - 5.0, y.at(minutes) + 4.0), Anchor::End, &format!("{minutes}"));
    }
    svg.text("quiet", (0.0, 10.0), Anchor::Start, "minutes");
    for percent in ticks::figures(&x, 34.0) {
        svg.text("quiet", (x.at(percent), TOP + height + 14.0), Anchor::Middle, &trimmed(percent));
    }
    svg.text(
        "quiet",
        (x.places.1, TOP + height + 28.0),
        Anchor::End,
        "wrong explanations, in percent \u{2192}",
    );
    let mut ends: Vec<(f64, Level)> = Vec::new();
    for curve in curves.iter().filter(|curve| !curve.points.is_empty()) {
        let mut points = curve.points.clone();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        let place = |(error, minutes): &(f64, f64)| (x.at(error * 100.0), y.at(*minutes));
        let path: Vec<String> = points.iter().map(place).map(|(x, y)| format!("{x},{y}")).collect();
        svg.path(&format!("curve of-{}", curve.level), &format!("M{}", path.join("L")));
        for point in &points {
            let told = format!("{}: {:.1} % wrong, {:.0} min", curve.level, point.0 * 100.0, point.1);
            svg.dot(&format!("dot of-{}", curve.level), place(point), 2.6, &told);
        }
        ends.extend(points.last().map(|point| (place(point).1, curve.level)));
    }
    ends.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut free = f64::NEG_INFINITY;
    for (at, level) in ends {
        let at = at.max(free);
        free = at + LINE;
        svg.text(&format!("name of-{level}"), (x.places.1 + 6.0, at + 4.0), Anchor::Start, level.name());
    }
    svg.finish(TOP + height + AXIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_curve_has_its_name_at_its_end_and_no_two_meet() {
        let curve = |level, minutes| Curve { level, points: vec![(0.2, minutes), (0.0, minutes + 20.0)] };
        let svg = trade_off(&[curve(Level::Dark, 60.0), curve(Level::Logs, 61.0)], 360.0, 160.0);
        let places: Vec<f64> = svg
            .split("class=\"name of-")
            .skip(1)
            .map(|name| name.split("y=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap())
            .collect();
        assert!(places.len() == 2 && (places[0] - places[1]).abs() >= LINE, "{svg}");
        assert!(svg.contains("<title>dark: 20.0 % wrong, 60 min</title>"));
        assert!(svg.contains("class=\"curve of-dark\" d=\"M44,"), "the smallest error stands first: {svg}");
        assert!(!trade_off(&[], 360.0, 160.0).contains("NaN"));
    }
}
