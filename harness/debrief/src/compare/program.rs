//! A program from outside on the same incidents, beside the model responder.

use report::compare::{CompareReport, ProgramLevel};

use super::words::{
    bare_minutes, by_level, dollars, minutes_interval, row_by_level, share, shares, signed_minutes,
};
use crate::{
    chart::Block,
    figures::{grouped, list},
};

pub(super) fn block(document: &CompareReport) -> Option<Block> {
    let program = document.program.as_ref()?;
    let mut table = by_level(document);
    let mut add = |name: &str, of: &dyn Fn(&ProgramLevel) -> Option<String>| {
        let cell = |level| program.levels.iter().find(|row| row.figures.level == level).and_then(of);
        table.rows.push(row_by_level(document, name, cell));
    };
    add("explained right", &|row| Some(share(row.figures.explained_right_share)));
    add("95 % interval", &|row| Some(shares(row.figures.explained_right_interval)));
    add("explained wrong", &|row| Some(share(row.figures.explained_wrong_share)));
    add("minutes to explain, mean", &|row| Some(bare_minutes(row.figures.time_to_explain_restricted_mean_s)));
    add("more than the model", &|row| Some(signed_minutes(row.explains_later_s)));
    add("95 % interval of that", &|row| Some(minutes_interval(row.explains_later_interval)));
    add("minutes to restore, mean", &|row| Some(bare_minutes(row.figures.time_to_restore_restricted_mean_s)));
    add("more than the model", &|row| Some(signed_minutes(row.restores_later_s)));
    add("95 % interval of that", &|row| Some(minutes_interval(row.restores_later_interval)));
    add("restored", &|row| Some(share(row.figures.restored_share)));
    add("remedies that did not help", &|row| Some(format!("{:.1}", row.figures.wrong_remedies_mean)));
    add("looks", &|row| Some(format!("{:.0}", row.figures.checks_mean)));
    add("trade lost, mean", &|row| Some(dollars(row.figures.loss_usd_mean)));
    add("tokens an incident", &|row| row.tokens_mean.map(|tokens| format!("{tokens:.0}")));
    add("dollars an incident", &|row| row.usd_mean.map(|usd| format!("{usd:.2}")));
    let shares = program.levels.iter().map(|row| &row.figures);
    let shares = shares.map(|row| format!("{} at {}", share(row.explained_right_share), row.level));
    let [calls, minutes] = program.budgets;
    let about = format!(
        "The command \u{201c}{}\u{201d}, started for each incident at each level, with {} calls and {} minutes of the story. It works in the world \
         itself and the model responder in a recording of it, on the same incidents; differences are taken within an incident. Tokens and dollars \
         are what it says of itself.",
        program.command,
        grouped(calls.into()),
        grouped(minutes.into())
    );
    let finding = format!("A program from outside explains right: {}", list(shares));
    Some(Block { depth: 2, ..Block::new(finding, about, table) })
}
