//! A leaderboard of programs, pooled from reports that several people wrote. Teaches that results can be pooled only if they are about the
//! same thing: the same version, the same checks, the same incidents at the same level.

use std::collections::{BTreeMap, BTreeSet};

use diagnosis::explanation::RIGHT_FROM;
use incident::Level;
use report::{
    board::{Board, BoardRow},
    compare::{CompareReport, ProgramIncident},
};

use super::{
    playback::HORIZON_S,
    statistics::{Grouped, mean, share_interval},
};

/// An incident at a level.
type Met = (Level, String, u64);

/// A responder's result on one incident.
#[derive(Clone, Copy, Default, PartialEq)]
struct Made {
    is_right: bool,
    explain_s: f64,
    restore_s: Option<f64>,
    calls: Option<f64>,
    tokens: Option<f64>,
    usd: Option<f64>,
}

/// Pools reports, each with the name of its file.
///
/// # Errors
///
/// If the reports differ in version, checks or scenarios, if one has no program or contradicts another, or if they share no incident. The text says which, and what to do.
pub fn board(reports: &[(String, CompareReport)]) -> Result<Board, String> {
    let (name, first) = reports.first().ok_or("name at least one report of 'compare --responder'")?;
    let mut all: BTreeMap<String, BTreeMap<Met, Made>> = BTreeMap::new();
    let mut scenarios: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for (file, report) in reports {
        if (&report.version, &report.checks.hash) != (&first.version, &first.checks.hash) {
            return Err(format!(
                "{file} is of version {} with checks {}, and {name} of {} with {}: pool reports of one version",
                report.version, report.checks.hash, first.version, first.checks.hash
            ));
        }
        let Some(program) = &report.program else {
            return Err(format!("{file} is about no program: give reports of 'compare --responder'"));
        };
        for (scenario, hash) in &program.scenarios {
            let (known, other) = scenarios.entry(scenario).or_insert((hash, file));
            if known != hash {
                return Err(format!(
                    "{file} and {other} played two scenarios under the name '{scenario}': pool reports that played the same one"
                ));
            }
        }
        let own = all.entry(program.command.clone()).or_default();
        for told in &program.incidents {
            let (met, made) = ((told.level, told.scenario.clone(), told.seed), of_program(told));
            if own.insert(met, made).is_some_and(|known| known != made) {
                return Err(format!(
                    "{file} and a report before it hold different results of '{}' in {}, seed {}, at {}: give each program a command of its \
                     own, such as 'env OPENAI_MODEL=... python3 responder.py', or leave one report out",
                    program.command, told.scenario, told.seed, told.level
                ));
            }
        }
        let model = all.entry(report.responder.clone()).or_default();
        for dot in &report.dots {
            let made = Made {
                is_right: !dot.censored,
                explain_s: dot.explained_s,
                restore_s: dot.restored_s,
                ..Made::default()
            };
            model.entry((dot.level, dot.scenario.clone(), dot.seed)).or_insert(made);
        }
    }
    let met: BTreeSet<&Met> = all.values().flat_map(BTreeMap::keys).collect();
    let common: Vec<&Met> =
        met.iter().copied().filter(|met| all.values().all(|own| own.contains_key(*met))).collect();
    if common.is_empty() {
        return Err(
            "no incident was met by all of them: compare them with the same scenarios, seeds and levels"
                .to_owned(),
        );
    }
    let row = |level: Level, who: &str, own: &BTreeMap<Met, Made>| {
        let mut by_scenario: BTreeMap<&str, Vec<Made>> = BTreeMap::new();
        for met in common.iter().filter(|met| met.0 == level) {
            by_scenario.entry(&met.1).or_default().push(own[*met]);
        }
        let grouped = |of: &dyn Fn(&Made) -> f64| -> Grouped {
            by_scenario.values().map(|made| made.iter().map(of).collect()).collect()
        };
        let known = |of: &dyn Fn(&Made) -> Option<f64>| {
            by_scenario
                .values()
                .flatten()
                .all(|made| of(made).is_some())
                .then(|| mean(&grouped(&|made| of(made).unwrap_or_default())))
        };
        let right = grouped(&|made| f64::from(u8::from(made.is_right)));
        BoardRow {
            level,
            who: who.to_owned(),
            incidents: right.iter().map(Vec::len).sum(),
            explained_right_share: mean(&right),
            explained_right_interval: share_interval(&right),
            time_to_explain_mean_s: mean(&grouped(&|made| made.explain_s)),
            time_to_restore_mean_s: mean(&grouped(&|made| made.restore_s.unwrap_or(HORIZON_S))),
            restored_share: mean(&grouped(&|made| f64::from(u8::from(made.restore_s.is_some())))),
            calls_mean: known(&|made| made.calls),
            tokens_mean: known(&|made| made.tokens),
            usd_mean: known(&|made| made.usd),
        }
    };
    let levels: BTreeSet<Level> = common.iter().map(|met| met.0).collect();
    let mut rows: Vec<BoardRow> = levels
        .iter()
        .flat_map(|level| all.iter().map(|(who, own)| row(*level, who, own)).collect::<Vec<_>>())
        .collect();
    rows.sort_by(|one, other| {
        one.level.cmp(&other.level).then(other.explained_right_share.total_cmp(&one.explained_right_share))
    });
    Ok(Board {
        version: first.version.clone(),
        checks_hash: first.checks.hash.clone(),
        files: reports.iter().map(|(file, _)| file.clone()).collect(),
        incidents: common.len(),
        left_out: met.len() - common.len(),
        rows,
    })
}

fn of_program(told: &ProgramIncident) -> Made {
    let is_right = told.score.is_some_and(|score| score >= RIGHT_FROM);
    let since_s =
        |at_s: Option<f64>| at_s.map(|at_s| at_s - told.lost_s).filter(|after_s| *after_s <= HORIZON_S);
    let explain_s = since_s(told.explained_s).filter(|_| is_right);
    Made {
        is_right: explain_s.is_some(),
        explain_s: explain_s.unwrap_or(HORIZON_S),
        restore_s: since_s(told.restored_s),
        calls: Some(f64::from(told.calls)),
        tokens: told.input_tokens.zip(told.output_tokens).map(|(read, written)| (read + written) as f64),
        usd: told.usd,
    }
}
