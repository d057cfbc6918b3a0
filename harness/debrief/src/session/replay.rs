//! A team's round as it went: what it looked at, thought and did, and what it was told, in order. Teaches to ask what somebody knew at a
//! moment, before asking what they should have done.

use incident::{Event, EventKind};
use report::session::{Help, HelpKind, Mark};

use super::{clocks::minutes, command, round::Round};
use crate::figures::{capital, time};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Replay {
    pub(super) name: String,
    pub(super) lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) story_s: f64,
    /// The story's time, and people's minutes.
    pub(super) time: String,
    pub(super) minutes: String,
    /// `looked`, `thought`, `did` or `heard`.
    pub(super) kind: &'static str,
    pub(super) text: String,
    /// How often in a row.
    pub(super) times: usize,
}

/// A moment worth coming back to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moment {
    pub(super) story_s: f64,
    pub(super) time: String,
    pub(super) text: String,
}

impl Replay {
    pub(super) fn of(round: &Round<'_>) -> Self {
        let mut all: Vec<(f64, &'static str, String)> = round
            .played
            .events
            .iter()
            .filter_map(|event| told(event).map(|(kind, text)| (event.story_s, kind, text)))
            .collect();
        // A remedy stands where somebody decided on it, and not where it was done.
        all.extend(
            round.tried.iter().map(|tried| (tried.begun_s, "did", capital(&tried.remedy.to_string()))),
        );
        let level = |help: &&Help| help.kind == HelpKind::Level;
        all.extend(
            round
                .help
                .iter()
                .filter(level)
                .map(|help| (help.story_s, "heard", format!("New telemetry: {}", help.text))),
        );
        for asked in &round.questions {
            all.push((asked.asked_s, "heard", format!("{} asks: {}", asked.voice, asked.text)));
            let answer = asked.answered_s.zip(asked.answer.as_ref());
            all.extend(answer.map(|(at_s, answer)| (at_s, "thought", format!("Answered: {answer}"))));
        }
        let handed = round.commands.iter().filter(|one| one.from.is_some());
        let passed = handed.filter_map(|one| Some((one.taken_s?, "did", command::passed(one))));
        all.extend(passed);
        all.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut lines: Vec<Line> = Vec::new();
        for (story_s, kind, text) in all {
            match lines.last_mut() {
                Some(last) if (last.kind, &last.text) == (kind, &text) => last.times += 1,
                _ => lines.push(Line {
                    story_s,
                    time: time(story_s),
                    minutes: minutes(round.clocks.wall_s(story_s)),
                    kind,
                    text,
                    times: 1,
                }),
            }
        }
        Self { name: round.label(), lines }
    }
}

impl Moment {
    /// What the facilitator marked in these rounds.
    pub(super) fn marked(marks: &[Mark], rounds: &[&Round<'_>]) -> Vec<Self> {
        let moment = |mark: &Mark| {
            let round = rounds.iter().find(|round| round.number == mark.round)?;
            Some(Self {
                story_s: round.played.run.story.story_s(mark.time.parse().ok()?),
                time: mark.time.clone(),
                text: mark.text.clone(),
            })
        };
        marks.iter().filter_map(moment).collect()
    }
}

/// What a team saw of an event: what set the incident off stays for the last step.
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
