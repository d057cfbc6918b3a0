//! A team's round step by step: what it looked at, thought, did and heard, in order. Teaches to ask what people knew at a moment before asking
//! what they should have done.

use incident::{Event, EventKind};
use report::session::{HelpKind, Tried};

use super::{command, round::Round};
use crate::figures::{capital, time};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) story_s: f64,
    /// `looked`, `thought`, `did` or `heard`.
    pub(super) kind: &'static str,
    pub(super) text: String,
    /// How many times in a row.
    pub(super) times: usize,
}

/// All lines of a round, by time.
pub(super) fn lines(round: &Round<'_>) -> Vec<Line> {
    let told = round.played.events.iter().filter_map(|event| {
        let (kind, text) = told(event)?;
        Some((event.story_s, kind, text))
    });
    let mut all: Vec<(f64, &'static str, String)> = told.collect();
    // A remedy is listed when the team decided on it, not when it was carried out.
    all.extend(
        round.tried.iter().map(|Tried { what: tried, .. }| {
            (tried.begun_story_s, "did", capital(&tried.remedy.to_string()))
        }),
    );
    let levels = round.help.iter().filter(|help| help.kind == HelpKind::Level);
    all.extend(levels.map(|help| (help.story_s, "heard", format!("New telemetry: {}", help.text))));
    for asked in &round.questions {
        all.push((asked.asked_story_s, "heard", format!("{} asks: {}", asked.voice.words(), asked.text)));
        let answer = asked.answered_story_s.zip(asked.answer.as_ref());
        all.extend(answer.map(|(at_s, answer)| (at_s, "thought", format!("Answered: {answer}"))));
    }
    let handed = round.commands.iter().filter(|one| one.from.is_some());
    all.extend(handed.filter_map(|one| Some((one.taken_story_s?, "did", command::way(one)))));
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut lines: Vec<Line> = Vec::new();
    for (story_s, kind, text) in all {
        match lines.last_mut() {
            Some(last) if (last.kind, &last.text) == (kind, &text) => last.times += 1,
            _ => lines.push(Line { story_s, kind, text, times: 1 }),
        }
    }
    lines
}

/// The lines for the take-home file: people's minutes, the story's time, and the text. Consecutive looks are one line.
pub(super) fn timeline(round: &Round<'_>) -> Vec<[String; 3]> {
    let mut timeline: Vec<([String; 3], bool)> = Vec::new();
    for Line { story_s, kind, text, .. } in lines(round) {
        let is_look = kind == "looked";
        match timeline.last_mut() {
            Some((last, true)) if is_look => {
                if !last[2].split(", ").any(|known| known.ends_with(&text)) {
                    last[2] = format!("{}, {text}", last[2]);
                }
            }
            _ => {
                let text = if is_look { format!("Looked at {text}") } else { text };
                timeline.push(([round.minutes_at(story_s), time(story_s), text], is_look));
            }
        }
    }
    timeline.into_iter().map(|(line, _)| line).collect()
}

/// What a team saw of an event. None for others, such as the trigger, which the debrief's last step reveals.
fn told(event: &Event) -> Option<(&'static str, String)> {
    let told = match &event.kind {
        EventKind::Check { name, .. } => ("looked", name.clone()),
        EventKind::Hypothesis { text, .. } => ("thought", text.clone()),
        EventKind::Explained { explanation, .. } => {
            ("thought", format!("Handed in: {}", explanation.trigger))
        }
        EventKind::Ticket { step, by, text } => ("did", format!("Ticket {step} by {by}: {text}")),
        EventKind::Escalated { to } => ("did", format!("Handed over to {to}")),
        EventKind::CustomerComplaint { text } => ("heard", format!("A customer: \u{201c}{text}\u{201d}")),
        EventKind::Alerted { text } => ("heard", format!("Alert: {text}")),
        EventKind::Hint { text } => ("heard", format!("Hint: {text}")),
        EventKind::AvailabilityLost => ("heard", "Availability lost".to_owned()),
        EventKind::AvailabilityRestored => ("heard", "Availability restored".to_owned()),
        _ => return None,
    };
    Some(told)
}
