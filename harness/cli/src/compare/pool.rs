//! `glyphfall compare --pool`: a leaderboard built from reports, which may come from several people.

use std::fs;

use anyhow::{Context, anyhow};
use experiment::compare::board::board;
use report::{board::Board, compare::CompareReport};

use super::CompareArgs;
use crate::{
    output::plain,
    stop::Done,
    work::{Publisher, shown},
};

pub(super) fn run(args: &CompareArgs) -> anyhow::Result<Done> {
    let read = |file: &std::path::PathBuf| -> anyhow::Result<(String, CompareReport)> {
        let name = shown(file);
        let text = fs::read_to_string(file).with_context(|| {
            format!("cannot read {name}; --pool takes the JSON reports of 'glyphfall compare --responder'")
        })?;
        let report = serde_json::from_str(&text)
            .with_context(|| format!("{name} is not what `glyphfall compare` writes as JSON; --pool takes the .json beside a report's page"))?;
        Ok((name, report))
    };
    let reports = args.pool.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
    let board = board(&reports).map_err(|why| anyhow!(why))?;
    let publisher = Publisher::new(&args.report, "leaderboard".to_owned())?;
    publisher.publish(&board, &lines(&board), &debrief::board::page(&board)?, None)?;
    Ok(Done::Well)
}

fn lines(board: &Board) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{} incidents that everybody met, {} left out; mean minutes",
            board.incidents, board.left_out
        ),
        format!(
            "  {:<8} {:<34} {:>5} {:>8} {:>8} {:>8}",
            "level", "who", "right", "explain", "restore", "tokens"
        ),
    ];
    lines.extend(board.rows.iter().map(|row| {
        format!(
            "  {:<8} {:<34.34} {:>5.0} {:>8.0} {:>8.0} {:>8}",
            row.level.name(),
            plain(&row.who),
            row.explained_right_share * 100.0,
            row.time_to_explain_mean_s / 60.0,
            row.time_to_restore_mean_s / 60.0,
            row.tokens_mean.map_or("-".to_owned(), |tokens| format!("{tokens:.0}"))
        )
    }));
    lines
}
