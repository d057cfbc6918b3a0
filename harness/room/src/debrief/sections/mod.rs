//! The parts of a debrief page, each a value that its template shows. Whoever reads them need not be an engineer: the finding first, then
//! what is plotted, then the figures.

pub mod curves;
pub mod told;
pub mod facts;
pub mod explained;
pub mod replayed;
pub mod model;

use std::collections::BTreeSet;

use askama::Template;
use debrief::{
    chart::Table,
    figures::{capital, fault},
};
use incident::{ContributingFactor, Level};

use super::lessons::{Lesson, lessons};

/// A plot with its table.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "debrief-plot.html")]
pub struct Plot {
    /// The finding.
    pub title: String,
    /// What is plotted, in which unit.
    pub subtitle: String,
    /// For wide pages, and for a phone.
    pub plots: [String; 2],
    /// The same as a table.
    pub table: Table,
    /// Lines below it.
    pub below: Vec<String>,
    /// Whether they bear the numbers of what was tried.
    pub is_numbered: bool,
}

/// A figure with what it means.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// What it is.
    pub what: &'static str,
    /// The figure.
    pub figure: String,
    /// In a sentence.
    pub meaning: String,
}

/// The lessons of one latent fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Taught {
    /// The latent fault.
    pub name: String,
    /// What it is.
    pub description: &'static str,
    /// The lines that make it.
    pub lessons: Vec<Lesson>,
}

/// Lines of code, for the factors of an incident.
#[derive(Clone, Debug, Template)]
#[template(path = "debrief-lessons.html")]
pub struct Lessons {
    taught: Vec<Taught>,
    /// Factors that no line of the shop makes on purpose.
    others: Vec<String>,
}

impl Lessons {
    /// Those of these factors.
    pub fn of(factors: &BTreeSet<ContributingFactor>) -> Self {
        let latent = |factor: &&ContributingFactor| ContributingFactor::LATENT_FAULTS.contains(factor);
        let taught = |factor: &ContributingFactor| Taught {
            name: capital(&fault(*factor)),
            description: factor.description(),
            lessons: lessons(&[*factor].into()),
        };
        Self {
            taught: factors.iter().filter(latent).map(taught).collect(),
            others: factors.iter().filter(|factor| !latent(factor)).map(|factor| fault(*factor)).collect(),
        }
    }
}

/// The class of a telemetry level.
pub fn level_class(level: Level) -> String {
    format!("level-{level}")
}

/// How many are of a kind, in words: `3 of 8`.
pub fn of(count: usize, all: usize) -> String {
    format!("{count} of {all}")
}
