//! What stands between the levels' figures and doubt. Teaches to look for the ways in which one would be fooled, and to print what was
//! found, whatever it is.
//!
//! [`super::doubts`]: those that only a full run has.

use incident::Level;
use report::compare::{Against, Baseline, Controls, Healthy, Metric, Model, Outside, Restored};

use super::{
    Extent, Study,
    condition::Key,
    doubts::doubts,
    figures::{Sample, of},
    list::ORDERS,
    placebo::PLACEBOS,
    playback::Diagnosis,
    statistics::{Grouped, average, difference, mean},
    violations::violations,
};

pub(super) fn controls(study: &Study, ours: &Sample) -> Controls {
    let levels = &study.options.levels;
    Controls {
        placebo: levels.iter().skip(1).map(|level| placebo(study, ours, *level)).collect(),
        healthy: healthy(study),
        outside: outside(study),
        models: models(study, ours),
        violations: violations(study),
        doubts: (study.options.extent == Extent::Full).then(|| doubts(study, ours)),
    }
}

/// Others on the same incidents, from those who look at nothing to the one who knows all.
pub(super) fn baselines(study: &Study, ours: &Sample) -> Vec<Baseline> {
    let row = |who: &str, level: Option<Level>, keys: Vec<Key>| {
        let mean =
            |value: &dyn Fn(Key) -> f64| average(&keys.iter().map(|key| value(*key)).collect::<Vec<_>>());
        let share = |is_true: fn(&Diagnosis) -> bool| mean(&|key| ours.share(study, key, is_true).0);
        let of = |metric: Metric| mean(&|key| ours.mean(study, key, metric));
        let is_compared = keys.iter().all(|key| study.results.contains_key(key));
        is_compared.then(|| Baseline {
            who: who.to_owned(),
            level,
            explained_right_share: share(|told| told.explained_right_s().is_some()),
            explained_wrong_share: share(Diagnosis::is_explained_wrong),
            time_to_explain_restricted_mean_s: of(Metric::Explain),
            restored: Restored {
                restored_share: share(|told| told.restored_s.is_some()),
                time_to_restore_restricted_mean_s: of(Metric::Restore),
                loss_usd_mean: of(Metric::Loss),
            },
        })
    };
    let at = |level: Level| {
        [
            row("the last change first", Some(level), vec![Key::LastChange(level)]),
            row("a fixed checklist", Some(level), vec![Key::Checklist(level)]),
            row("random checks", Some(level), (0..ORDERS).map(|draw| Key::Random(level, draw)).collect()),
        ]
    };
    let blind = [
        row("restart every service", None, vec![Key::Runbook(false)]),
        row("roll back the newest publish, then restart every service", None, vec![Key::Runbook(true)]),
    ];
    let looking = study.options.levels.iter().flat_map(|level| at(*level));
    let oracle = row("an oracle", None, vec![Key::Oracle]);
    blind.into_iter().chain(looking).chain([oracle]).flatten().collect()
}

/// The mean over all draws, incident by incident, less the first level.
fn placebo(study: &Study, sample: &Sample, level: Level) -> Against {
    let keys = (0..PLACEBOS).map(|draw| Key::Placebo(level, draw));
    let first =
        sample.grouped(study, Key::Level(study.options.levels[0], false), |told| of(Metric::Explain, told));
    let differences = difference(&mean_over(study, sample, keys, Metric::Explain), &first);
    let interval = sample.interval(study, (level, study.options.levels[0]), Metric::Explain, &differences);
    Against { level, metric: Metric::Explain, difference: mean(&differences), interval }
}

/// Incident by incident, the mean of a metric over conditions.
fn mean_over(study: &Study, sample: &Sample, keys: impl Iterator<Item = Key>, metric: Metric) -> Grouped {
    let each: Vec<Grouped> = keys.map(|key| sample.grouped(study, key, |told| of(metric, told))).collect();
    let Some(mut sums) = each.first().cloned() else { return Vec::new() };
    for (scenario, values) in sums.iter_mut().enumerate() {
        for (seed, value) in values.iter_mut().enumerate() {
            *value = each.iter().map(|grouped| grouped[scenario][seed]).sum::<f64>() / each.len() as f64;
        }
    }
    sums
}

fn restored(study: &Study, sample: &Sample, key: Key) -> Restored {
    Restored {
        restored_share: sample.share(study, key, |told| told.restored_s.is_some()).0,
        time_to_restore_restricted_mean_s: sample.mean(study, key, Metric::Restore),
        loss_usd_mean: sample.mean(study, key, Metric::Loss),
    }
}

fn healthy(study: &Study) -> Vec<Healthy> {
    let scenarios = &study.options.scenarios;
    let is_healthy = |place: usize| {
        scenarios[place].control && scenarios[place].symptom == world::scenario::Symptom::Nothing
    };
    let sample = Sample::of(study, is_healthy);
    let row = |level: &Level| {
        let key = Key::Level(*level, false);
        Healthy {
            level: *level,
            incidents: sample.incidents(),
            false_explanations_share: sample.share(study, key, Diagnosis::is_explained_wrong).0,
            remedies_mean: mean(&sample.grouped(study, key, |told| f64::from(told.wrong_remedies))),
        }
    };
    if sample.incidents() == 0 { Vec::new() } else { study.options.levels.iter().map(row).collect() }
}

fn outside(study: &Study) -> Vec<Outside> {
    let scenarios = &study.options.scenarios;
    let is_outside = |place: usize| {
        scenarios[place].control && scenarios[place].symptom != world::scenario::Symptom::Nothing
    };
    let sample = Sample::of(study, is_outside);
    let row = |level: &Level| {
        let key = Key::Level(*level, false);
        Outside {
            level: *level,
            incidents: sample.incidents(),
            said_not_ours_share: sample.share(study, key, |told| told.explained_right_s().is_some()).0,
            false_explanations_share: sample.share(study, key, Diagnosis::is_explained_wrong).0,
        }
    };
    if sample.incidents() == 0 { Vec::new() } else { study.options.levels.iter().map(row).collect() }
}

fn models(study: &Study, sample: &Sample) -> Vec<Model> {
    let mut rows = Vec::new();
    for (place, model) in study.options.models.iter().enumerate() {
        for level in &study.options.levels {
            let key = Key::Level(*level, place > 0);
            rows.push(Model {
                model: *model,
                level: *level,
                explained_right_share: sample.share(study, key, |told| told.explained_right_s().is_some()).0,
                time_to_explain_restricted_mean_s: sample.mean(study, key, Metric::Explain),
                restored: restored(study, sample, key),
            });
        }
    }
    rows
}
