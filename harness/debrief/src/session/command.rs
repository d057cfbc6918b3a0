//! Who commanded a team's round, how command went on, and what waited for a go. Teaches that a hand-over of command has two ends: what was
//! said, and when the other took it.

use report::session::{Command, Proposed, TeamRound};

use super::{clocks::minutes, round::Round};
use crate::figures::{capital, time};

/// The command of one team's round.
#[derive(Clone, Debug)]
pub(super) struct Commanded {
    pub(super) name: String,
    pub(super) finding: String,
    pub(super) rows: Vec<Row>,
    /// What came of remedies that needed a go, in a sentence; none if there were none.
    pub(super) decided: Option<String>,
    /// Those that were not done: what, by whom, and why not.
    pub(super) not_done: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) when: String,
    pub(super) way: String,
    pub(super) words: String,
    pub(super) took: String,
}

impl Commanded {
    /// None where nobody commanded.
    pub(super) fn of(round: &Round<'_>) -> Option<Self> {
        let taken: Vec<&Command> = round.commands.iter().filter(|one| one.taken_s.is_some()).collect();
        (!taken.is_empty()).then(|| Self {
            name: round.label(),
            finding: finding(round, &taken),
            rows: round.commands.iter().map(|one| Row::of(round, one)).collect(),
            decided: decided(round),
            not_done: round.proposals.iter().filter_map(|one| not_done(round, one)).collect(),
        })
    }
}

impl Row {
    fn of(round: &Round<'_>, one: &Command) -> Self {
        let at_s = one.offered_s.or(one.taken_s).unwrap_or_default();
        let took = match (took_s(round, one), one.offered_s) {
            (Some(took_s), _) => format!("accepted after {}", seconds(took_s)),
            (None, Some(_)) => "not accepted".to_owned(),
            (None, None) => "not handed over".to_owned(),
        };
        Self {
            when: round.both_times(at_s),
            way: if one.taken_s.is_some() { passed(one) } else { offered(one) },
            words: one.words.clone().unwrap_or_default(),
            took: if one.from.is_some() { took } else { String::new() },
        }
    }
}

/// `Ada commanded, then Bo; the hand-over took 6 s`.
fn finding(round: &Round<'_>, taken: &[&Command]) -> String {
    let who: Vec<&str> = taken.iter().filter_map(|one| one.to.as_deref()).collect();
    let who = who.join(", then ");
    let handed: Vec<f64> = taken.iter().filter_map(|one| took_s(round, one)).collect();
    let seized = taken.iter().filter(|one| one.offered_s.is_none() && one.from.is_some() && one.to.is_some());
    let handed = match handed.as_slice() {
        [] => String::new(),
        [one] => format!("; the hand-over took {}", seconds(*one)),
        all => {
            let longest = all.iter().copied().fold(0.0, f64::max);
            format!("; {} hand-overs, the longest took {}", all.len(), seconds(longest))
        }
    };
    let seized = match seized.count() {
        0 => "",
        1 => "; once it was taken without being handed over",
        _ => "; more than once it was taken without being handed over",
    };
    format!("{who} commanded{handed}{seized}")
}

fn decided(round: &Round<'_>) -> Option<String> {
    let waited = |one: &Proposed| {
        let (_, _, at_s) = one.decided.as_ref()?;
        Some(round.clocks.wall_s(*at_s) - round.clocks.wall_s(one.proposed_s))
    };
    let waits: Vec<f64> = round.proposals.iter().filter_map(waited).collect();
    let asked = match round.proposals.len() {
        0 => return None,
        1 => "One remedy waited for a go".to_owned(),
        count => format!("{count} remedies waited for a go"),
    };
    let longest = waits.iter().copied().reduce(f64::max);
    let longest =
        longest.map_or_else(String::new, |longest| format!(", {} at the longest", seconds(longest)));
    Some(format!("{asked}{longest}."))
}

fn not_done(round: &Round<'_>, one: &Proposed) -> Option<String> {
    let came = match &one.decided {
        Some((true, ..)) => return None,
        Some((false, by, at_s)) => format!("{by} said not now, {}", round.both_times(*at_s)),
        None => "nobody decided".to_owned(),
    };
    let remedy = capital(&one.remedy.to_string());
    Some(format!("{remedy}, proposed by {} {}: {came}.", one.by, round.both_times(one.proposed_s)))
}

/// How long an offer waited, in people's seconds.
fn took_s(round: &Round<'_>, one: &Command) -> Option<f64> {
    Some(round.clocks.wall_s(one.taken_s?) - round.clocks.wall_s(one.offered_s?))
}

/// Seconds in words, minutes where there are many.
fn seconds(seconds: f64) -> String {
    if seconds < 60.0 { format!("{seconds:.0}\u{a0}s") } else { minutes(seconds) }
}

/// How command passed on.
pub(super) fn passed(one: &Command) -> String {
    match (&one.from, &one.to, one.offered_s) {
        (Some(from), Some(to), Some(_)) => format!("{from} handed command over to {to}"),
        (Some(from), Some(to), None) => format!("{to} took command in place of {from}"),
        (None, Some(to), _) => format!("{to} took command"),
        (from, None, _) => format!("{} put command down", from.as_deref().unwrap_or("Nobody")),
    }
}

fn offered(one: &Command) -> String {
    let named = |name: &Option<String>| name.clone().unwrap_or_default();
    format!("{} offered command to {}", named(&one.from), named(&one.to))
}

/// How command passed on, as sentences in the story's time: for the review.
pub fn commands(round: &TeamRound) -> Vec<String> {
    let sentence = |one: &Command| {
        let words = one.words.as_ref().map_or_else(String::new, |words| format!(" ({words})"));
        Some(format!("{} at {}{words}.", passed(one), time(one.taken_s?)))
    };
    round.commands.iter().filter_map(sentence).collect()
}
