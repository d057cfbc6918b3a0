//! The responder's steps, a row each and in its own words: the check, its finding, the belief after it, and why it chose
//! the next step.

use incident::{Event, EventKind, IncidentRecord, Story};

use crate::figures::{capital, duration, printable, time, unbroken};

/// Separates the belief from the next step in the text of a hypothesis.
const NEXT: &str = "; next ";

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub time: String,
    /// When the answer came, if in another minute.
    pub until: Option<String>,
    pub what: String,
    pub said: String,
    pub believed: String,
    pub next: String,
    /// Whether the belief names the right place, according to the judgement in the record.
    pub locates: bool,
}

pub fn steps(story: &Story, events: &[Event]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut pending: Option<Step> = None;
    for event in events {
        let now = story.time_at(event.story_s).to_string();
        let begins = match &event.kind {
            EventKind::Alerted { text } => Some(("An alert called".to_owned(), text.clone())),
            EventKind::CustomerComplaint { text } => Some(("A customer complained".to_owned(), text.clone())),
            EventKind::Check { name, cost_story_s } => {
                let took = if *cost_story_s > 0.0 {
                    format!(" ({})", duration(*cost_story_s))
                } else {
                    String::new()
                };
                Some((format!("{}{took}", spaced(name)), String::new()))
            }
            EventKind::Remedy(remedy) => Some((format!("Tried: {remedy}"), String::new())),
            EventKind::Hint { text } => Some(("A hint".to_owned(), text.clone())),
            EventKind::Escalated { to } => Some((format!("Handed over to {to}"), String::new())),
            EventKind::Ticket { step, by, text } => Some((format!("Ticket {step} by {by}"), text.clone())),
            EventKind::Explained { explanation, .. } => {
                Some(("Explained".to_owned(), explanation.trigger.clone()))
            }
            _ => None,
        };
        if let Some((what, said)) = begins {
            steps.extend(pending.take());
            pending = Some(Step {
                time: now,
                what: capital(&printable(&what)),
                said: printable(&said),
                ..Step::default()
            });
            continue;
        }
        match &event.kind {
            EventKind::Finding { text, .. } => {
                pending.get_or_insert_with(|| Step { time: now, ..Step::default() }).said = printable(text);
            }
            EventKind::Hypothesis { text, locates } => {
                let step = pending.get_or_insert_with(|| Step { time: now.clone(), ..Step::default() });
                step.until = Some(now).filter(|until| *until != step.time);
                let (believed, next) = text.split_once(NEXT).unwrap_or((text, ""));
                step.believed = unbroken(&printable(believed));
                step.next = unbroken(&printable(next));
                step.locates = *locates;
            }
            _ => {}
        }
    }
    steps.extend(pending);
    steps
}

/// The number of checks, and their total cost in story seconds.
pub fn cost(record: &IncidentRecord) -> (u64, f64) {
    let costs = record.events.iter().filter_map(|event| match &event.kind {
        EventKind::Check { cost_story_s, .. } => Some(*cost_story_s),
        _ => None,
    });
    costs.fold((0, 0.0), |(count, sum), cost| (count + 1, sum + cost))
}

pub fn longest(record: &IncidentRecord) -> Option<(String, f64, String)> {
    let looks = record.events.iter().filter_map(|event| match &event.kind {
        EventKind::Check { name, cost_story_s } => Some((spaced(name), *cost_story_s, time(event.story_s))),
        _ => None,
    });
    looks.max_by(|one, other| one.1.total_cmp(&other.1))
}

fn spaced(name: &str) -> String {
    name.replace('-', " ")
}
