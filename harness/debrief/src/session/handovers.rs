//! The way of a ticket through the lines of support, and what each handover lost.

use report::session::{Handover, Lost, TeamRound};

use super::{clocks::minutes, round::Round};
use crate::figures::time;

/// The handovers of one team's round.
#[derive(Clone, Debug)]
pub(super) struct Handovers {
    pub(super) name: String,
    pub(super) finding: String,
    pub(super) rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    /// From where to where, when, and by whom.
    pub(super) way: String,
    pub(super) text: String,
    pub(super) waited: String,
    pub(super) passed_on: Vec<String>,
    /// What was not, and after how long it was found again.
    pub(super) lost: Vec<(String, String)>,
}

/// What all handovers of a round come to; seconds are those that people sat there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Total {
    pub(super) sent_back: usize,
    pub(super) queued_s: f64,
    pub(super) lost: usize,
    pub(super) again: usize,
    /// For each handover until the last of it that was found again.
    pub(super) again_s: f64,
}

impl Total {
    pub(super) fn of(round: &Round<'_>) -> Self {
        let mut total = Self::default();
        for one in &round.handovers {
            let again: Vec<f64> = one.lost.iter().filter_map(|lost| took_s(round, one, lost)).collect();
            total.sent_back += usize::from(one.is_sent_back);
            total.queued_s += waited_s(round, one).unwrap_or_default();
            total.lost += one.lost.len();
            total.again += again.len();
            total.again_s += again.into_iter().fold(0.0, f64::max);
        }
        total
    }
}

impl Handovers {
    /// None where the team played no lines, or the ticket stayed where it was.
    pub(super) fn of(round: &Round<'_>) -> Option<Self> {
        let Total { lost, again, again_s, .. } = Total::of(round);
        (!round.handovers.is_empty()).then(|| Self {
            name: round.label(),
            finding: match (lost, again) {
                (0, _) => "Handovers lost nothing that a line had written down".to_owned(),
                (lost, 0) => format!("Handovers lost {lost} of what lines had written down, and none was found again"),
                (lost, again) => format!(
                    "Handovers lost {lost} of what lines had written down; {again} of it found again, which took {}",
                    minutes(again_s)
                ),
            },
            rows: round.handovers.iter().map(|one| Row::of(round, one)).collect(),
        })
    }
}

impl Row {
    fn of(round: &Round<'_>, one: &Handover) -> Self {
        let waited = waited_s(round, one).zip(one.acknowledged.as_ref());
        let found = |lost: &Lost| {
            let took = took_s(round, one, lost).map(minutes);
            took.map_or("never found again".to_owned(), |took| format!("found again after {took}"))
        };
        Self {
            way: format!("{}, {}, {}", way(one), round.both_times(one.passed_s), one.by),
            text: one.text.clone(),
            waited: waited.map_or("not acknowledged".to_owned(), |(waited_s, (_, by))| {
                format!("{}, then {by}", minutes(waited_s))
            }),
            passed_on: one.passed_on.clone(),
            lost: one.lost.iter().map(|lost| (lost.what.clone(), found(lost))).collect(),
        }
    }
}

/// The handovers as sentences, in the story's time: for the review.
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

fn way(one: &Handover) -> String {
    let verb = if one.is_sent_back { "sent it back to" } else { "handed over to" };
    format!("{} {verb} {}", one.from, one.to)
}

fn waited_s(round: &Round<'_>, one: &Handover) -> Option<f64> {
    Some(round.clocks.wall_s(one.acknowledged.as_ref()?.0) - round.clocks.wall_s(one.passed_s))
}

fn took_s(round: &Round<'_>, one: &Handover, lost: &Lost) -> Option<f64> {
    Some(round.clocks.wall_s(lost.again_s?) - round.clocks.wall_s(one.acknowledged.as_ref()?.0))
}
