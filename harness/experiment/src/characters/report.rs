//! Measures all specimens and counts the outcomes. Teaches to print the totals with a table: otherwise every reader has to count.

use std::{borrow::Cow, io, sync::atomic::Ordering};

use serde::Serialize;
use tokio::runtime::Builder;

use super::{
    measure::{Measured, Places, measure, text_with},
    parsers::Outcome,
    table::{Group, Specimen},
};
use crate::sweep::Watch;

/// The seed of every shop of the table. No result depends on it, but the report names it all the same.
const SEED: u64 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    pub name: Cow<'static, str>,
    pub group: Group,
    /// The specimen as text, with U+FFFD for invalid UTF-8.
    pub text: String,
    pub bytes: String,
    /// Its code points; `None` if the bytes are not UTF-8.
    pub code_points: Option<Vec<String>>,
    #[serde(flatten)]
    pub measured: Measured,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub specimens: usize,
    /// Specimens that hang every page that shows them in the faulty shop.
    pub hang: usize,
    /// Specimens that hang nothing there, but break a page, a script or the feed.
    pub break_a_page: usize,
    /// Specimens that the repaired shop refuses.
    pub refused: usize,
    /// Specimens that break anything in the repaired shop, even in a version published before the repair.
    pub break_the_repaired: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The seed of the shops.
    pub seed: u64,
    pub summary: Summary,
    pub specimens: Vec<Row>,
}

/// Measures these specimens, each in new shops, in virtual time of its own. Blocks the thread until all are done. If stopped early,
/// it reports only the specimens that were measured.
pub fn run(chosen: Vec<Specimen>, watch: Watch<'_>) -> io::Result<Report> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    let mut rows = Vec::new();
    for specimen in chosen {
        if watch.stop.load(Ordering::Relaxed) {
            break;
        }
        let measured = runtime.block_on(measure(SEED, &text_with(&specimen.bytes)))?;
        let (code_points, bytes) = (specimen.code_points(), specimen.hexadecimal());
        let text = String::from_utf8_lossy(&specimen.bytes).into_owned();
        rows.push(Row { name: specimen.name, group: specimen.group, text, bytes, code_points, measured });
        (watch.done)();
    }
    Ok(Report { seed: SEED, summary: Summary::of(&rows), specimens: rows })
}

impl Summary {
    fn of(rows: &[Row]) -> Self {
        let count =
            |is_meant: &dyn Fn(&Measured) -> bool| rows.iter().filter(|row| is_meant(&row.measured)).count();
        let hangs = |measured: &Measured| faulty_worst(measured) == Some(&Outcome::Hangs);
        Self {
            specimens: rows.len(),
            hang: count(&hangs),
            break_a_page: count(&|measured| {
                !hangs(measured) && faulty_worst(measured).is_some_and(Outcome::is_breakage)
            }),
            refused: count(&|measured| matches!(measured.repaired.publish, Outcome::Refused { .. })),
            break_the_repaired: count(&|measured| measured.repaired.worst().is_breakage()),
        }
    }
}

fn faulty_worst(measured: &Measured) -> Option<&Outcome> {
    measured.faulty.met.as_ref().map(Places::worst)
}
