//! A chart: the finding as its title, the plot, the same figures as a table for readers who cannot see the plot, and the data as a file. A block is
//! a table alone, with the doubt that it answers. Teaches to print the figures with a plot, so that nobody has to trust it, and to name the doubt
//! before the figures.

use askama::Template;

use crate::figures::csv_address;

#[derive(Clone, Debug, Template)]
#[template(path = "chart.html")]
pub struct Chart {
    /// The heading level of the title: the 2 of `h2`.
    pub depth: u8,
    pub title: String,
    /// What is plotted, in which unit, from how many incidents.
    pub subtitle: String,
    /// One drawing for wide pages and one for phones, or a single drawing that is narrow enough for both.
    pub plots: Vec<String>,
    pub below: Vec<String>,
    pub table_title: String,
    pub table: Table,
    /// The CSV file's name, and its content as a data URL. None where the page offers all its data as one file.
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
            table_title: "The same as a table".to_owned(),
            table: Table::default(),
            data: None,
        }
    }
}

/// A table with the finding as its title.
#[derive(Clone, Debug, Template)]
#[template(path = "block.html")]
pub(crate) struct Block {
    pub(crate) depth: u8,
    pub(crate) title: String,
    /// The doubt that the finding answers; empty if none.
    pub(crate) doubt: &'static str,
    /// What is in the table, in which unit, from how many incidents.
    pub(crate) about: String,
    pub(crate) table: Table,
    /// Whether the table starts folded, because a chart beside it shows the same or few readers need it.
    pub(crate) is_folded: bool,
    /// Further measures, folded below the table.
    pub(crate) more: Option<Table>,
}

impl Block {
    pub(crate) fn new(finding: String, about: String, table: Table) -> Self {
        Self { depth: 3, title: finding, doubt: "", about, table, is_folded: false, more: None }
    }

    pub(crate) fn against(self, doubt: &'static str) -> Self {
        Self { doubt, ..self }
    }

    pub(crate) fn folded(self) -> Self {
        Self { is_folded: true, ..self }
    }
}

/// A table of texts. The first cell of a row names the row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }

    pub fn of(columns: &[&str], rows: impl IntoIterator<Item: Into<Vec<String>>>) -> Self {
        Self { rows: rows.into_iter().map(Into::into).collect(), ..Self::new(columns) }
    }

    pub fn csv(&self) -> String {
        csv_address(&[vec![self.columns.clone()], self.rows.clone()].concat())
    }
}
