//! The figures of one incident, derived from its events and visits alone.
//!
//! It teaches two distinctions that a single 'time to repair' hides. An incident has five steps: lost, detected, located,
//! explained, restored. And fixing is scored apart from explaining, because a remedy chosen for the wrong reason often
//! restores service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::availability::{Tally, Timeline, Visits};
use crate::event::{Event, EventKind, Explanation};
use crate::money::{self, Usd};
use crate::record::{IncidentRecord, Rules, Run};
use crate::story::{Story, StoryClock};
use crate::thousandths;
use crate::words::ToleratedIn;

/// What came of an incident. Times are story seconds; a step that was never reached by the story's end is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// When availability fell below the target.
    pub lost_s: Option<f64>,
    /// The first alert or complaint from then on. An earlier one is a false alarm.
    pub detected_s: Option<f64>,
    /// The first hypothesis from then on that names the right place.
    pub located_s: Option<f64>,
    /// When the explanation that counts, the last, was given, right or wrong.
    pub explained_s: Option<f64>,
    /// When availability was back at the target for the whole hold.
    pub restored_s: Option<f64>,
    /// Whether at least one of the five steps above was never reached.
    pub censored: bool,
    /// The explanation that counts.
    pub explanation: Option<Explanation>,
    /// Its score from 0 to 1; null if there is none, or nobody judged it.
    pub explanation_score: Option<f64>,
    /// Whether availability was restored and not lost again while anybody watched.
    pub fixed: bool,
    /// Whether, besides, the explanation is right.
    pub fixed_for_the_right_reason: bool,
    /// Looks at the evidence.
    pub checks: u64,
    /// Tries that did not restore: of all since the loss, each but the last before the restoration; all of them if it never came. Remedies
    /// one after the other are one try, as long as nobody looks or thinks between them.
    pub wrong_remedies: u64,
    /// Visits that failed, of those that [count](counted_visits).
    pub failed_visits: u64,
    /// Trade lost in the incident; see [`money::loss`].
    pub incident_financial_loss_usd: Usd,
    /// Share of the loss at tolerable unavailability that was not lost; see [`effectiveness`]. Its basis is the rule `tolerated_in`.
    pub financial_loss_protection_effectiveness: f64,
}

impl Outcome {
    pub fn time_to_restore_s(&self) -> Option<f64> {
        Some(self.restored_s? - self.lost_s?)
    }
}

/// An outage, in story seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outage {
    /// When availability fell below the target.
    pub lost_s: f64,
    /// When availability was back at the target for the whole hold. `None` if that did not happen by the story's end.
    pub restored_s: Option<f64>,
}

/// Every outage of a record within its story. An [`Outcome`] describes only the first.
pub fn outages(record: &IncidentRecord) -> Vec<Outage> {
    let story = &record.run.story;
    let clock = StoryClock::from_events(&record.events);
    let story_s = |at_s: f64| {
        let story_s = clock.story_at(at_s);
        (story_s <= story.ends_s()).then_some(thousandths(story_s))
    };
    let rules = &record.run.rules;
    let all = Timeline::new(&record.availability).outages(rules).into_iter();
    all.map_while(|(lost, restored)| {
        let restored_s = restored.and_then(|at_s| story_s(restored_at_s(at_s, &record.events, rules)));
        Some(Outage { lost_s: story_s(lost_at_s(lost, &record.events, rules))?, restored_s })
    })
    .collect()
}

/// When availability was lost, in seconds of the shop. A visit is dated by its start, but a publish can fail visits that are already
/// under way. The measured loss may therefore lie up to a customer's patience before the publish that caused it. Such a loss is moved
/// to the publish, unless a recent earlier publish may have caused it.
pub(crate) fn lost_at_s(lost_s: u32, events: &[Event], rules: &Rules) -> f64 {
    let is_publish = |kind: &EventKind| matches!(kind, EventKind::Published { .. });
    let (at_s, wait_s) = (f64::from(lost_s), f64::from(rules.customers_wait_s));
    let publishes = || events.iter().filter(|event| is_publish(&event.kind)).map(|event| event.at_s);
    if publishes().any(|publish_s| (at_s - wait_s..=at_s).contains(&publish_s)) {
        return at_s;
    }
    publishes().find(|publish_s| (at_s..=at_s + wait_s).contains(publish_s)).unwrap_or(at_s)
}

/// The same for a restoration, which is moved to the last remedy that may have caused it. The remedy also served customers who were
/// still waiting, and their visits are dated before it.
pub(crate) fn restored_at_s(restored_s: u32, events: &[Event], rules: &Rules) -> f64 {
    let meets = f64::from(restored_s)..waits_until_s(restored_s, rules);
    let remedies = events.iter().filter(|event| matches!(event.kind, EventKind::Remedy(_)));
    remedies.map(|event| event.at_s).filter(|at_s| meets.contains(at_s)).fold(meets.start, f64::max)
}

/// When the last customer who came in this second of the shop loses patience.
fn waits_until_s(second: u32, rules: &Rules) -> f64 {
    f64::from(second) + 1.0 + f64::from(rules.customers_wait_s)
}

/// The visits of a record that count: those meant to start before the story's end. Later visits cost nothing and enter no figure.
pub fn counted_visits(record: &IncidentRecord) -> Tally {
    let timeline = Timeline::new(&record.availability);
    timeline.tally(0, counted_until_s(&timeline, &StoryClock::from_events(&record.events), &record.run.story))
}

/// The first second of the shop that begins at the story's end or later.
pub(crate) fn counted_until_s(timeline: &Timeline, clock: &StoryClock, story: &Story) -> u32 {
    let is_over = |at_s: &u32| clock.story_at(f64::from(*at_s)) >= story.ends_s();
    (0..timeline.end_s()).find(is_over).unwrap_or(timeline.end_s())
}

/// Recomputes a record's outcome from the run's rules, the events and the visits. It ignores the outcome that the record
/// already holds.
pub fn outcome(record: &IncidentRecord) -> Outcome {
    reckon(&record.run, &record.events, &record.availability)
}

/// Seconds of full outage that an availability target allows in the period `tolerated_in`.
pub fn tolerable_unavailability_s(target: f64, tolerated_in: ToleratedIn) -> f64 {
    thousandths((1.0 - target) * tolerated_in.seconds())
}

/// The share of the loss at tolerable unavailability that was not lost.
///
/// An availability target tolerates some unavailability: 99.9 % of a week leaves 10 minutes and 5 seconds. A full outage of
/// that length is the most that one incident may cost without breaking the target:
///
/// ```text
/// tolerable     = usd_per_minute * tolerable_unavailability_s / 60      5,000 * 604.8 / 60 = 50,400 dollars
/// effectiveness = 1 - loss / tolerable, and 0 if more than that was lost
/// ```
///
/// So 1 means that nothing was lost, and 0 that this incident alone used up all that the target tolerates. The loss itself
/// says how much more it cost. The week is the field's basis (Equal Experts, You Build It You Run It playbook).
pub fn effectiveness(loss: Usd, usd_per_minute: Usd, tolerable_unavailability_s: f64) -> f64 {
    let tolerable = usd_per_minute.0 * tolerable_unavailability_s / 60.0;
    if tolerable > 0.0 { (1.0 - loss.0 / tolerable).max(0.0) } else { 0.0 }
}

pub(crate) fn reckon(run: &Run, events: &[Event], visits: &[Visits]) -> Outcome {
    let rules = &run.rules;
    let clock = StoryClock::from_events(events);
    let timeline = Timeline::new(visits);
    let within_story = |at_s: &u32| clock.story_at(f64::from(*at_s)) <= run.story.ends_s();
    let story_s = |at_s: f64| thousandths(clock.story_at(at_s));

    let lost_at = timeline.lost_s(rules).filter(within_story);
    let restored_at = lost_at.and_then(|lost| timeline.restored_s(lost, rules)).filter(within_story);
    let fixed = restored_at.is_some_and(|restored| timeline.lost_again_s(restored, rules).is_none());

    let all_events = events;
    let events: Vec<_> = events.iter().filter(|event| event.story_s <= run.story.ends_s()).collect();
    let since_loss =
        || events.iter().filter(|event| lost_at.is_some_and(|lost| event.at_s >= f64::from(lost)));
    let first_since_loss = |wanted: fn(&EventKind) -> bool| {
        since_loss().find(|event| wanted(&event.kind)).map(|event| event.story_s)
    };
    let answer = events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Explained { explanation, score } => Some((event.story_s, explanation.clone(), *score)),
        _ => None,
    });
    let explanation_score = answer.as_ref().and_then(|(_, _, score)| *score);

    // Customers who still waited were served too, so the restoration may be dated up to their patience before its remedy.
    let remedies_until_s = restored_at.map_or(f64::INFINITY, |second| waits_until_s(second, rules));
    let tries = tries(since_loss().copied().take_while(|event| event.at_s < remedies_until_s));

    let loss = money::loss(&timeline, &clock, &run.story, rules.degraded_trade_lost);
    let mut outcome = Outcome {
        lost_s: lost_at.map(|at_s| story_s(lost_at_s(at_s, all_events, rules))),
        detected_s: first_since_loss(|kind| {
            matches!(kind, EventKind::Alerted { .. } | EventKind::CustomerComplaint { .. })
        }),
        located_s: first_since_loss(|kind| matches!(kind, EventKind::Hypothesis { locates: true, .. })),
        explained_s: answer.as_ref().map(|(story_s, ..)| *story_s),
        restored_s: restored_at.map(|at_s| story_s(restored_at_s(at_s, all_events, rules))),
        censored: false,
        explanation: answer.map(|(_, explanation, _)| explanation),
        explanation_score,
        fixed,
        fixed_for_the_right_reason: fixed
            && explanation_score.is_some_and(|s| s >= rules.explanation_right_from),
        checks: count(events.iter().filter(|event| matches!(event.kind, EventKind::Check { .. }))),
        wrong_remedies: tries.saturating_sub(u64::from(restored_at.is_some())),
        failed_visits: timeline.tally(0, counted_until_s(&timeline, &clock, &run.story)).failed,
        incident_financial_loss_usd: loss.to_cents(),
        financial_loss_protection_effectiveness: thousandths(effectiveness(
            loss,
            run.story.loss_usd_per_minute,
            rules.tolerable_unavailability_s,
        )),
    };
    let steps =
        [outcome.lost_s, outcome.detected_s, outcome.located_s, outcome.explained_s, outcome.restored_s];
    outcome.censored = steps.contains(&None);
    outcome
}

/// Counts the tries to restore. Consecutive remedies are one try, unless a check, a hypothesis, an explanation or more than
/// `ONE_TRY_S` lies between them.
fn tries<'a>(events: impl Iterator<Item = &'a Event>) -> u64 {
    let (mut tries, mut last_s) = (0, f64::NEG_INFINITY);
    for event in events {
        match event.kind {
            EventKind::Remedy(_) => {
                tries += u64::from(event.story_s > last_s + ONE_TRY_S);
                last_s = event.story_s;
            }
            EventKind::Check { .. } | EventKind::Hypothesis { .. } | EventKind::Explained { .. } => {
                last_s = f64::NEG_INFINITY;
            }
            _ => {}
        }
    }
    tries
}

/// Remedies farther apart than this, in story seconds, are two tries, even if the record shows nothing between them: a team looks at much
/// that no record sees. Assumed.
const ONE_TRY_S: f64 = 600.0;

fn count(events: impl Iterator) -> u64 {
    events.fold(0, |sum, _| sum + 1)
}
