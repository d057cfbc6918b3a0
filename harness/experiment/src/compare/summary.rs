//! What a comparison says about the levels. Teaches to print what was measured beside what it is compared with, and what was assumed
//! beside both.

use diagnosis::{checks, checks::CHECKS, operating::HANDOVER, remedies, terms::CERTAIN_FROM};
use incident::{Level, Usd};
use report::compare::{ChecksRow, CompareReport, Dot, LevelRow, Metric, Paired, ScenarioRow};
use world::tape::{ACTED_AT_MINUTES, Tape, VIEWS_PER_SECOND};

use super::{
    Extent, Study,
    condition::Key,
    controls::controls,
    figures::{Sample, of, quartiles, steps},
    list::TIPPING_FACTORS,
    playback::Diagnosis,
    statistics::{average, mean},
};

/// A scenario whose mean differs by less than this is neither helped nor harmed.
const SAME_S: f64 = 60.0;

/// A gain is gone when a tenth of it is left.
const GONE: f64 = 0.1;

pub fn summary(study: &Study) -> CompareReport {
    let options = &study.options;
    let ours = Sample::of(study, |place| !options.scenarios[place].control);
    let levels: Vec<LevelRow> = options.levels.iter().map(|level| row(study, &ours, *level)).collect();
    let mut report = CompareReport {
        finding: String::new(),
        seed: options.seed,
        seeds: (0..options.seeds.get() as u64).map(|step| options.seed + step).collect(),
        quick: options.extent != Extent::Full,
        responder: "model responder".to_owned(),
        operating_model: options.models[0],
        command: study.command.clone(),
        complete: study.complete,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenarios: scenarios(study),
        recordings: [study.tapes.len(), study.branches],
        checks: ChecksRow {
            count: CHECKS.len(),
            hash: checks::hash(),
            frozen_hash: checks::FROZEN_HASH.to_owned(),
        },
        assumed: assumed(),
        levels,
        paired: paired(study, &ours),
        dots: dots(study, &ours),
        controls: controls(study, &ours),
    };
    report.finding = finding(&report);
    report
}

fn scenarios(study: &Study) -> Vec<ScenarioRow> {
    let row = |(place, scenario): (usize, &world::scenario::Scenario)| ScenarioRow {
        name: scenario.name.clone(),
        control: scenario.control,
        after_freeze: scenario.after_freeze,
        unnoticed: Sample::of(study, |wanted| wanted == place).incidents() == 0,
    };
    study.options.scenarios.iter().enumerate().map(row).collect()
}

fn row(study: &Study, sample: &Sample, level: Level) -> LevelRow {
    let key = Key::Level(level, false);
    let share = |is_true: fn(&Diagnosis) -> bool| sample.share(study, key, is_true);
    let all = |value: fn(&Diagnosis) -> f64| quartiles(sample.told(study, key).map(value));
    let mean_of = |value: fn(&Diagnosis) -> f64| mean(&sample.grouped(study, key, value));
    let (explained_right_share, explained_right_interval) = share(|told| told.explained_right_s().is_some());
    let explain = all(|told| of(Metric::Explain, told));
    let restore = all(|told| of(Metric::Restore, told));
    LevelRow {
        level,
        incidents: sample.incidents(),
        explained_right_share,
        explained_right_interval,
        explained_wrong_share: share(Diagnosis::is_explained_wrong).0,
        time_to_detect_median_s: all(|told| told.called_s - told.lost_s)[1],
        time_to_locate_median_s: all(|told| told.located_s.unwrap_or(Tape::ends_s()) - told.lost_s)[1],
        time_to_explain_median_s: explain[1],
        time_to_explain_quartiles_s: [explain[0], explain[2]],
        time_to_explain_restricted_mean_s: sample.mean(study, key, Metric::Explain),
        time_to_restore_median_s: restore[1],
        time_to_restore_quartiles_s: [restore[0], restore[2]],
        time_to_restore_restricted_mean_s: sample.mean(study, key, Metric::Restore),
        restored_share: share(|told| told.restored_s.is_some()).0,
        fixed_for_the_wrong_reason_share: share(|told| {
            told.restored_s.is_some() && told.explained_right_s().is_none()
        })
        .0,
        wrong_remedies_mean: mean_of(|told| f64::from(told.wrong_remedies)),
        checks_mean: mean_of(|told| f64::from(told.checks)),
        loss_usd_mean: sample.mean(study, key, Metric::Loss),
    }
}

/// Each level against the first, and each against the one before it.
fn paired(study: &Study, sample: &Sample) -> Vec<Paired> {
    let levels = &study.options.levels;
    let first = levels.iter().skip(2).map(|level| (levels[0], *level));
    let pairs: Vec<(Level, Level)> = steps(levels).chain(first).collect();
    let row = |(against, level): &(Level, Level), metric: Metric| {
        let keys = [*level, *against].map(|level| Key::Level(level, false));
        let differences = sample.difference(study, keys[0], keys[1], metric);
        let by_scenario: Vec<(String, f64)> = sample
            .scenarios
            .iter()
            .zip(&differences)
            .map(|((place, _), values)| (study.options.scenarios[*place].name.clone(), average(values)))
            .collect();
        let least = if metric == Metric::Loss { SAME_S * 5_000.0 / 60.0 } else { SAME_S };
        let count = |is: fn(f64, f64) -> bool| by_scenario.iter().filter(|(_, by)| is(*by, least)).count();
        let is_step = metric == Metric::Explain && steps(levels).any(|step| step == (*against, *level));
        Paired {
            level: *level,
            against: *against,
            metric,
            difference: mean(&differences),
            interval: sample.interval(&differences),
            scenarios: [
                count(|by, least| by <= -least),
                count(|by, least| by.abs() < least),
                count(|by, least| by >= least),
            ],
            tipping_factor: if is_step { tipping(study, sample, *against, *level) } else { None },
            by_scenario,
        }
    };
    Metric::ALL
        .iter()
        .flat_map(|metric| pairs.iter().map(|pair| row(pair, *metric)).collect::<Vec<_>>())
        .collect()
}

/// The factor by which what a level adds must get dearer until its gain over the level before it is gone.
fn tipping(study: &Study, sample: &Sample, against: Level, level: Level) -> Option<f64> {
    let below = sample.mean(study, Key::Level(against, false), Metric::Explain);
    let gain = |key: Key| below - sample.mean(study, key, Metric::Explain);
    let at_first = gain(Key::Level(level, false));
    let is_gone = |(place, _): &(usize, &f64)| {
        let key = Key::Tipping(level, *place);
        study.results.contains_key(&key) && gain(key) <= GONE * at_first
    };
    if at_first <= 0.0 {
        return None;
    }
    TIPPING_FACTORS.iter().enumerate().find(is_gone).map(|(_, factor)| *factor)
}

fn dots(study: &Study, sample: &Sample) -> Vec<Dot> {
    let mut dots = Vec::new();
    for level in &study.options.levels {
        let told = sample.told(study, Key::Level(*level, false));
        let numbers = sample.scenarios.iter().flat_map(|(_, numbers)| numbers);
        for (number, told) in numbers.zip(told) {
            let tape = &study.tapes[*number];
            dots.push(Dot {
                scenario: tape.scenario.clone(),
                seed: tape.seed,
                level: *level,
                explained_s: of(Metric::Explain, told),
                censored: told.explained_right_s().is_none(),
                restored_s: told.restored_s.map(|at_s| at_s - told.lost_s),
                loss_usd: told.loss_usd,
            });
        }
    }
    dots
}

/// What can be said aloud, a sentence a line. Figures with their intervals stand in the report.
fn finding(report: &CompareReport) -> String {
    let (Some(first), Some(last)) = (report.levels.first(), report.levels.last()) else {
        return String::new();
    };
    let (steps, _) = report.paired(Metric::Explain);
    let is_clear = |step: &&&Paired| step.interval.high < 0.0;
    let best = steps.iter().filter(is_clear).min_by(|one, other| one.difference.total_cmp(&other.difference));
    let unclear: Vec<&str> =
        steps.iter().filter(|step| !is_clear(step)).map(|step| step.level.name()).collect();
    let minutes = |seconds: f64| format!("{:.0} minutes", seconds / 60.0);
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let half = |row: &LevelRow| {
        let within = minutes(row.time_to_explain_median_s);
        if row.explained_right_share > 0.5 {
            format!("at {} it had explained half of them within {within}", row.level)
        } else {
            format!("at {} it never explained half of them", row.level)
        }
    };
    let best = best.map_or("No step makes it clearly sooner.".to_owned(), |step| {
        let (level, by, against) = (step.level, minutes(-step.difference), step.against);
        format!("The step that helps most is {level}: {by} sooner than {against} on average.")
    });
    let unclear = match unclear.as_slice() {
        [] => String::new(),
        levels => format!(" Not clearly sooner than the level before: {}.", levels.join(", ")),
    };
    format!(
        "The model responder found the right explanation in {} of the incidents at {}, and in {} at {}.\n\
         Of all incidents, {}; {}.\n\
         {best}{unclear}\n\
         An incident cost {} of trade on average at {}, and {} at {}.\n\
         These are figures of a trained program in one small shop. They say in which direction telemetry helps it, and promise nobody minutes.",
        percent(first.explained_right_share),
        first.level,
        percent(last.explained_right_share),
        last.level,
        half(first),
        half(last),
        Usd(first.loss_usd_mean),
        first.level,
        Usd(last.loss_usd_mean),
        last.level
    )
}

fn assumed() -> Vec<String> {
    let [least, most] = [f64::min, f64::max]
        .map(|pick: fn(f64, f64) -> f64| remedies::COST_MINUTES.into_iter().reduce(pick).unwrap_or_default());
    vec![
        format!("What each of {} checks costs, in minutes, and what each remedy costs: {least} to {most} minutes.", CHECKS.len()),
        format!("A handover between lines of support takes {} minutes.", HANDOVER.as_secs() / 60),
        "The first complaint comes after 6 minutes on average, an alert 2 minutes after the loss.".to_owned(),
        format!("An explanation is given from {:.0} % certainty on; it is right from a score of 0.8.", CERTAIN_FROM * 100.0),
        format!("Recorded at {VIEWS_PER_SECOND} page views a second, in a shop that is sized for them."),
        format!("What a remedy does is recorded {ACTED_AT_MINUTES:.0} minutes after the call, whenever it is used; trade that is lost after a recording's end is lost as in its last ten minutes."),
        "Between two recorded times, a check says what it said at the last one. Remedies that fail only under the conditions of a control other than the placebo leave the evidence as it was.".to_owned(),
    ]
}
