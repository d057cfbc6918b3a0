//! Paired differences with their intervals around nothing. An interval that holds zero says that nothing was shown.

use crate::plot::{
    Scale,
    svg::{Anchor, Svg},
    ticks,
};

const BEGINS: f64 = 8.0;
const ENDS: f64 = 12.0;
const ROW: f64 = 40.0;
const AXIS: f64 = 34.0;

const MARGIN: f64 = 0.06;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    /// What is compared: `dark to logs`.
    pub(super) what: String,
    pub(super) difference: f64,
    /// Its interval; none with too few pairs.
    pub(super) interval: Option<(f64, f64)>,
}

impl Difference {
    /// Whether the interval holds zero, so that nothing was shown.
    pub(super) fn holds_zero(&self) -> bool {
        self.interval.is_none_or(|(low, high)| low <= 0.0 && high >= 0.0)
    }
}

/// The differences. `unit` is theirs; `sides` say what less and more than nothing mean: `quicker` and `slower`.
pub(super) fn differences(rows: &[Difference], unit: &str, sides: [&str; 2], width: f64) -> String {
    let ends = rows.iter().flat_map(|row| {
        let (low, high) = row.interval.unwrap_or((row.difference, row.difference));
        [row.difference, low, high]
    });
    let (low, high) = ends.fold((0.0_f64, 0.0_f64), |(low, high), end| (low.min(end), high.max(end)));
    let margin = ((high - low) * MARGIN).max(f64::EPSILON);
    let x = Scale { figures: (low - margin, high + margin), places: (BEGINS, width - ENDS) };
    let bottom = ROW * rows.len() as f64 + 8.0;
    let mut svg = Svg::new(width, "Paired differences with their intervals. The table holds the figures.");
    for figure in ticks::figures(&x, 46.0) {
        svg.line("axis", (x.at(figure), 6.0), (x.at(figure), bottom));
        svg.text("quiet", (x.at(figure), bottom + 14.0), Anchor::Middle, &signed(figure));
    }
    svg.line("zero", (x.at(0.0), 6.0), (x.at(0.0), bottom));
    let [less, more] = sides;
    svg.text("quiet", (BEGINS, bottom + 28.0), Anchor::Start, &format!("\u{2190} {less}"));
    svg.text("quiet", (width - ENDS, bottom + 28.0), Anchor::End, &format!("{more} \u{2192}"));
    for (place, row) in rows.iter().enumerate() {
        let y = ROW * place as f64 + 32.0;
        let nothing = if row.holds_zero() { ", nothing shown" } else { "" };
        let words = format!("{}: {}\u{a0}{unit}{nothing}", row.what, signed(row.difference));
        svg.text("strong", (BEGINS, y - 12.0), Anchor::Start, &words);
        if let Some((low, high)) = row.interval {
            let (low, high) = (x.at(low), x.at(high));
            let (top, foot) = (y - 5.0, y + 5.0);
            svg.path("interval", &format!("M{low},{top}V{foot}M{high},{top}V{foot}M{low},{y}H{high}"));
        }
        svg.dot(if row.holds_zero() { "open" } else { "dot" }, (x.at(row.difference), y), 3.5, &words);
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
    use super::*;

    fn row(difference: f64, interval: Option<(f64, f64)>) -> Difference {
        Difference { what: "dark to logs".to_owned(), difference, interval }
    }

    #[test]
    fn an_interval_that_holds_zero_shows_nothing() {
        assert!(row(-3.0, Some((-6.0, 0.5))).holds_zero());
        assert!(!row(-3.0, Some((-6.0, -0.5))).holds_zero());
        assert!(row(-3.0, None).holds_zero());
    }

    #[test]
    fn differences_stand_around_a_line_at_zero() {
        let rows = [row(-42.0, Some((-60.0, -20.0))), row(1.25, Some((-2.0, 4.0)))];
        let svg = differences(&rows, "min", ["quicker", "slower"], 360.0);
        assert!(svg.contains(">dark to logs: \u{2212}42\u{a0}min<"), "{svg}");
        assert!(svg.contains(">dark to logs: +1.2\u{a0}min, nothing shown<"), "{svg}");
        assert_eq!((svg.matches("class=\"dot\"").count(), svg.matches("class=\"open\"").count()), (1, 1));
        assert_eq!(svg.matches("class=\"zero\"").count(), 1);
        assert!(!differences(&[], "min", ["quicker", "slower"], 360.0).contains("NaN"));
        assert_eq!([0.04, -0.04, -10.0, 5.0].map(signed), ["0", "0", "\u{2212}10", "+5"]);
    }
}
