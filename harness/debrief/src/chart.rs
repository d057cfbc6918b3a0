//! A plot with all that belongs to it: the finding as its title, what is plotted, a table for those who do not
//! see it, and its data as a file. Teaches that a plot without its figures asks for trust.

use askama::Template;

use crate::figures::csv_address;

#[derive(Clone, Debug, Template)]
#[template(path = "chart.html")]
pub struct Chart {
    /// How deep its title stands on the page: the 2 of `h2`.
    pub depth: u8,
    pub title: String,
    /// What is plotted, in which unit, from how many incidents.
    pub subtitle: String,
    /// For wide pages and for a phone; one if it is narrow enough for both.
    pub plots: Vec<String>,
    pub below: Vec<String>,
    /// Whether these lines bear the numbers of what was tried.
    pub is_numbered: bool,
    pub table_title: String,
    pub table: Table,
    /// The name of the file with its data, and the data as an address; none where the page offers all data as one file.
    pub data: Option<(&'static str, String)>,
}

impl Default for Chart {
    fn default() -> Self {
        Self {
            depth: 2,
            title: String::new(),
            subtitle: String::new(),
            plots: Vec::new(),
            below: Vec::new(),
            is_numbered: false,
            table_title: "The same as a table".to_owned(),
            table: Table::default(),
            data: None,
        }
    }
}

/// Columns and rows of words. The first cell names the row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, row: Vec<String>) -> Self {
        self.rows.push(row);
        self
    }

    pub fn csv(&self) -> String {
        csv_address(&[vec![self.columns.clone()], self.rows.clone()].concat())
    }
}
