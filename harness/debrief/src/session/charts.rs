//! What customers met in the rounds of all teams that had the same incident, poorest telemetry on top; and how long each step took them.

use incident::{EventKind, Level};

use super::{
    clocks::minutes,
    level_class,
    round::{End, Round},
    summary,
};
use crate::{
    chart::{Chart, Table},
    figures::{percent, time},
    plot::{
        steps::{self, Row, Shape},
        visits::{Band, LANE, Lane, Plot},
    },
};

const RULES: &str = "Rules: published or began (what set it off, which nobody was shown until now), lost and restored (availability; restored \
    once it holds), detected (an alert or a complaint), explained (submitted). Numbered triangles: what was tried.";

/// One team's own round, and those of the others with the same incident, without names.
pub(super) fn of_team(own: &Round<'_>, all: &[Round<'_>]) -> Chart {
    let mut others: Vec<&Round<'_>> = all.iter().filter(|other| own.is_same_incident(other)).collect();
    others.sort_by_key(|other| other.level);
    let mut bands = vec![band(own, format!("You, at {}", own.level))];
    bands.extend(others.iter().map(|other| Band {
        title: format!("Another team, at {}", other.level),
        class: level_class(other.level),
        lanes: vec![lane(other, LANE)],
        ..Band::default()
    }));
    let marks: Vec<String> =
        marks(own).into_iter().map(|(at_s, word)| format!("{word} {}", time(at_s))).collect();
    let description =
        format!("Availability over the story. Marked: {}. The table holds the figures.", marks.join(", "));
    let shown: Vec<&Round<'_>> = std::iter::once(own).chain(others.iter().copied()).collect();
    Chart {
        depth: 3,
        title: finding(own),
        subtitle: format!(
            "Visits by outcome, 0 to 100 %: served at the bottom, degraded (a page without some part) on it, failed at the top. \
             Above: your minutes, pauses not counted; below: the story\u{2019}s time. {RULES}{}",
            if others.is_empty() { "" } else { " The other teams had the identical incident." }
        ),
        plots: plots(&bands, &shown, &description),
        table: table(&[own]),
        below: summary::remedies(own),
        is_numbered: true,
        ..Chart::default()
    }
}

/// The rounds of all who had the same incident, with their names, by level.
pub(super) fn of_all(same: &[&Round<'_>]) -> Chart {
    let bands: Vec<Band> = same.iter().map(|round| band(round, round.full_name())).collect();
    let count = |is: fn(&Round<'_>) -> bool| same.iter().filter(|round| is(round)).count();
    let restored = count(|round| round.played.outcome.restored_s.is_some());
    let lost = count(|round| round.played.outcome.lost_s.is_some());
    let back = count(|round| round.unrestored().is_some_and(|end| end != End::Lost));
    let too_late = match back {
        0 => String::new(),
        back => format!("; {} had it back too late to count", teams(back).to_lowercase()),
    };
    Chart {
        depth: 3,
        title: if lost == 0 {
            "Availability was never lost".to_owned()
        } else {
            format!("{} lost the shop, {} restored it{too_late}", teams(lost), teams(restored).to_lowercase())
        },
        subtitle: format!(
            "Visits by outcome, 0 to 100 %, one row for each team and round, poorest telemetry on top: served at the bottom, degraded on it, \
             failed at the top. Above: minutes of the round, pauses not counted; below: the story\u{2019}s time. {RULES}"
        ),
        plots: plots(&bands, same, "Availability over the story for each team. The table holds the figures."),
        table: table(same),
        below: same.iter().filter_map(|round| tried(round)).collect(),
        ..Chart::default()
    }
}

/// How long each step took people, by level; none where nothing was lost.
pub(super) fn steps_of(same: &[&Round<'_>]) -> Option<Chart> {
    let rows: Vec<Row> = same.iter().filter_map(|round| row(round)).collect();
    if rows.is_empty() {
        return None;
    }
    let is_explained =
        |round: &&&Round<'_>| round.played.outcome.lost_s.is_some() && round.played.is_right() == Some(true);
    Some(Chart {
        depth: 3,
        title: format!("{} found the right explanation", teams(same.iter().filter(is_explained).count())),
        subtitle: "Minutes that people sat there after the loss of availability, pauses not counted, poorest telemetry on top. | detected, \
                   ◆ right explanation, ◇ an explanation that is not right, ● restored, ○ not restored when the round was over. Each mark is one \
                   team: so few rounds have no average."
            .to_owned(),
        plots: steps::both(
            &rows,
            "Minutes from the loss to each step, one line for each team. The table holds the figures.",
        )
        .into(),
        table: steps_table(same),
        ..Chart::default()
    })
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

fn teams(count: usize) -> String {
    match count {
        0 => "No team".to_owned(),
        1 => "One team".to_owned(),
        count => format!("{count} teams"),
    }
}

fn band(round: &Round<'_>, title: String) -> Band {
    Band {
        title,
        class: level_class(round.level),
        lanes: vec![lane(round, 62.0)],
        marks: marks(round),
        remedies: round.played.remedies().iter().map(|(story_s, _)| *story_s).collect(),
    }
}

fn lane(round: &Round<'_>, height: f64) -> Lane {
    Lane { name: String::new(), visits: round.played.visits.tallies(None), height }
}

fn marks(round: &Round<'_>) -> Vec<(f64, &'static str)> {
    // What else was published is innocent, and would hide what was not.
    let published = round.played.events.iter().find_map(|event| match &event.kind {
        EventKind::Published { asset, by, .. } if by != "responder" && round.is_trigger(asset) => {
            Some((event.story_s, "published"))
        }
        _ => None,
    });
    let begins = published.unwrap_or((round.incident.begun_s, "began"));
    let outcome = &round.played.outcome;
    let explained = if round.played.is_right() == Some(true) { "explained" } else { "explained, not right" };
    let steps = [
        (outcome.lost_s, "lost"),
        (outcome.detected_s, "detected"),
        (outcome.explained_s, explained),
        (outcome.restored_s, "restored"),
    ];
    let steps = steps.into_iter().filter_map(|(at_s, word)| Some((at_s?, word)));
    std::iter::once(begins).chain(steps).collect()
}

fn tried(round: &Round<'_>) -> Option<String> {
    let numbered = summary::remedies(round).into_iter().enumerate();
    let all: Vec<String> = numbered.map(|(place, remedy)| format!("{}. {remedy}", place + 1)).collect();
    (!all.is_empty()).then(|| format!("{} — {}", round.full_name(), all.join(" · ")))
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

/// When each step was, people's minutes first.
fn table(same: &[&Round<'_>]) -> Table {
    let mut table =
        Table::new(&["who", "lost", "detected", "explained", "restored", "failed visits", "loss"]);
    for round in same {
        let outcome = &round.played.outcome;
        let steps = [outcome.lost_s, outcome.detected_s, outcome.explained_s, outcome.restored_s];
        let at = |at_s: Option<f64>| at_s.map_or("-".to_owned(), |at_s| round.both_times(at_s));
        let figures = [outcome.failed_visits.to_string(), outcome.incident_financial_loss_usd.to_string()];
        table = table.with([vec![round.full_name()], steps.map(at).into(), figures.into()].concat());
    }
    table
}

fn steps_table(same: &[&Round<'_>]) -> Table {
    let mut table = Table::new(&["who", "detected", "explained", "restored"]);
    for round in same.iter().filter(|round| round.played.outcome.lost_s.is_some()) {
        let outcome = &round.played.outcome;
        let after = |at_s: Option<f64>| {
            at_s.and_then(|at_s| round.wall_after_loss_s(at_s)).map_or("not reached".to_owned(), minutes)
        };
        let steps = [outcome.detected_s, outcome.explained_s, outcome.restored_s].map(after);
        table = table.with([vec![round.full_name()], steps.into()].concat());
    }
    table
}

fn row(round: &Round<'_>) -> Option<Row> {
    let outcome = &round.played.outcome;
    let after = |at_s: f64| Some(round.wall_after_loss_s(at_s)? / 60.0);
    let ends = after(round.ends_s())?;
    let restored = outcome.restored_s.and_then(after);
    let is_right = round.played.is_right() == Some(true);
    let end = match restored {
        Some(at) => (at, Shape::Dot, format!("restored after {at:.1} min")),
        None => (ends, Shape::OpenDot, "not restored".to_owned()),
    };
    let detected = outcome.detected_s.and_then(after).map(|at| (at, Shape::Tick, String::new()));
    let shape = if is_right { Shape::Diamond } else { Shape::OpenDiamond };
    let explained = outcome.explained_s.and_then(after).map(|at| (at, shape, String::new()));
    Some(Row {
        title: round.full_name(),
        class: level_class(round.level),
        until: (end.0, restored.is_some()),
        marks: detected.into_iter().chain([end]).chain(explained).collect(),
    })
}
