//! The page about a comparison: what can be said aloud, what was found, every doubt, and what it rests on.

use askama::Template;

use report::compare::CompareReport;

use super::{certainty, charts, doubts, overview};
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
    rests_on: Vec<String>,
}

impl<'a> Page<'a> {
    fn of(document: &'a CompareReport) -> Result<Self, askama::Error> {
        let mut levels =
            vec![overview::levels(document).render()?, charts::every_incident(document).render()?];
        if let Some(chart) = charts::explained(document) {
            levels.push(chart.render()?);
        }
        for block in charts::other_measures(document) {
            levels.push(block.render()?);
        }
        let scenarios = charts::by_scenario(document);
        let scenarios =
            scenarios.map(|(chart, told)| chart.render().map(|chart| (chart, told))).transpose()?;
        let mut doubts: Vec<String> =
            doubts::blocks(document).iter().map(Template::render).collect::<Result<_, _>>()?;
        if let Some(chart) = certainty::thresholds(document) {
            doubts.push(chart.render()?);
        }
        Ok(Self {
            title: overview::title(document),
            spoken: document.finding.lines().map(unbroken).collect(),
            run: overview::run(document),
            left_out: overview::left_out(document),
            legend: overview::legend(document),
            levels,
            scenarios,
            doubts,
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
        format!("{incidents} incidents were recorded, and {remedies} recordings made of what remedies did to them; every other figure was computed from those."),
        "Intervals: 95 % of the means when scenarios are drawn anew, then the seeds within them. They cover the choice of scenarios and seeds, not the \
         assumptions."
            .to_owned(),
        "The model responder may ignore any check, so more telemetry can hardly make it worse: a gain is expected. Read how large it is, where \
         there is none, and where more telemetry harms."
            .to_owned(),
        format!("Nothing here was measured with a team: every figure is one of the {}.", document.responder),
    ]
}
