//! Status updates: what a team told those outside, beside what it had in its hands then and what was measured. Teaches to judge an update by
//! what could be known when it was written, and not by what came out later.

use incident::Usd;
use report::session::{Asked, KnownThen};

use super::{clocks::minutes, round::Round};
use crate::figures::percent;

/// The updates of one team's round.
#[derive(Clone, Debug)]
pub(super) struct Updates {
    pub(super) name: String,
    pub(super) finding: String,
    pub(super) rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) asked: String,
    pub(super) came: String,
    pub(super) text: String,
    /// What was measured when it was written.
    pub(super) measured: String,
    /// What was thought, and how much was pinned.
    pub(super) thought: Vec<String>,
    pub(super) pinned: Vec<String>,
}

/// How an update came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    InTime,
    Late,
    Never,
}

impl Updates {
    /// None where none was asked for.
    pub(super) fn of(round: &Round<'_>) -> Option<Self> {
        let asked: Vec<&Asked> = round.questions.iter().filter(|asked| asked.due_s.is_some()).collect();
        (!asked.is_empty()).then(|| Self {
            name: round.label(),
            finding: finding(&asked),
            rows: asked.into_iter().map(|asked| Row::of(round, asked)).collect(),
        })
    }
}

fn came(asked: &Asked) -> Came {
    match (asked.answered_s, asked.due_s) {
        (None, _) => Came::Never,
        (Some(at_s), Some(due_s)) if at_s > due_s => Came::Late,
        _ => Came::InTime,
    }
}

/// `Of 3 status updates 2 came in time, 1 late; 1 was written with nothing pinned`.
fn finding(asked: &[&Asked]) -> String {
    let count = |wanted: Came| asked.iter().filter(|one| came(one) == wanted).count();
    let is_bare = |one: &&&Asked| one.known.as_ref().is_some_and(|known| known.pins.is_empty());
    let bare = match asked.iter().filter(is_bare).count() {
        0 => String::new(),
        1 => "; one was written with nothing pinned".to_owned(),
        bare => format!("; {bare} were written with nothing pinned"),
    };
    let parts = [(Came::InTime, "in time"), (Came::Late, "late"), (Came::Never, "not at all")];
    let parts = parts.map(|(wanted, words)| (count(wanted), words));
    if let ([asked], Some((_, words))) = (asked, parts.iter().find(|(count, _)| *count > 0)) {
        let from = if asked.voice == "Director" { "The director's" } else { "The" };
        return format!("{from} one status update came {words}{bare}");
    }
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, words)| format!("{count} came {words}")).collect();
    format!("Of {} status updates {}{bare}", asked.len(), parts.join(", "))
}

impl Row {
    fn of(round: &Round<'_>, asked: &Asked) -> Self {
        let wall_s = |story_s: f64| round.clocks.wall_s(story_s);
        let took = asked.answered_s.map(|at_s| minutes(wall_s(at_s) - wall_s(asked.asked_s)));
        let by = asked.by.as_deref().unwrap_or_default();
        let late_s = asked.answered_s.zip(asked.due_s).map(|(at_s, due_s)| wall_s(at_s) - wall_s(due_s));
        let known =
            |of: fn(&KnownThen) -> &Vec<String>| asked.known.as_ref().map(of).cloned().unwrap_or_default();
        Self {
            asked: format!("{}, {}", round.both_times(asked.asked_s), asked.voice),
            came: match (came(asked), took, late_s) {
                (Came::InTime, Some(took), _) => format!("after {took}, {by}"),
                (Came::Late, Some(took), Some(late_s)) => {
                    format!("after {took}, {by}: {} late", minutes(late_s))
                }
                _ => "not written".to_owned(),
            },
            text: asked.answer.clone().unwrap_or_default(),
            measured: asked.known.as_ref().map_or_else(String::new, measured),
            thought: known(|known| &known.hypotheses),
            pinned: known(|known| &known.pins),
        }
    }
}

fn measured(known: &KnownThen) -> String {
    let served = known.served.map_or("no visits".to_owned(), |share| format!("{} served", percent(share)));
    format!("{served}, {} lost", Usd(known.loss_usd))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_are_told_by_when_they_came_and_what_they_rested_on() {
        let asked = |answered_s: Option<f64>, pins: &[&str]| Asked {
            voice: "Director".to_owned(),
            asked_s: 0.0,
            due_s: Some(90.0),
            text: "A status update, please.".to_owned(),
            answer: answered_s.map(|_| "We look.".to_owned()),
            answered_s,
            by: None,
            known: answered_s.map(|_| KnownThen {
                pins: pins.iter().map(ToString::to_string).collect(),
                hypotheses: Vec::new(),
                served: Some(0.0),
                loss_usd: 0.0,
            }),
        };
        let check = |all: &[Asked], expected: &str| {
            assert_eq!(finding(&all.iter().collect::<Vec<_>>()), expected);
        };
        let (quick, bare) = (asked(Some(90.0), &["a line"]), asked(Some(30.0), &[]));
        let (late, never) = (asked(Some(91.0), &["a line"]), asked(None, &[]));
        check(std::slice::from_ref(&quick), "The director's one status update came in time");
        check(std::slice::from_ref(&never), "The director's one status update came not at all");
        check(
            &[quick.clone(), bare.clone(), late.clone()],
            "Of 3 status updates 2 came in time, 1 came late; one was written with nothing pinned",
        );
        check(&[late, never.clone(), never], "Of 3 status updates 1 came late, 2 came not at all");
    }
}
