//! What can be taken home: one row for each team and round, and every visit by the second, as CSV (RFC 4180). Teaches that whoever doubts a
//! page should be able to recompute it.

use std::fmt::Write;

use incident::{IncidentRecord, StoryClock, Visits};
use report::session::{Feedback, TeamRound, Tried, Verdict};

use super::{handovers::Total, round::Round};
use crate::figures::printable;

const COLUMNS: [&str; 45] = [
    "team",
    "name",
    "round",
    "practice",
    "scenario",
    "seed",
    "operating_model",
    "level",
    "level_at_the_end",
    "story_minutes_a_minute",
    "lost_after_min",
    "detected_after_min",
    "explained_after_min",
    "restored_after_min",
    "watched_min",
    "lost_story_s",
    "detected_story_s",
    "explained_story_s",
    "restored_story_s",
    "censored",
    "explanation_score",
    "explained_right",
    "fixed",
    "fixed_for_the_right_reason",
    "looks",
    "remedies",
    "wrong_remedies",
    "needed_remedies",
    "people",
    "hints",
    "failed_visits",
    "loss_usd",
    "effectiveness",
    "effectiveness_in",
    "guess",
    "guess_confidence_percent",
    "guess_right",
    "answer",
    "repair",
    "handovers",
    "sent_back",
    "queued_min",
    "not_passed_on",
    "found_again",
    "found_again_min",
];

/// One row for each team and round. Minutes are those that people sat there since the customers came, pauses not counted.
pub fn rounds<'a>(rounds: impl IntoIterator<Item = &'a TeamRound>) -> String {
    let mut text = line(COLUMNS.map(String::from));
    for round in rounds {
        text.push_str(&line(row(&Round::of(round))));
    }
    text
}

fn row(round: &Round<'_>) -> [String; COLUMNS.len()] {
    let (outcome, run) = (&round.played.outcome, &round.played.run);
    let steps = [outcome.lost_s, outcome.detected_s, outcome.explained_s, outcome.restored_s];
    let minutes = |at_s: f64| format!("{:.2}", round.clocks.wall_s(at_s) / 60.0);
    let [lost_min, detected_min, explained_min, restored_min] =
        steps.map(|at_s| at_s.map_or_else(String::new, minutes));
    let [lost_s, detected_s, explained_s, restored_s] =
        steps.map(|at_s| at_s.map_or_else(String::new, |at_s| format!("{at_s:.1}")));
    let (guess, handed) = (round.guess.as_ref(), Total::of(round));
    let is_needed = |tried: &&Tried| matches!(tried.verdict, Verdict::NeededWith(_));
    let needed = round.tried.iter().filter(is_needed).count();
    [
        round.team.to_string(),
        round.name.clone(),
        round.number.to_string(),
        round.is_practice.to_string(),
        run.scenario.clone(),
        run.seed.to_string(),
        round.operating_model.to_string(),
        round.level.to_string(),
        round.level_at_the_end.to_string(),
        run.speed.to_string(),
        lost_min,
        detected_min,
        explained_min,
        restored_min,
        minutes(round.ends_s()),
        lost_s,
        detected_s,
        explained_s,
        restored_s,
        outcome.censored.to_string(),
        outcome.explanation_score.map_or_else(String::new, |score| score.to_string()),
        round.played.is_right().map_or_else(String::new, |is_right| is_right.to_string()),
        outcome.fixed.to_string(),
        outcome.fixed_for_the_right_reason.to_string(),
        round.looks.to_string(),
        round.played.remedies().len().to_string(),
        round.wrong_remedies.to_string(),
        needed.to_string(),
        round.people.to_string(),
        round.hints.to_string(),
        outcome.failed_visits.to_string(),
        format!("{:.2}", outcome.incident_financial_loss_usd.0),
        outcome.financial_loss_protection_effectiveness.to_string(),
        run.rules.tolerated_in.to_string(),
        guess.and_then(|guess| guess.kind.clone()).unwrap_or_default(),
        guess
            .and_then(|guess| guess.confidence_percent)
            .map_or_else(String::new, |percent| percent.to_string()),
        guess.map_or_else(String::new, |guess| guess.is_right.to_string()),
        round.answer.clone().unwrap_or_default(),
        round.repair.map_or_else(String::new, |repair| repair.name().to_owned()),
        round.handovers.len().to_string(),
        handed.sent_back.to_string(),
        format!("{:.2}", handed.queued_s / 60.0),
        handed.lost.to_string(),
        handed.again.to_string(),
        format!("{:.2}", handed.again_s / 60.0),
    ]
}

/// Every visit, by team, round, second and kind of page.
pub fn visits<'a>(records: impl IntoIterator<Item = (u32, usize, &'a IncidentRecord)>) -> String {
    let mut text = line(
        ["team", "round", "shop_s", "story_s", "page", "served", "degraded", "failed"].map(String::from),
    );
    for (team, round, record) in records {
        let clock = StoryClock::from_events(&record.events);
        for visits in &record.availability {
            let story_s = clock.story_at(f64::from(visits.at_s));
            let Visits { at_s, route, served, degraded, failed } = visits;
            let _ =
                write!(text, "{team},{round},{at_s},{story_s:.1},{route},{served},{degraded},{failed}\r\n");
        }
    }
    text
}

/// What participants said of the session, one a row.
pub fn feedback(all: &[Feedback]) -> String {
    let mut text = line(["learned_something_new", "would_come_again", "words"].map(String::from));
    for Feedback { learned, again, words } in all {
        text.push_str(&line([learned.to_string(), again.to_string(), words.clone().unwrap_or_default()]));
    }
    text
}

fn line<const CELLS: usize>(cells: [String; CELLS]) -> String {
    let mut line = cells.map(|cell| quoted(&cell)).join(",");
    line.push_str("\r\n");
    line
}

/// A cell as RFC 4180 wants it. What people typed is never a formula: a sign that a spreadsheet would take for the beginning of one is kept
/// from it by an apostrophe.
fn quoted(cell: &str) -> String {
    // A spreadsheet passes over blanks, and takes the wide forms of these signs for the signs.
    let begins =
        cell.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    let is_formula = begins && cell.parse::<f64>().is_err();
    // What cannot be seen is named; a line break is kept, as a cell may have one.
    let shown: Vec<String> = cell.split('\n').map(printable).collect();
    let cell = format!("{}{}", if is_formula { "'" } else { "" }, shown.join("\n"));
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_no_formula_and_breaks_no_row() {
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("-1.5"), "-1.5");
        assert_eq!(quoted(" \t@SUM(1)"), "' U+0009@SUM(1)");
        assert_eq!(quoted("\u{ff1d}1+1"), "'\u{ff1d}1+1");
        assert_eq!(quoted("Kim\u{202e}\u{200b}\u{1b}[2J"), "KimU+202EU+200BU+001B[2J");
        assert_eq!(quoted("one\r\ntwo"), "\"oneU+000D\ntwo\"");
        assert_eq!(quoted("a, \"b\"\nc"), "\"a, \"\"b\"\"\nc\"");
    }
}
