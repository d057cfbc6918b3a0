//! The remedies, and whether they helped customers: availability before a remedy, the best after it, and what was left
//! when the next remedy came.

use incident::{EventKind, IncidentRecord, StoryClock, Timeline};

use crate::figures::{capital, percent};

/// The smallest rise or fall of availability that counts. A remedy helped for a moment if availability rose by this and
/// fell by this again.
const ROSE_FROM: f64 = 0.1;

/// Availability is taken over the shop's window, or over this part of the time until the next remedy if that is
/// shorter: a third.
const PARTS: f64 = 3.0;

/// The shortest window, in seconds of the shop: shorter ones hold too few visits.
const WINDOW_MIN_S: u32 = 5;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct RemedyUsed {
    pub(super) story_s: f64,
    pub(super) what: String,
    /// Availability before it, in words.
    pub(super) before: String,
    pub(super) best: String,
    pub(super) verdict: String,
    /// The outage that it ended, numbered from 0.
    pub(super) ended: Option<usize>,
    /// Whether the next remedy followed too soon to judge this one alone.
    pub(super) belongs_to_next: bool,
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of the shop")]
pub(super) fn remedies(record: &IncidentRecord) -> Vec<RemedyUsed> {
    let rules = &record.run.rules;
    let timeline = Timeline::new(&record.availability);
    let remedies: Vec<_> = record
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Remedy(remedy) => Some((event.at_s, event.story_s, format!("{remedy}{}", event.by()))),
            _ => None,
        })
        .collect();
    let clock = StoryClock::from_events(&record.events);
    let counts = |at_s: u32| clock.story_at(at_s.into()) <= record.run.story.ends_s();
    // A visit counts from its beginning, and a remedy also serves customers who are already waiting. So the restoration
    // may be dated before the remedy that brought it.
    let restoring = |(lost, restored): (u32, Option<u32>)| {
        let until =
            f64::from(restored.filter(|restored| counts(*restored))?) + f64::from(rules.customers_wait_s);
        remedies.iter().rposition(|(at_s, ..)| *at_s <= until && *at_s >= lost.into())
    };
    let restoring: Vec<Option<usize>> = timeline.outages(rules).into_iter().map(restoring).collect();
    let mut all = Vec::new();
    for (place, (at_s, story_s, what)) in remedies.iter().enumerate() {
        let next_s = remedies.get(place + 1).map_or(f64::from(timeline.end_s()), |(next_s, ..)| *next_s);
        // The next remedy may also serve visits that began before it, by up to a customer's patience. They do not count for
        // this remedy.
        let wait_s = f64::from(rules.customers_wait_s);
        let until_s = if place + 1 < remedies.len() { next_s - wait_s } else { next_s };
        let (at, next) = (at_s.ceil() as u32, until_s.min(timeline.end_s().into()).max(0.0) as u32);
        let window = rules.window_s.min(((until_s - at_s) / PARTS) as u32).max(WINDOW_MIN_S);
        let share = |from: u32| timeline.tally(from, from + window).availability();
        let wait = rules.customers_wait_s;
        // The window just before, or the one a customer's patience earlier, whichever is lower: the remedy may have served
        // customers of the first.
        let just_before = |at: u32| {
            let two = [at.saturating_sub(window), at.saturating_sub(window + wait)].map(share);
            two.into_iter().flatten().min_by(f64::total_cmp)
        };
        let before = just_before(at);
        let starts = at..=next.saturating_sub(window).max(at);
        let best = starts.filter_map(share).max_by(f64::total_cmp);
        let at_end = if place + 1 < remedies.len() {
            just_before(next + wait)
        } else {
            share(next.saturating_sub(window))
        };
        let ended = restoring.iter().position(|restoring| *restoring == Some(place));
        let is_short = until_s - at_s < f64::from(WINDOW_MIN_S);
        let belongs_to_next = ended.is_none() && place + 1 < remedies.len() && is_short;
        let words = |share: Option<f64>| share.map_or("-".to_owned(), percent);
        let verdict = if ended.is_some() {
            "Availability came back with it.".to_owned()
        } else if belongs_to_next {
            "The next followed too soon to judge it alone.".to_owned()
        } else {
            judged(before, best, at_end)
        };
        all.push(RemedyUsed {
            story_s: *story_s,
            what: capital(what),
            before: words(before),
            best: words(best),
            verdict,
            ended,
            belongs_to_next,
        });
    }
    all
}

fn judged(before: Option<f64>, best: Option<f64>, at_end: Option<f64>) -> String {
    let (Some(best), Some(at_end)) = (best, at_end) else {
        return "No visitor came, so nothing is known.".to_owned();
    };
    let before = before.unwrap_or(best);
    if best - before < ROSE_FROM {
        "Availability did not rise with it.".to_owned()
    } else if best - at_end >= ROSE_FROM {
        format!("It helped for a moment: {} at best, then {} again.", percent(best), percent(at_end))
    } else {
        format!("It helped, not enough: {} at the end.", percent(at_end))
    }
}
