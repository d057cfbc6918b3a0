//! The report of a comparison. Teaches to print each result beside its baselines, and the assumptions beside both.

use std::cmp::Ordering;

use diagnosis::{
    checks,
    checks::CHECKS,
    explanation::RIGHT_FROM,
    operating::parameters::{About, TABLE},
    remedies,
};
use incident::{Level, OperatingModel, Usd};
use report::compare::{
    ChecksRow, CompareReport, Dot, LevelRow, Measure, Metric, Paired, ScenarioRow, TwoByTwo,
};
use world::{
    stand_in::{ALERT_AFTER, COMPLAINT_AFTER},
    tape::{ACTED_AT_MINUTES, LAST_MINUTES, VIEWS_PER_SECOND},
};

use super::{
    Extent, Study,
    condition::Key,
    controls::{baselines, controls},
    figures::{Sample, of, quartiles, steps, unit_of},
    list::TIPPING_FACTORS,
    playback::{Diagnosis, HORIZON_S},
    program,
    statistics::{average, interval, mean, median, ratio},
    two_by_two::two_by_two,
};

/// A scenario whose mean differs by less than this, in seconds, is neither helped nor harmed.
const SAME_S: f64 = 60.0;

/// A gain counts as gone when at most this share of it is left.
const GONE: f64 = 0.1;

pub fn summary(study: &Study) -> CompareReport {
    let options = &study.options;
    let ours = Sample::of(study, |place| !options.scenarios[place].control);
    let level = |level: &Level| row(&ours, *level, Key::Level(*level, false));
    let levels: Vec<LevelRow> = options.levels.iter().map(level).collect();
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
            since_frozen: checks::SINCE_FROZEN.to_owned(),
        },
        assumed: assumed(&options.models),
        levels,
        baselines: baselines(&ours),
        paired: paired(&ours),
        two_by_two: two_by_two(&ours),
        dots: dots(&ours),
        controls: controls(study, &ours),
        teams: None,
        program: program::report(&ours),
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

/// The figures of a level under one condition.
pub(super) fn row(sample: &Sample<'_>, level: Level, key: Key) -> LevelRow {
    let share = |is_true: fn(&Diagnosis) -> bool| sample.share(key, is_true);
    let all = |value: fn(&Diagnosis) -> f64| quartiles(sample.told(key).map(value));
    let mean_of = |value: fn(&Diagnosis) -> f64| mean(&sample.grouped(key, value));
    let (explained_right_share, explained_right_interval) = share(Diagnosis::is_explained_right);
    let explain = all(|told| of(Metric::Explain, told));
    let restore = all(|told| of(Metric::Restore, told));
    LevelRow {
        level,
        incidents: sample.incidents(),
        explained_right_share,
        explained_right_interval,
        explained_wrong_share: share(Diagnosis::is_explained_wrong).0,
        time_to_detect_median_s: all(|told| told.called_s - told.lost_s)[1],
        time_to_locate_median_s: all(|told| told.located_s.map_or(HORIZON_S, |at_s| at_s - told.lost_s))[1],
        time_to_explain_median_s: explain[1],
        time_to_explain_quartiles_s: [explain[0], explain[2]],
        time_to_explain_restricted_mean_s: sample.mean(key, Metric::Explain),
        time_to_restore_median_s: restore[1],
        time_to_restore_quartiles_s: [restore[0], restore[2]],
        time_to_restore_restricted_mean_s: sample.mean(key, Metric::Restore),
        restored_share: share(|told| told.restored_s.is_some()).0,
        fixed_for_the_wrong_reason_share: share(|told| {
            told.restored_s.is_some() && told.explained_right_s().is_none()
        })
        .0,
        wrong_remedies_mean: mean_of(|told| f64::from(told.wrong_remedies)),
        checks_mean: mean_of(|told| f64::from(told.checks)),
        loss_usd_mean: sample.mean(key, Metric::Loss),
    }
}

/// Each level against the first, and each against the one before it.
fn paired(sample: &Sample<'_>) -> Vec<Paired> {
    let study = sample.study;
    let levels = &study.options.levels;
    let first = levels.iter().skip(2).map(|level| (levels[0], *level));
    let pairs: Vec<(Level, Level)> = steps(levels).chain(first).collect();
    let row = |(against, level): &(Level, Level), metric: Metric| {
        let keys = [*level, *against].map(|level| Key::Level(level, false));
        let differences = sample.difference(keys[0], keys[1], metric);
        let by_scenario: Vec<(String, f64)> = sample
            .scenarios
            .iter()
            .zip(&differences)
            .map(|((place, _), values)| (study.options.scenarios[*place].name.clone(), average(values)))
            .collect();
        let least = SAME_S * unit_of(metric);
        let count = |is: fn(f64, f64) -> bool| by_scenario.iter().filter(|(_, by)| is(*by, least)).count();
        let is_step = metric == Metric::Explain && steps(levels).any(|step| step == (*against, *level));
        let [one, other] = keys.map(|key| sample.grouped(key, |told| of(metric, told)));
        let widening = sample.widening((*level, *against), metric);
        let (ratio, ratio_interval) = ratio(&one, &other, widening);
        let (median, median_interval) = median(by_scenario.iter().map(|(_, by)| *by).collect());
        Paired {
            level: *level,
            against: *against,
            metric,
            difference: mean(&differences),
            interval: interval(&differences, widening),
            ratio,
            ratio_interval,
            median,
            median_interval,
            imputed: (metric == Metric::Explain).then(|| sample.imputed(keys[0], keys[1])),
            scenarios: [
                count(|by, least| by <= -least),
                count(|by, least| by.abs() < least),
                count(|by, least| by >= least),
            ],
            tipping_factor: if is_step { tipping(sample, *against, *level) } else { None },
            by_scenario,
        }
    };
    Metric::ALL
        .iter()
        .flat_map(|metric| pairs.iter().map(|pair| row(pair, *metric)).collect::<Vec<_>>())
        .collect()
}

/// The factor by which a level's added checks must get dearer until its gain over the level before it is gone.
fn tipping(sample: &Sample<'_>, against: Level, level: Level) -> Option<f64> {
    let below = sample.mean(Key::Level(against, false), Metric::Explain);
    let gain = |key: Key| below - sample.mean(key, Metric::Explain);
    let at_first = gain(Key::Level(level, false));
    let is_gone = |(place, _): &(usize, &f64)| {
        let key = Key::Tipping(level, *place);
        sample.study.results.contains_key(&key) && gain(key) <= GONE * at_first
    };
    if at_first <= 0.0 {
        return None;
    }
    TIPPING_FACTORS.iter().enumerate().find(is_gone).map(|(_, factor)| *factor)
}

fn dots(sample: &Sample<'_>) -> Vec<Dot> {
    let numbers = || sample.scenarios.iter().flat_map(|(_, numbers)| numbers);
    let of_level = |level: &Level| {
        let level = *level;
        let dot = move |(number, told): (&usize, &Diagnosis)| {
            let tape = &sample.study.tapes[*number];
            Dot {
                scenario: tape.scenario.clone(),
                seed: tape.seed,
                level,
                explained_s: of(Metric::Explain, told),
                censored: !told.is_explained_right(),
                restored_s: told.restored_s.map(|at_s| at_s - told.lost_s),
                loss_usd: told.loss_usd,
            }
        };
        numbers().zip(sample.told(Key::Level(level, false))).map(dot)
    };
    sample.study.options.levels.iter().flat_map(of_level).collect()
}

/// The finding in sentences to read aloud, one a line: the levels, the steps between them, baselines that do better, and the scope. The
/// report holds the figures with their intervals.
fn finding(report: &CompareReport) -> String {
    let (Some(first), Some(last)) = (report.levels.first(), report.levels.last()) else {
        return String::new();
    };
    let minutes = |seconds: f64| format!("{:.0}", seconds / 60.0);
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let level = |row: &LevelRow| {
        format!(
            "At {} the model responder found the right explanation in {} of the incidents, on average after {} minutes; customers were served again \
             after {} minutes, at a loss of {}.",
            row.level,
            percent(row.explained_right_share),
            minutes(row.time_to_explain_restricted_mean_s),
            minutes(row.time_to_restore_restricted_mean_s),
            Usd(row.loss_usd_mean)
        )
    };
    let against = against_baselines(report);
    let both = report.two_by_two.as_ref().and_then(TwoByTwo::sentence);
    let both = both.map(|sentence| format!("{sentence}\n")).unwrap_or_default();
    format!(
        "{}\n{}\n{}\n{both}{against}\n\
         An incident that is not explained right, or not restored, counts as five hours. These are figures of a trained program in one small shop: \
         they say in which direction telemetry helps it, and promise nobody minutes.",
        level(first),
        level(last),
        steps_aloud(report).join("\n")
    )
}

/// Sentences on the time to explanation, at each level against the one before it: what the mean shows, what only the median shows, and where
/// neither shows a difference.
fn steps_aloud(report: &CompareReport) -> Vec<String> {
    let (steps, _) = report.paired(Metric::Explain);
    let minutes = |seconds: f64| format!("{:.0} minutes", seconds.abs() / 60.0);
    let word = |side: Ordering| if side == Ordering::Less { "sooner" } else { "later" };
    let (on_average, others): (Vec<&Paired>, Vec<&Paired>) =
        steps.into_iter().partition(|step| step.interval.side() != Ordering::Equal);
    let (in_most, unclear): (Vec<&Paired>, Vec<&Paired>) =
        others.into_iter().partition(|step| step.in_most() != Ordering::Equal);
    let mut sentences = Vec::new();
    if !on_average.is_empty() {
        let each = on_average.iter().map(|step| {
            format!("{} {} {}", step.level, minutes(step.difference), word(step.interval.side()))
        });
        let each: Vec<String> = each.collect();
        sentences.push(format!(
            "Against the level before it, the explanation comes with {}.",
            each.join(", with ")
        ));
    }
    sentences.extend(in_most.iter().map(|step| {
        let [sooner, same, later] = step.scenarios;
        let (side, all) = (step.in_most(), sooner + same + later);
        let (more, fewer) = if side == Ordering::Less { (sooner, later) } else { (later, sooner) };
        format!(
            "The explanation comes {} with {} than with {} in {more} of {all} scenarios, and {} in {fewer}; the median difference is {}. \
             The mean shows no difference.",
            word(side),
            step.level,
            step.against,
            word(side.reverse()),
            minutes(step.median)
        )
    }));
    let unclear: Vec<&str> = unclear.iter().map(|step| step.level.name()).collect();
    if sentences.is_empty() {
        sentences.push(
            "No step from one level to the next shows a difference in the time to explanation.".to_owned(),
        );
    } else if !unclear.is_empty() {
        sentences.push(format!("No difference is shown for {}.", unclear.join(" or ")));
    }
    sentences
}

/// A sentence on whether any baseline does better.
fn against_baselines(report: &CompareReport) -> String {
    let beaten = report.beaten_by();
    let whom = "runbooks, undoing the last change first, a checklist and random checks";
    if report.baselines.is_empty() {
        String::new()
    } else if beaten.is_empty() {
        format!("No baseline does better at any level: {whom}.")
    } else {
        let clause = |(who, measure, levels): &(&str, Measure, Vec<Level>)| {
            let levels: Vec<&str> = levels.iter().map(|level| level.name()).collect();
            format!("{} at {}", measure.better_by(who), levels.join(", "))
        };
        let clauses: Vec<String> = beaten.iter().map(clause).collect();
        let is_later = beaten.iter().all(|(_, measure, _)| *measure == Measure::Explained);
        let why = " A responder that goes on checking explains more, and later: the model responder stops where a further check costs more than it is expected to save.";
        let why = if is_later { why } else { "" };
        format!("It does not do better than every baseline: {}.{why}", clauses.join("; "))
    }
}

fn assumed(models: &[OperatingModel]) -> Vec<String> {
    let [least, most] = [f64::min, f64::max]
        .map(|pick: fn(f64, f64) -> f64| remedies::COST_MINUTES.into_iter().reduce(pick).unwrap_or_default());
    // One sentence for each assumption about the models that were compared.
    let has_lines = models.contains(&OperatingModel::OpsRunIt);
    let about = TABLE.iter().filter(|about| has_lines || about.parameter.is_of_the_team());
    let lines = about.map(|About { name, unit, value, range: [low, high], source, .. }| {
        format!("Operating model: {name} {value} ({low} to {high}) {unit}; {source}.")
    });
    let sentences = [
        format!("What each of {} checks costs, in minutes, and what each remedy costs: {least} to {most} minutes.", CHECKS.len()),
        format!(
            "The first complaint comes after {} minutes on average, an alert {} minutes after the loss.",
            COMPLAINT_AFTER.as_secs() / 60,
            ALERT_AFTER.as_secs() / 60
        ),
        format!("An explanation is given where it is expected to cost less than none; it is right from a score of {RIGHT_FROM}."),
        format!("Recorded at {VIEWS_PER_SECOND} page views a second, in a shop that is sized for them."),
        format!("What a remedy does is recorded {ACTED_AT_MINUTES:.0} minutes after the call, whenever it is used; trade that is lost after a recording's end is lost as in its last {LAST_MINUTES} minutes."),
        "Between two recorded times, a check says what it said at the last one. Remedies that fail only under the conditions of a control other than the placebo leave the evidence as it was.".to_owned(),
    ];
    sentences.into_iter().chain(lines).collect()
}
