//! The page about a comparison: what was found, then every control, then what it rests on.

use askama::Template;

use report::compare::CompareReport;

use super::{certainty, charts, controls, doubts, overview};
use crate::figures::{count, grouped};

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
    lead: String,
    run: String,
    left_out: Vec<String>,
    legend: Vec<(&'static str, &'static str)>,
    /// Plots and tables, written.
    levels: Vec<String>,
    scenarios: Option<(String, Vec<String>)>,
    controls: Vec<String>,
    doubts: Vec<String>,
    after_freeze: Option<String>,
    rests_on: Vec<String>,
}

impl<'a> Page<'a> {
    fn of(document: &'a CompareReport) -> Result<Self, askama::Error> {
        let mut levels =
            vec![overview::levels(document).render()?, charts::every_incident(document).render()?];
        for chart in charts::explained(document) {
            levels.push(chart.render()?);
        }
        for block in charts::other_measures(document) {
            levels.push(block.render()?);
        }
        let scenarios = charts::by_scenario(document);
        let scenarios =
            scenarios.map(|(chart, told)| chart.render().map(|chart| (chart, told))).transpose()?;
        let blocks = controls::blocks(document);
        let controls = blocks.iter().map(Template::render).collect::<Result<_, _>>()?;
        let blocks = doubts::blocks(document);
        let mut doubts: Vec<String> = blocks.iter().map(Template::render).collect::<Result<_, _>>()?;
        for chart in [certainty::calibration(document), certainty::thresholds(document)].into_iter().flatten()
        {
            doubts.push(chart.render()?);
        }
        if let Some(block) = certainty::equal_error(document) {
            doubts.push(block.render()?);
        }
        Ok(Self {
            title: overview::title(document),
            lead: document.finding.replace(" %", "\u{a0}%"),
            run: overview::run(document),
            left_out: overview::left_out(document),
            legend: overview::legend(document),
            levels,
            scenarios,
            controls,
            doubts,
            after_freeze: overview::after_freeze(document).map(|block| block.render()).transpose()?,
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
        "Intervals: 95 % of the means when scenarios are drawn anew, then the seeds within them. They speak of these scenarios, not of what is \
         assumed."
            .to_owned(),
        "The model responder may ignore any look, so more telemetry can hardly make it worse: that it gains is expected. What informs is by how \
         much, where not at all, and where it harms."
            .to_owned(),
        format!("Nothing here was measured with a team: every figure is one of the {}.", document.responder),
    ]
}
