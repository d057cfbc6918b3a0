//! What can be taken home: one row for each team and round, and every visit by the second, as CSV (RFC 4180). Teaches that whoever doubts a
//! page should be able to recompute it.

use std::fmt::Write;

use ::debrief::figures::printable;
use incident::{Outcome, StoryClock};

use super::{judged::guessed, lived::Lived};

/// The columns of the file with one row for each team and round.
const COLUMNS: [&str; 36] = [
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
    "hints",
    "failed_visits",
    "loss_usd",
    "effectiveness",
    "guess",
    "guess_confidence_percent",
    "guess_right",
    "answer",
    "repair",
];

/// One row for each team and round. Minutes are those that people sat there since the customers came, pauses not counted.
pub fn rounds(all: &[&Lived<'_>]) -> String {
    let mut text = line(COLUMNS.map(String::from));
    for lived in all {
        text.push_str(&line(row(lived)));
    }
    text
}

fn row(lived: &Lived<'_>) -> [String; COLUMNS.len()] {
    let Lived { outcome, played, round, record, .. } = lived;
    let Outcome { lost_s, detected_s, explained_s, restored_s, .. } = **outcome;
    let minutes = |story_s: Option<f64>| {
        story_s.map_or_else(String::new, |at_s| format!("{:.2}", lived.clocks.wall_s(at_s) / 60.0))
    };
    let seconds = |story_s: Option<f64>| story_s.map_or_else(String::new, |at_s| format!("{at_s:.1}"));
    let guess = guessed(lived);
    [
        lived.team.number.to_string(),
        lived.team.name.clone(),
        lived.number().to_string(),
        round.practice.to_string(),
        record.run.scenario.clone(),
        record.run.seed.to_string(),
        round.operating_model.to_string(),
        lived.level.to_string(),
        played.level.to_string(),
        record.run.speed.to_string(),
        minutes(lost_s),
        minutes(detected_s),
        minutes(explained_s),
        minutes(restored_s),
        minutes(Some(lived.ends_s())),
        seconds(lost_s),
        seconds(detected_s),
        seconds(explained_s),
        seconds(restored_s),
        outcome.censored.to_string(),
        outcome.explanation_score.map_or_else(String::new, |score| score.to_string()),
        lived.is_right().map_or_else(String::new, |is_right| is_right.to_string()),
        outcome.fixed.to_string(),
        outcome.fixed_for_the_right_reason.to_string(),
        played.looked().to_string(),
        lived.remedies().len().to_string(),
        outcome.wrong_remedies.to_string(),
        played.hints.to_string(),
        outcome.failed_visits.to_string(),
        format!("{:.2}", outcome.incident_financial_loss_usd.0),
        outcome.financial_loss_protection_effectiveness.to_string(),
        guess.as_ref().and_then(|guess| guess.cause.clone()).unwrap_or_default(),
        guess.as_ref().map_or_else(String::new, |guess| guess.confidence.to_string()),
        guess.as_ref().map_or_else(String::new, |guess| guess.is_lucky.to_string()),
        played.answer.clone().unwrap_or_default(),
        played.repair.clone().unwrap_or_default(),
    ]
}

/// Every visit, by team, round, second and kind of page.
pub fn visits(all: &[&Lived<'_>]) -> String {
    let mut text = line(
        ["team", "round", "shop_s", "story_s", "page", "served", "degraded", "failed"].map(String::from),
    );
    for lived in all {
        let clock = StoryClock::from_events(&lived.record.events);
        for visits in &lived.record.availability {
            let story_s = clock.story_at(f64::from(visits.at_s));
            let _ = write!(
                text,
                "{},{},{},{story_s:.1},{},{},{},{}\r\n",
                lived.team.number,
                lived.number(),
                visits.at_s,
                visits.route,
                visits.served,
                visits.degraded,
                visits.failed
            );
        }
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
    use crate::debrief::sample::{LOST_AT_S, Sample};

    #[test]
    fn each_team_and_round_has_its_row() {
        let sample = Sample::new();
        let lived = sample.lived();
        let all: Vec<&Lived<'_>> = lived.iter().collect();
        let text = rounds(&all);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + 4);
        let head: Vec<&str> = lines[0].split(',').collect();
        let one: Vec<&str> = lines[2].split(',').collect();
        let cell = |name: &str| one[head.iter().position(|column| *column == name).unwrap()];
        assert_eq!((cell("team"), cell("round"), cell("level")), ("1", "1", "logs"));
        // Availability is below the target one second after the first visit fails.
        let lost: f64 = cell("lost_after_min").parse().unwrap();
        assert!((lost - f64::from(LOST_AT_S + 1) / 60.0).abs() < 0.01, "{lost}");
        assert_eq!((cell("explained_right"), cell("fixed"), cell("looks")), ("true", "true", "3"));
    }

    #[test]
    fn every_visit_is_there() {
        let sample = Sample::new();
        let lived = sample.lived();
        let text = visits(&[&lived[0]]);
        assert_eq!(text.lines().count(), 1 + lived[0].record.availability.len());
        assert!(text.contains("1,0,90,450.0,home,0,0,10\r\n"), "{}", &text[..200]);
    }

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
