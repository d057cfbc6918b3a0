//! What a participant takes home: one file that needs neither the room nor a network. Teaches that a debrief is worth what somebody does
//! differently afterwards: so it asks for two actions with an owner and a date, and puts the questions of this incident to their own system.
//!
//! What is typed into the file stays in it: a few lines of script write it back into the page, so that the browser saves it.

use askama::Template;
use report::session::{Action, SessionReport};

use super::{
    charts,
    checklist::{CHECKLIST, Link},
    explanation::ShownFact,
    model_name,
    replay::Replay,
    round::Round,
    summary::{self, Standing},
};
use crate::chart::Chart;

/// Actions of one participant: what more than two come to is a list that nobody works off.
pub const ACTIONS: usize = 2;

#[derive(Template)]
#[template(path = "take-home.html")]
struct TakeHome<'a> {
    team: &'a str,
    person: Option<&'a str>,
    actions: [Action; ACTIONS],
    rounds: Vec<Played<'a>>,
    checklist: [Link; 4],
    answers: [&'static str; 3],
}

/// A scored round of the own team.
struct Played<'a> {
    title: &'a str,
    /// At which telemetry level, and who restored service.
    at: String,
    finding: String,
    standings: Vec<Standing>,
    curves: Chart,
    /// People's minutes, the story's time, and what.
    timeline: Vec<[String; 3]>,
    description: &'a str,
    facts: Vec<ShownFact>,
}

/// The file of one participant of a team; without a person, of the team.
///
/// # Errors
///
/// If the page cannot be written.
pub fn take_home_page(
    session: &SessionReport,
    team: u32,
    person: Option<&str>,
    actions: &[Action],
) -> Result<String, askama::Error> {
    let all = Round::all(session);
    let own = all.iter().filter(|round| round.team == team && !round.is_practice);
    let name = session.teams.iter().find(|(number, _)| *number == team);
    let page = TakeHome {
        team: name.map_or("", |(_, name)| name),
        person,
        actions: std::array::from_fn(|place| actions.get(place).cloned().unwrap_or_default()),
        rounds: own.map(|round| played(round, &all)).collect(),
        checklist: CHECKLIST,
        answers: ["yes", "no", "nobody knows"],
    };
    page.render()
}

fn played<'a>(round: &'a Round<'_>, all: &[Round<'_>]) -> Played<'a> {
    let mut others: Vec<&Round<'_>> = all.iter().filter(|other| round.is_same_incident(other)).collect();
    others.sort_by_key(|other| other.level);
    let standing = |other: &&Round<'_>| Standing::of(other, "another team".to_owned(), None);
    let own = Standing::of(round, "you".to_owned(), None);
    let raised = own.raised.as_ref().map_or_else(String::new, |to| format!(", then {to}"));
    Played {
        title: &round.incident.title,
        at: format!("at level {}{raised} · {}", round.level, model_name(round.operating_model)),
        finding: summary::title(round),
        curves: Chart { depth: 3, ..charts::of(&[round], &others, true) },
        standings: std::iter::once(own).chain(others.iter().map(standing)).collect(),
        timeline: timeline(round),
        description: round.incident.description.trim(),
        facts: round.facts.iter().map(ShownFact::of).collect(),
    }
}

/// What the team was told, thought and did; looks that follow each other are one line.
fn timeline(round: &Round<'_>) -> Vec<[String; 3]> {
    let mut lines: Vec<([String; 3], bool)> = Vec::new();
    for line in Replay::of(round).lines {
        let is_look = line.kind == "looked";
        match lines.last_mut() {
            Some((last, true)) if is_look => {
                if !last[2].split(", ").any(|known| known.ends_with(&line.text)) {
                    last[2] = format!("{}, {}", last[2], line.text);
                }
            }
            _ => {
                let text = if is_look { format!("Looked at {}", line.text) } else { line.text };
                lines.push(([line.minutes, line.time, text], is_look));
            }
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
}
