//! A team's round in one row of figures, and in a sentence; people's minutes first.

use incident::Remedy;
use report::session::{Incident, Outlook, Tried, Verdict};

use super::{
    clocks::minutes,
    level_class,
    round::{End, Round},
};
use crate::figures::trimmed;

/// One row of the first screen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Standing {
    pub(super) name: String,
    /// Where the team's own page is, for the facilitator.
    pub(super) href: Option<String>,
    pub(super) level: String,
    pub(super) class: String,
    /// The level at its end, if it is another.
    pub(super) raised: Option<String>,
    pub(super) hints: usize,
    pub(super) restored: String,
    pub(super) explained: String,
    pub(super) loss: String,
}

impl Standing {
    pub(super) fn of(round: &Round<'_>, name: String, href: Option<String>) -> Self {
        let outcome = &round.played.outcome;
        let took = outcome.restored_s.and_then(|at_s| round.wall_after_loss_s(at_s)).map(minutes);
        Self {
            name,
            href,
            level: round.level.to_string(),
            class: level_class(round.level),
            raised: (round.level_at_the_end != round.level).then(|| round.level_at_the_end.to_string()),
            hints: round.hints,
            restored: match (took, round.unrestored()) {
                (Some(took), _) if outcome.fixed => took,
                (Some(took), _) => format!("{took}, lost again"),
                (None, Some(End::BackFor(seconds))) => format!("no, back for {seconds}\u{a0}s"),
                (None, Some(End::BackTooLate)) => "too late".to_owned(),
                (None, Some(End::Lost)) => "no".to_owned(),
                (None, None) => "nothing was lost".to_owned(),
            },
            explained: explained(round),
            loss: outcome.incident_financial_loss_usd.to_string(),
        }
    }
}

/// `right, 9 of 10`.
fn explained(round: &Round<'_>) -> String {
    match (round.played.is_right(), round.played.outcome.explanation_score) {
        (Some(is_right), Some(score)) => {
            format!("{}, {} of\u{a0}10", if is_right { "right" } else { "not right" }, of_ten(score))
        }
        _ => "no answer".to_owned(),
    }
}

/// A score of 0 to 1 in the points that people are told.
pub(super) fn of_ten(score: f64) -> String {
    trimmed(score * 10.0)
}

/// What came of an incident for all who had it.
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
            let took = round.clocks.wall_s(restored_s) - round.clocks.wall_s(lost_s);
            format!(
                "Your team restored the shop {} after it failed ({}); it cost {usd}",
                counted(took, "minute"),
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

/// What was tried when, by number, people's minutes first, and what it was worth.
pub(super) fn remedies(round: &Round<'_>) -> Vec<String> {
    let tried = round.tried.iter().enumerate();
    tried
        .map(|(place, one)| {
            format!("{}. {} {}: {}", place + 1, one.remedy, round.both_times(one.begun_s), worth(one))
        })
        .collect()
}

/// What a remedy was worth, and what was expected of it.
fn worth(tried: &Tried) -> String {
    let verdict = match &tried.verdict {
        Verdict::Restored => "restored".to_owned(),
        Verdict::NeededWith(others) => {
            let others: Vec<String> = others.iter().map(ToString::to_string).collect();
            format!("needed, works only together with: {}", others.join(", "))
        }
        Verdict::Wrong => "did not restore".to_owned(),
        Verdict::NotDone => "not done".to_owned(),
    };
    match (&tried.expected, tried.came) {
        (Some(expected), _) if tried.verdict == Verdict::Restored && expected.outlook == Outlook::Back => {
            format!("{verdict}, as expected")
        }
        (Some(expected), Some(came)) if expected.outlook == came => format!("{verdict}, as expected"),
        (Some(expected), Some(_)) => format!("{verdict}; expected: {}", of_remedy(expected.outlook)),
        _ => verdict,
    }
}

pub(super) fn of_remedy(outlook: Outlook) -> &'static str {
    match outlook {
        Outlook::Back => "all served again",
        Outlook::Better => "more served",
        Outlook::Same => "no change",
        Outlook::Worse => "fewer served",
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
    let sequence =
        |sequence: &Vec<Remedy>| sequence.iter().map(ToString::to_string).collect::<Vec<_>>().join(", then ");
    let ways: Vec<String> = incident.restored_by.iter().map(sequence).collect();
    format!("What restores it: {}.", ways.join("; or "))
}
