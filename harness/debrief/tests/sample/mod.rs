//! A small invented comparison in the format of `glyphfall compare`: some steps gain, one shows nothing, one harms. Its differences follow from
//! its incidents, so that tests can check the page against them.

use serde_json::{Value, json};

pub(crate) const LEVELS: [&str; 5] = ["dark", "logs", "metrics", "traces", "changes"];

/// Minutes to the right explanation at each level; none where it is wrong or missing.
const SCENARIOS: [(&str, [Option<f64>; 5]); 6] = [
    ("special-character", [None, Some(64.0), Some(60.0), Some(22.0), Some(25.0)]),
    ("surge", [Some(90.0), Some(48.0), Some(48.0), Some(18.0), Some(21.0)]),
    ("slow-disk", [Some(120.0), Some(75.0), Some(75.0), Some(40.0), Some(44.0)]),
    ("wrong-timeout", [Some(80.0), Some(81.0), Some(81.0), Some(35.0), Some(35.0)]),
    ("bad-release", [Some(60.0), Some(44.0), Some(48.0), Some(47.0), Some(50.0)]),
    ("broken-link", [None, None, None, None, None]),
];

const SEEDS: [u64; 2] = [7, 8];
const ENDS_S: f64 = 18_000.0;

fn seconds(scenario: usize, seed: u64, level: usize) -> Option<f64> {
    SCENARIOS[scenario].1[level].map(|minutes| minutes * 60.0 + (seed - 7) as f64 * 240.0)
}

fn placed(scenario: usize, level: usize) -> f64 {
    SEEDS.map(|seed| seconds(scenario, seed, level).unwrap_or(ENDS_S)).iter().sum::<f64>() / 2.0
}

fn mean(level: usize) -> f64 {
    (0..SCENARIOS.len()).map(|scenario| placed(scenario, level)).sum::<f64>() / SCENARIOS.len() as f64
}

fn paired(metric: &str, against: usize, level: usize) -> Value {
    let scale = if metric == "loss_usd_mean" { 5_000.0 / 60.0 } else { 1.0 };
    let by: Vec<f64> =
        (0..SCENARIOS.len()).map(|place| (placed(place, level) - placed(place, against)) * scale).collect();
    let count = |is: &dyn Fn(f64) -> bool| by.iter().filter(|by| is(**by / scale)).count();
    let difference = by.iter().sum::<f64>() / by.len() as f64;
    // The step to metrics gets an interval that contains zero.
    let half = if level == 2 && against == 1 { difference.abs() + 120.0 } else { difference.abs() / 2.0 };
    let named: Vec<Value> = SCENARIOS.iter().zip(&by).map(|((name, _), by)| json!([name, by])).collect();
    let mut row = json!({
        "level": LEVELS[level], "against": LEVELS[against], "metric": metric, "difference": difference,
        "interval": [difference - half, difference + half],
        "scenarios": [count(&|by| by <= -60.0), count(&|by| by.abs() < 60.0), count(&|by| by >= 60.0)],
        "by_scenario": named, "ratio": 0.75, "ratio_interval": [0.5, 1.1], "median": difference * 0.8,
        "median_interval": [difference - half, difference + half],
    });
    if metric == "time_to_explain_restricted_mean_s" {
        row["imputed"] = json!(difference / 2.0);
    }
    if metric == "time_to_explain_restricted_mean_s" && level == against + 1 && difference < -600.0 {
        row["tipping_factor"] = json!(16.0);
    }
    row
}

fn level(place: usize) -> Value {
    let right =
        (0..SCENARIOS.len()).filter(|scenario| seconds(*scenario, 7, place).is_some()).count() as f64 / 6.0;
    let median = [6_000.0, 4_000.0, 3_900.0, 2_400.0, 2_500.0][place];
    json!({
        "level": LEVELS[place], "incidents": 12, "explained_right_share": right,
        "explained_right_interval": [right - 0.2, (right + 0.2_f64).min(1.0)], "explained_wrong_share": 0.125,
        "time_to_detect_median_s": if place < 2 { 360.0 } else { 120.0 },
        "time_to_locate_median_s": median * 0.8, "time_to_explain_median_s": median,
        "time_to_explain_quartiles_s": [median * 0.7, ENDS_S], "time_to_explain_restricted_mean_s": mean(place),
        "time_to_restore_median_s": median * 0.9, "time_to_restore_quartiles_s": [median * 0.5, median * 1.5],
        "time_to_restore_restricted_mean_s": mean(place) * 0.9, "restored_share": 0.95,
        "fixed_for_the_wrong_reason_share": 0.25, "wrong_remedies_mean": 1.5, "checks_mean": 9.0,
        "loss_usd_mean": mean(place) * 75.0,
        "something_new": {"of": "a later version"},
    })
}

/// The output of a quick run.
pub(crate) fn quick() -> Value {
    let steps = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (0, 3), (0, 4)];
    let metrics = [
        "time_to_explain_restricted_mean_s",
        "time_from_call_to_explain_restricted_mean_s",
        "time_to_restore_restricted_mean_s",
        "loss_usd_mean",
    ];
    let paired: Vec<Value> = metrics
        .iter()
        .flat_map(|metric| steps.map(|(against, level)| paired(metric, against, level)))
        .collect();
    let mut dots = Vec::new();
    for (place, level) in LEVELS.iter().enumerate() {
        for (scenario, (name, _)) in SCENARIOS.iter().enumerate() {
            for seed in SEEDS {
                let explained_s = seconds(scenario, seed, place);
                dots.push(json!({
                    "scenario": name, "seed": seed, "level": level, "explained_s": explained_s.unwrap_or(ENDS_S),
                    "censored": explained_s.is_none(), "restored_s": explained_s.map(|at_s| at_s + 300.0),
                    "loss_usd": 80.0 * explained_s.unwrap_or(ENDS_S),
                }));
            }
        }
    }
    let restored = |share: f64, minutes: f64| {
        json!({
            "restored_share": share, "time_to_restore_restricted_mean_s": minutes * 60.0,
            "loss_usd_mean": minutes * 4_000.0,
        })
    };
    let baseline = |who: &str, level: Option<&str>, right: f64, minutes: f64| {
        let mut row = restored(if right > 0.9 { 1.0 } else { 0.6 }, minutes);
        (row["who"], row["level"]) = (json!(who), json!(level));
        (row["explained_right_share"], row["explained_wrong_share"]) = (json!(right), json!(0.1));
        row["time_to_explain_restricted_mean_s"] = json!((300.0 - 250.0 * right) * 60.0);
        row
    };
    let against = |level: &str, by: f64, half: f64| json!({"level": level, "metric": "time_to_explain_restricted_mean_s", "difference": by, "interval": [by - half, by + half]});
    let scenario = |name: &str, control: bool, unnoticed: bool| json!({"name": name, "control": control, "after_freeze": (["slow-disk", "broken-link"].contains(&name)), "unnoticed": unnoticed});
    let mut scenarios: Vec<Value> = SCENARIOS.iter().map(|(name, _)| scenario(name, false, false)).collect();
    scenarios.extend([
        scenario("false-alarm", true, false),
        scenario("provider-outage", true, false),
        scenario("windows-1252", false, true),
    ]);
    let model = |model: &str, level: usize, times: f64| {
        let mut row = restored(0.9, mean(level) * times / 60.0);
        row["model"] = json!(model);
        row["level"] = json!(LEVELS[level]);
        row["explained_right_share"] = json!(0.8);
        row["time_to_explain_restricted_mean_s"] = json!(mean(level) * times);
        row
    };
    let models: Vec<Value> = [("you-build-it", 1.0), ("ops-run-it", 1.3)]
        .iter()
        .flat_map(|(name, times)| (0..5).map(|level| model(name, level, *times)))
        .collect();
    json!({
        "finding": "The model responder found the right explanation in 67 % of the incidents at dark.\nThe step that helps most is logs.",
        "seed": 7, "seeds": SEEDS, "quick": true, "responder": "model responder", "operating_model": "you-build-it",
        "command": "glyphfall compare --seed 7 --seeds 2 --quick", "version": "0.1.0", "scenarios": scenarios,
        "recordings": [16, 61], "checks": {"count": 44, "hash": "5f2c9a", "frozen_hash": "5f2c9a", "since_frozen": "fewer looks"},
        "assumed": ["What each of 44 checks costs, in minutes.", "A handover between lines of support takes 20 minutes."],
        "levels": (0..5).map(level).collect::<Vec<_>>(),
        "baselines": [
            baseline("roll back the newest publish, then restart every service", None, 0.0, 110.0),
            baseline("random checks", Some("dark"), 0.5, 290.0),
            baseline("an oracle", None, 1.0, 14.0),
        ],
        "paired": paired, "dots": dots,
        "controls": {
            "placebo": LEVELS[1..].iter().map(|level| against(level, 30.0, 300.0)).collect::<Vec<_>>(),
            "violations": [{
                "scenario": "surge", "seed": 8, "level": "changes", "against": "traces", "cost_minutes": [90.0, 40.0],
                "said": ["An editor publishes a text", null],
                "why": "explanation: wrong, none at the level below",
            }],
            "healthy": LEVELS.map(|level| json!({
                "level": level, "incidents": 20, "false_explanations_share": if level == "dark" { 0.15 } else { 0.0 }, "remedies_mean": 0.2,
            })),
            "outside": LEVELS.map(|level| json!({
                "level": level, "incidents": 20, "said_not_ours_share": 0.65, "false_explanations_share": 0.1,
            })),
            "models": models,
        },
    })
}

/// The output of a full run.
pub(crate) fn full() -> Value {
    let mut report = quick();
    report["quick"] = json!(false);
    report["command"] = json!("glyphfall compare --seed 7 --seeds 2");
    let rows = |conditions: &[(&str, f64, f64)]| -> Vec<Value> {
        let row = |(what, times, wrong): &(&str, f64, f64), level: usize| {
            json!({
                "what": what, "level": LEVELS[level], "explained_right_share": 0.8, "explained_wrong_share": wrong,
                "time_to_explain_restricted_mean_s": mean(level) * times,
            })
        };
        conditions.iter().flat_map(|condition| (0..5).map(move |level| row(condition, level))).collect()
    };
    let draws = |against: &str, level: &str, shorter: f64| {
        json!({
            "level": level, "against": against, "draws": 200, "shorter_share": shorter,
            "difference_percentiles_s": [-2_000.0, -1_200.0 * shorter, 300.0],
        })
    };
    let names = ["logs", "metrics", "traces", "changes"];
    let mut signals = Vec::new();
    for subset in 0..16_usize {
        for alerts in [false, true] {
            let has: Vec<&str> =
                (0..4).filter(|place| subset & (1 << place) != 0).map(|place| names[place]).collect();
            let seconds = 6_000.0 - 900.0 * has.len() as f64 - if alerts { 240.0 } else { 0.0 };
            signals.push(json!({
                "signals": has, "alerts": alerts, "explained_right_share": 0.75, "time_to_explain_restricted_mean_s": seconds,
                "time_from_call_to_explain_restricted_mean_s": seconds - 120.0,
            }));
        }
    }
    let left_out: Vec<Value> = ["the scenario", "its family"]
        .iter()
        .flat_map(|what| {
            LEVELS.map(|level| {
                json!({
                    "what": what, "level": level, "said_so_share": 0.4, "explained_wrong_share": 0.5, "restored_share": 0.6,
                })
            })
        })
        .collect();
    let doubts = json!({
        "cost_draws": [
            draws("dark", "logs", 1.0), draws("logs", "metrics", 0.47), draws("metrics", "traces", 0.99),
            draws("traces", "changes", 0.02), draws("dark", "metrics", 1.0),
        ],
        "odds": rows(&[("skewed", 1.05, 0.1), ("wrong by ten", 1.3, 0.15)]),
        "cheaper_dark": [
            {"what": "2", "level": "dark", "explained_right_share": 0.7, "explained_wrong_share": 0.1, "time_to_explain_restricted_mean_s": 9000.0},
            {"what": "8", "level": "dark", "explained_right_share": 0.8, "explained_wrong_share": 0.1, "time_to_explain_restricted_mean_s": 3000.0},
        ],
        "left_out": left_out,
        "classifiers": [
            {"what": "just before the trigger", "incidents": 16, "right_share": 0.14, "chance": 0.125, "must_fail": true},
            {"what": "soon after the call", "incidents": 16, "right_share": 0.9, "chance": 0.125, "must_fail": false},
        ],
        "signals": signals,
        "signal_gains": [["logs", -700.0], ["metrics", -20.0], ["traces", -1_300.0], ["changes", 90.0], ["alerts", -240.0]],
        "calibration": LEVELS.map(|level| json!({
            "level": level, "brier": 0.11, "bins": [[0.55, 0.5, 4], [0.85, 0.7, 10], [0.97, 0.9, 30]],
        })),
    });
    report["controls"]["doubts"] = doubts;
    report
}
