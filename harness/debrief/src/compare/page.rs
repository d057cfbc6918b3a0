//! The page about a comparison: what can be said aloud, what was found, every doubt, and what it rests on.

use askama::Template;

use report::compare::CompareReport;

use super::{charts, doubts, overview, program, teams};
use crate::figures::{count, grouped, unbroken};

/// The page about a comparison. What a quick run leaves out is not on it.
///
/// # Errors
///
/// If the page cannot be written.
pub fn page(report: &CompareReport) -> Result<String, askama::Error> {
    Page::of(report)?.render()
}

#[derive(Template)]
#[template(path = "compare.html")]
struct Page<'a> {
    document: &'a CompareReport,
    title: String,
    /// What a trainer can say aloud.
    spoken: Vec<String>,
    run: String,
    left_out: Vec<String>,
    legend: Vec<(&'static str, &'static str)>,
    levels: Vec<String>,
    scenarios: Option<(String, Vec<String>)>,
    doubts: Vec<String>,
    teams: Vec<String>,
    rests_on: Vec<String>,
}

impl<'a> Page<'a> {
    fn of(document: &'a CompareReport) -> Result<Self, askama::Error> {
        let mut levels = vec![overview::levels(document).render()?];
        if let Some(block) = overview::baselines(document) {
            levels.push(block.render()?);
        }
        if let Some(block) = program::block(document) {
            levels.push(block.render()?);
        }
        if let Some(block) = overview::two_by_two(document) {
            levels.push(block.render()?);
        }
        if let Some(block) = overview::tornado(document) {
            levels.push(block.render()?);
        }
        levels.push(charts::every_incident(document).render()?);
        if let Some(chart) = charts::explained(document) {
            levels.push(chart.render()?);
        }
        for block in charts::other_measures(document) {
            levels.push(block.render()?);
        }
        let scenarios = charts::by_scenario(document);
        let scenarios =
            scenarios.map(|(chart, told)| chart.render().map(|chart| (chart, told))).transpose()?;
        let doubts = doubts::blocks(document).iter().map(Template::render).collect::<Result<_, _>>()?;
        let teams = document.teams.iter().flat_map(|teams| &teams.sessions);
        let teams = teams.map(|session| teams::chart(session).render()).collect::<Result<_, _>>()?;
        Ok(Self {
            title: overview::title(document),
            spoken: document.finding.lines().map(unbroken).collect(),
            run: overview::run(document),
            left_out: overview::left_out(document),
            legend: overview::legend(document),
            levels,
            scenarios,
            doubts,
            teams,
            rests_on: rests_on(document),
            document,
        })
    }
}

fn rests_on(document: &CompareReport) -> Vec<String> {
    let checks = &document.checks;
    let frozen = if checks.hash == checks.frozen_hash {
        format!("the list that was frozen before the last scenarios were written (hash {})", checks.hash)
    } else {
        format!(
            "no longer the list that was frozen: its hash is {}, frozen was {}",
            checks.hash, checks.frozen_hash
        )
    };
    let [incidents, remedies] = document.recordings.map(|count| grouped(count as u64));
    vec![
        format!("{}, {frozen}.", count(checks.count as u64, "check")),
        format!("{incidents} incidents were recorded, and {remedies} recordings made of what remedies did to them; all else is asked of those."),
        format!(
            "Intervals: 95 % of the means if scenarios were written anew, Student's, widened by two imagined scenarios that differ as much as any \
             here, and by three hours and twenty minutes at least, one each way{}. Incidents of one scenario are near-copies and count as one. They speak of these scenarios, not of what is assumed.",
            if document.quick { "; what another training would change is left out of a quick run" } else { ", and by what other training would change" }
        ),
        format!(
            "{} intervals stand here. Were there no differences at all, one in twenty of them would still not hold zero: read the steps together, and \
             a single one that stands out with care.",
            document.levels.len() + document.paired.len() + document.controls.placebo.len()
        ),
        "The model responder may ignore any check, so more telemetry can hardly make it worse: that it gains is expected. What informs is by how \
         much, where not at all, and where it harms."
            .to_owned(),
        match document.teams {
            None => format!("Nothing here was measured with a team: every figure is one of the {}.", document.responder),
            Some(_) => format!("Nothing but the section about teams was measured with a team: every other figure is one of the {}.", document.responder),
        },
    ]
}
