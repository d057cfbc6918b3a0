//! The debrief of one incident: what happened, what was believed when, what was tried, what contributed, and the
//! post-incident review ready to fill in. As a page, and as Markdown.
//!
//! It is a function of the incident record alone; with the JSON of `glyphfall chain` it also says what share each
//! latent fault has. A review has many contributing factors and no culprit.
//!
//! - `facts`: what everything rests on. `summary`: plain words. `charts`: what customers met.
//! - `times`: how long each step took. [`steps`]: what was believed when. `remedies`: what was tried.
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
    chain::SharesOfLoss,
    chart::Chart,
    figures::{count, duration, list, percent, printable, time},
};
use factors::Factor;
use facts::Facts;
use review::Review;
use steps::Step;
use summary::Tile;

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
    let debrief = Debrief::of(&facts, shares(record, chain)?);
    let charts = [charts::availability(&facts), charts::lanes(&facts)];
    let charts = charts.into_iter().flatten().collect();
    Ok(Page { debrief, charts, times: times::chart(&facts) }.render()?)
}

/// The debrief as Markdown, for wherever a team keeps its reviews.
///
/// # Errors
///
/// As for [`page`].
pub fn markdown(record: &IncidentRecord, chain: Option<&ChainReport>) -> Result<String, DebriefError> {
    let facts = Facts::of(record);
    let debrief = Debrief::of(&facts, shares(record, chain)?);
    Ok(text::markdown(&debrief, times::chart(&facts).as_ref()))
}

/// What is known of a team's round beside its record.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What contributed to the incident: a latent fault that the shop had, and that slept through it, is none of them.
    pub factors: BTreeSet<ContributingFactor>,
    /// The remedies that were needed and did not restore alone, by their place among the remedies, each in a sentence.
    pub needed: Vec<(usize, String)>,
    /// What the facilitator gave, each in a sentence.
    pub help: Vec<String>,
}

/// The review of a team's round, as Markdown.
///
/// # Errors
///
/// If it cannot be written.
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
    Ok(text::markdown(&debrief, times::chart(&facts).as_ref()))
}

/// What happened and what it cost, in one sentence: the title of both.
pub fn finding(record: &IncidentRecord) -> String {
    summary::title(&Facts::of(record)).replace('\u{a0}', " ")
}

fn shares(
    record: &IncidentRecord,
    chain: Option<&ChainReport>,
) -> Result<Option<SharesOfLoss>, DebriefError> {
    let Some(shares) = chain.map(SharesOfLoss::of) else { return Ok(None) };
    if shares.scenario == record.run.scenario {
        Ok(Some(shares))
    } else {
        Err(DebriefError::OtherScenario { shares: shares.scenario, record: record.run.scenario.clone() })
    }
}

/// What the page and the Markdown both show.
struct Debrief<'a> {
    facts: &'a Facts<'a>,
    title: String,
    lead: Vec<String>,
    tiles: Vec<Tile>,
    /// Why not all is here, if so.
    partial: Option<String>,
    /// Whether the file's own figures are those of its events and visits.
    agrees: bool,
    /// The answer, its path and its score, in sentences.
    answer: Vec<String>,
    steps: Vec<Step>,
    steps_finding: String,
    remedies_finding: String,
    factors: Vec<Factor>,
    factors_finding: String,
    shares: Option<SharesOfLoss>,
    review: Review,
    rests_on: Vec<String>,
}

#[derive(Template)]
#[template(path = "incident.html")]
struct Page<'a> {
    debrief: Debrief<'a>,
    charts: Vec<Chart>,
    times: Option<Chart>,
}

impl<'a> Debrief<'a> {
    fn of(facts: &'a Facts<'a>, shares: Option<SharesOfLoss>) -> Self {
        let record = facts.record;
        let factors = factors::factors(facts, shares.as_ref());
        let steps = steps::steps(&record.run.story, &record.events);
        let partial = (!record.complete).then(|| {
            let why = facts.aborted().map(|why| format!(" ({})", printable(why))).unwrap_or_default();
            let until = time(facts.visits.watched.1);
            format!("Partial: it was broken off{why}. Everything here is about the time until {until} alone.")
        });
        Self {
            title: summary::title(facts),
            lead: summary::lead(facts),
            tiles: summary::tiles(facts),
            partial,
            agrees: facts.outcome == record.outcome,
            steps_finding: steps_finding(facts, &steps),
            remedies_finding: remedies_finding(facts),
            factors_finding: factors::finding(&factors),
            review: Review::of(facts, &factors, shares.as_ref()),
            rests_on: rests_on(facts),
            answer: answer(facts),
            facts,
            steps,
            factors,
            shares,
        }
    }

    fn record(&self) -> &IncidentRecord {
        self.facts.record
    }

    /// When the first customers came: an incident may begin before the hour from which the field's own is told.
    fn comes_from(&self) -> String {
        time(self.facts.visits.watched.0)
    }

    /// Whose beliefs stand in the table of steps.
    fn believer(&self) -> &'static str {
        if self.facts.is_model() { "model responder" } else { "the responder" }
    }

    fn has_beliefs(&self) -> bool {
        self.steps.iter().any(|step| !step.believed.is_empty())
    }
}

fn answer(facts: &Facts<'_>) -> Vec<String> {
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

fn steps_finding(facts: &Facts<'_>, steps: &[Step]) -> String {
    let (taken, cost_s) = steps::cost(facts.record);
    let located = steps.iter().find(|step| step.locates);
    // What a person's look takes is not recorded.
    let taken = match cost_s {
        0.0 => count(taken, "look"),
        _ => format!("{} in {}", count(taken, "check"), duration(cost_s)),
    };
    match located {
        Some(step) => {
            format!("{taken}; the right place was suspected at {}", step.until.as_ref().unwrap_or(&step.time))
        }
        None => format!("{taken}; the right place was never suspected"),
    }
}

fn remedies_finding(facts: &Facts<'_>) -> String {
    if facts.is_lost_again() {
        let all = count(facts.remedies.len() as u64, "thing");
        let restored = facts.remedies.iter().filter(|tried| tried.ended.is_some()).count();
        return format!(
            "{all} tried; {restored} of them restored availability, in {} outages",
            facts.outages.len()
        );
    }
    let (all, wrong) = (facts.remedies.len(), facts.outcome.wrong_remedies);
    match (all, facts.until_restored()) {
        (0, _) => "Nothing was tried".to_owned(),
        (1, Some(_)) => "One thing was tried, and it helped".to_owned(),
        (_, Some(_)) => {
            format!("{} tried, {wrong} of them in vain", count(all as u64, "thing"))
        }
        (1, None) => "One thing was tried, and it did not restore availability".to_owned(),
        (_, None) => format!("{} tried, none restored availability", count(all as u64, "thing")),
    }
}

fn rests_on(facts: &Facts<'_>) -> Vec<String> {
    let (run, rules) = (&facts.record.run, &facts.record.run.rules);
    let assumed = |rule: &str| if rules.assumed.contains(rule) { " (assumed)" } else { "" };
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
        match run.clock {
            ClockKind::Virtual => "The shop ran in virtual time: the same programs, with a clock that moves on when \
                 nothing is left to compute. Losses in virtual time are not compared with live ones."
                .to_owned(),
            ClockKind::Live => format!(
                "The shop ran live, and the story was told {} times as fast: a second of the shop took {} of the \
                 story. Losses of a live run are not compared with those in virtual time.",
                run.speed,
                duration(run.speed)
            ),
        },
        "A restoration is dated by the first visit from which on all went well; a customer who was still waiting when a remedy was \
         used is served too, so it can lie a little before the remedy."
            .to_owned(),
    ];
    if facts.is_model() {
        rests_on.push(
            "The model responder is a trained program that never tires. The minutes of its checks and remedies are \
             assumed. It is no measure of people."
                .to_owned(),
        );
    }
    if facts.is_lost_again() {
        rests_on.push(format!(
            "Availability was lost {} times. Steps and their times are those of the first outage; loss and visits are those of all.",
            facts.outages.len()
        ));
    }
    if facts.watched_beyond_s().is_some() {
        rests_on.push(format!(
            "What happened after {} costs nothing and enters no figure: there the story ends.",
            run.story.ends
        ));
    }
    let faults: Vec<String> = run.faults_present.iter().map(|fault| fault.name().replace('-', " ")).collect();
    rests_on.push(format!("Latent faults that the shop had at the start: {}.", list(&faults)));
    rests_on
}
