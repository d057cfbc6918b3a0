//! The record as an outside reader meets it: its text, its JSON Schema, and whether its outcome can be recomputed from the file.

use std::collections::BTreeSet;

use incident::{
    ClockKind, ContributingFactor, EventKind, Explanation, IncidentRecord, LatentFault, Level,
    OperatingModel, RecordError, Recorder, Remedy, Route, Rules, Run, Service, Story, ToleratedIn, Usd,
    Visits, json_schema, outcome,
    outcome::{effectiveness, tolerable_unavailability_s},
};
use proptest::prelude::*;

const SCHEMA_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/incident-1.json");

fn run(speed: f64) -> Run {
    Run {
        seed: 7,
        scenario: "special-character".into(),
        level: Level::Dark,
        operating_model: OperatingModel::OpsRunIt,
        clock: ClockKind::Virtual,
        speed,
        responder: "demo".into(),
        version: "0.1.0".into(),
        team: None,
        round: None,
        order: None,
        story: Story::default(),
        faults_present: LatentFault::ALL.into(),
        rules: Rules::default(),
    }
}

/// 30 visits for each second of `[from, to)`, of which `failed` fail.
fn seconds(from: u32, to: u32, failed: u32) -> impl Iterator<Item = Visits> {
    (from..to).map(move |at_s| Visits { at_s, route: Route::Home, served: 30 - failed, degraded: 0, failed })
}

fn restart_cache() -> EventKind {
    EventKind::Remedy(Remedy::Restart { service: Service::Cache })
}

fn roll_back() -> EventKind {
    EventKind::Remedy(Remedy::RollBack { asset: "promo-banner".into() })
}

fn answer(score: Option<f64>) -> EventKind {
    let explanation = Explanation {
        trigger: "promo-banner version 2 holds a vertical tab".into(),
        path: vec!["the store answers broken JSON".into(), "fills hold every permit".into()],
        factors: BTreeSet::from([
            ContributingFactor::InvalidRendering,
            ContributingFactor::PoorErrorHandling,
        ]),
    };
    EventKind::Explained { explanation, score }
}

/// Each second is a story minute. All visits of the seconds 20 to 49 fail, and the remedy of second 52.4 restores
/// availability: customers who have waited since second 50 are served too.
fn restored() -> Recorder {
    let mut recorder = Recorder::new(run(60.0), -900.0);
    recorder.visits(seconds(0, 20, 0));
    recorder.visits(seconds(20, 50, 30));
    recorder.visits(seconds(50, 120, 0));
    recorder.push(3.0, EventKind::Alerted { text: "disk almost full".into() });
    recorder.push(
        18.2,
        EventKind::Published {
            asset: "promo-banner".into(),
            version: 2,
            by: "editor".into(),
            characters: Vec::new(),
        },
    );
    recorder.push(26.0, EventKind::CustomerComplaint { text: "the page never comes".into() });
    recorder.push(27.0, EventKind::Check { name: "health".into(), cost_story_s: 60.0 });
    recorder.push(28.0, EventKind::Finding { check: "health".into(), text: "all green".into() });
    recorder.push(30.0, restart_cache());
    recorder.push(33.0, EventKind::Hypothesis { text: "the web front leaks".into(), locates: false });
    recorder.push(41.0, EventKind::Hypothesis { text: "the cache is stuck".into(), locates: true });
    recorder.push(45.0, roll_back());
    recorder.push(52.4, restart_cache());
    recorder.push(80.0, answer(Some(1.0)));
    recorder
}

#[test]
fn a_record_reads_like_this() {
    let mut recorder = Recorder::new(run(60.0), -900.0);
    recorder.visits(seconds(14, 15, 0));
    recorder.visits(seconds(15, 17, 30));
    recorder.push(
        14.5,
        EventKind::Published {
            asset: "promo-banner".into(),
            version: 2,
            by: "editor".into(),
            characters: Vec::new(),
        },
    );
    recorder.push(15.75, EventKind::Clock { speed: 30.0, paused: false });
    recorder.push(16.0, restart_cache());
    recorder.push(17.0, EventKind::Aborted { text: "interrupted".into() });
    insta::assert_snapshot!(recorder.finish().to_json());
}

#[test]
fn the_steps_of_an_incident_are_in_story_time() {
    let outcome = restored().finish().outcome;
    // Story second = 60 * second of the shop - 900.
    assert_eq!(outcome.lost_s, Some(360.0), "one second after the first failing one");
    assert_eq!(outcome.detected_s, Some(660.0), "the complaint, not the alarm from before the loss");
    assert_eq!(outcome.located_s, Some(1_560.0));
    assert_eq!(
        outcome.restored_s,
        Some(2_244.0),
        "second 52.4: who still waited since second 50 was served by the remedy"
    );
    assert_eq!(outcome.explained_s, Some(3_900.0));
    assert_eq!(outcome.time_to_restore_s(), Some(1_884.0));
    assert!(!outcome.censored && outcome.fixed && outcome.fixed_for_the_right_reason);
    assert_eq!((outcome.checks, outcome.wrong_remedies, outcome.failed_visits), (1, 1, 900));
    assert_eq!(
        outcome.incident_financial_loss_usd.to_string(),
        "$150,000",
        "30 story minutes at 5,000 dollars"
    );
    let effectiveness = outcome.financial_loss_protection_effectiveness;
    assert!(effectiveness.abs() < 1e-9, "150,000 is more than 50,400, not {effectiveness}");
}

#[test]
fn the_story_is_told_in_order_with_loss_and_restoration_in_their_places() {
    let mut recorder = restored();
    recorder.push(22.0, EventKind::Note { text: "told late".into() });
    let record = recorder.finish();
    assert!(record.complete);
    let lines: Vec<_> =
        record.events.iter().map(|event| format!("{:>6.1} {}", event.at_s, event.kind)).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn remedies_are_wrong_until_one_restores() {
    let check = |what: &str, until: u32, remedies: &[f64], expected: u64| {
        let mut recorder = Recorder::new(run(1.0), 0.0);
        recorder.visits(seconds(0, 20, 0).chain(seconds(20, 50, 30)).chain(seconds(50, until, 0)));
        for at_s in remedies {
            recorder.push(*at_s - 0.05, EventKind::Check { name: "health".into(), cost_story_s: 0.0 });
            recorder.push(*at_s, restart_cache());
        }
        let outcome = recorder.finish().outcome;
        assert_eq!(outcome.wrong_remedies, expected, "{what}");
        // No effect is dated before its cause.
        let cause = remedies.iter().copied().filter(|at_s| (50.0..61.0).contains(at_s)).fold(50.0, f64::max);
        assert!(outcome.restored_s.is_none_or(|at_s| (at_s - cause).abs() < 1e-9), "{what}: {outcome:?}");
    };
    check("it came back by itself", 120, &[], 0);
    check("the only one restored it", 120, &[49.0], 0);
    check("the last one restored it", 120, &[30.0, 35.0, 49.0], 2);
    check("as late as those of its second wait", 120, &[30.0, 60.9], 1);
    check("what comes later did not matter", 120, &[49.0, 61.0, 90.0], 0);
    check("before the loss there is nothing to restore", 120, &[5.0, 49.0], 0);
    check("never restored: the hold was not observed", 100, &[30.0, 49.0], 2);
}

#[test]
fn fixing_and_explaining_are_scored_apart() {
    let check = |score: Option<f64>, lost_again: bool, expected: (bool, bool)| {
        let mut recorder = Recorder::new(run(1.0), 0.0);
        recorder.visits(seconds(0, 20, 30).chain(seconds(20, 200, 0)));
        recorder.visits(seconds(200, 220, if lost_again { 30 } else { 0 }));
        recorder.push(60.0, answer(Some(0.2)));
        recorder.push(90.0, answer(score));
        let outcome = recorder.finish().outcome;
        assert_eq!((outcome.fixed, outcome.fixed_for_the_right_reason), expected, "{score:?}, {lost_again}");
        assert_eq!(
            (outcome.explained_s, outcome.explanation_score),
            (Some(90.0), score),
            "the last answer counts"
        );
        assert_eq!(outcome.restored_s, Some(20.0));
    };
    check(Some(1.0), false, (true, true));
    check(Some(0.9), false, (true, false));
    check(None, false, (true, false));
    check(Some(1.0), true, (false, false));
}

#[test]
fn what_happens_after_the_story_is_censored() {
    // A story minute a second: 13:00 is second 300.
    let mut recorder = Recorder::new(run(60.0), 0.0);
    recorder.visits(seconds(0, 301, 30).chain(seconds(301, 400, 0)));
    recorder.push(299.0, restart_cache());
    recorder.push(301.0, restart_cache());
    recorder.push(301.0, answer(Some(1.0)));
    let outcome = recorder.finish().outcome;
    assert_eq!((outcome.lost_s, outcome.restored_s, outcome.explained_s), (Some(60.0), None, None));
    assert!(outcome.censored && !outcome.fixed);
    assert_eq!(outcome.wrong_remedies, 1);
    assert_eq!(outcome.incident_financial_loss_usd.to_string(), "$1,500,000");
    assert!(
        outcome.financial_loss_protection_effectiveness.abs() < f64::EPSILON,
        "more than tolerable was lost"
    );
}

#[test]
fn a_healthy_shop_loses_nothing() {
    let mut recorder = Recorder::new(run(1.0), 0.0);
    recorder.visits(seconds(0, 120, 0));
    recorder.push(50.0, EventKind::Alerted { text: "false alarm".into() });
    let outcome = recorder.finish().outcome;
    assert_eq!((outcome.lost_s, outcome.detected_s, outcome.restored_s), (None, None, None));
    assert_eq!(outcome.incident_financial_loss_usd.to_string(), "$0");
    assert!((outcome.financial_loss_protection_effectiveness - 1.0).abs() < f64::EPSILON);
}

#[test]
fn the_counter_agrees_with_the_record_and_visits_add_up_as_they_end() {
    let mut piecemeal = Recorder::new(run(60.0), 0.0);
    let row = |at_s, route, served, failed| Visits { at_s, route, served, degraded: 0, failed };
    piecemeal.visits([row(1, Route::Checkout, 0, 1), row(0, Route::Product, 1, 0)]);
    piecemeal.visits([row(1, Route::Checkout, 2, 1), row(1, Route::Home, 4, 0)]);
    assert_eq!(piecemeal.loss_by(12.0).to_string(), "$0", "the visits of second 1 may still be under way");
    let so_far = piecemeal.loss_by(14.0);
    let record = piecemeal.finish();
    assert_eq!(
        record.availability,
        [row(0, Route::Product, 1, 0), row(1, Route::Home, 4, 0), row(1, Route::Checkout, 2, 2)]
    );
    assert_eq!(so_far.to_cents(), record.outcome.incident_financial_loss_usd);
    assert_eq!(so_far.to_string(), "$1,250", "a quarter of one story minute");
}

#[test]
fn effectiveness_is_what_the_field_defines() {
    let check = |target: f64, usd_per_minute: f64, expected_s: f64, tolerable_usd: f64| {
        let tolerable_s = tolerable_unavailability_s(target, ToleratedIn::Week);
        assert!((tolerable_s - expected_s).abs() < 1e-6, "{target}: {tolerable_s}");
        let of = |loss_usd: f64| effectiveness(Usd(loss_usd), Usd(usd_per_minute), tolerable_s);
        assert!((of(tolerable_usd / 2.0) - 0.5).abs() < 1e-6 && of(tolerable_usd * 2.0).abs() < 1e-9);
        of(100_000.0)
    };
    assert!(check(0.999, 5_000.0, 604.8, 50_400.0).abs() < 1e-9);
    let half_an_hour = check(0.99, 200_000.0 / 60.0, 6_048.0, 336_000.0);
    assert!((half_an_hour - 0.702).abs() < 0.001, "30 minutes of 200,000 an hour: {half_an_hour}");
    let rules = Rules::default();
    assert!(
        (rules.tolerable_unavailability_s - 604.8).abs() < 1e-6 && rules.tolerated_in == ToleratedIn::Week
    );
}

#[test]
fn a_record_that_names_no_basis_is_read_on_the_older_one() {
    let mut json: serde_json::Value =
        serde_json::from_str(&restored().finish().to_json()).expect("a record is JSON");
    let rules = json["rules"].as_object_mut().expect("it has rules");
    rules.remove("tolerated_in");
    rules.insert("tolerable_unavailability_s".into(), 2_592.into());
    let record = IncidentRecord::from_json(&json.to_string()).expect("an older record can be read");
    assert_eq!(record.run.rules.tolerated_in, ToleratedIn::ThirtyDays);
    let effectiveness = outcome(&record).financial_loss_protection_effectiveness;
    assert!((effectiveness - 0.306).abs() < 1e-9, "1 - 150,000 / 216,000, not {effectiveness}");
}

#[test]
fn foreign_texts_are_refused_with_the_reason() {
    let check = |text: &str, expected: &str| {
        let error = IncidentRecord::from_json(text).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    };
    let json = restored().finish().to_json();
    check("", "not an incident record");
    check("{}", "missing field `schema`");
    check(
        r#"{"schema": "glyphfall.incident/2"}"#,
        r#"the format is "glyphfall.incident/2", not "glyphfall.incident/1": another version wrote it; read it with that version"#,
    );
    check(&json.replace(r#""level": "dark""#, r#""level": "darker""#), "unknown variant `darker`");
    check(&json.replace(r#""at_s": 119,"#, r#""at_s": 4000000000,"#), "goes on to second 4000000000");
    for (rule, found) in [("hold_s", "2592001"), ("hold_s", "0"), ("window_s", "4000000000")] {
        let is = if rule == "hold_s" { "60" } else { "30" };
        let foreign = json.replace(&format!(r#""{rule}": {is},"#), &format!(r#""{rule}": {found},"#));
        check(&foreign, &format!("the rule {rule} is {found}; 1 to 2592000 is read"));
    }
    check(
        &json.replace(r#""availability_target": 0.999"#, r#""availability_target": 1.5"#),
        "the rule availability_target is 1.5; 0 to 1 is read",
    );
    assert!(matches!(IncidentRecord::from_json("[]"), Err(RecordError::Shape(_))));
}

#[test]
fn the_schema_file_is_the_derived_schema() {
    let derived = json_schema();
    #[expect(clippy::disallowed_methods, reason = "a test has no main that could read it")]
    let wanted = std::env::var_os("UPDATE_SCHEMA");
    if wanted.is_some_and(|value| value == "1") {
        let text = serde_json::to_string_pretty(&derived).expect("a schema is JSON") + "\n";
        std::fs::write(SCHEMA_FILE, text).expect("the schema file can be written");
    }
    let text = std::fs::read_to_string(SCHEMA_FILE).unwrap_or_default();
    let filed: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    assert!(
        filed == derived,
        "{SCHEMA_FILE} differs from the types. If the change is meant, run\n  \
         UPDATE_SCHEMA=1 cargo test --release -p glyphfall-incident\nand commit the file."
    );
}

proptest! {
    #[test]
    fn a_record_read_back_reckons_to_the_same_outcome(
        seed in any::<u64>(),
        speed in 0.01_f64..1_000.0,
        starts_story_s in -3_600.0_f64..3_600.0,
        times in prop::collection::vec((0.0_f64..200.0, 0_u8..6), 0..20),
        failed in prop::collection::vec(0_u32..4, 0..200),
    ) {
        let mut recorder = Recorder::new(Run { seed, ..run(speed) }, starts_story_s);
        for (at_s, what) in times {
            recorder.push(at_s, match what {
                0 => EventKind::Clock { speed: speed / 3.0, paused: false },
                1 => EventKind::Clock { speed, paused: true },
                2 => restart_cache(),
                3 => answer(Some(at_s / 200.0)),
                4 => EventKind::Check { name: "logs".into(), cost_story_s: at_s },
                _ => EventKind::CustomerComplaint { text: "\u{b}\"\\ \u{1f4a5}".into() },
            });
        }
        recorder.visits((0..).zip(failed).map(|(at_s, failed)| {
            Visits { at_s, route: Route::Category, served: failed % 2, degraded: failed / 2, failed: failed / 3 }
        }));
        let again = recorder.clone().finish().to_json();
        let record = recorder.finish();
        prop_assert_eq!(&record.to_json(), &again);
        let read = IncidentRecord::from_json(&again).expect("a record that was just written can be read");
        prop_assert_eq!(&outcome(&read), &record.outcome);
        prop_assert_eq!(read, record);
    }
}
