//! The mornings of all teams that lived the same incident, poorest telemetry on top; and how long each step took them.

use debrief::{
    chart::Table,
    figures::{percent, time},
};
use incident::{EventKind, Level};

use super::{Plot, level_class, told};
use crate::debrief::{
    clocks::minutes,
    lived::{End, Lived},
    stack::{self, Row},
    steps::{self, Line},
};

/// What the rules in a plot mean.
const RULES: &str = "Rules: published or began (what set it off, which nobody was shown until now), lost and restored (availability; restored \
    once it holds), detected (an alert or a complaint), explained (submitted). Numbered triangles: what was tried.";

/// One team's own morning, and those of the others who lived the same, without names.
pub fn of_team(own: &Lived<'_>, all: &[Lived<'_>]) -> Plot {
    let mut rows = vec![Row { title: format!("You, at {}", own.level), ..row(own) }];
    let mut others: Vec<&Lived<'_>> = all.iter().filter(|other| is_same(own, other)).collect();
    others.sort_by_key(|other| other.level);
    rows.extend(others.iter().map(|other| Row {
        title: format!("Another team, at {}", other.level),
        class: level_class(other.level),
        tallies: other.morning.tallies(None),
        is_small: true,
        ..Row::default()
    }));
    let wall = |story_s: f64| own.clocks.wall_s(story_s) / 60.0;
    let agrees = others.iter().all(|other| own.clocks.agree_with(other.clocks));
    Plot {
        title: finding(own),
        subtitle: format!(
            "Visits by outcome, 0 to 100 %: served at the bottom, degraded (a page without some part) on it, failed at the top. \
             Above: your minutes, pauses not counted; below: the story\u{2019}s time. {RULES}{}",
            if others.is_empty() { "" } else { " The others lived the identical incident." }
        ),
        plots: stack::plots(&rows, agrees.then_some(&wall), &spoken(own)),
        table: table(&[own]),
        below: told::remedies(own),
        is_numbered: true,
    }
}

/// The mornings of all who lived the same incident, with their names, by level.
pub fn of_all(same: &[&Lived<'_>]) -> Plot {
    let rows: Vec<Row> = same.iter().map(|lived| Row { title: name(lived), ..row(lived) }).collect();
    let first = same.first();
    let agrees = same.iter().all(|other| first.is_some_and(|first| first.clocks.agree_with(other.clocks)));
    let wall = |story_s: f64| first.map_or(0.0, |first| first.clocks.wall_s(story_s) / 60.0);
    let restored = same.iter().filter(|lived| lived.outcome.restored_s.is_some()).count();
    let lost = same.iter().filter(|lived| lived.outcome.lost_s.is_some()).count();
    let back = same.iter().filter(|lived| lived.unrestored().is_some_and(|end| end != End::Lost)).count();
    Plot {
        title: if lost == 0 {
            "Availability was never lost".to_owned()
        } else {
            format!(
                "{} lost the shop, {} restored it{}",
                teams(lost),
                teams(restored).to_lowercase(),
                if back == 0 {
                    String::new()
                } else {
                    format!("; {} had it back too late to count", teams(back).to_lowercase())
                }
            )
        },
        subtitle: format!(
            "Visits by outcome, 0 to 100 %, one row for each team and round, poorest telemetry on top: served at the bottom, degraded on it, \
             failed at the top. Above: minutes of the round, pauses not counted; below: the story\u{2019}s time. {RULES}"
        ),
        plots: stack::plots(
            &rows,
            agrees.then_some(&wall),
            "Availability over the morning of each team. The table holds the figures.",
        ),
        table: table(same),
        below: same.iter().flat_map(|lived| tried(lived)).collect(),
        is_numbered: false,
    }
}

/// How long each step took people, by level; none where nothing was lost.
pub fn steps_of(same: &[&Lived<'_>]) -> Option<Plot> {
    let lines: Vec<Line> = same.iter().filter_map(|lived| line(lived)).collect();
    if lines.is_empty() {
        return None;
    }
    let explained = lines.iter().filter(|line| line.explained.is_some_and(|(_, is_right)| is_right)).count();
    Some(Plot {
        title: format!("{} explained it rightly", teams(explained)),
        subtitle: "Minutes that people sat there from the loss of availability on, pauses not counted, poorest telemetry on top. | detected, \
                   ◆ explained rightly, ◇ explained and not right, ● restored, ○ not restored when the round was over. Each mark is one team: so \
                   few mornings have no average."
            .to_owned(),
        plots: steps::plots(&lines),
        table: steps_table(same),
        ..Plot::default()
    })
}

/// Whether another team lived the same.
pub fn is_same(own: &Lived<'_>, other: &Lived<'_>) -> bool {
    own.incident == other.incident && own.team.number != other.team.number && !other.round.practice
}

/// A team in a round, by name.
pub fn name(lived: &Lived<'_>) -> String {
    format!("{}: {}, round {}", lived.level, lived.team.name, lived.number())
}

fn teams(count: usize) -> String {
    match count {
        0 => "No team".to_owned(),
        1 => "One team".to_owned(),
        count => format!("{count} teams"),
    }
}

fn row(lived: &Lived<'_>) -> Row {
    Row {
        title: String::new(),
        class: level_class(lived.level),
        tallies: lived.morning.tallies(None),
        marks: marks(lived),
        remedies: lived.remedies().iter().map(|(story_s, _)| *story_s).collect(),
        is_small: false,
    }
}

fn marks(lived: &Lived<'_>) -> Vec<(f64, &'static str)> {
    // What else was published is innocent, and would hide what was not.
    let published = lived.record.events.iter().find_map(|event| match &event.kind {
        EventKind::Published { asset, by, .. }
            if lived.truth.asset.as_ref() == Some(asset) && by != "responder" =>
        {
            Some((event.story_s, "published"))
        }
        _ => None,
    });
    let begins = published.unwrap_or((lived.drawn.begun_story_s, "began"));
    let outcome = &lived.outcome;
    let explained = if lived.is_right() == Some(true) { "explained" } else { "explained, not right" };
    let steps = [
        (outcome.lost_s, "lost"),
        (outcome.detected_s, "detected"),
        (outcome.explained_s, explained),
        (outcome.restored_s, "restored"),
    ];
    let steps = steps.into_iter().filter_map(|(at_s, word)| Some((at_s?, word)));
    std::iter::once(begins).chain(steps).collect()
}

fn tried(lived: &Lived<'_>) -> Vec<String> {
    let numbered = told::remedies(lived).into_iter().enumerate();
    let one = |(place, told): (usize, String)| format!("{}. {told}", place + 1);
    let all: Vec<String> = numbered.map(one).collect();
    if all.is_empty() { Vec::new() } else { vec![format!("{} — {}", name(lived), all.join(" · "))] }
}

fn finding(lived: &Lived<'_>) -> String {
    let (Some(lost_s), to_s) = (lived.outcome.lost_s, lived.outcome.restored_s.unwrap_or(lived.ends_s()))
    else {
        return "Availability was never lost".to_owned();
    };
    let failed = lived.morning.tally(None, lost_s, to_s).availability().map_or(0.0, |share| 1.0 - share);
    format!("{} of visits failed between {} and {}", percent(failed), time(lost_s), time(to_s))
}

fn spoken(lived: &Lived<'_>) -> String {
    let marks: Vec<String> =
        marks(lived).into_iter().map(|(at_s, word)| format!("{word} {}", time(at_s))).collect();
    format!("Availability over the morning. Marked: {}. The table holds the figures.", marks.join(", "))
}

/// When each step was, people's minutes first.
fn table(same: &[&Lived<'_>]) -> Table {
    let columns = ["who", "lost", "detected", "explained", "restored", "failed visits", "loss"];
    let at = |lived: &Lived<'_>, story_s: Option<f64>| {
        story_s
            .map_or("-".to_owned(), |at_s| format!("{} ({})", minutes(lived.clocks.wall_s(at_s)), time(at_s)))
    };
    let row = |lived: &&Lived<'_>| {
        let outcome = &lived.outcome;
        let steps = [outcome.lost_s, outcome.detected_s, outcome.explained_s, outcome.restored_s];
        let mut row = vec![name(lived)];
        row.extend(steps.map(|step| at(lived, step)));
        row.push(outcome.failed_visits.to_string());
        row.push(outcome.incident_financial_loss_usd.to_string());
        row
    };
    Table { columns: columns.map(String::from).into(), rows: same.iter().map(row).collect() }
}

fn steps_table(same: &[&Lived<'_>]) -> Table {
    let after = |lived: &Lived<'_>, story_s: Option<f64>| {
        story_s.and_then(|at_s| lived.wall_after_loss_s(at_s)).map_or("not reached".to_owned(), minutes)
    };
    let row = |lived: &&Lived<'_>| {
        let outcome = &lived.outcome;
        let steps = [outcome.detected_s, outcome.explained_s, outcome.restored_s];
        let mut row = vec![name(lived)];
        row.extend(steps.map(|step| after(lived, step)));
        row
    };
    let lost = same.iter().filter(|lived| lived.outcome.lost_s.is_some());
    Table {
        columns: ["who", "detected", "explained", "restored"].map(String::from).into(),
        rows: lost.map(row).collect(),
    }
}

fn line(lived: &Lived<'_>) -> Option<Line> {
    lived.outcome.lost_s?;
    let after = |story_s: f64| lived.wall_after_loss_s(story_s).map(|seconds| seconds / 60.0);
    Some(Line {
        title: name(lived),
        class: level_class(lived.level),
        detected: lived.outcome.detected_s.and_then(after),
        explained: lived.outcome.explained_s.and_then(after).map(|at| (at, lived.is_right() == Some(true))),
        restored: lived.outcome.restored_s.and_then(after),
        ends: after(lived.ends_s())?,
    })
}

/// Levels that teams had, each once, poorest first.
pub fn levels(same: &[&Lived<'_>]) -> Vec<Level> {
    let mut levels: Vec<Level> = same.iter().map(|lived| lived.level).collect();
    levels.sort();
    levels.dedup();
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debrief::sample::{self, Sample};

    #[test]
    fn a_team_sees_its_own_morning_and_the_others_without_names() {
        let sample = Sample::new();
        let lived = sample.lived();
        let plot = of_team(sample::of(&lived, 1, 1), &lived);
        assert!(plot.plots[0].contains("You, at logs") && plot.plots[0].contains("Another team, at changes"));
        let all = format!("{plot:?}");
        assert!(!all.contains("Team <2>") && !all.contains("Team &lt;2&gt;"), "{all}");
        assert_eq!(plot.below.len(), 3);
        assert!(plot.below[0].starts_with("6.7\u{a0}min (09:25): restart the cache"), "{}", plot.below[0]);
    }

    #[test]
    fn the_facilitator_sees_all_poorest_telemetry_on_top() {
        let sample = Sample::new();
        let lived = sample.lived();
        let mut same: Vec<&Lived<'_>> = lived.iter().filter(|lived| !lived.round.practice).collect();
        same.sort_by_key(|lived| lived.level);
        let plot = of_all(&same);
        assert_eq!(plot.title, "2 teams lost the shop, one team restored it");
        assert_eq!(levels(&same), [Level::Logs, Level::Changes]);
        let steps = steps_of(&same).unwrap();
        assert_eq!(steps.title, "One team explained it rightly");
        assert_eq!(steps.table.rows[1][3], "not reached");
    }
}
