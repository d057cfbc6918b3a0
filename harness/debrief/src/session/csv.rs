//! Files to take home, as CSV (RFC 4180): one row for each team and round, every visit by the second, and the feedback. Teaches that a reader
//! who doubts a page should be able to recompute it.

use std::fmt::Write;

use incident::{ContributingFactor, IncidentRecord, StoryClock, Visits};
use report::session::{Feedback, TeamRound, Tried, Verdict};

use super::{handovers::Total, round::Round};
use crate::figures::{self, printable};

/// The text of a cell; empty if there is no value.
type Cell = fn(&Round<'_>) -> String;

/// The columns, in order. A practice round has the number 0; its place in the plan tells it from others. Minutes are wall-clock minutes since the
/// customers came, pauses not counted.
const COLUMNS: [(&str, Cell); 46] = [
    ("team", |it| it.team.to_string()),
    ("name", |it| it.name.clone()),
    ("round", |it| it.number.to_string()),
    ("place", |it| it.place.to_string()),
    ("practice", |it| it.is_practice.to_string()),
    ("scenario", |it| it.played.run.scenario.clone()),
    ("seed", |it| it.played.run.seed.to_string()),
    ("operating_model", |it| it.operating_model.to_string()),
    ("level", |it| it.level.to_string()),
    ("level_at_the_end", |it| it.level_at_the_end.to_string()),
    ("story_minutes_a_minute", |it| it.played.run.speed.to_string()),
    ("lost_after_min", |it| minutes(it, it.played.outcome.lost_s)),
    ("detected_after_min", |it| minutes(it, it.played.outcome.detected_s)),
    ("explained_after_min", |it| minutes(it, it.played.outcome.explained_s)),
    ("restored_after_min", |it| minutes(it, it.played.outcome.restored_s)),
    ("watched_min", |it| minutes(it, Some(it.ends_s()))),
    ("lost_story_s", |it| known(it.played.outcome.lost_s.map(tenth))),
    ("detected_story_s", |it| known(it.played.outcome.detected_s.map(tenth))),
    ("explained_story_s", |it| known(it.played.outcome.explained_s.map(tenth))),
    ("restored_story_s", |it| known(it.played.outcome.restored_s.map(tenth))),
    ("censored", |it| it.played.outcome.censored.to_string()),
    ("explanation_score", |it| known(it.played.outcome.explanation_score)),
    ("explained_right", |it| known(it.played.is_right())),
    ("fixed", |it| it.played.outcome.fixed.to_string()),
    ("fixed_for_the_right_reason", |it| it.played.outcome.fixed_for_the_right_reason.to_string()),
    ("looks", |it| it.looks.to_string()),
    ("remedies", |it| it.played.remedies().len().to_string()),
    ("wrong_remedies", |it| it.wrong_remedies.to_string()),
    ("needed_remedies", |it| {
        let is_needed = |tried: &&Tried| matches!(tried.verdict, Verdict::NeededWith(_));
        it.tried.iter().filter(is_needed).count().to_string()
    }),
    ("people", |it| it.people.to_string()),
    ("hints", |it| it.hints.to_string()),
    ("failed_visits", |it| it.played.outcome.failed_visits.to_string()),
    ("loss_usd", |it| format!("{:.2}", it.played.loss_usd())),
    ("effectiveness", |it| it.played.outcome.financial_loss_protection_effectiveness.to_string()),
    ("effectiveness_in", |it| it.played.run.rules.tolerated_in.to_string()),
    ("guess", |it| known(it.guess.as_ref().and_then(|guess| guess.kind.as_ref()))),
    ("guess_confidence_percent", |it| known(it.guess.as_ref().and_then(|guess| guess.confidence_percent))),
    ("guess_right", |it| known(it.guess.as_ref().map(|guess| guess.is_right))),
    ("answer", |it| known(it.answer.as_ref())),
    ("repair", |it| known(it.repair.map(ContributingFactor::name))),
    ("handovers", |it| it.handovers.len().to_string()),
    ("sent_back", |it| Total::of(it).sent_back.to_string()),
    ("queued_min", |it| format!("{:.2}", Total::of(it).queued_s / 60.0)),
    ("not_passed_on", |it| Total::of(it).lost.to_string()),
    ("found_again", |it| Total::of(it).again.to_string()),
    ("found_again_min", |it| format!("{:.2}", Total::of(it).again_s / 60.0)),
];

fn known<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn minutes(round: &Round<'_>, story_s: Option<f64>) -> String {
    known(story_s.map(|at_s| format!("{:.2}", round.clocks.wall_s(at_s) / 60.0)))
}

fn tenth(story_s: f64) -> String {
    format!("{story_s:.1}")
}

/// One row for each team and round.
pub fn rounds<'a>(rounds: impl IntoIterator<Item = &'a TeamRound>) -> String {
    let mut text = line(COLUMNS.map(|(name, _)| name.to_owned()));
    for round in rounds {
        let round = Round::of(round);
        text.push_str(&line(COLUMNS.map(|(_, cell)| cell(&round))));
    }
    text
}

/// Counts of visits by team, round, second and kind of page.
pub fn visits<'a>(records: impl IntoIterator<Item = (&'a TeamRound, &'a IncidentRecord)>) -> String {
    let mut text = line(
        ["team", "round", "place", "shop_s", "story_s", "page", "served", "degraded", "failed"]
            .map(String::from),
    );
    for (TeamRound { team, number, place, .. }, record) in records {
        let clock = StoryClock::from_events(&record.events);
        for visits in &record.availability {
            let story_s = clock.story_at(f64::from(visits.at_s));
            let Visits { at_s, route, served, degraded, failed } = visits;
            let _ = write!(
                text,
                "{team},{number},{place},{at_s},{story_s:.1},{route},{served},{degraded},{failed}\r\n"
            );
        }
    }
    text
}

/// The participants' feedback on the session, a row each.
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

/// A cell for a spreadsheet. Typed text never becomes a formula: an apostrophe goes before a sign with which a spreadsheet would begin one.
fn quoted(cell: &str) -> String {
    // Spreadsheets skip leading blanks, and read the full-width forms of these signs as the signs.
    let begins =
        cell.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    let is_formula = begins && cell.parse::<f64>().is_err();
    // Invisible characters are replaced with their code points. Line breaks stay: a cell may have them.
    let shown: Vec<String> = cell.split('\n').map(printable).collect();
    let cell = format!("{}{}", if is_formula { "'" } else { "" }, shown.join("\n"));
    figures::quoted(&cell)
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
