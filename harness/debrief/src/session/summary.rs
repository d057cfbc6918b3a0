//! A team's round in figures and in a sentence, people's minutes first.

use incident::{Outcome, Remedy};
use report::session::Incident;

use super::{
    clocks::minutes,
    round::{End, Round},
};
use crate::figures::time;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tile {
    pub(super) what: &'static str,
    pub(super) figure: String,
    pub(super) meaning: String,
}

pub(super) fn title(round: &Round<'_>) -> String {
    let outcome = &round.played.outcome;
    let usd = outcome.incident_financial_loss_usd;
    match (outcome.lost_s, outcome.restored_s) {
        (None, _) => format!("Customers noticed no outage; it cost {usd}"),
        (Some(lost_s), Some(restored_s)) => {
            let took = round.clocks.wall_s(restored_s) - round.clocks.wall_s(lost_s);
            format!(
                "Your team restored the shop {} after it failed ({}); it cost {usd}",
                counted(took, "minute"),
                counted(((restored_s - lost_s) / 60.0).round() * 60.0, "story minute")
            )
        }
        (Some(_), None) => match round.unrestored() {
            Some(End::BackFor(seconds)) => {
                format!("Back for the last {seconds} s, too briefly to count as restored; it cost {usd}")
            }
            Some(End::BackTooLate) => format!("Back when the story was over; it cost {usd}"),
            _ => format!("Not restored before the round was over; it cost {usd}"),
        },
    }
}

/// Minutes in a sentence: `1 minute`, `2.5 minutes`, `45 story minutes`.
fn counted(seconds: f64, unit: &str) -> String {
    let minutes = format!("{:.1}", (seconds / 6.0).round() / 10.0 + 0.0);
    let minutes = minutes.strip_suffix(".0").unwrap_or(&minutes);
    format!("{minutes}\u{a0}{unit}{}", if minutes == "1" { "" } else { "s" })
}

/// How a round that did not restore availability in time stood at its end.
fn at_the_end(round: &Round<'_>) -> String {
    match round.unrestored() {
        Some(End::BackFor(seconds)) => {
            format!(
                "and back for {seconds} s at the end; {} s count as restored",
                round.played.run.rules.hold_s
            )
        }
        Some(End::BackTooLate) => {
            format!("and not back before {}, when the story ends", time(round.played.run.story.ends_s()))
        }
        _ => "and still lost when the round was over".to_owned(),
    }
}

/// What was done when, by number, people's minutes first.
pub(super) fn remedies(round: &Round<'_>) -> Vec<String> {
    let remedies = round.played.remedies().into_iter();
    remedies.map(|(story_s, remedy)| format!("{}: {remedy}", round.both_times(story_s))).collect()
}

pub(super) fn tiles(round: &Round<'_>) -> Vec<Tile> {
    let Outcome { lost_s, restored_s, incident_financial_loss_usd: usd, .. } = round.played.outcome;
    let restored = match (lost_s, restored_s) {
        (None, _) => ("nothing was lost".to_owned(), "Availability never fell below its target.".to_owned()),
        (Some(lost_s), Some(restored_s)) => (
            minutes(round.clocks.wall_s(restored_s) - round.clocks.wall_s(lost_s)),
            format!(
                "of yours, pauses not counted; in the story from {} to {}.",
                time(lost_s),
                time(restored_s)
            ),
        ),
        (Some(lost_s), None) => (
            "not reached".to_owned(),
            format!("Lost at {} of the story, {}.", time(lost_s), at_the_end(round)),
        ),
    };
    let tile = |what, (figure, meaning): (String, String)| Tile { what, figure, meaning };
    vec![
        tile("time to restore", restored),
        tile(
            "incident financial loss",
            (
                usd.to_string(),
                format!(
                    "at {} a minute of the story in which every visit fails.",
                    round.played.run.story.loss_usd_per_minute
                ),
            ),
        ),
        tile("fixed", fixed(round)),
        tile("explained", explained(round)),
        tile("fixed for the right reason", right_reason(round)),
        tile("guess before any evidence", guess(round)),
    ]
}

fn fixed(round: &Round<'_>) -> (String, String) {
    let outcome = &round.played.outcome;
    match (outcome.lost_s, outcome.fixed) {
        (None, _) => ("nothing to fix".to_owned(), "Customers were served all the time.".to_owned()),
        (_, true) => ("yes".to_owned(), "Customers were served again, and it held.".to_owned()),
        (_, false) if outcome.restored_s.is_some() => {
            ("not for good".to_owned(), "Customers were served again, and it was lost again.".to_owned())
        }
        _ => ("no".to_owned(), "Customers were not served again.".to_owned()),
    }
}

fn explained(round: &Round<'_>) -> (String, String) {
    let from = round.played.run.rules.explanation_right_from;
    match (round.played.outcome.explanation_score, round.played.outcome.explained_s) {
        (Some(score), Some(at_s)) => (
            if score >= from { "right".to_owned() } else { "not right".to_owned() },
            format!("{score:.2} of 1, right from {from:.1} on; submitted after {}.", round.both_times(at_s)),
        ),
        _ => ("no".to_owned(), "Nothing was submitted.".to_owned()),
    }
}

fn right_reason(round: &Round<'_>) -> (String, String) {
    let outcome = &round.played.outcome;
    match (outcome.fixed_for_the_right_reason, outcome.fixed, round.played.is_right()) {
        (true, ..) => ("yes".to_owned(), "It was fixed, and the explanation is right.".to_owned()),
        (false, true, _) => ("no".to_owned(), "It was fixed, and the explanation is not right.".to_owned()),
        (false, false, Some(true)) => {
            ("no".to_owned(), "The explanation is right, and it was not fixed.".to_owned())
        }
        _ => ("no".to_owned(), "It takes both: a fix and the right explanation.".to_owned()),
    }
}

fn guess(round: &Round<'_>) -> (String, String) {
    let Some(guess) = &round.guess else {
        return ("none".to_owned(), "Nobody guessed, so the evidence stayed closed.".to_owned());
    };
    let sure = guess.confidence_percent.map_or_else(String::new, |percent| format!(", {percent} % sure"));
    match (&guess.kind, guess.is_right) {
        (None, _) => {
            ("no idea yet".to_owned(), "An honest answer. It counts for nothing either way.".to_owned())
        }
        (Some(kind), true) => (
            format!("right kind{sure}"),
            format!(
                "\u{201c}{kind}\u{201d}: a lucky guess, as nothing had been seen. It is reported apart and counts for nothing."
            ),
        ),
        (Some(kind), false) => (
            format!("wrong kind{sure}"),
            format!("\u{201c}{kind}\u{201d}. It counts for nothing; it is there to be compared with."),
        ),
    }
}

pub(super) fn would_have_restored(incident: &Incident) -> String {
    if incident.restored_by.iter().all(Vec::is_empty) {
        return "Nothing in the shop needed a remedy, and none would have helped.".to_owned();
    }
    let sequence =
        |sequence: &Vec<Remedy>| sequence.iter().map(ToString::to_string).collect::<Vec<_>>().join(", then ");
    let ways: Vec<String> = incident.restored_by.iter().map(sequence).collect();
    format!("What restores it: {}.", ways.join("; or "))
}
