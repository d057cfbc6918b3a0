//! Paired differences with their intervals on an axis around zero. An interval that contains zero shows no difference.

use std::cmp::Ordering;

use report::compare::Paired;

use crate::plot::{
    Scale,
    svg::{Anchor, Svg},
};

const BEGINS: f64 = 8.0;
const ENDS: f64 = 12.0;
const ROW: f64 = 40.0;
const AXIS: f64 = 34.0;

const MARGIN: f64 = 0.06;

/// The differences in minutes; to the left is sooner.
pub(super) fn differences(rows: &[&Paired], width: f64) -> String {
    let minutes = |row: &Paired| [row.difference, row.interval.low, row.interval.high].map(|by| by / 60.0);
    let ends = rows.iter().flat_map(|row| minutes(row));
    let (low, high) = ends.fold((0.0_f64, 0.0_f64), |(low, high), end| (low.min(end), high.max(end)));
    let margin = ((high - low) * MARGIN).max(f64::EPSILON);
    let x = Scale { figures: (low - margin, high + margin), places: (BEGINS, width - ENDS) };
    let bottom = ROW * rows.len() as f64 + 8.0;
    let mut svg = Svg::new(width, "Paired differences with their intervals. The table holds the figures.");
    svg.axis(&x, 46.0, (6.0, bottom), signed);
    svg.line("zero", (x.at(0.0), 6.0), (x.at(0.0), bottom));
    svg.text("quiet", (BEGINS, bottom + 28.0), Anchor::Start, "\u{2190} sooner");
    svg.text("quiet", (width - ENDS, bottom + 28.0), Anchor::End, "later \u{2192}");
    for (place, row) in rows.iter().enumerate() {
        let y = ROW * place as f64 + 32.0;
        let is_shown = row.interval.side() != Ordering::Equal;
        let nothing = if is_shown { "" } else { ", nothing shown" };
        let [by, low, high] = minutes(row);
        let words = format!("{} to {}: {}\u{a0}min{nothing}", row.against, row.level, signed(by));
        svg.text("strong", (BEGINS, y - 12.0), Anchor::Start, &words);
        svg.interval((x.at(low), x.at(high)), y);
        svg.dot(if is_shown { "dot" } else { "open" }, (x.at(by), y), 3.5, &words);
    }
    svg.finish(bottom + AXIS)
}

/// A figure with its sign, and no more digits than it needs.
pub(super) fn signed(figure: f64) -> String {
    let text = if figure.abs() < 10.0 { format!("{figure:+.1}") } else { format!("{figure:+.0}") };
    let text = text.strip_suffix(".0").unwrap_or(&text).replace('-', "\u{2212}");
    if text.trim_start_matches(['+', '\u{2212}']) == "0" { "0".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use incident::Level;
    use report::{Interval, compare::Metric};

    use super::*;

    fn row(minutes: f64, [low, high]: [f64; 2]) -> Paired {
        let interval = Interval { low: low * 60.0, high: high * 60.0 };
        Paired {
            level: Level::Logs,
            against: Level::Dark,
            metric: Metric::Explain,
            difference: minutes * 60.0,
            interval,
            ratio: 1.0,
            ratio_interval: interval,
            median: 0.0,
            median_interval: None,
            imputed: None,
            scenarios: [0; 3],
            by_scenario: Vec::new(),
            tipping_factor: None,
        }
    }

    #[test]
    fn an_interval_that_holds_zero_shows_nothing() {
        assert_eq!(row(-3.0, [-6.0, 0.5]).interval.side(), Ordering::Equal);
        assert_eq!(row(-3.0, [-6.0, -0.5]).interval.side(), Ordering::Less);
    }

    #[test]
    fn differences_stand_around_a_line_at_zero() {
        let rows = [row(-42.0, [-60.0, -20.0]), row(1.25, [-2.0, 4.0])];
        let svg = differences(&rows.iter().collect::<Vec<_>>(), 360.0);
        assert!(svg.contains(">dark to logs: \u{2212}42\u{a0}min<"), "{svg}");
        assert!(svg.contains(">dark to logs: +1.2\u{a0}min, nothing shown<"), "{svg}");
        assert_eq!((svg.matches("class=\"dot\"").count(), svg.matches("class=\"open\"").count()), (1, 1));
        assert_eq!(svg.matches("class=\"zero\"").count(), 1);
        assert!(!differences(&[], 360.0).contains("NaN"));
        assert_eq!([0.04, -0.04, -10.0, 5.0].map(signed), ["0", "0", "\u{2212}10", "+5"]);
    }
}
