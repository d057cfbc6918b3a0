//! The model responder's way from the same start, on an axis of its own: a trained program, and no measure of people.

use askama::Template;
use debrief::{
    figures::{duration, time},
    incident::looks::Look,
    plot::{
        Scale,
        svg::{Anchor, Svg},
        ticks,
    },
};
use incident::{Level, OperatingModel};

use super::level_class;
use crate::debrief::{
    asker::{Asker, Wanted},
    job::Way,
    lived::Lived,
    stack::WIDTHS,
};

const BEGINS: f64 = 8.0;
const ENDS: f64 = 16.0;

/// The model responder at one level.
#[derive(Clone, Debug, Template)]
#[template(path = "debrief-model.html")]
pub struct Model {
    /// What came of it.
    finding: String,
    class: String,
    level: Level,
    /// Who restores service, in words.
    model: &'static str,
    plots: [String; 2],
    steps: Vec<Look>,
    instead: Option<String>,
}

impl Model {
    /// From the start of this team, at its level.
    pub fn of(lived: &Lived<'_>, asker: &Asker<'_>) -> Self {
        let way = asker.way(lived.model());
        let (level, model) = (lived.level, words(lived.round.operating_model));
        let empty = Self {
            finding: format!("The model responder at {level}"),
            class: level_class(level),
            level,
            model,
            plots: Default::default(),
            steps: Vec::new(),
            instead: way.instead(),
        };
        match way {
            Wanted::There(way) => Self {
                finding: finding(&way, level),
                plots: WIDTHS.map(|width| plot(&way, width)),
                steps: way.steps.clone(),
                ..empty
            },
            _ => empty,
        }
    }
}

fn words(model: OperatingModel) -> &'static str {
    match model {
        OperatingModel::OpsRunIt => "Ops Run It: lines of support, with handovers between them",
        OperatingModel::YouBuildIt => {
            "You Build It You Run It: one team that may see and do all of its level"
        }
    }
}

fn finding(way: &Way, level: Level) -> String {
    let Some(called_s) = way.called_s else {
        return format!("At {level} nobody calls the model responder");
    };
    let after = |at_s: f64| duration(at_s - called_s);
    let explained = match (way.outcome.explained_s, way.is_right()) {
        (Some(at_s), Some(true)) => format!("explains it rightly after {}", after(at_s)),
        (Some(at_s), Some(false)) => format!("gives an answer after {} that is not right", after(at_s)),
        _ => "does not explain it".to_owned(),
    };
    let restored = match (way.outcome.lost_s, way.outcome.restored_s) {
        (None, _) => String::new(),
        (_, Some(at_s)) => format!(", and restores after {}", after(at_s)),
        (_, None) => ", and does not restore".to_owned(),
    };
    format!("At {level} the model responder {explained}{restored}")
}

/// One line, in minutes after the call: looks as short strokes, remedies as triangles, the answer and the restoration.
fn plot(way: &Way, width: f64) -> String {
    let called_s = way.called_s.unwrap_or_default();
    let minutes = |at_s: f64| (at_s - called_s) / 60.0;
    let remedies = way.remedies.iter().map(|(at_s, _)| *at_s);
    let ends = [way.outcome.explained_s, way.outcome.restored_s].into_iter().flatten();
    let all = way.looks_s.iter().copied().chain(remedies).chain(ends);
    let to = all.map(minutes).fold(1.0, f64::max);
    let x = Scale { figures: (0.0, to), places: (BEGINS, width - ENDS) };
    let mut svg = Svg::new(
        width,
        "The model responder's steps in minutes after the call. The table holds each of them.",
    );
    let (y, bottom) = (18.0, 34.0);
    for tick in ticks::figures(&x, 44.0) {
        let at = x.at(tick);
        svg.line("axis", (at, 4.0), (at, bottom));
        let (anchor, word) = if tick > 0.0 {
            (Anchor::Middle, format!("{tick}"))
        } else {
            (Anchor::Start, "0 min".to_owned())
        };
        svg.text("quiet", (at, bottom + 14.0), anchor, &word);
    }
    svg.line("range", (x.at(0.0), y), (x.at(to), y));
    for at_s in &way.looks_s {
        let at = x.at(minutes(*at_s).max(0.0));
        svg.line("tick", (at, y - 5.0), (at, y + 5.0));
    }
    for (at_s, _) in &way.remedies {
        svg.path("remedy", &format!("M{},{}l-4,8h8Z", x.at(minutes(*at_s)), y - 2.0));
    }
    if let Some(at_s) = way.outcome.restored_s {
        svg.dot("dot", (x.at(minutes(at_s).max(0.0)), y), 4.5, &format!("restored {}", time(at_s)));
    }
    if let Some(at_s) = way.outcome.explained_s {
        let class = if way.is_right() == Some(true) { "dot" } else { "open" };
        svg.path(class, &format!("M{},{}l6,6l-6,6l-6,-6Z", x.at(minutes(at_s)), y - 6.0));
    }
    svg.finish(bottom + 20.0)
}
