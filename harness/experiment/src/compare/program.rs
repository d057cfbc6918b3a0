//! An external program on the same incidents. It works in the world itself, not in a recording, because it may ask more than a recording
//! holds. Its figures are computed in the same way as the model responder's, and paired with them.

use std::{collections::BTreeMap, io};

use incident::Level;
use report::compare::{Metric, ProgramIncident, ProgramLevel, ProgramReport};
use world::{scenario::Scenario, tape::Tape};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    condition::Key,
    figures::Sample,
    playback::{AnswerGiven, Diagnosis, HORIZON_S},
    statistics::{Grouped, mean},
    summary::row,
};
use crate::sweep::Watch;

/// An external responder.
pub trait Program: Sync {
    fn command(&self) -> &str;

    /// The budget per incident: calls, and story minutes.
    fn budgets(&self) -> [u32; 2];

    /// Responds to one incident, of which `tape` is the recording; `None` if it was stopped, or nobody was called.
    ///
    /// # Errors
    ///
    /// If the program or the world does not start.
    fn diagnose(
        &self,
        scenario: &Scenario,
        tape: &Tape,
        level: Level,
        watch: Watch<'_>,
    ) -> io::Result<Option<ProgramIncident>>;
}

/// Converts a program's result to a [`Diagnosis`]. Until the restoration, trade is lost as on the tape.
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

/// The program's results on a study's incidents; `None` without a program.
pub(super) fn report(ours: &Sample<'_>) -> Option<ProgramReport> {
    let study = ours.study;
    let told = study.program.as_ref()?;
    let levels =
        study.options.levels.iter().filter(|level| study.results.contains_key(&Key::Program(**level)));
    let level = |level: &Level| {
        let (program, model) = (Key::Program(*level), Key::Level(*level, false));
        let later = |metric| {
            let differences = ours.difference(program, model, metric);
            (mean(&differences), ours.interval((*level, *level), metric, &differences))
        };
        let (explains_later_s, explains_later_interval) = later(Metric::Explain);
        let (restores_later_s, restores_later_interval) = later(Metric::Restore);
        let in_scenario = |place: usize| {
            let name = &study.options.scenarios[place].name;
            told.incidents.iter().filter(move |told| told.level == *level && told.scenario == *name)
        };
        // As all other figures: no controls, and every scenario with the same weight. `None` if it is not known of every incident.
        let average_of = |of: &dyn Fn(&ProgramIncident) -> Option<f64>| {
            let grouped = ours.scenarios.iter().map(|(place, _)| in_scenario(*place).map(of).collect());
            grouped.collect::<Option<Grouped>>().map(|grouped| mean(&grouped))
        };
        let tokens = |told: &ProgramIncident| Some((told.input_tokens? + told.output_tokens?) as f64);
        ProgramLevel {
            figures: row(ours, *level, program),
            explains_later_s,
            explains_later_interval,
            restores_later_s,
            restores_later_interval,
            calls_mean: average_of(&|told| Some(f64::from(told.calls))).unwrap_or_default(),
            tokens_mean: average_of(&tokens),
            usd_mean: average_of(&|told| told.usd),
        }
    };
    Some(ProgramReport {
        command: told.command.clone(),
        budgets: told.budgets,
        scenarios: hashes(&study.options.scenarios),
        levels: levels.map(level).collect(),
        incidents: told.incidents.clone(),
    })
}

/// A hash of each scenario as it is played, by its name.
pub fn hashes(scenarios: &[Scenario]) -> BTreeMap<String, String> {
    let hash = |scenario| {
        let text = serde_json::to_vec(scenario).expect("a scenario is plain data");
        format!("{:016x}", xxh3_64(&text))
    };
    scenarios.iter().map(|scenario| (scenario.name.clone(), hash(scenario))).collect()
}
