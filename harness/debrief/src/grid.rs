//! The loss in each of the sixteen combinations of latent faults, as a grid: the first two faults make the rows, the last two the columns.

use incident::Usd;

use crate::figures::thousands;

const SHADES: f64 = 10.0;

/// The pairs of a row's or a column's two faults, present or repaired.
const PAIRS: [[bool; 2]; 4] = [[true, true], [true, false], [false, true], [false, false]];

/// A fault, and whether it is present.
type Mark = (&'static str, bool);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grid {
    pub(crate) columns: [[Mark; 2]; 4],
    pub(crate) rows: [([Mark; 2], [Cell; 4]); 4],
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    /// The loss, shortened for the cell; `full` is the whole amount.
    pub(crate) figure: String,
    pub(crate) full: String,
    /// How dark the cell is, from 0 to 10, in proportion to the largest loss.
    pub(crate) shade: String,
    /// How often availability was lost, in words.
    pub(crate) outages: String,
}

impl Grid {
    /// `of` gets a combination: for each fault whether it is present. It returns the loss in dollars (none if the combination was not played), and in
    /// words how often availability was lost.
    pub(crate) fn of(of: impl Fn([bool; 4]) -> (Option<f64>, String)) -> Self {
        let of = |[one, two]: [bool; 2], [three, four]: [bool; 2]| of([one, two, three, four]);
        let all = PAIRS.iter().flat_map(|row| PAIRS.map(|column| of(*row, column).0));
        let largest = all.flatten().fold(0.0, f64::max);
        let cell = |row: [bool; 2], column: [bool; 2]| {
            let (usd, outages) = of(row, column);
            let part = usd.map_or(0.0, |usd| if largest > 0.0 { usd / largest } else { 0.0 });
            Cell {
                figure: usd.map_or("-".to_owned(), thousands),
                full: usd.map_or("not played".to_owned(), |usd| Usd(usd).to_string()),
                shade: format!("{:.0}", part * SHADES),
                outages,
            }
        };
        let marks = |[one, two]: [&'static str; 2], pair: [bool; 2]| [(one, pair[0]), (two, pair[1])];
        Self {
            columns: PAIRS.map(|pair| marks(["health", "telemetry"], pair)),
            rows: PAIRS
                .map(|row| (marks(["rendering", "errors"], row), PAIRS.map(|column| cell(row, column)))),
        }
    }
}
