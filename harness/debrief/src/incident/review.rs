//! The post-incident review: the headings of a blameless review, their facts filled in from the record. What only
//! people can say is left open.

use incident::{ContributingFactor, EventKind, Outage, Usd, event::with};

use super::{factors::Factor, facts::Facts, steps};
use crate::{
    chain::SharesOfLoss,
    chart::Table,
    figures::{capital, count, duration, list, percent, printable, time},
};

/// From this share of the time until the answer on, one check is called expensive.
const EXPENSIVE_FROM: f64 = 0.3;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Review {
    pub(super) impact: Vec<String>,
    pub(super) timeline: Vec<(String, String)>,
    pub(super) went_well: Vec<String>,
    pub(super) hard_to_see: Vec<String>,
    pub(super) lucky: Vec<String>,
    pub(super) causes: Option<Causes>,
    /// What each action would answer.
    pub(super) answers: Vec<String>,
}

impl Review {
    pub(super) fn of(facts: &Facts<'_>, factors: &[Factor], shares: Option<&SharesOfLoss>) -> Self {
        Self {
            impact: impact(facts),
            timeline: timeline(facts),
            went_well: went_well(facts),
            hard_to_see: hard_to_see(facts, factors),
            lucky: lucky(facts),
            causes: Causes::of(facts, factors, shares),
            answers: factors.iter().map(|factor| factor.name.clone()).collect(),
        }
    }
}

/// The same incident as a review tells it that wants one root cause, beside one that wants what contributed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Causes {
    pub(super) title: String,
    pub(super) about: String,
    pub(super) table: Table,
}

impl Causes {
    /// Nothing where no latent fault contributed: there is then nothing to set beside the one cause.
    fn of(facts: &Facts<'_>, factors: &[Factor], shares: Option<&SharesOfLoss>) -> Option<Self> {
        let present: Vec<&Factor> = factors.iter().filter(|factor| factor.is_present).collect();
        if present.is_empty() {
            return None;
        }
        let faults: Vec<ContributingFactor> = present.iter().map(|factor| factor.factor).collect();
        let names = list(&present.iter().map(|factor| factor.name.to_lowercase()).collect::<Vec<_>>());
        let left = |repaired: &[ContributingFactor]| {
            let left: Vec<_> = faults.iter().copied().filter(|fault| !repaired.contains(fault)).collect();
            shares?.loss(&left)
        };
        let said = |left: Option<Usd>| left.map_or("not played".to_owned(), |usd| usd.to_string());
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let (as_it_was, without) = (left(&[]), left(&faults));
        let mut table = Table::new(&["", "one root cause", "contributing factors"])
            .with(row(["what is named", &trigger(facts), &capital(&names)]))
            .with(row(["what is done", "it is undone; the shop stays as it was", "each of them is repaired"]))
            .with(row(["the same again would lose", &said(as_it_was), &said(without)]));
        let mut most: Option<(Usd, &str)> = None;
        for factor in &present {
            let alone = left(&[factor.factor]);
            table = table.with(row([
                &format!("if the one cause is {}, and it alone is repaired", factor.name.to_lowercase()),
                &said(alone),
                &said(without),
            ]));
            if let Some(alone) = alone.filter(|alone| most.is_none_or(|(usd, _)| *alone > usd)) {
                most = Some((alone, &factor.name));
            }
        }
        let title = match (as_it_was, most) {
            (Some(as_it_was), Some((usd, name))) => format!(
                "Taken back, the trigger leaves {as_it_was} to be lost again; {} repaired alone leaves {usd}",
                name.to_lowercase()
            ),
            _ => "What repairing only one would leave has not been played".to_owned(),
        };
        let about = match shares {
            Some(shares) => format!(
                "What the same trigger would lose again, from replays (response: {}, {}, in virtual time; {}). The record\u{2019}s own {} is another \
                 loss ({}): compare the replays with each other.",
                shares.responder,
                shares.seeds,
                shares.command,
                facts.outcome.incident_financial_loss_usd,
                printable(&facts.record.run.response())
            ),
            None => "glyphfall debrief RECORD.json --replay plays this incident again with each repair, where its scenario is in the library."
                .to_owned(),
        };
        Some(Self { title, about, table })
    }
}

/// What a review that wants one cause names: the answer, or else whatever was changed last before the loss.
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

fn impact(facts: &Facts<'_>) -> Vec<String> {
    let outcome = &facts.outcome;
    let when = match (outcome.lost_s, outcome.restored_s) {
        _ if facts.is_lost_again() => {
            format!(
                "Availability was lost {} times, for {} together: {}.",
                facts.outages.len(),
                duration(facts.lost_for_s()),
                list(&facts.outages.iter().map(span).collect::<Vec<_>>())
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

fn timeline(facts: &Facts<'_>) -> Vec<(String, String)> {
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
        lines.push((time(event.story_s), printable(&line).replace("..", ".")));
    }
    lines
}

fn went_well(facts: &Facts<'_>) -> Vec<String> {
    let outcome = &facts.outcome;
    let mut facts_of = Vec::new();
    if let (Some(lost), Some(detected), Some(("an alert", _))) =
        (outcome.lost_s, outcome.detected_s, facts.detection())
    {
        facts_of.push(format!(
            "An alert reported it {} after the loss, before any customer had to.",
            duration(detected - lost)
        ));
    }
    if facts.is_right() == Some(true) {
        facts_of.push("The explanation is right.".to_owned());
    }
    if outcome.lost_s.is_some() && outcome.fixed {
        facts_of.push("Availability was restored and not lost again.".to_owned());
    }
    if outcome.restored_s.is_some() && outcome.wrong_remedies == 0 {
        facts_of.push("Nothing was tried that did not help.".to_owned());
    }
    facts_of
}

fn hard_to_see(facts: &Facts<'_>, factors: &[Factor]) -> Vec<String> {
    let outcome = &facts.outcome;
    let mut hard = Vec::new();
    if let (Some(lost), Some(detected), Some(("a customer's complaint", _))) =
        (outcome.lost_s, outcome.detected_s, facts.detection())
    {
        hard.push(format!(
            "No alert reported it: a customer complained {} after the loss.",
            duration(detected - lost)
        ));
    }
    if facts.is_dark() && outcome.lost_s.is_some() {
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
    for tried in facts.remedies.iter().filter(|tried| tried.ended.is_none() && !tried.belongs_to_next) {
        hard.push(format!("{} at {}: {}", tried.what, time(tried.story_s), tried.verdict));
    }
    let missed: Vec<String> = factors
        .iter()
        .filter(|factor| factor.is_present && factor.is_named == Some(false))
        .map(|factor| factor.name.to_lowercase())
        .collect();
    if !missed.is_empty() {
        hard.push(format!("The explanation does not name {}, which was there.", list(&missed)));
    }
    hard
}

fn lucky(facts: &Facts<'_>) -> Vec<String> {
    let outcome = &facts.outcome;
    let mut lucky = Vec::new();
    if outcome.fixed && facts.outcome.lost_s.is_some() {
        match facts.is_right() {
            Some(false) => lucky.push("It was fixed for the wrong reason: availability came back, and the explanation is not right.".to_owned()),
            None if outcome.explanation.is_none() => lucky.push("Availability came back before anybody explained why it was lost.".to_owned()),
            _ => {}
        }
    }
    if outcome.restored_s.is_some() && facts.until_restored().is_none() {
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
