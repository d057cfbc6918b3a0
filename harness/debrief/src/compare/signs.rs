//! The differences scenario by scenario: a row for each scenario, a small plot for each step between levels.
//! Teaches to look for the scenario in which the result does not hold.

use crate::plot::{
    Scale,
    svg::{Anchor, Svg, width_of},
};

const ROW: f64 = 22.0;
const HEAD: f64 = 34.0;
const LINE: f64 = 13.0;
const GAP: f64 = 12.0;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ScenarioSigns {
    pub(super) scenario: String,
    /// The mean difference at each step; none if there is none, as when neither level ever explained the scenario.
    pub(super) differences: Vec<Option<f64>>,
}

/// The small plots, all on one scale. `steps` name the columns. Differences up to `same` count as none.
pub(super) fn signs(steps: &[&str], rows: &[ScenarioSigns], same: f64, width: f64) -> String {
    let longest = rows.iter().map(|row| width_of(&row.scenario)).fold(0.0, f64::max);
    let begins = longest.min(width * 0.36);
    let column = (width - begins) / steps.len().max(1) as f64;
    let most =
        rows.iter().flat_map(|row| &row.differences).flatten().fold(same, |most, it| most.max(it.abs()));
    // If a name is too wide for its column, the names alternate between two lines.
    let is_tight = steps.iter().any(|step| width_of(step) > column - 4.0);
    let head = if is_tight { HEAD + LINE } else { HEAD };
    let bottom = head + ROW * rows.len() as f64;
    let mut svg = Svg::new(width, "The difference at each step, by scenario. The table holds the figures.");
    for (place, step) in steps.iter().enumerate() {
        let from = begins + column * place as f64 + GAP;
        let x = Scale { figures: (-most, most), places: (from, from + column - GAP) };
        let line = if is_tight && place % 2 == 1 { 12.0 + LINE } else { 12.0 };
        // A name that would overflow the plot is aligned to its right edge.
        let is_inside = x.at(0.0) + width_of(step) / 2.0 <= width;
        let (anchor, at) = if is_inside { (Anchor::Middle, x.at(0.0)) } else { (Anchor::End, width) };
        svg.text("quiet", (at, line), anchor, step);
        svg.text("tally", (x.at(0.0), head - 8.0), Anchor::Middle, &tally(rows, place, same));
        svg.line("zero", (x.at(0.0), head - 4.0), (x.at(0.0), bottom));
        for (line, row) in rows.iter().enumerate() {
            let y = head + ROW * line as f64 + ROW / 2.0;
            match row.differences.get(place).copied().flatten() {
                None => svg.text("quiet", (x.at(0.0) + 4.0, y + 4.0), Anchor::Start, "-"),
                Some(difference) if difference.abs() <= same => {
                    svg.dot("open", (x.at(0.0), y), 3.0, &format!("{}: no difference", row.scenario));
                }
                Some(difference) => {
                    let (class, word) = if difference < 0.0 { ("less", "less") } else { ("more", "more") };
                    svg.line(class, (x.at(0.0), y), (x.at(difference), y));
                    let told = format!("{}: {:.1} {word}", row.scenario, difference.abs());
                    svg.dot(&format!("{class} end"), (x.at(difference), y), 3.0, &told);
                }
            }
        }
    }
    for (line, row) in rows.iter().enumerate() {
        let y = head + ROW * line as f64 + ROW / 2.0 + 4.0;
        svg.text("row-name", (0.0, y), Anchor::Start, &row.scenario);
    }
    svg.finish(bottom + 4.0)
}

/// The numbers of scenarios with less, the same and more.
fn tally(rows: &[ScenarioSigns], place: usize, same: f64) -> String {
    let of = |is: fn(f64, f64) -> bool| {
        rows.iter()
            .filter_map(|row| row.differences.get(place).copied().flatten())
            .filter(|it| is(*it, same))
            .count()
    };
    let (less, more) = (of(|it, same| it < -same), of(|it, same| it > same));
    format!("{less}\u{2212} {}= {more}+", of(|it, same| it.abs() <= same))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scenario_has_its_sign_at_each_step() {
        let row = |scenario: &str, differences: [Option<f64>; 2]| ScenarioSigns {
            scenario: scenario.to_owned(),
            differences: differences.into(),
        };
        let rows = [row("surge", [Some(-12.0), Some(0.0)]), row("slow-disk", [Some(3.0), None])];
        let svg = signs(&["logs", "metrics"], &rows, 0.5, 360.0);
        assert!(svg.contains(">1\u{2212} 0= 1+<") && svg.contains(">0\u{2212} 1= 0+<"), "{svg}");
        assert!(
            svg.contains("<title>surge: 12.0 less</title>")
                && svg.contains("<title>slow-disk: 3.0 more</title>")
        );
        assert_eq!(svg.matches("class=\"zero\"").count(), 2);
        assert!(!signs(&["logs"], &[], 0.5, 360.0).contains("NaN"));
    }
}
