//! A table with what was found as its title, and the doubt against which it stands. Teaches to name the doubt before the figures.

use askama::Template;

use crate::chart::Table;

#[derive(Clone, Debug, Template)]
#[template(path = "block.html")]
pub(crate) struct Block {
    pub(crate) depth: u8,
    pub(crate) title: String,
    /// The doubt against which it stands; empty if against none.
    pub(crate) doubt: &'static str,
    /// What is in the table, in which unit, from how many incidents.
    pub(crate) about: String,
    pub(crate) table: Table,
    /// Whether the table opens on demand: what a chart beside it shows, or what few ask for.
    pub(crate) is_folded: bool,
    /// What is left out of the table, and opens below it.
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
