//! The incident in plain words, for readers who are not engineers: what happened, what it cost, and the headline figures
//! with a sentence each.

use incident::{Event, EventKind, Rules, ToleratedIn, counted_visits, event::with};

use super::{facts::Facts, steps};
use crate::figures::{capital, count, duration, grouped, list, percent, printable, time};

/// The shares of failed visits from which the title says "Customers" and "Many customers".
const NEARLY_ALL: f64 = 0.9;
const MANY: f64 = 0.3;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tile {
    pub(super) figure: String,
    pub(super) what: &'static str,
    pub(super) meaning: String,
}

pub(super) fn title(facts: &Facts<'_>) -> String {
    let outcome = &facts.outcome;
    let usd = outcome.incident_financial_loss_usd;
    let Some(lost_s) = outcome.lost_s else {
        return if outcome.failed_visits == 0 {
            "Customers noticed nothing".to_owned()
        } else {
            format!("A few visits failed, but the shop stayed available; it cost {usd}")
        };
    };
    let who = match facts.failing_share().unwrap_or(0.0) {
        share if share >= NEARLY_ALL => "Customers",
        share if share >= MANY => "Many customers",
        _ => "Some customers",
    };
    if facts.is_lost_again() {
        let times = if facts.outages.len() == 2 {
            "twice".to_owned()
        } else {
            format!("{} times", facts.outages.len())
        };
        let is_restored = facts.outages.last().is_some_and(|outage| outage.restored_s.is_some());
        let end = if is_restored { "" } else { ", and in the end it was not restored" };
        let lost_for = duration(facts.lost_for_s());
        return format!("{who} could not use the shop {times}, for {lost_for} together{end}; it cost {usd}");
    }
    match outcome.restored_s {
        Some(restored_s) => {
            format!("{who} could not use the shop for {}; it cost {usd}", duration(restored_s - lost_s))
        }
        None if facts.back_too_briefly_s().is_some() => format!(
            "{who} could not use the shop from {} on, and it was back too briefly by {} to count as restored; it cost {usd}",
            time(lost_s),
            time(facts.visits.watched.1)
        ),
        None => format!(
            "{who} could not use the shop from {} on, and it was not restored by {}; it cost {usd}",
            time(lost_s),
            time(facts.visits.watched.1)
        ),
    }
}

pub(super) fn lead(facts: &Facts<'_>) -> Vec<String> {
    let (outcome, run) = (&facts.outcome, &facts.record.run);
    let mut lead = Vec::new();
    let until_s = outcome.lost_s.unwrap_or(f64::INFINITY);
    lead.extend(published(facts, f64::NEG_INFINITY, until_s));
    match outcome.lost_s {
        None => lead.push(
            "Availability, the share of visits that get a usable page, never fell below its target."
                .to_owned(),
        ),
        Some(lost_s) => {
            lead.push(format!(
                "At {} availability was lost: of the visits to the shop, fewer than {} got a usable page.",
                time(lost_s),
                share(run.rules.availability_target)
            ));
            lead.push(match (facts.detection(), outcome.detected_s) {
                (Some(what), Some(at_s)) => {
                    format!("{} reported it {} later.", capital(what), duration(at_s - lost_s))
                }
                _ => "The record holds no alert and no complaint about it.".to_owned(),
            });
        }
    }
    let (checks, cost_s) = steps::cost(facts.record);
    if let Some(answer) = facts.answer() {
        let after = if checks > 0 {
            format!(" after {} of {} together", count(checks, "check"), duration(cost_s))
        } else {
            String::new()
        };
        let verdict = match facts.is_right() {
            Some(true) => " That is right.",
            Some(false) => " That is not right.",
            None => "",
        };
        lead.push(format!(
            "{} explained it at {}{after}: \u{201c}{}\u{201d}.{verdict}",
            capital(run.who()),
            outcome.explained_s.map(time).unwrap_or_default(),
            printable(&answer.trigger)
        ));
    } else if let Some(given) = &outcome.explanation {
        lead.push(format!("{} gave up: \u{201c}{}\u{201d}.", capital(run.who()), printable(&given.trigger)));
    } else if outcome.lost_s.is_some() {
        lead.push("Nobody has explained it.".to_owned());
    }
    if let Some(restored_s) = outcome.restored_s {
        lead.push(came_back(facts, 0, restored_s));
    }
    for (place, outage) in facts.outages.iter().enumerate().skip(1) {
        let before_s = facts.outages[place - 1].restored_s.unwrap_or(outage.lost_s);
        lead.extend(published(facts, before_s, outage.lost_s));
        lead.push(format!("At {} availability was lost again.", time(outage.lost_s)));
        lead.push(outage.restored_s.map_or_else(
            || "It was not restored before the story ended.".to_owned(),
            |restored_s| came_back(facts, place, restored_s),
        ));
    }
    if let Some(seconds) = facts.back_too_briefly_s() {
        lead.push(format!(
            "When the watch ended, no visit had failed for {seconds} seconds: too few for the {} that restoring takes.",
            run.rules.hold_s
        ));
    }
    if let Some(until_s) = facts.watched_beyond_s() {
        lead.push(format!(
            "The story ended at {}; the shop was watched until {}, but no figure includes that time.",
            run.story.ends,
            time(until_s)
        ));
    }
    lead
}

/// Which remedies brought availability back.
fn came_back(facts: &Facts<'_>, outage: usize, restored_s: f64) -> String {
    let Some(remedies) = facts.until_restored(outage) else {
        return format!("Availability came back at {} without a remedy.", time(restored_s));
    };
    let steps: Vec<String> = remedies.iter().map(|tried| uncapital(&tried.what)).collect();
    let between = if steps.iter().any(|step| step.contains(',')) { "; " } else { ", " };
    let what = if steps.len() == 1 { "this remedy" } else { "these remedies, in order" };
    format!("Availability came back at {} with {what}: {}.", time(restored_s), steps.join(between))
}

/// The headline figures of an incident.
pub(super) fn tiles(facts: &Facts<'_>) -> Vec<Tile> {
    let (outcome, run) = (&facts.outcome, &facts.record.run);
    let all = counted_visits(facts.record);
    let share_failed = outcome.failed_visits as f64 / all.visits().max(1) as f64;
    let restore = match (outcome.lost_s, outcome.time_to_restore_s()) {
        (None, _) => "none".to_owned(),
        _ if facts.is_lost_again() => duration(facts.lost_for_s()),
        (_, Some(seconds)) => duration(seconds),
        _ => "not restored".to_owned(),
    };
    let of = format!(
        "Of {}, so {}: they got an error, or nothing within {} seconds.",
        grouped(all.visits()),
        percent(share_failed),
        run.rules.customers_wait_s
    );
    vec![
        Tile {
            figure: outcome.incident_financial_loss_usd.to_string(),
            what: "incident financial loss",
            meaning: format!(
                "What customers did not buy, at {} for each minute in which every visit fails ({}).",
                run.story.loss_usd_per_minute,
                printable(&run.response())
            ),
        },
        Tile {
            figure: restore,
            what: if facts.is_lost_again() {
                "availability lost, all outages together"
            } else {
                "time to restore availability"
            },
            meaning: format!(
                "From falling below {} of visits to being back for {} seconds.",
                share(run.rules.availability_target),
                run.rules.hold_s
            ),
        },
        Tile { figure: grouped(outcome.failed_visits), what: "failed visits", meaning: of },
        Tile {
            figure: percent(outcome.financial_loss_protection_effectiveness),
            what: "loss protection effectiveness",
            meaning: allowance(outcome.financial_loss_protection_effectiveness, &run.rules),
        },
    ]
}

/// How much of the tolerated unavailability is left.
fn allowance(left: f64, rules: &Rules) -> String {
    let used = if left <= 0.0 {
        "This outage used up the whole allowance".to_owned()
    } else if left >= 1.0 {
        "The whole allowance is left".to_owned()
    } else {
        "The share of the allowance that is left after this outage".to_owned()
    };
    let tolerable = duration(rules.tolerable_unavailability_s);
    match rules.tolerated_in {
        ToleratedIn::Week => format!("{used}: the target tolerates {tolerable} of outage in a week."),
        ToleratedIn::ThirtyDays => format!(
            "{used}: the target tolerates {tolerable} of outage in 30 days. This record is on that older basis: its figure is not \
             compared with one on the basis of a week."
        ),
    }
}

/// What editors published between two times of the story. The responder's publishes are left out: a rollback is a remedy.
fn published(facts: &Facts<'_>, after_s: f64, until_s: f64) -> Option<String> {
    let within = |event: &&Event| event.story_s > after_s && event.story_s <= until_s;
    let published = facts.record.events.iter().filter(within).filter_map(|event| match &event.kind {
        EventKind::Published { asset, version, by, characters } if by != "responder" => Some(format!(
            "at {} {} published {asset}, version {version}{}",
            time(event.story_s),
            with_article(by),
            printable(&with(characters))
        )),
        _ => None,
    });
    let published: Vec<String> = published.collect();
    (!published.is_empty()).then(|| capital(&format!("{}.", list(&published))))
}

fn uncapital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_lowercase().chain(rest).collect())
}

fn with_article(by: &str) -> String {
    if by == "editor" { "an editor".to_owned() } else { by.to_owned() }
}

/// A share as people write a target: `99.9 %`.
pub(super) fn share(share: f64) -> String {
    format!("{}\u{a0}%", (share * 100_000.0).round() / 1_000.0)
}
