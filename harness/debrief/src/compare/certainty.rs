//! The responder's confidence, and how often it was right. Teaches that an overconfident responder is quick for the wrong reason.

use report::compare::{Calibration, CompareReport};

use super::words::share;
use crate::chart::{Block, Table};

/// Below this difference between confidence and accuracy the title calls the responder neither too sure nor too unsure.
const SURE: f64 = 0.02;

/// The responder's calibration: its confidence against the share of right answers.
pub(super) fn calibration(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.doubts.as_ref()?.calibration;
    // The mean of confidence minus accuracy over all answers: positive if the responder is overconfident.
    let over = |row: &Calibration| {
        let answers: usize = row.bins.iter().map(|(.., count)| count).sum();
        let sum: f64 = row.bins.iter().map(|(sure, right, count)| (sure - right) * *count as f64).sum();
        sum / answers.max(1) as f64
    };
    let most = rows.iter().max_by(|one, other| over(one).total_cmp(&over(other)))?;
    let least = rows.iter().min_by(|one, other| over(one).total_cmp(&over(other)))?;
    let points = |by: f64| format!("{:.0} points", by.abs() * 100.0);
    let title = if over(most) >= SURE {
        format!(
            "The responder is too sure of itself, most at {}, by {} on average",
            most.level,
            points(over(most))
        )
    } else if over(least) <= -SURE {
        format!(
            "The responder is less sure than it is right, most at {}, by {} on average",
            least.level,
            points(over(least))
        )
    } else {
        "At every level the responder is about as sure as it is right".to_owned()
    };
    let mut table = Table::new(&["level", "Brier score", "sure, mean", "right", "answers"]);
    for row in rows {
        for (sure, right, count) in &row.bins {
            let cells = [format!("{:.3}", row.brier), share(*sure), share(*right), count.to_string()];
            table.rows.push([vec![row.level.to_string()], cells.into()].concat());
        }
    }
    let about = format!(
        "Share of answers that were right, by how sure they were given: all that name a cause; {}. Brier score: the \
         mean squared distance between sure and right, 0 at best. The answers are about the same few scenarios, so there are no intervals.",
        document.sample()
    );
    Some(
        Block::new(title, about, table)
            .against("the responder is too sure of itself where telemetry is rich"),
    )
}
