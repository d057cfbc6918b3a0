//! The path of a ticket, and what each handover lost: the pins, hypotheses and claims that the sending line knew and did not attach. Teaches that
//! lost knowledge shows in two ways: nobody ever knows it again, or somebody needs minutes to find it again.

use report::session::{Handover, Lost};

use crate::{
    claims::services_in,
    played::{Look, Played},
    ticket::{Pass, Ticket, Written},
};

pub fn handovers(played: &Played, story_s: impl Fn(&str) -> Option<f64>) -> Vec<Handover> {
    let Some(ticket) = &played.ticket else { return Vec::new() };
    let what = |id: &String| format!("{id}: {}", played.words_of(id));
    let handover = |pass: &Pass| {
        let again =
            |id: &String| Lost { what: what(id), again_s: again_s(id, pass, ticket, played, &story_s) };
        Handover {
            from: pass.from.name().to_owned(),
            to: pass.to.name().to_owned(),
            by: pass.by.clone(),
            passed_s: pass.story_s,
            is_sent_back: matches!(pass.written, Written::SentBack { .. }),
            text: pass.written.to_string(),
            acknowledged: pass.acknowledged.clone(),
            passed_on: pass.attached.iter().map(what).collect(),
            // A pass that nobody acknowledged lost nothing: the line sent it back, or the round ended.
            lost: pass.left.iter().filter(|_| pass.acknowledged.is_some()).map(again).collect(),
        }
    };
    ticket.passes.iter().map(handover).collect()
}

/// When another line found a lost item again. A pin: the line pinned the same, got an answer that named the same, or repeated the health check. A
/// hypothesis or a claim: the line wrote a hypothesis about the same services.
fn again_s(
    id: &str,
    pass: &Pass,
    ticket: &Ticket,
    played: &Played,
    story_s: &impl Fn(&str) -> Option<f64>,
) -> Option<f64> {
    let since_s = pass.acknowledged.as_ref()?.0;
    let is_later = |other: &str| number(other) > number(id) && !ticket.is_known(&[pass.from].into(), other);
    let when = |story: &str| story_s(story).map(|at_s| at_s.max(since_s));
    if let Some(pin) = played.pins.iter().find(|pin| pin.id == id) {
        let is_same = |look: &&Look| {
            let is_there = look.line.is_some_and(|line| line != pass.from) && look.when.story_s >= since_s;
            let is_health = pin.source == "health" && look.at == "health";
            is_there && (is_health || !pin.named.is_empty() && pin.named.is_subset(&look.named))
        };
        let looked = played.looks.iter().filter(is_same).map(|look| look.when.story_s);
        let same = played.pins.iter().filter(|other| {
            (&other.source, &other.label) == (&pin.source, &pin.label) && is_later(&other.id)
        });
        return same.filter_map(|other| when(&other.story)).chain(looked).min_by(f64::total_cmp);
    }
    let about = services_in(&played.words_of(id));
    let is_same = |text: &str| !about.is_empty() && services_in(text) == about;
    let thoughts = played.hypotheses.iter().filter(|one| is_later(&one.id) && is_same(&one.text));
    thoughts.filter_map(|one| when(&one.story)).min_by(f64::total_cmp)
}

/// The number of an id. Items of all kinds share one sequence of numbers.
fn number(id: &str) -> u32 {
    id.get(1..).and_then(|number| number.parse().ok()).unwrap_or_default()
}
