//! A table with what was found as its title, and the doubt against which it stands. Teaches to name the doubt before the figures.

use askama::Template;
use incident::Level;

use report::compare::CompareReport;

use crate::chart::Table;

/// A finding with its table.
#[derive(Clone, Debug, Template)]
#[template(path = "block.html")]
pub(super) struct Block {
    /// How deep its title stands.
    pub(super) depth: u8,
    /// The finding.
    pub(super) finding: String,
    /// The doubt against which it stands; empty if against none.
    pub(super) doubt: String,
    /// What is in the table, in which unit, from how many incidents.
    pub(super) about: String,
    /// The table.
    pub(super) table: Table,
}

impl Block {
    /// Of what was found.
    pub(super) fn new(finding: String, about: String, table: Table) -> Self {
        Self { depth: 3, finding, doubt: String::new(), about, table }
    }

    /// The same, against a doubt.
    pub(super) fn against(mut self, doubt: &str) -> Self {
        doubt.clone_into(&mut self.doubt);
        self
    }
}

/// A table with a column for each level.
pub(super) fn by_level(document: &CompareReport, what: &str) -> Table {
    let levels = document.levels.iter().map(|row| row.level.to_string());
    Table { columns: [what.to_owned()].into_iter().chain(levels).collect(), rows: Vec::new() }
}

/// A row of such a table; a dash where a level has nothing.
pub(super) fn row_by_level(
    document: &CompareReport,
    name: &str,
    cell: impl Fn(Level) -> Option<String>,
) -> Vec<String> {
    let cells = document.levels.iter().map(|row| cell(row.level).unwrap_or("-".to_owned()));
    [name.to_owned()].into_iter().chain(cells).collect()
}
