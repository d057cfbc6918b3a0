//! How long each step took, from the loss on: noticed, located, explained, restored. A step that was never reached is
//! an open dot at the right edge: unfinished is a result too.

use std::cmp::Ordering;

use super::facts::Facts;
use crate::{
    chart::{Chart, Table},
    figures::{capital, duration, list, time},
    plot::{
        Scale, WIDTH,
        svg::{Anchor, Svg},
        ticks,
    },
};

const ENDS: f64 = 12.0;
const ROW_EVERY: f64 = 40.0;
const FIRST_ROW: f64 = 30.0;

/// A step, in story seconds after the loss.
struct Step {
    word: &'static str,
    /// What it means, in a sentence.
    what: &'static str,
    after_s: Option<f64>,
    at_s: Option<f64>,
}

/// The times as a plot. None if nothing was lost.
pub(super) fn chart(facts: &Facts<'_>) -> Option<Chart> {
    let lost_s = facts.outcome.lost_s?;
    let steps = steps(facts, lost_s);
    let mut table = Table::new(&["step", "at", "after the loss", "after the step before", "what it means"]);
    for step in &steps {
        let words = |seconds: Option<f64>| seconds.map_or("not reached".to_owned(), duration);
        let before = step.after_s.map(|after_s| {
            let earlier = steps.iter().filter_map(|other| other.after_s).filter(|other_s| *other_s < after_s);
            after_s - earlier.fold(0.0, f64::max)
        });
        table = table.with(vec![
            step.word.to_owned(),
            step.at_s.map_or("not reached".to_owned(), time),
            words(step.after_s),
            words(before),
            step.what.to_owned(),
        ]);
    }
    let model = if facts.is_model() { " Model responder: a program, no measure of people." } else { "" };
    Some(Chart {
        title: title(&steps, &time(facts.morning.watched.1)),
        subtitle: format!(
            "Minutes of the story from the loss of availability at {}, to each step. An open dot was not reached while \
             the shop was watched. One incident, {}.{model}",
            time(lost_s),
            facts.how()
        ),
        wide: plot(facts, &steps, lost_s, 900.0),
        narrow: Some(plot(facts, &steps, lost_s, WIDTH)),
        table_title: "The same as a table, and what each step means".to_owned(),
        csv: table.csv(),
        table,
        csv_name: "steps.csv".to_owned(),
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
    // Where nobody diagnosed, steps of a diagnosis were not missed.
    if !facts.is_diagnosed() {
        steps.retain(|step| ["detected", "restored"].contains(&step.word));
    }
    steps
}

fn title(steps: &[Step], ends: &str) -> String {
    let mut reached: Vec<&Step> = steps.iter().filter(|step| step.after_s.is_some()).collect();
    reached.sort_by(|one, other| one.after_s.partial_cmp(&other.after_s).unwrap_or(Ordering::Equal));
    let never: Vec<&Step> = steps.iter().filter(|step| step.after_s.is_none()).collect();
    let mut words = reached
        .iter()
        .map(|step| format!("{} after {}", step.word, duration(step.after_s.unwrap_or_default())));
    let told = words.by_ref().collect::<Vec<_>>().join(", ");
    let never: Vec<String> = never.iter().map(|step| step.word.to_owned()).collect();
    match (told.is_empty(), never.is_empty()) {
        (true, _) => format!("No step was reached by {ends}"),
        (_, true) => capital(&told),
        (_, false) => capital(&format!("{told}; not {}", list(&never))),
    }
}

fn plot(facts: &Facts<'_>, steps: &[Step], lost_s: f64, width: f64) -> String {
    let reached = steps.iter().filter_map(|step| step.after_s).fold(0.0, f64::max);
    let watched_s = facts.morning.watched.1 - lost_s;
    let is_censored = steps.iter().any(|step| step.after_s.is_none());
    let to_s = if is_censored { watched_s.max(reached) } else { reached * 1.08 };
    let x = Scale { figures: (0.0, (to_s / 60.0).max(1.0)), places: (8.0, width - ENDS) };
    let bottom = FIRST_ROW + ROW_EVERY * (steps.len() - 1) as f64 + 14.0;
    let mut svg = Svg::new(width, "Minutes from the loss to each step. The table holds the figures.");
    for minutes in ticks::figures(&x, 44.0) {
        svg.line("axis", (x.at(minutes), 8.0), (x.at(minutes), bottom));
        let anchor = if minutes > 0.0 { Anchor::Middle } else { Anchor::Start };
        let word = if minutes > 0.0 { format!("{minutes}") } else { "0 min".to_owned() };
        svg.text("quiet", (x.at(minutes), bottom + 14.0), anchor, &word);
    }
    for (place, step) in steps.iter().enumerate() {
        let y = FIRST_ROW + ROW_EVERY * place as f64;
        let figure = step.after_s.map_or("not reached".to_owned(), duration);
        svg.text("strong", (8.0, y - 9.0), Anchor::Start, &format!("{} {figure}", step.word));
        if let Some(after_s) = step.after_s {
            svg.line("bar", (x.at(0.0), y), (x.at(after_s / 60.0), y));
            svg.dot("dot", (x.at(after_s / 60.0), y), 4.5, &format!("{} after {figure}", step.word));
        } else {
            svg.line("range", (x.at(0.0), y), (x.places.1 - 4.5, y));
            svg.dot("open", (x.places.1, y), 4.5, &format!("not {}", step.word));
        }
    }
    svg.finish(bottom + 20.0)
}
