//! A program from outside on the same incidents. It works in the world itself, not in a recording of it: what it may ask is more than was
//! recorded. Its figures are computed as the model responder's, and paired with them.

use std::io;

use incident::Level;
use report::compare::{Metric, ProgramIncident, ProgramLevel, ProgramReport};
use world::{scenario::Scenario, tape::Tape};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    Study,
    condition::Key,
    figures::Sample,
    playback::{AnswerGiven, Diagnosis, HORIZON_S},
    statistics::mean,
    summary::row,
};
use crate::sweep::Watch;

/// A responder that is no part of this program.
pub trait Program: Sync {
    /// What it is started with.
    fn command(&self) -> &str;

    /// Calls and story minutes that it has for an incident.
    fn budgets(&self) -> [u32; 2];

    /// Responds to one incident, of which there is a tape; nothing if it was stopped, or nobody was called.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or the world does not start.
    fn diagnose(
        &self,
        scenario: &Scenario,
        tape: &Tape,
        level: Level,
        watch: Watch<'_>,
    ) -> io::Result<Option<ProgramIncident>>;
}

/// The same as of a diagnosis in a recording. Trade is lost as on the tape until it was restored.
pub(super) fn diagnosis(told: &ProgramIncident, tape: &Tape) -> Diagnosis {
    let ends_s = told.lost_s + HORIZON_S;
    let restored_s = told.restored_s.filter(|at_s| *at_s <= ends_s);
    let answer = told.explained_s.zip(told.score).map(|(at_s, score)| AnswerGiven {
        at_s,
        score,
        confidence: told.confidence.unwrap_or(1.0),
        cause: told.cause.clone(),
    });
    Diagnosis {
        lost_s: told.lost_s,
        called_s: told.called_s,
        located_s: told.located_s,
        answer,
        restored_s,
        wrong_remedies: told.wrong_remedies,
        checks: told.looks,
        loss_usd: tape.loss_usd_at(restored_s.unwrap_or(ends_s)),
        worked: Vec::new(),
        can_wait: false,
    }
}

/// What a program made of a study's incidents; none if it took part in none.
pub(super) fn report(study: &Study, ours: &Sample) -> Option<ProgramReport> {
    let told = study.program.as_ref()?;
    let levels =
        study.options.levels.iter().filter(|level| study.results.contains_key(&Key::Program(**level)));
    let level = |level: &Level| {
        let (program, model) = (Key::Program(*level), Key::Level(*level, false));
        let later = |metric| {
            let differences = ours.difference(study, program, model, metric);
            (mean(&differences), ours.interval(study, (*level, *level), metric, &differences))
        };
        let (explains_later_s, explains_later_interval) = later(Metric::Explain);
        let (restores_later_s, restores_later_interval) = later(Metric::Restore);
        let own: Vec<&ProgramIncident> = told.incidents.iter().filter(|told| told.level == *level).collect();
        let average = |of: &dyn Fn(&ProgramIncident) -> Option<f64>| {
            let values: Option<Vec<f64>> = own.iter().map(|told| of(told)).collect();
            values
                .filter(|values| !values.is_empty())
                .map(|values| values.iter().sum::<f64>() / values.len() as f64)
        };
        let tokens = |told: &ProgramIncident| Some((told.input_tokens? + told.output_tokens?) as f64);
        ProgramLevel {
            figures: row(study, ours, *level, program),
            explains_later_s,
            explains_later_interval,
            restores_later_s,
            restores_later_interval,
            calls_mean: average(&|told| Some(f64::from(told.calls))).unwrap_or_default(),
            tokens_mean: average(&tokens),
            usd_mean: average(&|told| told.usd),
        }
    };
    Some(ProgramReport {
        command: told.command.clone(),
        budgets: told.budgets,
        scenarios_hash: scenarios_hash(&study.options.scenarios),
        levels: levels.map(level).collect(),
        incidents: told.incidents.clone(),
    })
}

/// A hash of scenarios as they are played.
fn scenarios_hash(scenarios: &[Scenario]) -> String {
    let text = serde_json::to_vec(scenarios).expect("a scenario is plain data");
    format!("{:016x}", xxh3_64(&text))
}
