//! What is lost in each of the sixteen combinations of the latent faults, as a grid: rows by the first two faults, columns by the last two.

use incident::Usd;

use crate::figures::thousands;

const SHADES: f64 = 10.0;

/// The pairs of a row's or a column's two faults, present or repaired.
const PAIRS: [[bool; 2]; 4] = [[true, true], [true, false], [false, true], [false, false]];

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grid {
    pub(crate) columns: Vec<[Mark; 2]>,
    pub(crate) rows: Vec<([Mark; 2], Vec<Cell>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) name: &'static str,
    pub(crate) is_present: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    /// What is lost, in the words of a cell and in full.
    pub(crate) figure: String,
    pub(crate) full: String,
    /// How dark it is, from 0 to 10, by its part of the largest loss.
    pub(crate) shade: String,
    /// How often availability was lost.
    pub(crate) outages: String,
}

impl Grid {
    /// `of` says of a combination, by the faults that are present, what is lost (none if it was not played) and how often availability was.
    pub(crate) fn of(of: impl Fn([bool; 4]) -> (Option<f64>, String)) -> Self {
        let all = PAIRS.iter().flat_map(|row| PAIRS.map(|column| of(present(*row, column)).0));
        let largest = all.flatten().fold(0.0, f64::max);
        let cell = |row: [bool; 2], column: [bool; 2]| {
            let (usd, outages) = of(present(row, column));
            let part = usd.map_or(0.0, |usd| if largest > 0.0 { usd / largest } else { 0.0 });
            Cell {
                figure: usd.map_or("-".to_owned(), thousands),
                full: usd.map_or("not played".to_owned(), |usd| Usd(usd).to_string()),
                shade: format!("{:.0}", part * SHADES),
                outages,
            }
        };
        let marks = |names: [&'static str; 2], pair: [bool; 2]| {
            [0, 1].map(|place| Mark { name: names[place], is_present: pair[place] })
        };
        let row = |row| (marks(["rendering", "errors"], row), PAIRS.map(|column| cell(row, column)).into());
        Self {
            columns: PAIRS.map(|column| marks(["health", "telemetry"], column)).into(),
            rows: PAIRS.map(row).into(),
        }
    }
}

fn present([one, two]: [bool; 2], [three, four]: [bool; 2]) -> [bool; 4] {
    [one, two, three, four]
}
