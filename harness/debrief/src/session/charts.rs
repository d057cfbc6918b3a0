//! Visits by outcome in the rounds of all teams that had the same incident, poorest telemetry on top.

use incident::Level;

use super::{round::Round, summary};
use crate::{
    chart::{Chart, Table},
    figures::{percent, time},
    plot::visits::{self, Band, LANE, Lane, Plot},
};

/// The height of a lane while there are at most `FEW`, in units.
const HIGH: f64 = 62.0;
const FEW: usize = 2;

/// Draws `own` rounds in full, and other teams' rounds of the same incident without names. A team's page calls its own rounds "You".
pub(super) fn of(own: &[&Round<'_>], others: &[&Round<'_>], is_of_team: bool) -> Chart {
    let name = |round: &Round<'_>| {
        if is_of_team { format!("You, at {}", round.level) } else { round.label() }
    };
    let height = if own.len() > FEW { LANE } else { HIGH };
    let mut bands: Vec<Band> = own.iter().map(|round| band(round, name(round), height)).collect();
    bands.extend(others.iter().map(|other| Band {
        title: format!("Another team, at {}", other.level),
        class: format!("level-{}", other.level),
        lanes: vec![lane(other, LANE)],
        ..Band::default()
    }));
    let shown = || own.iter().chain(others);
    let watched = shown().map(|round| round.played.visits.watched);
    let watched =
        watched.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1))).unwrap_or((-900.0, 18_000.0));
    let first = shown().next().map(|round| &round.clocks);
    let minutes = |story_s: f64| first.map_or(0.0, |clocks| clocks.wall_s(story_s) / 60.0);
    let agrees = first.is_some_and(|first| shown().all(|other| first.agree_with(&other.clocks)));
    let plot = Plot {
        bands: &bands,
        watched,
        minutes: if agrees { Some(&minutes) } else { None },
        description: "Availability over the story for each team. The table holds the figures.",
    };
    Chart {
        depth: 4,
        title: match own {
            [one] => finding(one),
            _ => summary::finding(own),
        },
        subtitle: "Visits served at the bottom, degraded above it, failed at the top. Above: your minutes; below: the story\u{2019}s time. \
                   Triangles: what was tried."
            .to_owned(),
        plots: plot.both().into(),
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

fn band(round: &Round<'_>, title: String, height: f64) -> Band {
    Band {
        title,
        class: format!("level-{}", round.level),
        lanes: vec![lane(round, height)],
        marks: marks(round),
        remedies: round.tried.iter().map(|tried| tried.what.begun_story_s).collect(),
    }
}

fn lane(round: &Round<'_>, height: f64) -> Lane {
    Lane { name: String::new(), visits: round.played.visits.tallies(None), height }
}

/// When the incident began, and the steps of the outage. The trigger is left out: the last step of the debrief reveals it.
fn marks(round: &Round<'_>) -> Vec<(f64, &'static str)> {
    let outcome = &round.played.outcome;
    let explained = if round.played.is_right() == Some(true) { "explained" } else { "explained, not right" };
    visits::marks([
        (Some(round.incident.begun_s), "began"),
        (outcome.lost_s, "lost"),
        (outcome.detected_s, "detected"),
        (outcome.explained_s, explained),
        (outcome.restored_s, "restored"),
    ])
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

/// When each step was reached, people's minutes first, and what was tried.
fn table(own: &[&Round<'_>]) -> Table {
    let row = |round: &&Round<'_>| {
        let outcome = &round.played.outcome;
        let steps = [outcome.lost_s, outcome.detected_s, outcome.explained_s, outcome.restored_s];
        let at = |at_s: Option<f64>| at_s.map_or("-".to_owned(), |at_s| round.both_times(at_s));
        let tried = vec![summary::remedies(round).join("; ")];
        [vec![round.label()], steps.map(at).into(), tried].concat()
    };
    Table::of(&["who", "lost", "detected", "explained", "restored", "tried"], own.iter().map(row))
}
