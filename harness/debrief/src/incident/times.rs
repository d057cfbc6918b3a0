//! How long each step took, from the loss on: noticed, located, explained, restored.

use super::facts::Facts;
use crate::{
    chart::{Chart, Table},
    figures::{capital, duration, list, time},
    plot::steps::{self, Row, Shape},
};

struct Step {
    word: &'static str,
    what: &'static str,
    after_s: Option<f64>,
    at_s: Option<f64>,
}

/// The times as a plot. None if nothing was lost.
pub(super) fn chart(facts: &Facts<'_>) -> Option<Chart> {
    let lost_s = facts.outcome.lost_s?;
    let steps = steps(facts, lost_s);
    let cells = |step: &Step| {
        let words = |seconds: Option<f64>| seconds.map_or("not reached".to_owned(), duration);
        let before = step.after_s.map(|after_s| {
            let earlier = steps.iter().filter_map(|other| other.after_s).filter(|other_s| *other_s < after_s);
            after_s - earlier.fold(0.0, f64::max)
        });
        let at = step.at_s.map_or("not reached".to_owned(), time);
        [step.word.to_owned(), at, words(step.after_s), words(before), step.what.to_owned()]
    };
    let columns = ["step", "at", "after the loss", "after the step before", "what it means"];
    let table = Table::of(&columns, steps.iter().map(cells));
    let model = if facts.is_model() { " Model responder: a program, no measure of people." } else { "" };
    let watched_s = facts.visits.watched.1;
    let row = |step: &Step| {
        let figure = step.after_s.map_or("not reached".to_owned(), duration);
        let (at_s, shape, what) = match step.after_s {
            Some(after_s) => (after_s, Shape::Dot, format!("{} after {figure}", step.word)),
            None => (watched_s - lost_s, Shape::OpenDot, format!("not {}", step.word)),
        };
        Row {
            title: format!("{} {figure}", step.word),
            until: (at_s / 60.0, step.after_s.is_some()),
            marks: vec![(at_s / 60.0, shape, what)],
            ..Row::default()
        }
    };
    let rows: Vec<Row> = steps.iter().map(row).collect();
    Some(Chart {
        title: title(&steps, &time(watched_s)),
        subtitle: format!(
            "Minutes of the story from the loss of availability, at {}, to each step. An open dot marks a step that was not reached while \
             the shop was watched. One incident, {}.{model}",
            time(lost_s),
            facts.how()
        ),
        plots: steps::both(&rows, "Minutes from the loss to each step. The table holds the figures.").into(),
        table_title: "The same as a table, and what each step means".to_owned(),
        data: Some(("steps.csv", table.csv())),
        table,
        ..Chart::default()
    })
}

fn steps(facts: &Facts<'_>, lost_s: f64) -> Vec<Step> {
    let outcome = &facts.outcome;
    let explained_s = outcome.explained_s.filter(|_| facts.answer().is_some());
    let step =
        |word, what, at_s: Option<f64>| Step { word, what, after_s: at_s.map(|at_s| at_s - lost_s), at_s };
    let explained = if facts.is_right() == Some(false) { "explained (not right)" } else { "explained" };
    let mut steps = vec![
        step("detected", "The first alert or complaint.", outcome.detected_s),
        step("located", "The responder first suspected the right place.", outcome.located_s),
        step(explained, "The answer that counts was given.", explained_s),
        step("restored", "Availability was back at its target, and stayed there.", outcome.restored_s),
    ];
    // Without a diagnosis, its steps are not shown as missed.
    if !facts.is_diagnosed() {
        steps.retain(|step| ["detected", "restored"].contains(&step.word));
    }
    steps
}

fn title(steps: &[Step], ends: &str) -> String {
    let mut reached: Vec<(f64, &str)> =
        steps.iter().filter_map(|step| Some((step.after_s?, step.word))).collect();
    reached.sort_by(|one, other| one.0.total_cmp(&other.0));
    let never: Vec<&str> = steps.iter().filter(|step| step.after_s.is_none()).map(|step| step.word).collect();
    let told: Vec<String> =
        reached.iter().map(|(after_s, word)| format!("{word} after {}", duration(*after_s))).collect();
    let told = told.join(", ");
    match (told.is_empty(), never.is_empty()) {
        (true, _) => format!("No step was reached by {ends}"),
        (_, true) => capital(&told),
        (_, false) => capital(&format!("{told}; not {}", list(&never))),
    }
}
