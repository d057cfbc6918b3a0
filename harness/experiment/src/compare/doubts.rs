//! Doubts that only a full run answers: other costs, other odds, signals one by one, certainty, and leaks. Teaches that a
//! result which falls with one of its assumptions was a result about the assumption.

use diagnosis::checks::{CHECKS, Signal};
use incident::Level;
use report::compare::{Calibration, Classifier, CostDraws, Doubts, LeftOut, Metric, Row, Subset};

use super::{
    Study,
    condition::{Key, Odds},
    figures::{Sample, steps},
    list::{COST_DRAWS, ORDERS, SIGNALS, THRESHOLDS},
    playback::Diagnosis,
    statistics::quantile,
};
use crate::attribution::Game;

/// An error that a reader may accept: the share of incidents that is given a wrong cause.
const EQUAL_ERROR: f64 = 0.05;

/// Confidence is told in so many bins from one half to 1.
const BINS: usize = 5;

pub(super) fn doubts(study: &Study, ours: &Sample) -> Doubts {
    let levels = &study.options.levels;
    let each = |what: &str, keys: &dyn Fn(Level) -> Vec<Key>| -> Vec<Row> {
        levels.iter().map(|level| row(study, ours, what, *level, &keys(*level))).collect()
    };
    let trained =
        (1..).take_while(|incidents| study.results.contains_key(&Key::Learned(levels[0], *incidents)));
    let thresholds: Vec<Row> = THRESHOLDS
        .iter()
        .flat_map(|percent| each(&format!("{percent} %"), &|level| vec![Key::Threshold(level, *percent)]))
        .collect();
    Doubts {
        other_responders: [
            each("random checks", &|level| (0..ORDERS).map(|draw| Key::Random(level, draw)).collect()),
            each("fixed checklist", &|level| vec![Key::Checklist(level)]),
        ]
        .concat(),
        cost_draws: steps(levels)
            .chain(levels.iter().skip(2).map(|level| (levels[0], *level)))
            .map(|(against, level)| cost_draws(study, ours, against, level))
            .collect(),
        odds: [
            each("skewed", &|level| vec![Key::Odds(level, Odds::Skewed)]),
            each("wrong by ten", &|level| vec![Key::Odds(level, Odds::WrongByTen)]),
        ]
        .concat(),
        left_out: levels.iter().map(|level| left_out(study, ours, *level)).collect(),
        learning: trained
            .flat_map(|incidents| {
                each(&format!("{incidents} in training"), &|level| vec![Key::Learned(level, incidents)])
            })
            .collect(),
        before_trigger_classifier: classifier(study),
        signals: signals(study, ours),
        signal_gains: signal_gains(study, ours),
        calibration: levels.iter().map(|level| calibration(study, ours, *level)).collect(),
        at_equal_error: levels.iter().filter_map(|level| at_equal_error(&thresholds, *level)).collect(),
        thresholds,
        equal_error: EQUAL_ERROR,
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

fn left_out(study: &Study, sample: &Sample, level: Level) -> LeftOut {
    let share = |is_true: &dyn Fn(&Diagnosis) -> bool| sample.share(study, Key::LeftOut(level), is_true).0;
    LeftOut {
        level,
        said_so_share: share(&|told| told.answer.as_ref().is_some_and(|answer| answer.cause.is_none())),
        explained_wrong_share: share(&Diagnosis::is_explained_wrong),
        restored_share: share(&|told| told.restored_s.is_some()),
    }
}

/// Naive Bayes on what every check said before the trigger; for each seed it learns from all others. Scenarios that it cannot
/// tell apart share the credit.
fn classifier(study: &Study) -> Option<Classifier> {
    let seeds = study.options.seeds.get();
    let scenarios = study.options.scenarios.len();
    let incidents = study.options.incidents();
    let place = |number: usize, check: usize| CHECKS[check].place(study.tapes[number].before[check].outcome);
    let mut right = 0.0;
    let judged: Vec<usize> = (0..incidents.len())
        .filter(|number| incidents[*number].1 < study.options.seed + seeds as u64)
        .collect();
    for number in &judged {
        let (truth, seed) = incidents[*number];
        let likelihood = |scenario: usize| {
            let others: Vec<usize> = judged
                .iter()
                .copied()
                .filter(|other| incidents[*other].0 == scenario && incidents[*other].1 != seed)
                .collect();
            let one = |check: usize| {
                let kinds = CHECKS[check].outcomes.len() as f64;
                let same =
                    others.iter().filter(|other| place(**other, check) == place(*number, check)).count();
                ((same as f64 + 1.0 / kinds) / (others.len() as f64 + 1.0)).ln()
            };
            (0..CHECKS.len()).map(one).sum::<f64>()
        };
        let likelihoods: Vec<f64> = (0..scenarios).map(likelihood).collect();
        let most = likelihoods.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let likeliest: Vec<usize> =
            (0..scenarios).filter(|scenario| likelihoods[*scenario] > most - 1e-9).collect();
        right += if likeliest.contains(&truth) { 1.0 / likeliest.len() as f64 } else { 0.0 };
    }
    let right_share = right / judged.len() as f64;
    (seeds > 1 && scenarios > 1).then_some(Classifier {
        incidents: judged.len(),
        right_share,
        chance: 1.0 / scenarios as f64,
    })
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
    let told = sample.told(study, Key::Threshold(level, THRESHOLDS[0]));
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

fn at_equal_error(thresholds: &[Row], level: Level) -> Option<Row> {
    let open = thresholds.iter().filter(|row| row.level == level && row.explained_wrong_share <= EQUAL_ERROR);
    open.min_by(|one, other| {
        one.time_to_explain_restricted_mean_s.total_cmp(&other.time_to_explain_restricted_mean_s)
    })
    .cloned()
}
