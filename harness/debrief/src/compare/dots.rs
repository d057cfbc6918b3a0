//! Every incident as a dot, a row for each telemetry level. Teaches never to drop censored incidents: an incident without
//! a right explanation is an open dot at the right edge, and counts in the median.

use incident::Level;

use crate::plot::{
    Scale, steps,
    svg::{Anchor, Svg},
};

const BEGINS: f64 = 8.0;
const ENDS: f64 = 12.0;
const ROW: f64 = 64.0;
const AXIS: f64 = 34.0;
const RADIUS: f64 = 2.6;

/// Dots closer than this are stacked, at most `COLUMN` in a column; the next column starts a little to the right.
const APART: f64 = 4.0;
const COLUMN: usize = 9;
const OPEN_APART: f64 = 6.6;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct LevelDots {
    pub(super) level: Level,
    /// For each incident its scenario and seed, and the minutes from the loss to the right explanation; none if there was
    /// no right explanation by the story's end.
    pub(super) incidents: Vec<(String, Option<f64>)>,
}

impl LevelDots {
    /// The median. Incidents without a right explanation count as later than all others; none if they are half or more.
    pub(super) fn median(&self) -> Option<f64> {
        let mut minutes: Vec<f64> =
            self.incidents.iter().map(|(_, minutes)| minutes.unwrap_or(f64::INFINITY)).collect();
        minutes.sort_by(f64::total_cmp);
        let middle = minutes.len() / 2;
        let median = match minutes.len() {
            0 => return None,
            count if count % 2 == 1 => minutes[middle],
            _ => f64::midpoint(minutes[middle - 1], minutes[middle]),
        };
        Some(median).filter(|median| median.is_finite())
    }
}

/// The dots; `until` is when the story ends, in minutes.
pub(super) fn dots(rows: &[LevelDots], until: f64, width: f64) -> String {
    // Incidents without a right explanation stand right of the axis, in as many columns as they need.
    let open = |row: &LevelDots| row.incidents.iter().filter(|(_, minutes)| minutes.is_none()).count();
    let columns = rows.iter().map(open).max().unwrap_or(0).div_ceil(COLUMN) as f64;
    let x = Scale { figures: (0.0, until), places: (BEGINS, width - ENDS - columns * OPEN_APART) };
    let bottom = ROW * rows.len() as f64;
    let mut svg = Svg::new(
        width,
        "Minutes from the loss to the right explanation, each incident a dot. The table holds the figures.",
    );
    svg.axis(&x, 40.0, (6.0, bottom), steps::minutes);
    svg.text("quiet", (width, bottom + 28.0), Anchor::End, "open: no right explanation");
    for (place, row) in rows.iter().enumerate() {
        let y = ROW * place as f64 + 40.0;
        let of = format!("level-{}", row.level);
        let never = open(row);
        let median = row.median().map_or("no median".to_owned(), |median| format!("median {median:.0} min"));
        let words = format!("{}: {median}, {never} of {} open", row.level, row.incidents.len());
        svg.text("strong", (BEGINS, y - 26.0), Anchor::Start, &words);
        svg.line("axis", (BEGINS, y), (x.places.1, y));
        let mut sorted: Vec<_> = row.incidents.iter().collect();
        sorted.sort_by(|one, other| {
            one.1.unwrap_or(f64::INFINITY).total_cmp(&other.1.unwrap_or(f64::INFINITY))
        });
        let (mut first, mut stacked) = (f64::NEG_INFINITY, 0);
        for (what, minutes) in sorted {
            let edge = x.places.1 + OPEN_APART;
            let at = minutes.map_or(edge, |minutes| x.at(minutes.clamp(0.0, until)));
            (first, stacked) = if at - first < APART { (first, stacked + 1) } else { (at, 0) };
            let aside = if minutes.is_none() { OPEN_APART } else { 1.0 };
            let at = at + aside * (stacked / COLUMN) as f64;
            let (class, told) = match minutes {
                Some(minutes) => (format!("dot {of}"), format!("{what}: {minutes:.0} min")),
                None => (format!("open {of}"), format!("{what}: no right explanation")),
            };
            svg.dot(&class, (at, y + above(stacked)), RADIUS, &told);
        }
        if let Some(median) = row.median() {
            svg.line("median", (x.at(median), y - 21.0), (x.at(median), y + 21.0));
        }
    }
    svg.finish(bottom + AXIS)
}

/// The height of the nth dot of a stack: on the line, above it, below it, further above.
fn above(stacked: usize) -> f64 {
    let stacked = stacked % COLUMN;
    let steps = stacked.div_ceil(2) as f64 * 2.0 * RADIUS * 0.9;
    if stacked % 2 == 1 { -steps } else { steps }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(minutes: &[Option<f64>]) -> LevelDots {
        let incidents = minutes.iter().map(|minutes| ("surge, seed 1".to_owned(), *minutes)).collect();
        LevelDots { level: Level::Logs, incidents }
    }

    #[test]
    fn what_never_ended_counts_in_the_median() {
        assert_eq!(row(&[Some(10.0), None, Some(20.0)]).median(), Some(20.0));
        assert_eq!(row(&[Some(10.0), Some(20.0)]).median(), Some(15.0));
        assert_eq!(row(&[Some(10.0), None]).median(), None);
        assert_eq!(row(&[]).median(), None);
    }

    #[test]
    fn every_incident_is_a_dot_and_unfinished_ones_stand_at_the_edge() {
        let svg = dots(&[row(&[Some(10.0), None, Some(10.0)]), row(&[])], 300.0, 360.0);
        assert_eq!(svg.matches("<circle").count(), 3);
        assert_eq!(svg.matches("class=\"open level-logs\" cx=\"348\"").count(), 1, "beyond the last line");
        assert!(svg.contains(">300</text>") && svg.contains("x1=\"341.4\""), "{svg}");
        assert!(
            svg.contains("logs: median 10 min, 1 of 3 open") && svg.contains("logs: no median, 0 of 0 open")
        );
        assert!(svg.contains("<title>surge, seed 1: 10 min</title>"));
    }
}
