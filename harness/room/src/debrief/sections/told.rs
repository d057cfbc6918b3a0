//! A team's round in figures and in a sentence, people's minutes first.

use debrief::figures::time;
use incident::Outcome;

use super::Tile;
use crate::debrief::{
    clocks::minutes,
    judged::guessed,
    lived::{End, Lived},
};

/// What happened and what it cost, in one sentence.
pub fn title(lived: &Lived<'_>) -> String {
    let outcome = &lived.outcome;
    let usd = outcome.incident_financial_loss_usd;
    match (outcome.lost_s, outcome.restored_s) {
        (None, _) => format!("Customers noticed no outage; it cost {usd}"),
        (Some(lost_s), Some(restored_s)) => {
            let took = lived.clocks.wall_s(restored_s) - lived.clocks.wall_s(lost_s);
            format!(
                "Your team restored the shop {} after it failed ({}); it cost {usd}",
                counted(took, "minute"),
                counted(((restored_s - lost_s) / 60.0).round() * 60.0, "story minute")
            )
        }
        (Some(_), None) => match lived.unrestored() {
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
fn at_the_end(lived: &Lived<'_>) -> String {
    match lived.unrestored() {
        Some(End::BackFor(seconds)) => {
            format!(
                "and back for {seconds} s at the end; {} s count as restored",
                lived.record.run.rules.hold_s
            )
        }
        Some(End::BackTooLate) => {
            format!("and not back before {}, when the story ends", time(lived.record.run.story.ends_s()))
        }
        _ => "and still lost when the round was over".to_owned(),
    }
}

/// What was done when, by number, people's minutes first.
pub fn remedies(lived: &Lived<'_>) -> Vec<String> {
    let told = |(story_s, remedy): (f64, incident::Remedy)| {
        format!("{} ({}): {remedy}", minutes(lived.clocks.wall_s(story_s)), time(story_s))
    };
    lived.remedies().into_iter().map(told).collect()
}

/// The figures of a round.
pub fn tiles(lived: &Lived<'_>) -> Vec<Tile> {
    let Outcome { lost_s, restored_s, incident_financial_loss_usd: usd, .. } = *lived.outcome;
    let restored = match (lost_s, restored_s) {
        (None, _) => ("nothing was lost".to_owned(), "Availability never fell below its target.".to_owned()),
        (Some(lost_s), Some(restored_s)) => (
            minutes(lived.clocks.wall_s(restored_s) - lived.clocks.wall_s(lost_s)),
            format!(
                "of yours, pauses not counted; in the story from {} to {}.",
                time(lost_s),
                time(restored_s)
            ),
        ),
        (Some(lost_s), None) => (
            "not reached".to_owned(),
            format!("Lost at {} of the story, {}.", time(lost_s), at_the_end(lived)),
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
                    lived.record.run.story.loss_usd_per_minute
                ),
            ),
        ),
        tile("fixed", fixed(lived)),
        tile("explained", explained(lived)),
        tile("fixed for the right reason", right_reason(lived)),
        tile("guess before any evidence", guess(lived)),
    ]
}

fn fixed(lived: &Lived<'_>) -> (String, String) {
    let outcome = &lived.outcome;
    match (outcome.lost_s, outcome.fixed) {
        (None, _) => ("nothing to fix".to_owned(), "Customers were served all the time.".to_owned()),
        (_, true) => ("yes".to_owned(), "Customers were served again, and it held.".to_owned()),
        (_, false) if outcome.restored_s.is_some() => {
            ("not for good".to_owned(), "Customers were served again, and it was lost again.".to_owned())
        }
        _ => ("no".to_owned(), "Customers were not served again.".to_owned()),
    }
}

fn explained(lived: &Lived<'_>) -> (String, String) {
    let from = lived.record.run.rules.explanation_right_from;
    match (lived.outcome.explanation_score, lived.outcome.explained_s) {
        (Some(score), Some(at_s)) => (
            if score >= from { "right".to_owned() } else { "not right".to_owned() },
            format!(
                "{score:.2} of 1, right from {from:.1} on; submitted after {} ({}).",
                minutes(lived.clocks.wall_s(at_s)),
                time(at_s)
            ),
        ),
        _ => ("no".to_owned(), "Nothing was submitted.".to_owned()),
    }
}

fn right_reason(lived: &Lived<'_>) -> (String, String) {
    let outcome = &lived.outcome;
    match (outcome.fixed_for_the_right_reason, outcome.fixed, lived.is_right()) {
        (true, ..) => ("yes".to_owned(), "It was fixed, and the explanation is right.".to_owned()),
        (false, true, _) => ("no".to_owned(), "It was fixed, and the explanation is not right.".to_owned()),
        (false, false, Some(true)) => {
            ("no".to_owned(), "The explanation is right, and it was not fixed.".to_owned())
        }
        _ => ("no".to_owned(), "It takes both: fixed, and explained rightly.".to_owned()),
    }
}

fn guess(lived: &Lived<'_>) -> (String, String) {
    let Some(guess) = guessed(lived) else {
        return ("none".to_owned(), "Nobody guessed, so the evidence stayed closed.".to_owned());
    };
    let sure = format!("{} % sure", guess.confidence);
    match (guess.cause, guess.is_lucky) {
        (None, _) => {
            ("no idea yet".to_owned(), "An honest answer. It counts for nothing either way.".to_owned())
        }
        (Some(cause), true) => (
            format!("right, {sure}"),
            format!(
                "\u{201c}{cause}\u{201d}: a lucky guess, as nothing had been seen. It is reported apart and counts for nothing."
            ),
        ),
        (Some(cause), false) => (
            format!("wrong, {sure}"),
            format!("\u{201c}{cause}\u{201d}. It counts for nothing; it is there to be compared with."),
        ),
    }
}

/// What would have restored it, in a sentence.
pub fn would_have_restored(lived: &Lived<'_>) -> String {
    let right = &lived.scenario.remedies.right;
    if right.iter().all(Vec::is_empty) {
        return "Nothing in the shop needed a remedy, and none would have helped.".to_owned();
    }
    let asset = lived.drawn.published.as_deref();
    let sequence = |sequence: &Vec<incident::Remedy>| {
        let named = diagnosis::remedies::with_asset(sequence, asset).unwrap_or_else(|| sequence.clone());
        named.iter().map(ToString::to_string).collect::<Vec<_>>().join(", then ")
    };
    let ways: Vec<String> = right.iter().map(sequence).collect();
    format!("What restores it: {}.", ways.join("; or "))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::debrief::{
        lived::Kept,
        sample::{self, Sample},
    };

    /// The second team's round with customers served again for the last seconds of it.
    fn check(served_s: u32, title_says: &str, tile_says: &str) {
        let mut sample = Sample::new();
        let mut record = sample.records[&(2, 1)].record.clone();
        let end_s = record.availability.last().unwrap().at_s + 1;
        for row in record.availability.iter_mut().filter(|row| row.at_s >= end_s - served_s) {
            (row.served, row.failed) = (row.failed, 0);
        }
        sample.records.insert((2, 1), Arc::new(Kept::of(record)));
        let lived = sample.lived();
        let lived = sample::of(&lived, 2, 1);
        assert!(title(lived).starts_with(title_says), "{}", title(lived));
        assert!(tiles(lived)[0].meaning.ends_with(tile_says), "{}", tiles(lived)[0].meaning);
    }

    #[test]
    fn who_is_back_too_briefly_is_told_so() {
        check(0, "Not restored before the round was over", "and still lost when the round was over.");
        check(
            20,
            "Back for the last 20 s, too briefly to count",
            "and back for 20 s at the end; 60 s count as restored.",
        );
        check(60, "Your team restored the shop", "to 10:30.");
    }
}
