//! The model responder's steps from the same start, on an axis of their own: it is a trained program, and no yardstick for people.

use askama::Template;
use incident::{EventKind, Level, OperatingModel};
use report::session::Played;

use super::{instead, round::Round};
use crate::{
    figures::{duration, time},
    incident::steps::{Step, steps},
    plot::steps::{self, Row, Shape},
};

#[derive(Clone, Debug, Template)]
#[template(path = "session-model.html")]
pub(super) struct Model {
    finding: String,
    level: Level,
    model: &'static str,
    plots: [String; 2],
    steps: Vec<Step>,
    instead: Option<String>,
}

impl Model {
    /// The model responder from the round's start, at the round's level. None if nothing is computed for the round.
    pub(super) fn of(round: &Round<'_>) -> Option<Self> {
        let pending = &round.computed.as_ref()?.model;
        let level = round.level;
        let model = match round.operating_model {
            OperatingModel::OpsRunIt => "Ops Run It: lines of support, with handovers between them",
            OperatingModel::YouBuildIt => {
                "You Build It You Run It: one team that may see and do all of its level"
            }
        };
        let (finding, plots, steps) = match pending {
            Ok(played) => told(played, level),
            _ => (format!("The model responder at {level}"), Default::default(), Vec::new()),
        };
        Some(Self { finding, level, model, plots, steps, instead: instead(pending) })
    }
}

fn told(played: &Played, level: Level) -> (String, [String; 2], Vec<Step>) {
    let called_s = played.events.iter().find_map(|event| match &event.kind {
        EventKind::Alerted { .. } | EventKind::CustomerComplaint { .. } => Some(event.story_s),
        _ => None,
    });
    let description =
        "The model responder\u{2019}s steps in minutes after it was called. The table holds each of them.";
    let plots = steps::both(&[row(played, called_s.unwrap_or_default())], description);
    (finding(played, called_s, level), plots, steps(&played.run.story, &played.events))
}

fn finding(played: &Played, called_s: Option<f64>, level: Level) -> String {
    let Some(called_s) = called_s else { return format!("At {level} nobody calls the model responder") };
    let after = |at_s: f64| duration(at_s - called_s);
    let outcome = &played.outcome;
    let explained = match (outcome.explained_s, played.is_right()) {
        (Some(at_s), Some(true)) => format!("finds the right explanation after {}", after(at_s)),
        (Some(at_s), Some(false)) => format!("gives an answer after {} that is not right", after(at_s)),
        _ => "does not explain it".to_owned(),
    };
    let restored = match (outcome.lost_s, outcome.restored_s) {
        (None, _) => String::new(),
        (_, Some(at_s)) => format!(", and restores after {}", after(at_s)),
        (_, None) => ", and does not restore".to_owned(),
    };
    format!("At {level} the model responder {explained}{restored}")
}

/// One line, in minutes after the call: checks as short strokes, remedies as triangles, the answer and the restoration.
fn row(played: &Played, called_s: f64) -> Row {
    let minutes = |at_s: f64| (at_s - called_s) / 60.0;
    let steps = played.events.iter().filter_map(|event| match &event.kind {
        EventKind::Check { .. } => Some((minutes(event.story_s), Shape::Tick, String::new())),
        EventKind::Remedy(_) => Some((minutes(event.story_s), Shape::Triangle, String::new())),
        _ => None,
    });
    let outcome = &played.outcome;
    let restored =
        outcome.restored_s.map(|at_s| (minutes(at_s), Shape::Dot, format!("restored {}", time(at_s))));
    let shape = if played.is_right() == Some(true) { Shape::Diamond } else { Shape::OpenDiamond };
    let explained = outcome.explained_s.map(|at_s| (minutes(at_s), shape, String::new()));
    let marks: Vec<(f64, Shape, String)> = steps.chain(restored).chain(explained).collect();
    let until = marks.iter().map(|mark| mark.0).fold(1.0, f64::max);
    Row { until: (until, false), marks, ..Row::default() }
}
