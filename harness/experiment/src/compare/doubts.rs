//! Doubts that only a full run answers: other costs, other odds, other lessons, signals one by one, certainty, and leaks. Teaches that a
//! result which falls with one of its assumptions was a result about the assumption.

use chassis::rng;
use diagnosis::checks::{CHECKS, Signal};
use incident::Level;
use rand::seq::SliceRandom;
use report::compare::{Calibration, Classifier, CostDraws, Doubts, LeftOut, Metric, Row, Subset};
use world::tape::Tape;

use super::{
    Study,
    condition::{Key, Odds},
    figures::{Sample, steps},
    list::{COST_DRAWS, MIRROR_FACTORS, SIGNALS},
    playback::Diagnosis,
    statistics::quantile,
};
use crate::attribution::Game;

/// Confidence is told in so many bins from one half to 1.
const BINS: usize = 5;

pub(super) fn doubts(study: &Study, ours: &Sample) -> Doubts {
    let levels = &study.options.levels;
    let each = |what: &str, keys: &dyn Fn(Level) -> Vec<Key>| -> Vec<Row> {
        levels.iter().map(|level| row(study, ours, what, *level, &keys(*level))).collect()
    };
    Doubts {
        cost_draws: steps(levels)
            .chain(levels.iter().skip(2).map(|level| (levels[0], *level)))
            .map(|(against, level)| cost_draws(study, ours, against, level))
            .collect(),
        cheaper_dark: cheaper_dark(study, ours),
        odds: [
            each("skewed", &|level| vec![Key::Odds(level, Odds::Skewed)]),
            each("wrong by ten", &|level| vec![Key::Odds(level, Odds::WrongByTen)]),
        ]
        .concat(),
        left_out: [
            levels
                .iter()
                .map(|level| left_out(study, ours, "the scenario", Key::LeftOut(*level)))
                .collect::<Vec<_>>(),
            levels.iter().map(|level| left_out(study, ours, "its family", Key::FamilyOut(*level))).collect(),
        ]
        .concat(),
        classifiers: classifiers(study),
        signals: signals(study, ours),
        signal_gains: signal_gains(study, ours),
        calibration: levels.iter().map(|level| calibration(study, ours, *level)).collect(),
    }
}

fn row(study: &Study, sample: &Sample, what: &str, level: Level, keys: &[Key]) -> Row {
    let mean =
        |value: &dyn Fn(Key) -> f64| keys.iter().map(|key| value(*key)).sum::<f64>() / keys.len() as f64;
    let is_right = |told: &Diagnosis| told.explained_right_s().is_some();
    Row {
        what: what.to_owned(),
        level,
        explained_right_share: mean(&|key| sample.share(study, key, is_right).0),
        explained_wrong_share: mean(&|key| sample.share(study, key, Diagnosis::is_explained_wrong).0),
        time_to_explain_restricted_mean_s: mean(&|key| sample.mean(study, key, Metric::Explain)),
    }
}

fn cost_draws(study: &Study, sample: &Sample, against: Level, level: Level) -> CostDraws {
    let mean = |level: Level, draw: usize| sample.mean(study, Key::Costs(level, draw), Metric::Explain);
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

/// The first level, if it is the one that has nothing but what needs no telemetry, under lower costs of that.
fn cheaper_dark(study: &Study, sample: &Sample) -> Vec<Row> {
    let row = |(place, factor): (usize, &f64)| {
        let key = Key::Mirror(place);
        study
            .results
            .contains_key(&key)
            .then(|| row(study, sample, &format!("{factor}"), Level::Dark, &[key]))
    };
    MIRROR_FACTORS.iter().enumerate().filter_map(row).collect()
}

fn left_out(study: &Study, sample: &Sample, what: &str, key: Key) -> LeftOut {
    let (Key::LeftOut(level) | Key::FamilyOut(level)) = key else { unreachable!("one of the two") };
    let share = |is_true: &dyn Fn(&Diagnosis) -> bool| sample.share(study, key, is_true).0;
    LeftOut {
        what: what.to_owned(),
        level,
        said_so_share: share(&|told| told.answer.as_ref().is_some_and(|answer| answer.cause.is_none())),
        explained_wrong_share: share(&Diagnosis::is_explained_wrong),
        restored_share: share(&|told| told.restored_s.is_some()),
    }
}

/// What is shown just before the trigger must not tell the scenario, nor may wrong labels be learned; what is shown soon after the call
/// must tell it, or a classifier that fails would prove nothing.
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
    let labels: Vec<usize> = judged.iter().map(|number| incidents[*number].0).collect();
    let mut shuffled = labels.clone();
    shuffled.shuffle(&mut rng(study.options.seed, "labels", "shuffled"));
    let shown = |of: fn(&Tape, usize) -> &str| -> Vec<Vec<usize>> {
        let place = |tape: &Tape, check: usize| CHECKS[check].place(of(tape, check)).unwrap_or_default();
        let tapes = judged.iter().map(|number| &study.tapes[*number]);
        tapes.map(|tape| (0..CHECKS.len()).map(|check| place(tape, check)).collect()).collect()
    };
    let before = shown(|tape, check| tape.before[check].outcome);
    let after = shown(|tape, check| tape.moments[0].findings[check].outcome);
    let row = |what: &str, shown: &[Vec<usize>], labels: &[usize], must_fail: bool| Classifier {
        what: what.to_owned(),
        incidents: judged.len(),
        right_share: named_right(shown, labels),
        chance: 1.0 / study.options.scenarios.len() as f64,
        must_fail,
    };
    vec![
        row("just before the trigger", &before, &labels, true),
        row("soon after the call, labels shuffled", &after, &shuffled, true),
        row("soon after the call", &after, &labels, false),
    ]
}

/// How often naive Bayes names the label, taught with all incidents but the one that it is asked about and forced to answer. Labels that
/// it cannot tell apart share the credit.
fn named_right(shown: &[Vec<usize>], labels: &[usize]) -> f64 {
    let mut known = labels.to_vec();
    known.sort_unstable();
    known.dedup();
    let mut right = 0.0;
    for (number, own) in shown.iter().enumerate() {
        let likelihood = |label: &usize| -> f64 {
            let others: Vec<&Vec<usize>> = (0..shown.len())
                .filter(|other| *other != number && labels[*other] == *label)
                .map(|other| &shown[other])
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
        right += if likeliest.contains(&labels[number]) { 1.0 / likeliest.len() as f64 } else { 0.0 };
    }
    right / shown.len().max(1) as f64
}

fn name(signal: Signal) -> String {
    format!("{signal:?}").to_lowercase()
}

fn signals(study: &Study, sample: &Sample) -> Vec<Subset> {
    let row = |(signals, alerts): (u8, bool)| {
        let key = Key::Signals(signals, alerts);
        let has = |place: &usize| signals & (1 << place) != 0;
        Subset {
            signals: (0..SIGNALS.len()).filter(has).map(|place| name(SIGNALS[place])).collect(),
            alerts,
            explained_right_share: sample.share(study, key, |told| told.explained_right_s().is_some()).0,
            time_to_explain_restricted_mean_s: sample.mean(study, key, Metric::Explain),
            time_from_call_to_explain_restricted_mean_s: sample.mean(study, key, Metric::ExplainFromCall),
        }
    };
    let subsets = (0..1_u8 << SIGNALS.len()).flat_map(|signals| [(signals, false), (signals, true)]);
    subsets.map(row).collect()
}

/// Shapley's value of the time to explain, from the call on, so that being called sooner is no signal's merit.
fn signal_gains(study: &Study, sample: &Sample) -> Vec<(String, f64)> {
    let time = |signals: usize, alerts: bool, metric: Metric| {
        sample.mean(study, Key::Signals(u8::try_from(signals).unwrap_or(0), alerts), metric)
    };
    let game = Game::new(std::array::from_fn(|signals| time(signals, true, Metric::ExplainFromCall)));
    let gains = SIGNALS.iter().zip(game.shapley()).map(|(signal, gain)| (name(*signal), gain));
    let subsets = 1_usize << SIGNALS.len();
    let alerts = (0..subsets)
        .map(|signals| time(signals, true, Metric::Explain) - time(signals, false, Metric::Explain))
        .sum::<f64>();
    gains.chain([("alerts".to_owned(), alerts / subsets as f64)]).collect()
}

fn calibration(study: &Study, sample: &Sample, level: Level) -> Calibration {
    let told = sample.told(study, Key::Level(level, false));
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
        let from = 0.5 + 0.5 * bin as f64 / BINS as f64;
        let to = if bin + 1 == BINS { f64::INFINITY } else { from + 0.5 / BINS as f64 };
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
