//! The post-incident review: the headings of a blameless review, with facts filled in from the record. People fill in
//! what only they can say.

use incident::{ContributingFactor, EventKind, Level, Outage, Usd, event::with};
use report::chain::ChainReport;

use super::{
    factors::{self, Factor},
    facts::{ALERT, COMPLAINT, Facts},
    steps,
};
use crate::{
    chain,
    chart::{Block, Table},
    figures::{capital, count, duration, fault, list, percent, printable, seeds, time},
};

/// A check that takes more than this share of the time spent on all checks is called expensive.
const EXPENSIVE_FROM: f64 = 0.3;

/// Compares two reviews of the incident: one looks for a single root cause, the other for contributing factors. None if no latent fault
/// contributed, because there is then nothing to compare with the single cause.
pub(super) fn causes(facts: &Facts<'_>, factors: &[Factor], shares: Option<&ChainReport>) -> Option<Block> {
    let present = factors.iter().filter(|factor| factor.is_present).map(|factor| factor.factor);
    let faults: Vec<ContributingFactor> = present.collect();
    if faults.is_empty() {
        return None;
    }
    let left = |repaired: &[ContributingFactor]| {
        let left: Vec<_> = faults.iter().copied().filter(|fault| !repaired.contains(fault)).collect();
        chain::loss(shares?, &left)
    };
    let said = |left: Option<Usd>| left.map_or("not played".to_owned(), |usd| usd.to_string());
    let (as_it_was, without) = (left(&[]), left(&faults));
    let mut rows = vec![
        ["what is named".to_owned(), trigger(facts), capital(&list(faults.iter().copied().map(fault)))],
        ["what is done", "it is undone; the shop stays as it was", "each of them is repaired"]
            .map(str::to_owned),
        ["the same again would lose".to_owned(), said(as_it_was), said(without)],
    ];
    let mut most: Option<(Usd, String)> = None;
    for name in &faults {
        let (alone, name) = (left(&[*name]), fault(*name));
        let what = format!("if the one cause is {name}, and it alone is repaired");
        rows.push([what, said(alone), said(without)]);
        if let Some(alone) = alone.filter(|alone| most.as_ref().is_none_or(|(usd, _)| alone > usd)) {
            most = Some((alone, name));
        }
    }
    let title = match (as_it_was, most) {
        (Some(as_it_was), Some((usd, name))) => format!(
            "Taken back, the trigger leaves {as_it_was} to be lost again; {name} repaired alone leaves {usd}"
        ),
        _ => "What repairing only one would leave has not been played".to_owned(),
    };
    let about = match shares {
        Some(shares) => format!(
            "What the same trigger would lose again, from replays (response: {}, {}, in virtual time; {}). The record\u{2019}s own {} is another \
             loss ({}): compare the replays with each other.",
            shares.responder,
            seeds(&shares.seeds),
            shares.command,
            facts.outcome.incident_financial_loss_usd,
            printable(&facts.record.run.response())
        ),
        None => "glyphfall debrief RECORD.json --replay plays this incident again with each repair, where its scenario is in the library."
            .to_owned(),
    };
    Some(Block::new(title, about, Table::of(&["", "one root cause", "contributing factors"], rows)))
}

/// The single cause that such a review names: the answer's trigger, or else the last change before the loss.
fn trigger(facts: &Facts<'_>) -> String {
    if let Some(answer) = facts.answer().filter(|answer| !answer.trigger.is_empty()) {
        return printable(&answer.trigger);
    }
    let lost_s = facts.outcome.lost_s.unwrap_or(f64::INFINITY);
    let before = facts.record.events.iter().rev().filter(|event| event.story_s <= lost_s);
    let mut published = before.filter_map(|event| match &event.kind {
        EventKind::Published { asset, version, by, characters } => {
            let (by, asset, with) = (printable(by), printable(asset), printable(&with(characters)));
            Some(format!("The {by} published {asset}, version {version}{with}"))
        }
        _ => None,
    });
    published.next().unwrap_or_else(|| "whatever was changed last".to_owned())
}

pub(super) fn impact(facts: &Facts<'_>) -> Vec<String> {
    let outcome = &facts.outcome;
    let when = match (outcome.lost_s, outcome.restored_s) {
        _ if facts.is_lost_again() => {
            format!(
                "Availability was lost {} times, for {} together: {}.",
                facts.outages.len(),
                duration(facts.lost_for_s()),
                list(facts.outages.iter().map(span))
            )
        }
        (None, _) => "Availability was never lost.".to_owned(),
        (Some(lost), Some(restored)) => {
            format!(
                "Availability was lost at {} and restored at {}: {}.",
                time(lost),
                time(restored),
                duration(restored - lost)
            )
        }
        (Some(lost), None) => {
            format!("Availability was lost at {} and not restored while the shop was watched.", time(lost))
        }
    };
    let failed = format!("{} failed.", count(outcome.failed_visits, "visit"));
    let cost = format!(
        "{} of trade was lost ({}).",
        outcome.incident_financial_loss_usd,
        printable(&facts.record.run.response())
    );
    vec![when, failed, cost]
}

/// `from 08:05 to 08:12`.
fn span(outage: &Outage) -> String {
    match outage.restored_s {
        Some(restored_s) => format!("from {} to {}", time(outage.lost_s), time(restored_s)),
        None => format!("from {} on", time(outage.lost_s)),
    }
}

pub(super) fn timeline(facts: &Facts<'_>) -> Vec<[String; 2]> {
    let mut is_located = false;
    let mut lines = Vec::new();
    for event in &facts.record.events {
        let line = match &event.kind {
            EventKind::Clock { .. } | EventKind::Check { .. } | EventKind::Finding { .. } => continue,
            EventKind::Hypothesis { locates, .. } => {
                if !*locates || std::mem::replace(&mut is_located, true) {
                    continue;
                }
                "The right place was suspected for the first time.".to_owned()
            }
            EventKind::Published { asset, version, by, characters } => {
                let (who, again) = match &event.who {
                    Some(who) if by == "responder" => (who, ": its earlier text again"),
                    _ => (by, ""),
                };
                format!("The {who} published {asset}, version {version}{again}{}.", with(characters))
            }
            EventKind::AvailabilityLost => "Availability was lost.".to_owned(),
            EventKind::AvailabilityRestored => {
                "Availability was restored: from here on visits succeeded.".to_owned()
            }
            EventKind::Alerted { text } => format!("Alert: {text}."),
            EventKind::CustomerComplaint { text } => {
                format!("A customer complained: \u{201c}{text}\u{201d}.")
            }
            EventKind::Escalated { to } => format!("Handed over to {to}."),
            EventKind::Ticket { .. } => format!("{}.", capital(&event.kind.to_string())),
            EventKind::Remedy(remedy) => format!("Tried: {remedy}{}.", event.by()),
            EventKind::Explained { explanation, .. } => format!("Answer: {}.", explanation.trigger),
            EventKind::Hint { text } => format!("Hint: {text}"),
            EventKind::Aborted { text } => format!("Broken off: {text}."),
            EventKind::Note { text } => format!("{}{}.", capital(text.trim_end_matches('.')), event.by()),
        };
        lines.push([time(event.story_s), printable(&line).replace("..", ".")]);
    }
    lines
}

pub(super) fn went_well(facts: &Facts<'_>) -> Vec<String> {
    let outcome = &facts.outcome;
    let noticed = facts.noticed_after_s(ALERT).map(|after_s| {
        format!("An alert reported it {} after the loss, before any customer had to.", duration(after_s))
    });
    let was = |is: bool, sentence: &str| is.then(|| sentence.to_owned());
    let all = [
        noticed,
        was(facts.is_right() == Some(true), "The explanation is right."),
        was(outcome.lost_s.is_some() && outcome.fixed, "Availability was restored and not lost again."),
        was(
            outcome.restored_s.is_some() && outcome.wrong_remedies == 0,
            "Nothing was tried that did not help.",
        ),
    ];
    all.into_iter().flatten().collect()
}

pub(super) fn hard_to_see(facts: &Facts<'_>, factors: &[Factor]) -> Vec<String> {
    let outcome = &facts.outcome;
    let mut hard = Vec::new();
    hard.extend(facts.noticed_after_s(COMPLAINT).map(|after_s| {
        format!("No alert reported it: a customer complained {} after the loss.", duration(after_s))
    }));
    if facts.record.run.level == Level::Dark && outcome.lost_s.is_some() {
        hard.push(format!("The telemetry level was dark. {}", facts.record.run.level.description()));
    }
    if let (Some(detected), Some(located)) = (outcome.detected_s, outcome.located_s) {
        hard.push(format!(
            "From noticing it to suspecting the right place took {}.",
            duration((located - detected).max(0.0))
        ));
    }
    let (_, spent_s) = steps::cost(facts.record);
    if let Some((name, cost_s, at)) = steps::longest(facts.record)
        .filter(|(_, cost_s, _)| *cost_s > EXPENSIVE_FROM * spent_s && *cost_s > 600.0)
    {
        hard.push(format!(
            "One check took {} of the {} spent on checks: {name}, from {at}.",
            duration(cost_s),
            duration(spent_s)
        ));
    }
    let in_vain = facts.remedies.iter().filter(|tried| tried.ended.is_none() && !tried.belongs_to_next);
    hard.extend(in_vain.map(|tried| format!("{} at {}: {}", tried.what, time(tried.story_s), tried.verdict)));
    let missed = factors::missed(factors);
    if !missed.is_empty() {
        hard.push(format!("Present, but not named in the explanation: {}.", list(&missed)));
    }
    hard
}

pub(super) fn lucky(facts: &Facts<'_>) -> Vec<String> {
    let outcome = &facts.outcome;
    let mut lucky = Vec::new();
    if outcome.fixed && facts.outcome.lost_s.is_some() {
        match facts.is_right() {
            Some(false) => lucky.push("It was fixed for the wrong reason: availability came back, and the explanation is not right.".to_owned()),
            None if outcome.explanation.is_none() => lucky.push("Availability came back before anybody explained why it was lost.".to_owned()),
            _ => {}
        }
    }
    if outcome.restored_s.is_some() && facts.until_restored(0).is_none() {
        lucky.push("Availability came back without a remedy.".to_owned());
    }
    if outcome.lost_s.is_some() {
        for route in facts.visits.routes() {
            if let Some(share) = facts.hurt(Some(route)).availability().filter(|share| *share >= 0.5) {
                lucky.push(format!(
                    "Of the visits to {route}, {} still got through meanwhile.",
                    percent(share)
                ));
            }
        }
    }
    lucky
}
