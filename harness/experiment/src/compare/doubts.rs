//! Robustness checks that only a full run makes: other costs, other priors, other training, signals one by one, calibration, and leaks.
//! Teaches that a result which falls with one of its assumptions was a result about the assumption.

use std::collections::BTreeSet;

use chassis::rng;
use diagnosis::checks::{CHECKS, Signal};
use incident::Level;
use rand::seq::SliceRandom;
use report::compare::{Baseline, Calibration, Classifier, CostDraws, Doubts, LeftOut, Metric, Row, Subset};
use world::tape::Tape;

use super::{
    Study,
    condition::{Key, Odds},
    figures::{Sample, steps},
    list::{COST_DRAWS, MIRROR_FACTORS, SIGNALS},
    playback::Diagnosis,
    statistics::{average, quantile},
};
use crate::attribution::Game;

/// How often labels are shuffled; the mean counts.
const SHUFFLES: usize = 20;

/// The number of confidence bins from 0 to 1.
const BINS: usize = 5;

pub(super) fn doubts(ours: &Sample<'_>) -> Doubts {
    let levels = &ours.study.options.levels;
    let odds = |what, odds| levels.iter().map(move |level| row(ours, what, *level, Key::Odds(*level, odds)));
    let left_out = |what, key: fn(Level) -> Key| {
        levels.iter().map(move |level| left_out(ours, what, *level, key(*level)))
    };
    let from_first = levels.iter().skip(2).map(|level| (levels[0], *level));
    Doubts {
        cost_draws: steps(levels)
            .chain(from_first)
            .map(|(against, level)| cost_draws(ours, against, level))
            .collect(),
        cheaper_dark: cheaper_dark(ours),
        odds: odds("skewed", Odds::Skewed).chain(odds("wrong by ten", Odds::WrongByTen)).collect(),
        left_out: left_out("the scenario", Key::LeftOut)
            .chain(left_out("its family", Key::FamilyOut))
            .collect(),
        classifiers: classifiers(ours.study),
        signals: signals(ours),
        signal_gains: signal_gains(ours),
        calibration: levels.iter().map(|level| calibration(ours, *level)).collect(),
    }
}

fn row(sample: &Sample<'_>, what: &str, level: Level, key: Key) -> Row {
    let means = sample.means(what, Some(level), &[key]);
    let Baseline {
        who: what,
        explained_right_share,
        explained_wrong_share,
        time_to_explain_restricted_mean_s,
        ..
    } = means;
    Row { what, level, explained_right_share, explained_wrong_share, time_to_explain_restricted_mean_s }
}

fn cost_draws(sample: &Sample<'_>, against: Level, level: Level) -> CostDraws {
    let mean = |level: Level, draw: usize| sample.mean(Key::Costs(level, draw), Metric::Explain);
    let mut differences: Vec<f64> =
        (0..COST_DRAWS).map(|draw| mean(level, draw) - mean(against, draw)).collect();
    differences.sort_by(f64::total_cmp);
    let shorter = differences.iter().filter(|difference| **difference < 0.0).count();
    CostDraws {
        level,
        against,
        draws: COST_DRAWS,
        shorter_share: shorter as f64 / COST_DRAWS as f64,
        difference_percentiles_s: [0.025, 0.5, 0.975].map(|share| quantile(&differences, share)),
    }
}

/// The level `dark` at lower costs of its checks. Empty if it was not compared.
fn cheaper_dark(sample: &Sample<'_>) -> Vec<Row> {
    let row = |(place, factor): (usize, &f64)| {
        let key = Key::Mirror(place);
        let is_compared = sample.study.results.contains_key(&key);
        is_compared.then(|| row(sample, &factor.to_string(), Level::Dark, key))
    };
    MIRROR_FACTORS.iter().enumerate().filter_map(row).collect()
}

fn left_out(sample: &Sample<'_>, what: &str, level: Level, key: Key) -> LeftOut {
    let share = |is_true: &dyn Fn(&Diagnosis) -> bool| sample.share(key, is_true).0;
    LeftOut {
        what: what.to_owned(),
        level,
        said_so_share: share(&|told| told.answer.as_ref().is_some_and(|answer| answer.cause.is_none())),
        explained_wrong_share: share(&Diagnosis::is_explained_wrong),
        restored_share: share(&|told| told.restored_s.is_some()),
    }
}

/// A test for leaks. Findings from just before the trigger must not tell the scenario, and shuffled labels must not be learnable. Findings
/// from soon after the call must tell the scenario, or a classifier that fails would prove nothing.
fn classifiers(study: &Study) -> Vec<Classifier> {
    let seeds = study.options.seeds.get();
    let incidents = study.options.incidents();
    let is_judged = |number: &usize| {
        incidents[*number].1 < study.options.seed + seeds as u64 && !study.tapes[*number].moments.is_empty()
    };
    let judged: Vec<usize> = (0..incidents.len()).filter(is_judged).collect();
    if seeds < 2 || study.options.scenarios.len() < 2 {
        return Vec::new();
    }
    // A label is a scenario and a seed.
    let labels: Vec<(usize, u64)> = judged.iter().map(|number| incidents[*number]).collect();
    let shown = |of: fn(&Tape, usize) -> &str| -> Vec<Vec<usize>> {
        let place = |tape: &Tape, check: usize| CHECKS[check].place(of(tape, check)).unwrap_or_default();
        let tapes = judged.iter().map(|number| &study.tapes[*number]);
        tapes.map(|tape| (0..CHECKS.len()).map(|check| place(tape, check)).collect()).collect()
    };
    let before = shown(|tape, check| tape.before[check].outcome);
    let after = shown(|tape, check| tape.moments[0].findings[check].outcome);
    let known: BTreeSet<usize> = labels.iter().map(|label| label.0).collect();
    let row = |what: &str, right_share: f64, must_fail: bool| Classifier {
        what: what.to_owned(),
        incidents: judged.len(),
        right_share,
        chance: 1.0 / known.len().max(1) as f64,
        must_fail,
    };
    // One shuffle says little: incidents of one scenario that get the same label by chance are all named right.
    let shuffles: Vec<f64> = (0..SHUFFLES)
        .map(|shuffle| {
            let mut chance = rng(study.options.seed, "labels", &format!("shuffled {shuffle}"));
            named_right(&after, &shuffled(&labels, &mut chance))
        })
        .collect();
    vec![
        row("just before the trigger", named_right(&before, &labels), true),
        row("soon after the call, labels shuffled", average(&shuffles), true),
        row("soon after the call", named_right(&after, &labels), false),
    ]
}

/// The labels with the scenarios shuffled among the incidents of each seed.
fn shuffled(labels: &[(usize, u64)], chance: &mut impl rand::Rng) -> Vec<(usize, u64)> {
    let mut shuffled = labels.to_vec();
    let seeds: BTreeSet<u64> = labels.iter().map(|label| label.1).collect();
    for seed in seeds {
        let mut of_seed: Vec<&mut (usize, u64)> =
            shuffled.iter_mut().filter(|label| label.1 == seed).collect();
        let mut scenarios: Vec<usize> = of_seed.iter().map(|label| label.0).collect();
        scenarios.shuffle(chance);
        of_seed.iter_mut().zip(scenarios).for_each(|(label, scenario)| label.0 = scenario);
    }
    shuffled
}

/// The share of incidents for which naive Bayes names the scenario. It may not abstain, and tied scenarios share the credit. It learns from
/// the incidents of all other seeds, the same number of each scenario: with one incident fewer of its own scenario alone, every finding
/// that says nothing would speak against the right name.
fn named_right(shown: &[Vec<usize>], labels: &[(usize, u64)]) -> f64 {
    let known: BTreeSet<usize> = labels.iter().map(|label| label.0).collect();
    let mut right = 0.0;
    for (own, (scenario, seed)) in shown.iter().zip(labels) {
        let likelihood = |label: &usize| -> f64 {
            let others: Vec<&Vec<usize>> = shown
                .iter()
                .zip(labels)
                .filter(|(_, (other, other_seed))| other == label && other_seed != seed)
                .map(|(other, _)| other)
                .collect();
            let one = |check: usize| {
                let kinds = CHECKS[check].outcomes.len() as f64;
                let same = others.iter().filter(|other| other[check] == own[check]).count();
                ((same as f64 + 1.0 / kinds) / (others.len() as f64 + 1.0)).ln()
            };
            (0..CHECKS.len()).map(one).sum()
        };
        let likelihoods: Vec<f64> = known.iter().map(likelihood).collect();
        let most = likelihoods.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let likeliest: Vec<usize> = known
            .iter()
            .zip(&likelihoods)
            .filter(|(_, one)| **one > most - 1e-9)
            .map(|(label, _)| *label)
            .collect();
        right += if likeliest.contains(scenario) { 1.0 / likeliest.len() as f64 } else { 0.0 };
    }
    right / shown.len().max(1) as f64
}

fn name(signal: Signal) -> String {
    format!("{signal:?}").to_lowercase()
}

fn signals(sample: &Sample<'_>) -> Vec<Subset> {
    let row = |(signals, alerts): (u8, bool)| {
        let key = Key::Signals(signals, alerts);
        let has = |place: &usize| signals & (1 << place) != 0;
        Subset {
            signals: (0..SIGNALS.len()).filter(has).map(|place| name(SIGNALS[place])).collect(),
            alerts,
            explained_right_share: sample.share(key, Diagnosis::is_explained_right).0,
            time_to_explain_restricted_mean_s: sample.mean(key, Metric::Explain),
            time_from_call_to_explain_restricted_mean_s: sample.mean(key, Metric::ExplainFromCall),
        }
    };
    let subsets = (0..1_u8 << SIGNALS.len()).flat_map(|signals| [(signals, false), (signals, true)]);
    subsets.map(row).collect()
}

/// The Shapley value of each signal for the time to explain, and the mean gain of alerts. The signals' time counts from the call, so that no
/// signal gets credit for an earlier call.
fn signal_gains(sample: &Sample<'_>) -> Vec<(String, f64)> {
    let time = |signals: usize, alerts: bool, metric: Metric| {
        sample.mean(Key::Signals(u8::try_from(signals).unwrap_or(0), alerts), metric)
    };
    let game = Game::new(std::array::from_fn(|signals| time(signals, true, Metric::ExplainFromCall)));
    let gains = SIGNALS.iter().zip(game.shapley()).map(|(signal, gain)| (name(*signal), gain));
    let subsets = 1_usize << SIGNALS.len();
    let alerts = (0..subsets)
        .map(|signals| time(signals, true, Metric::Explain) - time(signals, false, Metric::Explain))
        .sum::<f64>();
    gains.chain([("alerts".to_owned(), alerts / subsets as f64)]).collect()
}

fn calibration(sample: &Sample<'_>, level: Level) -> Calibration {
    let told = sample.told(Key::Level(level, false));
    let answers: Vec<(f64, f64)> = told
        .filter_map(|told| told.answer.as_ref())
        .filter(|answer| answer.cause.is_some())
        .map(|answer| {
            let right = f64::from(u8::from(answer.score >= diagnosis::explanation::RIGHT_FROM));
            (answer.confidence, right)
        })
        .collect();
    let count = |values: &[(f64, f64)]| values.len().max(1) as f64;
    let squares: f64 = answers.iter().map(|(confidence, right)| (confidence - right).powi(2)).sum();
    let bin = |bin: usize| {
        let from = bin as f64 / BINS as f64;
        let to = if bin + 1 == BINS { f64::INFINITY } else { from + 1.0 / BINS as f64 };
        let inside: Vec<(f64, f64)> =
            answers.iter().copied().filter(|(confidence, _)| (from..to).contains(confidence)).collect();
        let sum = inside.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        (sum.0 / count(&inside), sum.1 / count(&inside), inside.len())
    };
    Calibration {
        level,
        brier: squares / count(&answers),
        bins: (0..BINS).map(bin).filter(|(.., answers)| *answers > 0).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_classifier_is_at_chance_without_a_leak_and_finds_a_weak_one() {
        let (scenarios, seeds) = (27, 4);
        let labels: Vec<(usize, u64)> =
            (0..scenarios).flat_map(|scenario| (0..seeds).map(move |seed| (scenario, seed))).collect();
        let right = |outcome: &dyn Fn(&(usize, u64)) -> bool| {
            let shown = |label| {
                let mut shown = vec![0; CHECKS.len()];
                shown[0] = usize::from(outcome(label));
                shown
            };
            named_right(&labels.iter().map(shown).collect::<Vec<_>>(), &labels)
        };
        let chance = 1.0 / scenarios as f64;
        assert!((right(&|_| false) - chance).abs() < 1e-9, "nothing differs");
        assert!((right(&|(_, seed)| seed % 2 == 0) - chance).abs() < 1e-9, "only seeds differ");
        let narrowed = right(&|(scenario, _)| scenario % 9 == 0);
        assert!(narrowed > 1.9 * chance, "one finding narrows three scenarios down: {narrowed}");
        // What names every scenario names none of its shuffled labels, on average.
        let shown: Vec<Vec<usize>> =
            labels.iter().map(|(scenario, _)| vec![*scenario; CHECKS.len()]).collect();
        assert!((named_right(&shown, &labels) - 1.0).abs() < 1e-9);
        let mut random = rng(1, "labels", "test");
        let of_shuffled: Vec<f64> =
            (0..SHUFFLES).map(|_| named_right(&shown, &shuffled(&labels, &mut random))).collect();
        assert!((average(&of_shuffled) - chance).abs() < chance, "{of_shuffled:?}");
    }
}
