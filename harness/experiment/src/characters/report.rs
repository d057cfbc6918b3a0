//! All specimens measured, and counted. Teaches that a table without its count is left for the reader to judge.

use std::{borrow::Cow, io, sync::atomic::Ordering};

use serde::Serialize;
use tokio::runtime::Builder;

use super::{
    measure::{Measured, Places, measure, text_with},
    parsers::Outcome,
    table::{Group, Specimen},
};
use crate::sweep::Watch;

/// The seed of every shop of the table. Nothing that is measured depends on it; it is said all the same.
const SEED: u64 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    pub name: Cow<'static, str>,
    pub group: Group,
    /// Itself, with U+FFFD for what is not UTF-8.
    pub text: String,
    pub bytes: String,
    /// Its code points; none if the bytes are not UTF-8.
    pub code_points: Option<Vec<String>>,
    #[serde(flatten)]
    pub measured: Measured,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub specimens: usize,
    /// Those that hang whatever shows them in the faulty shop.
    pub hang: usize,
    /// Those that hang nothing and break a page, a script or the feed there.
    pub break_a_page: usize,
    /// Those that the repaired shop refuses.
    pub refused: usize,
    /// Those that break anything in the repaired shop, in a version published before the repair included.
    pub break_the_repaired: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Where the shops' chance came from.
    pub seed: u64,
    pub summary: Summary,
    pub specimens: Vec<Row>,
}

/// Measures these specimens, each in new shops, in virtual time of its own. Blocks until all is done; stopped early, it reports those
/// that were measured.
///
/// # Errors
///
/// When a shop cannot be started.
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
