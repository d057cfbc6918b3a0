//! How sure the responder was, and how right; and what it costs to ask for more certainty. Teaches to compare levels at equal error: who
//! may be wrong more often is always quicker.

use incident::Level;

use report::compare::{Calibration, CompareReport, Doubts, Row};

use super::{
    trade_off::{Curve, trade_off},
    words::{bare_minutes, minutes, names, share},
};
use crate::{
    block::Block,
    chart::{Chart, Table},
    figures::list,
    plot::{WIDE, WIDTH},
};

/// A smaller difference between certainty and being right is called neither too sure nor too unsure.
const SURE: f64 = 0.02;

/// How certainty and being right go together.
pub(super) fn calibration(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.doubts.as_ref()?.calibration;
    // How much surer of itself than right, over all answers.
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
        "Share of answers that were right, by how sure they were given: all answers that name a cause, at the lowest threshold; {}. Brier score: the \
         mean squared distance between certainty and being right, 0 at best. The answers are about the same few scenarios, so there are no intervals.",
        document.sample()
    );
    Some(
        Block::new(title, about, table)
            .against("the responder is too sure of itself where telemetry is rich"),
    )
}

/// Time against error over the thresholds.
pub(super) fn thresholds(document: &CompareReport) -> Option<Chart> {
    let doubts = document.controls.doubts.as_ref()?;
    let rows = &doubts.thresholds;
    let point = |row: &Row| (row.explained_wrong_share, row.time_to_explain_restricted_mean_s / 60.0);
    let curve = |level: Level| {
        let points = rows.iter().filter(|row| row.level == level).map(point).collect();
        Curve { level, points }
    };
    let curves: Vec<Curve> = document.levels.iter().map(|row| curve(row.level)).collect();
    let mut table =
        Table::new(&["level", "threshold", "wrong explanation", "right explanation", "minutes, mean"]);
    for level in document.levels.iter().map(|row| row.level) {
        table.rows.extend(rows.iter().filter(|row| row.level == level).map(cells));
    }
    (!rows.is_empty()).then(|| Chart {
        title: at_equal_error(document, doubts),
        subtitle: format!(
            "Mean minutes to the right explanation against the share of incidents with a wrong one, a dot for each threshold of certainty; {}.",
            document.sample()
        ),
        plots: vec![trade_off(&curves, WIDE, 260.0), trade_off(&curves, WIDTH, 220.0)],
        table_title: "All thresholds as a table".to_owned(),
        data: Some(("thresholds.csv", table.csv())),
        table,
        ..Chart::default()
    })
}

fn cells(row: &Row) -> Vec<String> {
    let (wrong, right) = (share(row.explained_wrong_share), share(row.explained_right_share));
    vec![
        row.level.to_string(),
        row.what.clone(),
        wrong,
        right,
        bare_minutes(row.time_to_explain_restricted_mean_s),
    ]
}

fn at_equal_error(document: &CompareReport, doubts: &Doubts) -> String {
    let of = |level: Level| doubts.at_equal_error.iter().find(|row| row.level == level);
    let takes = |row: &Row| format!("{} at {}", minutes(row.time_to_explain_restricted_mean_s), row.level);
    let each: Vec<String> = document.levels.iter().filter_map(|row| of(row.level).map(takes)).collect();
    let none: Vec<Level> =
        document.levels.iter().map(|row| row.level).filter(|level| of(*level).is_none()).collect();
    let most = share(doubts.equal_error);
    if each.is_empty() {
        return format!("No threshold at any level errs in at most {most} of incidents");
    }
    let none = match none.as_slice() {
        [] => String::new(),
        none => format!("; no threshold errs that seldom at {}", names(none.iter().copied())),
    };
    format!(
        "With wrong explanations in at most {most} of incidents, the right one takes {}{none}",
        list(&each)
    )
}
