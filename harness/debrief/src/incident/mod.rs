//! The debrief of one incident, as a page and as Markdown: what happened, what the responder believed and tried, what
//! contributed, and the post-incident review ready to fill in.
//!
//! It is a function of the incident record alone. With the JSON of `glyphfall chain` it also states each latent
//! fault's share of the loss. A review has many contributing factors and no culprit.
//!
//! - `facts`: the facts that all parts use. `summary`: the incident in plain words. `charts`: visits over the story.
//! - `times`: how long each step took. [`steps`]: the responder's steps and beliefs. `remedies`: what was tried.
//! - `factors`: what contributed. `review`: the review's facts. `text`: the Markdown.

mod charts;
mod facts;
mod factors;
mod remedies;
mod review;
pub mod steps;
mod summary;
mod text;
mod times;

use std::collections::BTreeSet;

use askama::Template;
use incident::{ClockKind, ContributingFactor, IncidentRecord};
use report::chain::ChainReport;

use crate::{
    chain,
    figures::{self, count, duration, list, percent, printable, time},
};
use factors::Factor;
use facts::Facts;
use steps::Step;

#[derive(Debug, thiserror::Error)]
pub enum DebriefError {
    /// The shares are those of another scenario.
    #[error("the shares are those of {shares}, the record is of {record}")]
    OtherScenario { shares: String, record: String },
    #[error("the debrief cannot be written")]
    Page(#[from] askama::Error),
}

/// The debrief as one page that needs nothing from elsewhere. `chain` is what `glyphfall chain` found for the
/// same scenario, if it was run.
///
/// # Errors
///
/// If `chain` is of another scenario.
pub fn page(record: &IncidentRecord, chain: Option<&ChainReport>) -> Result<String, DebriefError> {
    let facts = Facts::of(record);
    Ok(Debrief::of(&facts, shares(record, chain)?).render()?)
}

/// The debrief as Markdown, for a team's wiki or repository.
pub fn markdown(record: &IncidentRecord, chain: Option<&ChainReport>) -> Result<String, DebriefError> {
    let facts = Facts::of(record);
    Ok(text::markdown(&Debrief::of(&facts, shares(record, chain)?)))
}

/// What the session knows of a team's round beyond its record.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What contributed to the incident. Latent faults that stayed asleep are left out.
    pub factors: BTreeSet<ContributingFactor>,
    /// Remedies that were needed but did not restore alone: the index among the remedies, and a sentence.
    pub needed: Vec<(usize, String)>,
    /// The facilitator's help, a sentence each.
    pub help: Vec<String>,
}

/// The review of a team's round, as Markdown.
pub fn markdown_of_team(record: &IncidentRecord, known: &Known) -> Result<String, DebriefError> {
    let mut facts = Facts::of(record);
    facts.contributed = Some(known.factors.clone());
    for (place, why) in &known.needed {
        if let Some(tried) = facts.remedies.get_mut(*place) {
            (tried.verdict, tried.belongs_to_next) = (why.clone(), true);
        }
    }
    let agrees = facts.outcome == record.outcome;
    facts.outcome.wrong_remedies =
        facts.outcome.wrong_remedies.saturating_sub(known.needed.len().try_into().unwrap_or_default());
    let mut debrief = Debrief { agrees, ..Debrief::of(&facts, None) };
    debrief.lead.extend(known.help.iter().map(|help| printable(help)));
    Ok(text::markdown(&debrief))
}

/// What happened and what it cost, in one sentence: the title of the page and of the Markdown.
pub fn finding(record: &IncidentRecord) -> String {
    summary::title(&Facts::of(record)).replace('\u{a0}', " ")
}

/// What `chain` found, if it is about the record's scenario.
fn shares<'a>(
    record: &IncidentRecord,
    chain: Option<&'a ChainReport>,
) -> Result<Option<&'a ChainReport>, DebriefError> {
    match chain {
        Some(chain) if chain.scenario != record.run.scenario => Err(DebriefError::OtherScenario {
            shares: chain.scenario.clone(),
            record: record.run.scenario.clone(),
        }),
        chain => Ok(chain),
    }
}

/// The content that the page and the Markdown share.
#[derive(Template)]
#[template(path = "incident.html")]
struct Debrief<'a> {
    facts: &'a Facts<'a>,
    lead: Vec<String>,
    /// Whether the file's own figures follow from its events and visits.
    agrees: bool,
    steps: Vec<Step>,
    factors: Vec<Factor>,
    shares: Option<&'a ChainReport>,
}

impl<'a> Debrief<'a> {
    fn of(facts: &'a Facts<'a>, shares: Option<&'a ChainReport>) -> Self {
        let record = facts.record;
        Self {
            lead: summary::lead(facts),
            agrees: facts.outcome == record.outcome,
            steps: steps::steps(&record.run.story, &record.events),
            factors: factors::factors(facts, shares),
            shares,
            facts,
        }
    }

    /// Why the record is incomplete; none if it is complete.
    fn partial(&self) -> Option<String> {
        let why = self.facts.aborted().map(|why| format!(" ({})", printable(why))).unwrap_or_default();
        let until = time(self.facts.visits.watched.1);
        (!self.facts.record.complete).then(|| {
            format!("Partial: it was broken off{why}. Everything here is about the time until {until} alone.")
        })
    }

    /// When the first customers came. They come before 08:00, where the field's own story starts, because an incident may begin earlier.
    fn comes_from(&self) -> String {
        time(self.facts.visits.watched.0)
    }

    /// Whose beliefs the table of steps shows.
    fn believer(&self) -> &'static str {
        if self.facts.is_model() { "model responder" } else { "the responder" }
    }

    fn has_beliefs(&self) -> bool {
        self.steps.iter().any(|step| !step.believed.is_empty())
    }

    /// The answer, its path and its score, in sentences.
    fn answer(&self) -> Vec<String> {
        let facts = self.facts;
        let Some(given) = &facts.outcome.explanation else { return Vec::new() };
        let mut answer = vec![format!("The answer: \u{201c}{}\u{201d}.", printable(&given.trigger))];
        if !given.path.is_empty() {
            let path = given.path.join(" \u{2192} ");
            answer.push(format!("Its path to the customer: {}.", printable(&path)));
        }
        if let Some(score) = facts.outcome.explanation_score {
            let from = facts.record.run.rules.explanation_right_from;
            answer.push(format!(
            "Judged against the scenario\u{2019}s truth it scores {score:.2} of 1; it is right from {from:.2} on."
        ));
        }
        answer
    }

    fn steps_finding(&self) -> String {
        let Self { facts, steps, .. } = self;
        let (taken, cost_s) = steps::cost(facts.record);
        let located = steps.iter().find(|step| step.locates);
        // Records do not say how long a person's check took.
        let taken = match cost_s {
            0.0 => count(taken, "look"),
            _ => format!("{} in {}", count(taken, "check"), duration(cost_s)),
        };
        match located {
            Some(step) => {
                format!(
                    "{taken}; the right place was suspected at {}",
                    step.until.as_ref().unwrap_or(&step.time)
                )
            }
            None => format!("{taken}; the right place was never suspected"),
        }
    }

    fn remedies_finding(&self) -> String {
        let facts = self.facts;
        if facts.is_lost_again() {
            let all = count(facts.remedies.len() as u64, "thing");
            let restored = facts.remedies.iter().filter(|tried| tried.ended.is_some()).count();
            return format!(
                "{all} tried; {restored} of them restored availability, in {} outages",
                facts.outages.len()
            );
        }
        let (all, wrong) = (facts.remedies.len(), facts.outcome.wrong_remedies);
        match (all, facts.until_restored(0)) {
            (0, _) => "Nothing was tried".to_owned(),
            (1, Some(_)) => "One thing was tried, and it helped".to_owned(),
            (_, Some(_)) => {
                format!("{} tried, {wrong} of them in vain", count(all as u64, "thing"))
            }
            (1, None) => "One thing was tried, and it did not restore availability".to_owned(),
            (_, None) => format!("{} tried, none restored availability", count(all as u64, "thing")),
        }
    }

    fn rests_on(&self) -> Vec<String> {
        let facts = self.facts;
        let (run, rules) = (&facts.record.run, &facts.record.run.rules);
        let assumed = |rule: &str| if rules.assumed.contains(rule) { " (assumed)" } else { "" };
        let of_clock = match run.clock {
            ClockKind::Virtual => {
                "The shop ran in virtual time: the same programs, with a clock that moves on when \
                nothing is left to compute. Losses in virtual time are not compared with live ones."
                    .to_owned()
            }
            ClockKind::Live => format!(
                "The shop ran live, and the story was told {} times as fast: a second of the shop took {} of the \
                 story. Losses of a live run are not compared with those in virtual time.",
                run.speed,
                duration(run.speed)
            ),
        };
        let mut rests_on = vec![
            format!(
                "Availability is the share of visits that are served, whole or degraded. It is lost when it falls below {} \
                 over {} seconds, and restored when it stays there for {} seconds.",
                summary::share(rules.availability_target),
                rules.window_s,
                rules.hold_s
            ),
            format!("A customer gives up after {} seconds{}.", rules.customers_wait_s, assumed("customers_wait_s")),
            format!(
                "A minute in which every visit fails costs {}; a degraded visit loses {} of its trade{}.",
                run.story.loss_usd_per_minute,
                percent(rules.degraded_trade_lost),
                assumed("degraded_trade_lost")
            ),
            of_clock,
            "A restoration is dated by the first visit from which on all went well, or by the last remedy used while that visit could \
             still be waiting."
                .to_owned(),
        ];
        let of_model = "The model responder is a trained program that never tires. The minutes of its checks and remedies are \
                        assumed. It is no measure of people.";
        rests_on.extend(facts.is_model().then(|| of_model.to_owned()));
        rests_on.extend(facts.is_lost_again().then(|| {
            format!(
                "Availability was lost {} times. Steps and their times are those of the first outage; loss and visits are those of all.",
                facts.outages.len()
            )
        }));
        rests_on.extend(facts.watched_beyond_s().map(|_| {
            format!(
                "What happened after {} costs nothing and enters no figure: there the story ends.",
                run.story.ends
            )
        }));
        let faults = run.faults_present.iter().map(|fault| figures::fault((*fault).into()));
        rests_on.push(format!("Latent faults that the shop had at the start: {}.", list(faults)));
        rests_on
    }
}
