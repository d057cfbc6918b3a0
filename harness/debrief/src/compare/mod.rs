//! The page about a comparison of telemetry levels. It opens with findings that a speaker can read aloud; then come the levels, then every
//! doubt. Its titles are findings, computed from the figures below them, whichever sign those have.
//!
//! - `overview` and `charts`: the levels. `doubts`: what else could explain their figures. `certainty`: the responder's calibration.
//! - `program`: a program from outside. `teams`: teams of the incident room, on axes of their own.
//! - `words`: differences in words.
//! - `dots`, `differences`, `signs`: plots of many incidents side by side. They show every incident, those never
//!   explained too, and intervals instead of verdicts.

mod overview;
mod charts;
mod doubts;
mod certainty;
mod program;
mod teams;
mod words;
mod differences;
mod dots;
mod signs;

pub use doubts::found as doubts_found;

use askama::Template;
use report::compare::{CompareReport, IMAGINED_LEAST_MINUTES};

use crate::{
    chart::Block,
    figures::{self, count, grouped},
};

/// The page about a comparison. A quick run's page has fewer parts.
pub fn page(report: &CompareReport) -> Result<String, askama::Error> {
    Page { document: report }.render()
}

#[derive(Template)]
#[template(path = "compare.html")]
struct Page<'a> {
    document: &'a CompareReport,
}

impl Page<'_> {
    /// The figures of the levels, then of baselines, an outside program and the operating models.
    fn levels(&self) -> impl Iterator<Item = Block> {
        let blocks = [
            Some(overview::levels(self.document)),
            overview::baselines(self.document),
            program::block(self.document),
            overview::two_by_two(self.document),
            overview::tornado(self.document),
        ];
        blocks.into_iter().flatten()
    }

    fn checks(&self) -> String {
        count(self.document.checks.count as u64, "check")
    }

    /// The number of recorded incidents, and the number of recordings of what remedies did.
    fn recordings(&self) -> [String; 2] {
        self.document.recordings.map(|count| grouped(count as u64))
    }

    /// The number of intervals of differences: means, ratios and medians of the levels, the placebo, the operating models and the program.
    fn intervals(&self) -> usize {
        let document = self.document;
        let medians = document.paired.iter().filter(|row| row.median_interval.is_some()).count();
        let models =
            document.two_by_two.iter().flat_map(|two| &two.effects).map(|effect| effect.parts().len());
        let program = document.program.iter().map(|program| 2 * program.levels.len());
        2 * document.paired.len()
            + medians
            + document.controls.placebo.len()
            + models.chain(program).sum::<usize>()
    }
}
