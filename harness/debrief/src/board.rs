//! The leaderboard of programs: one table, level by level.

use askama::Template;
use report::board::{Board, BoardRow};

use crate::{
    chart::Table,
    figures::{count, grouped, percent, percents},
};

#[derive(Template)]
#[template(path = "board.html")]
struct Page<'a> {
    board: &'a Board,
    title: String,
    about: String,
    table: Table,
}

pub fn page(board: &Board) -> Result<String, askama::Error> {
    let columns = [
        "level",
        "who",
        "incidents",
        "explained right",
        "95 % interval",
        "minutes to explain",
        "minutes to restore",
        "restored",
        "calls",
        "tokens",
        "dollars",
    ];
    let table = Table::of(&columns, board.rows.iter().map(row));
    let left_out = match board.left_out {
        0 => String::new(),
        some => format!(" Left out, because somebody did not meet them: {}.", grouped(some as u64)),
    };
    let about = format!(
        "{}, each met by everybody here, at the same level. Minutes of the story from the loss, means of the scenarios' means; what was never \
         reached counts as reached after five hours.{left_out}",
        count(board.incidents as u64, "incident")
    );
    Page { board, title: title(board), about, table }.render()
}

/// The title: the best row at the poorest level, and the best at the richest.
fn title(board: &Board) -> String {
    let best = |level| board.rows.iter().find(|row| row.level == level);
    let (first, last) = (board.rows.first(), board.rows.last().and_then(|last| best(last.level)));
    let said = |row: &BoardRow| {
        format!("{} explains {} right at {}", row.who, percent(row.explained_right_share), row.level)
    };
    match (first, last) {
        (Some(first), Some(last)) if first.level != last.level => format!("{}; {}", said(first), said(last)),
        (Some(only), _) => said(only),
        _ => "Nobody met anything".to_owned(),
    }
}

fn row(row: &BoardRow) -> [String; 11] {
    let minutes = |seconds: f64| format!("{:.0}", seconds / 60.0);
    let known = |value: Option<f64>, decimals: usize| {
        value.map_or("–".to_owned(), |value| format!("{value:.decimals$}"))
    };
    [
        row.level.to_string(),
        row.who.clone(),
        grouped(row.incidents as u64),
        percent(row.explained_right_share),
        percents(row.explained_right_interval),
        minutes(row.time_to_explain_mean_s),
        minutes(row.time_to_restore_mean_s),
        percent(row.restored_share),
        known(row.calls_mean, 0),
        known(row.tokens_mean, 0),
        known(row.usd_mean, 2),
    ]
}
