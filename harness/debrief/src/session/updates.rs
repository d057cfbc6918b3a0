//! Status updates: what a team told outsiders, beside the evidence that it had then and the measurements of that moment. Teaches to judge an
//! update by what could be known when it was written, not by what came out later.

use incident::Usd;
use report::session::{KnownThen, Question, Voice};

use super::round::Round;
use crate::figures::percent;

/// The status updates that a team was asked for.
pub(super) fn of<'a>(round: &'a Round<'_>) -> Vec<&'a Question> {
    round.questions.iter().filter(|asked| asked.due_story_s.is_some()).collect()
}

const CAME: [&str; 3] = ["came in time", "came late", "never came"];

fn came(asked: &Question) -> &'static str {
    match (asked.answered_story_s, asked.due_story_s) {
        (None, _) => CAME[2],
        (Some(at_s), Some(due_s)) if at_s > due_s => CAME[1],
        _ => CAME[0],
    }
}

/// `Of 3 status updates 2 came in time, 1 came late; one was written with nothing pinned`.
pub(super) fn finding(asked: &[&Question]) -> String {
    let is_bare = |one: &&&Question| one.known.as_ref().is_some_and(|known| known.pins.is_empty());
    let bare = match asked.iter().filter(is_bare).count() {
        0 => String::new(),
        1 => "; one was written with nothing pinned".to_owned(),
        bare => format!("; {bare} were written with nothing pinned"),
    };
    if let [asked] = asked {
        let from = if asked.voice == Voice::Director { "The director's" } else { "The" };
        return format!("{from} one status update {}{bare}", came(asked));
    }
    let parts = CAME.map(|words| (asked.iter().filter(|one| came(one) == words).count(), words));
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, words)| format!("{count} {words}")).collect();
    format!("Of {} status updates {}{bare}", asked.len(), parts.join(", "))
}

/// When an update was written, and by whom.
pub(super) fn written(round: &Round<'_>, asked: &Question) -> String {
    let Some(at_s) = asked.answered_story_s else { return "not written".to_owned() };
    let by = asked.by.as_deref().unwrap_or_default();
    let late = asked.due_story_s.filter(|due_s| at_s > *due_s);
    let late =
        late.map_or_else(String::new, |due_s| format!(": {} late", round.minutes_between(due_s, at_s)));
    format!("after {}, {by}{late}", round.minutes_between(asked.asked_story_s, at_s))
}

/// The team's hypotheses and pins when the update was written.
pub(super) fn noted(asked: &Question) -> Vec<String> {
    let Some(known) = &asked.known else { return Vec::new() };
    let thought = known.hypotheses.iter().map(|thought| format!("thought: {thought}"));
    thought.chain(known.pins.iter().map(|pin| format!("pinned: {pin}"))).collect()
}

/// Availability and loss when the update was written.
pub(super) fn measured(known: &KnownThen) -> String {
    let served = known.served.map_or("no visits".to_owned(), |share| format!("{} served", percent(share)));
    format!("{served}, {} lost", Usd(known.loss_usd))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_are_told_by_when_they_came_and_what_they_rested_on() {
        let asked = |answered_s: Option<f64>, pins: &[&str]| Question {
            voice: Voice::Director,
            due_story_s: Some(90.0),
            text: "A status update, please.".to_owned(),
            answer: answered_s.map(|_| "We look.".to_owned()),
            answered_story_s: answered_s,
            known: answered_s.map(|_| KnownThen {
                pins: pins.iter().map(ToString::to_string).collect(),
                served: Some(0.0),
                ..KnownThen::default()
            }),
            ..Question::default()
        };
        let check = |all: &[Question], expected: &str| {
            assert_eq!(finding(&all.iter().collect::<Vec<_>>()), expected);
        };
        let (quick, bare) = (asked(Some(90.0), &["a line"]), asked(Some(30.0), &[]));
        let (late, never) = (asked(Some(91.0), &["a line"]), asked(None, &[]));
        check(std::slice::from_ref(&quick), "The director's one status update came in time");
        check(std::slice::from_ref(&never), "The director's one status update never came");
        check(
            &[quick.clone(), bare.clone(), late.clone()],
            "Of 3 status updates 2 came in time, 1 came late; one was written with nothing pinned",
        );
        check(&[late, never.clone(), never], "Of 3 status updates 1 came late, 2 never came");
    }
}
