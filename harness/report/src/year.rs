//! A year of incidents for many teams, or one incident on many mornings, as tables of figures. The page and the terminal show the same tables.

use serde::{Deserialize, Serialize};

use crate::Interval;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct YearReport {
    pub seed: u64,
    pub seeds: usize,
    pub title: String,
    /// The simulation in a few words.
    pub kicker: String,
    /// The main result, in sentences to read aloud.
    pub finding: String,
    /// With `year --story`: story minutes from the loss to the restoration on each morning; `None` if it took more than five hours.
    pub mornings: Vec<Option<f64>>,
    pub tables: Vec<Table>,
    pub rests_on: String,
    pub assumed: Vec<String>,
    pub version: String,
    pub command: String,
}

/// A finding as the title, and the figures behind it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Table {
    pub title: String,
    pub about: String,
    pub columns: Vec<String>,
    pub rows: Vec<(String, Vec<Cell>)>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Cell {
    Text(String),
    Figure {
        mean: f64,
        /// The range that holds 90 % of the seeds.
        band: Option<Interval>,
        /// Digits shown after the decimal point.
        digits: usize,
    },
}

impl Cell {
    pub fn text(&self) -> String {
        let figure = |value: &f64, digits: usize| {
            let text = format!("{value:.digits$}");
            if text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { text } else { text.replace('-', "") }
        };
        match self {
            Self::Text(text) => text.clone(),
            Self::Figure { mean, band: None, digits } => figure(mean, *digits),
            Self::Figure { mean, band: Some(Interval { low, high }), digits } => {
                let to = if *low < 0.0 { " to " } else { "-" };
                format!("{} ({}{to}{})", figure(mean, *digits), figure(low, *digits), figure(high, *digits))
            }
        }
    }
}

impl Table {
    /// A table without rows.
    pub fn new(title: String, about: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(ToString::to_string).collect();
        Self { title, about: about.to_owned(), columns, rows: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, what: impl Into<String>, cells: impl IntoIterator<Item = Cell>) -> Self {
        self.rows.push((what.into(), cells.into_iter().collect()));
        self
    }
}
