//! The ticket's way through the lines of support, and what each handover lost.

use report::session::{Handover, Lost, TeamRound};

use super::{clocks::minutes, round::Round};
use crate::figures::time;

/// Totals over the handovers of a round, in wall-clock seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Total {
    pub(super) sent_back: usize,
    pub(super) queued_s: f64,
    pub(super) lost: usize,
    pub(super) again: usize,
    /// Adds up, for each handover, the time until the last lost item was found again.
    pub(super) again_s: f64,
}

impl Total {
    pub(super) fn of(round: &Round<'_>) -> Self {
        let mut total = Self::default();
        for one in &round.handovers {
            let again: Vec<f64> = one.lost.iter().filter_map(|lost| took_s(round, one, lost)).collect();
            total.sent_back += usize::from(one.is_sent_back);
            total.queued_s +=
                one.acknowledged.as_ref().map_or(0.0, |(at_s, _)| round.wall_between_s(one.passed_s, *at_s));
            total.lost += one.lost.len();
            total.again += again.len();
            total.again_s += again.into_iter().fold(0.0, f64::max);
        }
        total
    }
}

pub(super) fn finding(round: &Round<'_>) -> String {
    let Total { lost, again, again_s, .. } = Total::of(round);
    match (lost, again) {
        (0, _) => "Handovers lost nothing that a line had written down".to_owned(),
        (lost, 0) => {
            format!("Handovers lost {lost} of what lines had written down, and none was found again")
        }
        (lost, again) => format!(
            "Handovers lost {lost} of what lines had written down; {again} of it found again, which took {}",
            minutes(again_s)
        ),
    }
}

/// How long a ticket waited, and who took it up.
pub(super) fn waited(round: &Round<'_>, one: &Handover) -> String {
    one.acknowledged.as_ref().map_or("not acknowledged".to_owned(), |(at_s, by)| {
        format!("{}, then {by}", round.minutes_between(one.passed_s, *at_s))
    })
}

/// How long it took to find a lost item again.
pub(super) fn found(round: &Round<'_>, one: &Handover, lost: &Lost) -> String {
    let took = took_s(round, one, lost).map(minutes);
    took.map_or("never found again".to_owned(), |took| format!("found again after {took}"))
}

/// The handovers as sentences in the story's time, for the review.
pub fn handovers(round: &TeamRound) -> Vec<String> {
    let sentence = |one: &Handover| {
        let acknowledged = one.acknowledged.as_ref().map_or("never acknowledged".to_owned(), |(at_s, by)| {
            format!("acknowledged at {} by {by}", time(*at_s))
        });
        let lost: Vec<&str> = one.lost.iter().map(|lost| lost.what.as_str()).collect();
        let lost = if lost.is_empty() { "nothing".to_owned() } else { lost.join("; ") };
        format!("{} at {}, {acknowledged}; not passed on: {lost}.", way(one), time(one.passed_s))
    };
    round.handovers.iter().map(sentence).collect()
}

pub(super) fn way(one: &Handover) -> String {
    let verb = if one.is_sent_back { "sent it back to" } else { "handed over to" };
    format!("{} {verb} {}", one.from, one.to)
}

fn took_s(round: &Round<'_>, one: &Handover, lost: &Lost) -> Option<f64> {
    Some(round.wall_between_s(one.acknowledged.as_ref()?.0, lost.again_s?))
}
