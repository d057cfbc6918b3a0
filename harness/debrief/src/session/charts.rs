//! What customers met in the rounds of all teams that had the same incident, poorest telemetry on top.

use incident::Level;

use super::{level_class, round::Round, summary};
use crate::{
    chart::{Chart, Table},
    figures::{percent, time},
    plot::visits::{Band, LANE, Lane, Plot},
};

/// The height of a lane while there are only a few.
const HIGH: f64 = 62.0;
const FEW: usize = 2;

/// Rounds in full, and those of other teams with the same incident, without names. A team reads "you" for its own.
pub(super) fn of(own: &[&Round<'_>], others: &[&Round<'_>], is_of_team: bool) -> Chart {
    let name = |round: &Round<'_>| {
        if is_of_team { format!("You, at {}", round.level) } else { round.label() }
    };
    let height = if own.len() > FEW { LANE } else { HIGH };
    let mut bands: Vec<Band> = own.iter().map(|round| band(round, name(round), height)).collect();
    bands.extend(others.iter().map(|other| Band {
        title: format!("Another team, at {}", other.level),
        class: level_class(other.level),
        lanes: vec![lane(other, LANE)],
        ..Band::default()
    }));
    let shown: Vec<&Round<'_>> = own.iter().chain(others).copied().collect();
    Chart {
        depth: 4,
        title: match own {
            [one] => finding(one),
            _ => summary::finding(own),
        },
        subtitle: "Visits served at the bottom, degraded on it, failed at the top. Above: your minutes; below: the story\u{2019}s time. \
                   Triangles: what was tried."
            .to_owned(),
        plots: plots(&bands, &shown, "Availability over the story for each team. The table holds the figures."),
        table: table(own),
        ..Chart::default()
    }
}

/// Levels that teams had, each once, poorest first.
pub(super) fn levels(same: &[&Round<'_>]) -> Vec<Level> {
    let mut levels: Vec<Level> = same.iter().map(|round| round.level).collect();
    levels.sort();
    levels.dedup();
    levels
}

fn plots(bands: &[Band], shown: &[&Round<'_>], description: &str) -> Vec<String> {
    let watched = shown.iter().map(|round| round.played.visits.watched);
    let watched =
        watched.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1))).unwrap_or((-900.0, 18_000.0));
    let first = shown.first().map(|round| &round.clocks);
    let agrees = shown.iter().all(|other| first.is_some_and(|first| first.agree_with(&other.clocks)));
    let minutes = |story_s: f64| first.map_or(0.0, |clocks| clocks.wall_s(story_s) / 60.0);
    let minutes: Option<&dyn Fn(f64) -> f64> = if agrees { Some(&minutes) } else { None };
    Plot { bands, watched, minutes, description }.both().into()
}

fn band(round: &Round<'_>, title: String, height: f64) -> Band {
    Band {
        title,
        class: level_class(round.level),
        lanes: vec![lane(round, height)],
        marks: marks(round),
        remedies: round.tried.iter().map(|tried| tried.begun_s).collect(),
    }
}

fn lane(round: &Round<'_>, height: f64) -> Lane {
    Lane { name: String::new(), visits: round.played.visits.tallies(None), height }
}

/// When it began, and the steps of availability. What set it off stays for the last step of the debrief.
fn marks(round: &Round<'_>) -> Vec<(f64, &'static str)> {
    let outcome = &round.played.outcome;
    let explained = if round.played.is_right() == Some(true) { "explained" } else { "explained, not right" };
    let steps = [
        (Some(round.incident.begun_s), "began"),
        (outcome.lost_s, "lost"),
        (outcome.detected_s, "detected"),
        (outcome.explained_s, explained),
        (outcome.restored_s, "restored"),
    ];
    steps.into_iter().filter_map(|(at_s, word)| Some((at_s?, word))).collect()
}

fn finding(round: &Round<'_>) -> String {
    let outcome = &round.played.outcome;
    let (Some(lost_s), to_s) = (outcome.lost_s, outcome.restored_s.unwrap_or(round.ends_s())) else {
        return "Availability was never lost".to_owned();
    };
    let tally = round.played.visits.tally(None, lost_s, to_s);
    let failed = tally.availability().map_or(0.0, |share| 1.0 - share);
    format!("{} of visits failed between {} and {}", percent(failed), time(lost_s), time(to_s))
}

/// When each step was, people's minutes first, and what was tried.
fn table(own: &[&Round<'_>]) -> Table {
    let mut table = Table::new(&["who", "lost", "detected", "explained", "restored", "tried"]);
    for round in own {
        let outcome = &round.played.outcome;
        let steps = [outcome.lost_s, outcome.detected_s, outcome.explained_s, outcome.restored_s];
        let at = |at_s: Option<f64>| at_s.map_or("-".to_owned(), |at_s| round.both_times(at_s));
        let tried = vec![summary::remedies(round).join("; ")];
        table = table.with([vec![round.label()], steps.map(at).into(), tried].concat());
    }
    table
}
