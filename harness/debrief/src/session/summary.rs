//! A team's round in one row of figures, and in a sentence; people's minutes first.

use incident::Remedy;
use report::session::{Incident, Outlook, Tried, Verdict};

use super::round::{End, Round};
use crate::figures::trimmed;

/// People's minutes from the loss to the restoration, or how the round ended.
pub(super) fn restored(round: &Round<'_>) -> String {
    let outcome = &round.played.outcome;
    let took =
        outcome.lost_s.zip(outcome.restored_s).map(|(lost_s, at_s)| round.minutes_between(lost_s, at_s));
    match (took, round.unrestored()) {
        (Some(took), _) if outcome.fixed => took,
        (Some(took), _) => format!("{took}, lost again"),
        (None, Some(End::BackFor(seconds))) => format!("no, back for {seconds}\u{a0}s"),
        (None, Some(End::BackTooLate)) => "too late".to_owned(),
        (None, Some(End::Lost)) => "no".to_owned(),
        (None, None) => "nothing was lost".to_owned(),
    }
}

/// `right, 9 of 10`.
pub(super) fn explained(round: &Round<'_>) -> String {
    match (round.played.is_right(), round.played.outcome.explanation_score) {
        (Some(is_right), Some(score)) => {
            format!("{}, {} of\u{a0}10", if is_right { "right" } else { "not right" }, of_ten(score))
        }
        _ => "no answer".to_owned(),
    }
}

/// A score of 0 to 1 as points of ten.
pub(super) fn of_ten(score: f64) -> String {
    trimmed(score * 10.0)
}

/// How all teams with the same incident did, in a sentence.
pub(super) fn finding(same: &[&Round<'_>]) -> String {
    let count = |is: &dyn Fn(&Round<'_>) -> bool| same.iter().filter(|round| is(round)).count();
    let lost = count(&|round| round.played.outcome.lost_s.is_some());
    let right = count(&|round| round.played.is_right() == Some(true));
    let of = same.len();
    if lost == 0 {
        return format!("Nobody lost the shop; {right} of {of} said why");
    }
    let restored = count(&|round| round.played.outcome.restored_s.is_some());
    format!("{restored} of {lost} restored the shop, {right} of {of} found out why")
}

pub(super) fn title(round: &Round<'_>) -> String {
    let outcome = &round.played.outcome;
    let usd = outcome.incident_financial_loss_usd;
    match (outcome.lost_s, outcome.restored_s) {
        (None, _) => format!("Customers noticed no outage; it cost {usd}"),
        (Some(lost_s), Some(restored_s)) => {
            format!(
                "Your team restored the shop {} after it failed ({}); it cost {usd}",
                counted(round.wall_between_s(lost_s, restored_s), "minute"),
                counted(((restored_s - lost_s) / 60.0).round() * 60.0, "story minute")
            )
        }
        (Some(_), None) => match round.unrestored() {
            Some(End::BackFor(seconds)) => format!(
                "Back for the last {seconds} s; {} s count as restored. It cost {usd}",
                round.played.run.rules.hold_s
            ),
            Some(End::BackTooLate) => format!("Back when the story was over; it cost {usd}"),
            _ => format!("Not restored before the round was over; it cost {usd}"),
        },
    }
}

/// Minutes in a sentence: `1 minute`, `2.5 minutes`, `45 story minutes`.
fn counted(seconds: f64, unit: &str) -> String {
    let minutes = trimmed((seconds / 6.0).round() / 10.0 + 0.0);
    format!("{minutes}\u{a0}{unit}{}", if minutes == "1" { "" } else { "s" })
}

/// The numbered remedies: when, people's minutes first, and the verdict on each.
pub(super) fn remedies(round: &Round<'_>) -> Vec<String> {
    let words = |(number, one): (usize, &Tried)| {
        format!("{number}. {} {}: {}", one.what.remedy, round.both_times(one.what.begun_story_s), worth(one))
    };
    (1..).zip(&round.tried).map(words).collect()
}

/// The verdict on a remedy, and what the team expected of it.
fn worth(tried: &Tried) -> String {
    let verdict = match &tried.verdict {
        Verdict::Restored => "restored".to_owned(),
        Verdict::NeededWith(others) => {
            format!("needed, works only together with: {}", joined(others, ", "))
        }
        Verdict::Wrong => "did not restore".to_owned(),
        Verdict::NotDone => "not done".to_owned(),
    };
    match (&tried.what.expected, tried.what.came) {
        (Some(expected), _) if tried.verdict == Verdict::Restored && expected.outlook == Outlook::Back => {
            format!("{verdict}, as expected")
        }
        (Some(expected), Some(came)) if expected.outlook == came => format!("{verdict}, as expected"),
        (Some(expected), Some(_)) => format!("{verdict}; expected: {}", expected.outlook.words()),
        _ => verdict,
    }
}

pub(super) fn guess(round: &Round<'_>) -> String {
    let Some(guess) = &round.guess else { return "no guess, so the evidence stayed closed".to_owned() };
    let luck = if guess.is_right { "right, by luck" } else { "wrong" };
    let sure = guess.confidence_percent.map_or_else(String::new, |percent| format!(", {percent} % sure"));
    match &guess.kind {
        None => "no idea yet".to_owned(),
        Some(kind) => format!("{kind}{sure}: {luck}"),
    }
}

pub(super) fn would_have_restored(incident: &Incident) -> String {
    if incident.restored_by.iter().all(Vec::is_empty) {
        return "Nothing in the shop needed a remedy, and none would have helped.".to_owned();
    }
    let ways: Vec<String> = incident.restored_by.iter().map(|way| joined(way, ", then ")).collect();
    format!("What restores it: {}.", ways.join("; or "))
}

fn joined(remedies: &[Remedy], by: &str) -> String {
    remedies.iter().map(ToString::to_string).collect::<Vec<_>>().join(by)
}
