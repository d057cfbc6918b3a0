//! A plot with all that belongs to it: the finding as its title, what is plotted, a table for those who do not
//! see it, and its data as a file. Teaches that a plot without its figures asks for trust.

use askama::Template;

use crate::figures::csv_address;

/// A plot, ready to stand on a page.
#[derive(Clone, Debug, Template)]
#[template(path = "chart.html")]
pub struct Chart {
    /// The finding.
    pub title: String,
    /// What is plotted, in which unit, from how many incidents.
    pub subtitle: String,
    /// The plot for wide pages.
    pub wide: String,
    /// The plot for a phone; none if the wide one is narrow enough for both.
    pub narrow: Option<String>,
    /// What the table holds.
    pub table_title: String,
    /// The table's columns, and its rows.
    pub table: Table,
    /// The data behind it: the name of the file.
    pub csv_name: String,
    /// The same as an address.
    pub csv: String,
}

/// Columns and rows of words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows; the first cell names the row.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }

    /// Appends a row.
    #[must_use]
    pub fn with(mut self, row: Vec<String>) -> Self {
        self.rows.push(row);
        self
    }

    /// The table as the address of a file.
    pub fn csv(&self) -> String {
        csv_address(&[vec![self.columns.clone()], self.rows.clone()].concat())
    }
}
