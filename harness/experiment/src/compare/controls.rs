//! What stands between the levels' figures and doubt. Teaches to look for the ways in which one would be fooled, and to print what was
//! found, whatever it is.
//!
//! [`super::doubts`]: those that only a full run has.

use incident::Level;
use report::compare::{Against, Controls, Healthy, Metric, Model, Outside, Restored, Runbook};

use super::{
    Extent, Study,
    condition::Key,
    doubts::doubts,
    figures::{Sample, of},
    placebo::PLACEBOS,
    statistics::{Grouped, difference, mean},
};

pub(super) fn controls(study: &Study, ours: &Sample) -> Controls {
    let runbooks: Vec<(Key, Runbook)> = [
        (false, "restart every service"),
        (true, "roll back the newest publish, then restart every service"),
    ]
    .into_iter()
    .map(|(undoes, says)| (Key::Runbook(undoes), says))
    .filter(|(key, _)| study.results.contains_key(key))
    .map(|(key, says)| (key, Runbook { says: says.to_owned(), restored: restored(study, ours, key) }))
    .collect();
    let best = runbooks.iter().min_by(|(_, one), (_, other)| {
        let time = |runbook: &Runbook| runbook.restored.time_to_restore_restricted_mean_s;
        time(one).total_cmp(&time(other))
    });
    let best = best.map_or(Key::Runbook(true), |(key, _)| *key);
    let levels = &study.options.levels;
    let over = |level: &Level| {
        let differences = ours.difference(study, Key::Level(*level, false), best, Metric::Restore);
        against(ours, *level, Metric::Restore, &differences)
    };
    Controls {
        placebo: levels.iter().skip(1).map(|level| placebo(study, ours, *level)).collect(),
        over_best_runbook: levels.iter().map(over).collect(),
        runbooks: runbooks.into_iter().map(|(_, runbook)| runbook).collect(),
        oracle: restored(study, ours, Key::Oracle),
        healthy: healthy(study),
        outside: outside(study),
        models: models(study, ours),
        doubts: (study.options.extent == Extent::Full).then(|| doubts(study, ours)),
    }
}

fn against(sample: &Sample, level: Level, metric: Metric, differences: &Grouped) -> Against {
    let interval = sample.interval(differences);
    Against { level, metric, difference: mean(differences), interval }
}

/// The mean over all draws, incident by incident, less the first level.
fn placebo(study: &Study, sample: &Sample, level: Level) -> Against {
    let keys = (0..PLACEBOS).map(|draw| Key::Placebo(level, draw));
    let first =
        sample.grouped(study, Key::Level(study.options.levels[0], false), |told| of(Metric::Explain, told));
    let differences = difference(&mean_over(study, sample, keys, Metric::Explain), &first);
    against(sample, level, Metric::Explain, &differences)
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
            false_explanations_share: sample
                .share(study, key, super::playback::Diagnosis::is_explained_wrong)
                .0,
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
            false_explanations_share: sample
                .share(study, key, super::playback::Diagnosis::is_explained_wrong)
                .0,
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
