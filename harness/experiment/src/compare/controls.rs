//! The controls of a comparison. Teaches to look for the ways in which one would be fooled, and to print what was found, whatever it is.
//!
//! [`super::doubts`]: the robustness checks that only a full run makes.

use incident::Level;
use report::compare::{Against, Baseline, Controls, Healthy, Metric, Model, Outside};
use world::scenario::{Scenario, Symptom};

use super::{
    Extent, Study,
    condition::Key,
    doubts::doubts,
    figures::{Sample, of},
    list::ORDERS,
    placebo::PLACEBOS,
    playback::Diagnosis,
    statistics::{Grouped, difference, mean},
    violations::violations,
};

pub(super) fn controls(study: &Study, ours: &Sample<'_>) -> Controls {
    let levels = &study.options.levels;
    Controls {
        placebo: levels.iter().skip(1).map(|level| placebo(ours, *level)).collect(),
        healthy: healthy(study),
        outside: outside(study),
        models: models(ours),
        violations: violations(study),
        doubts: (study.options.extent == Extent::Full).then(|| doubts(ours)),
    }
}

/// Other responders on the same incidents, from runbooks that take no checks to the oracle.
pub(super) fn baselines(ours: &Sample<'_>) -> Vec<Baseline> {
    let row = |who: &str, level: Option<Level>, keys: Vec<Key>| {
        let is_compared = keys.iter().all(|key| ours.study.results.contains_key(key));
        is_compared.then(|| ours.means(who, level, &keys))
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
    let looking = ours.study.options.levels.iter().flat_map(|level| at(*level));
    let oracle = row("an oracle", None, vec![Key::Oracle]);
    blind.into_iter().chain(looking).chain([oracle]).flatten().collect()
}

/// The placebo's mean over all draws, incident by incident, less the first level.
fn placebo(sample: &Sample<'_>, level: Level) -> Against {
    let (metric, first) = (Metric::Explain, sample.study.options.levels[0]);
    let of_key = |key: Key| sample.grouped(key, |told| of(metric, told));
    let draws: Vec<Grouped> = (0..PLACEBOS).map(|draw| of_key(Key::Placebo(level, draw))).collect();
    let mut means = draws[0].clone();
    for (scenario, values) in means.iter_mut().enumerate() {
        for (seed, value) in values.iter_mut().enumerate() {
            *value = draws.iter().map(|draw| draw[scenario][seed]).sum::<f64>() / draws.len() as f64;
        }
    }
    let differences = difference(&means, &of_key(Key::Level(first, false)));
    let interval = sample.interval((level, first), metric, &differences);
    Against { level, metric, difference: mean(&differences), interval }
}

/// The control incidents, in which nothing can be mended: those in which nothing is wrong, or all others.
fn nothing_to_mend(study: &Study, is_healthy: bool) -> Sample<'_> {
    let is_it = |place: usize| {
        let Scenario { control, symptom, .. } = &study.options.scenarios[place];
        *control && (*symptom == Symptom::Nothing) == is_healthy
    };
    Sample::of(study, is_it)
}

fn healthy(study: &Study) -> Vec<Healthy> {
    let sample = nothing_to_mend(study, true);
    let row = |level: &Level| {
        let key = Key::Level(*level, false);
        Healthy {
            level: *level,
            incidents: sample.incidents(),
            false_explanations_share: sample.share(key, Diagnosis::is_explained_wrong).0,
            remedies_mean: mean(&sample.grouped(key, |told| f64::from(told.wrong_remedies))),
        }
    };
    if sample.incidents() == 0 { Vec::new() } else { study.options.levels.iter().map(row).collect() }
}

fn outside(study: &Study) -> Vec<Outside> {
    let sample = nothing_to_mend(study, false);
    let row = |level: &Level| {
        let key = Key::Level(*level, false);
        Outside {
            level: *level,
            incidents: sample.incidents(),
            said_not_ours_share: sample.share(key, Diagnosis::is_explained_right).0,
            false_explanations_share: sample.share(key, Diagnosis::is_explained_wrong).0,
        }
    };
    if sample.incidents() == 0 { Vec::new() } else { study.options.levels.iter().map(row).collect() }
}

fn models(sample: &Sample<'_>) -> Vec<Model> {
    let options = &sample.study.options;
    let row = |place: usize, level: Level| {
        let model = options.models[place];
        let means = sample.means(model.name(), Some(level), &[Key::Level(level, place > 0)]);
        let Baseline { explained_right_share, time_to_explain_restricted_mean_s, restored, .. } = means;
        Model { model, level, explained_right_share, time_to_explain_restricted_mean_s, restored }
    };
    let of = |place: usize| options.levels.iter().map(move |level| row(place, *level));
    (0..options.models.len()).flat_map(of).collect()
}
