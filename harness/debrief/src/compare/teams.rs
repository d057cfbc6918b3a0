//! Teams of the incident room: each session on an axis of its own, each team and round on a line of its own. Teaches that people and a model
//! never share an axis.

use report::compare::{TeamDot, TeamSession};

use crate::{
    chart::{Chart, Table},
    figures::count,
    plot::steps::{self, Row, Shape},
};

pub(super) fn chart(session: &TeamSession) -> Chart {
    let rows: Vec<Row> = session.rounds.iter().filter_map(row).collect();
    let idle = format!(
        "Left out, because nobody did anything in them: {} of a team.",
        count(session.idle as u64, "round")
    );
    let cells = session.rounds.iter().map(|dot| [vec![name(dot)], dot.words().into()].concat());
    let table = Table::of(&["who", "minutes to the right explanation", "minutes to restore"], cells);
    let description = "Minutes of the story from the loss to each step, one line for each team and round. The table holds the figures.";
    Chart {
        depth: 3,
        title: format!(
            "{}: availability was lost in {} of {}",
            session.folder,
            rows.len(),
            count(session.rounds.len() as u64, "round")
        ),
        subtitle: "Teams, people or their programs, no model. Minutes of the story after the loss, one line a team and round, poorest telemetry on top. \
                   ◆ right explanation, ◇ an explanation that is not right, ● restored, ○ not restored when the round was over."
            .to_owned(),
        plots: if rows.is_empty() { Vec::new() } else { steps::both(&rows, description).into() },
        below: if session.idle == 0 { Vec::new() } else { vec![idle] },
        table,
        ..Chart::default()
    }
}

fn name(dot: &TeamDot) -> String {
    let helped = if dot.is_helped { ", helped" } else { "" };
    format!("{}: {}, round {}, {}{helped}", dot.level, dot.team, dot.round, dot.scenario)
}

/// None if nothing was lost.
fn row(dot: &TeamDot) -> Option<Row> {
    let minutes = |seconds: f64| seconds / 60.0;
    let over = minutes(dot.over_s?);
    let end = match dot.restored_s.map(minutes) {
        Some(at) => (at, Shape::Dot, "restored".to_owned()),
        None => (over, Shape::OpenDot, "not restored".to_owned()),
    };
    let shape = if dot.is_right { Shape::Diamond } else { Shape::OpenDiamond };
    let explained = dot.explained_s.map(|seconds| (minutes(seconds), shape, String::new()));
    Some(Row {
        title: name(dot),
        class: format!("level-{}", dot.level),
        until: (end.0, dot.restored_s.is_some()),
        marks: [end].into_iter().chain(explained).collect(),
    })
}
