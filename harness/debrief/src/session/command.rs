//! Who commanded a team's round, how command changed hands, and which remedies waited for a go. Teaches that a hand-over of command has two
//! ends: what the giver said, and when the receiver accepted.

use report::session::{Command, Decided, Proposal, TeamRound};

use super::{clocks::minutes, round::Round};
use crate::figures::{capital, time};

/// `Ada commanded, then Bo; the hand-over took 6 s`. None if nobody commanded.
pub(super) fn finding(round: &Round<'_>) -> Option<String> {
    let taken: Vec<&Command> = round.commands.iter().filter(|one| one.taken_story_s.is_some()).collect();
    let who: Vec<&str> = taken.iter().filter_map(|one| one.to.as_deref()).collect();
    let handed: Vec<f64> = taken.iter().filter_map(|one| took_s(round, one)).collect();
    let seized =
        taken.iter().filter(|one| one.offered_story_s.is_none() && one.from.is_some() && one.to.is_some());
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
    (!taken.is_empty()).then(|| format!("{} commanded{handed}{seized}", who.join(", then ")))
}

/// When command was offered, or taken without an offer.
pub(super) fn when(round: &Round<'_>, one: &Command) -> String {
    round.both_times(one.offered_story_s.or(one.taken_story_s).unwrap_or_default())
}

/// How command changed hands, or was offered.
pub(super) fn way(one: &Command) -> String {
    let named = |name: &Option<String>| name.clone().unwrap_or_default();
    match (&one.from, &one.to, one.offered_story_s) {
        (from, to, _) if one.taken_story_s.is_none() => {
            format!("{} offered command to {}", named(from), named(to))
        }
        (Some(from), Some(to), Some(_)) => format!("{from} handed command over to {to}"),
        (Some(from), Some(to), None) => format!("{to} took command in place of {from}"),
        (None, Some(to), _) => format!("{to} took command"),
        (from, None, _) => format!("{} put command down", from.as_deref().unwrap_or("Nobody")),
    }
}

/// Whether the receiver accepted, and after how long.
pub(super) fn taken(round: &Round<'_>, one: &Command) -> String {
    match (took_s(round, one), one.offered_story_s) {
        _ if one.from.is_none() => "–".to_owned(),
        (Some(took_s), _) => format!("accepted after {}", seconds(took_s)),
        (None, Some(_)) => "not accepted".to_owned(),
        (None, None) => "not handed over".to_owned(),
    }
}

/// How many remedies waited for a go, and the longest wait, in a sentence; none if none waited.
pub(super) fn decided(round: &Round<'_>) -> Option<String> {
    let waited =
        |one: &Proposal| Some(round.wall_between_s(one.proposed_story_s, one.decided.as_ref()?.story_s));
    let longest = round.proposals.iter().filter_map(waited).reduce(f64::max);
    let asked = match round.proposals.len() {
        0 => return None,
        1 => "One remedy waited for a go".to_owned(),
        count => format!("{count} remedies waited for a go"),
    };
    let longest =
        longest.map_or_else(String::new, |longest| format!(", {} at the longest", seconds(longest)));
    Some(format!("{asked}{longest}."))
}

/// The proposed remedies that got no go: which, proposed by whom, and why not.
pub(super) fn not_done(round: &Round<'_>) -> Vec<String> {
    let not_done = |one: &Proposal| {
        let came = match &one.decided {
            Some(decided) if decided.is_go => return None,
            Some(Decided { by, story_s, .. }) => format!("{by} said not now, {}", round.both_times(*story_s)),
            None => "nobody decided".to_owned(),
        };
        let remedy = capital(&one.remedy.to_string());
        Some(format!("{remedy}, proposed by {} {}: {came}.", one.by, round.both_times(one.proposed_story_s)))
    };
    round.proposals.iter().filter_map(not_done).collect()
}

/// How long an offer waited, in wall-clock seconds.
fn took_s(round: &Round<'_>, one: &Command) -> Option<f64> {
    Some(round.wall_between_s(one.offered_story_s?, one.taken_story_s?))
}

/// A duration in words: seconds below a minute, then minutes.
fn seconds(seconds: f64) -> String {
    if seconds < 60.0 { format!("{seconds:.0}\u{a0}s") } else { minutes(seconds) }
}

/// The changes of command as sentences in the story's time, for the review.
pub fn commands(round: &TeamRound) -> Vec<String> {
    let sentence = |one: &Command| {
        let words = one.words.as_ref().map_or_else(String::new, |words| format!(" ({words})"));
        Some(format!("{} at {}{words}.", way(one), time(one.taken_story_s?)))
    };
    round.commands.iter().filter_map(sentence).collect()
}
